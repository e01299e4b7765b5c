"""The score of every skill as a distribution: prior from studies, moved by the scores the user has
measured.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from advisor.core.brief import Score
from advisor.core.quantity import Basis
from advisor.estimate.quality import prior as priors
from advisor.estimate.quality.blending import averaged
from advisor.estimate.quality.carrying import holds_at, is_same_point, nearest_number, reach_text
from advisor.estimate.quality.class_list import answerable_share, names_all
from advisor.estimate.quality.design import Coefficient, Loadings, difference, loadings
from advisor.estimate.quality.posterior import Conditioned, Normals, Observation
from advisor.estimate.quality.shape import CurvePoint, add_shape, spread_of_slopes
from advisor.estimate.quality.skills import Rows, Skill, TaskProfile
from advisor.estimate.quality.uplift import uplifted

SHARED_TEST_ERROR = (
    0.75  # of a curve's test-set variance, since its points are scored on the same items
)


@dataclass(frozen=True, slots=True, eq=False)
class QualityPrediction:
    """A skill's score, 0 to 1, by case: row 0 the median, then joint draws.

    `detail` names what moved it.
    """

    rows: Rows
    basis: Basis
    source: str
    detail: str
    as_of: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """A measured score of a skill at `n` examples: its logit, its own and its shared variance
    (logits squared).
    """

    skill: Skill
    score: Score
    n: float
    logit: float
    own: float
    shared: float


def scores(
    task: TaskProfile,
    skills: Sequence[Skill],
    measured: Sequence[Score],
    *,
    normals: Normals,
    size: int,
    prior: priors.Prior | None = None,
    params_b: Mapping[str, float | None] | None = None,
) -> dict[str, QualityPrediction]:
    """Score of each skill by id, as `predictions` gives them."""
    in_order = predictions(
        task, skills, measured, normals=normals, size=size, prior=prior, params_b=params_b
    )
    return {skill.id: one for skill, one in zip(skills, in_order, strict=True)}


def predictions(
    task: TaskProfile,
    skills: Sequence[Skill],
    measured: Sequence[Score],
    *,
    normals: Normals,
    size: int,
    prior: priors.Prior | None = None,
    params_b: Mapping[str, float | None] | None = None,
) -> tuple[QualityPrediction, ...]:
    """Score of each skill in their order, `size` cases each; skills of one id are one at several
    examples.

    `normals(id)` gives the standard normal stream of an id, shape (size,), row 0 zero; zeros
    throughout make every case the median for its own `examples` (a what-if). `params_b` sizes
    measured models that no skill names. Of measured scores of one skill at the same number of
    examples the last one holds; several numbers of examples are a curve.
    """
    prior = prior or priors.load()
    points = points_of(skills, measured, params_b or {})
    rows = shares(task, skills, points, prior, normals, size)
    if task.expected_uplift is not None:
        rows = uplifted(rows, skills, [p.skill for p in points], task.expected_uplift, normals)
    rows = _as_listed(task, skills, points, rows, normals)
    return tuple(_prediction(task, s, rows[i], points, prior) for i, s in enumerate(skills))


def _as_listed(
    task: TaskProfile,
    skills: Sequence[Skill],
    points: Sequence[Point],
    rows: Rows,
    normals: Normals,
) -> Rows:
    """Scores where prompts without room for all classes answer only with those they name; what was
    measured stays.
    """
    out = rows.copy()
    tested = {p.skill.id for p in points}
    for i, skill in enumerate(skills):
        tokens = skill.static_tokens
        if tokens is not None and task.labels > 0 and skill.id not in tested:
            out[i] *= answerable_share(task.labels, tokens, normals)
    return out


def shares(
    task: TaskProfile,
    skills: Sequence[Skill],
    points: Sequence[Point],
    prior: priors.Prior,
    normals: Normals,
    size: int,
) -> Rows:
    """Scores as the evidence has them, shape (skills, size); skills of one id are one skill at
    several examples.

    Where prompts were measured and nothing tuned was, tuned and hybrid scores are averaged with the
    nearest published decisions.
    """
    best_prompt = _best_prompt(points)
    if best_prompt is None or all(s.approach == "prompt" for s in skills):
        return _structural(task, skills, points, prior, normals, size)
    rows = _structural(task, [*skills, best_prompt.skill], points, prior, normals, size)
    median = normals("quality|family") == 0
    return averaged(task, skills, rows, best_prompt.score, median)


def _best_prompt(points: Sequence[Point]) -> Point | None:
    """The best measured prompt; None where there is none, or where something tuned was measured."""
    if any(p.skill.approach != "prompt" for p in points):
        return None
    return max(points, key=lambda p: p.score.score, default=None)


def _structural(
    task: TaskProfile,
    skills: Sequence[Skill],
    points: Sequence[Point],
    prior: priors.Prior,
    normals: Normals,
    size: int,
) -> Rows:
    """Scores as the Gaussian model has them, shape (skills, size)."""
    task = replace(task, closed_book=any(p.skill.approach == "tune" for p in points))
    observations = _observations(task, points, prior)
    model = Conditioned(prior.families, observations, normals, size)
    measured = _curve_points(points)
    loads = [tuple(_on_curve(task, s, f.bend, measured) for f in prior.families) for s in skills]
    out = model.logits(loads)
    own = _own_points(skills, points)
    for at in dict.fromkeys(own.values()):
        rows = [i for i, mine in own.items() if mine == at]
        examples = [_between(skills[i], points[at[0]]) for i in rows]
        out[rows] = _own_logits(model, [loads[i] for i in rows], examples, at)
    return np.asarray(1 / (1 + np.exp(-out)))


def _between(skill: Skill, point: Point) -> Coefficient:
    """The fewer of the examples of a skill and of a point of it."""
    n = point.n if skill.examples is None else skill.examples
    return np.asarray(np.minimum(n, point.n)) if isinstance(n, np.ndarray) else min(n, point.n)


def _own_points(skills: Sequence[Skill], points: Sequence[Point]) -> dict[int, tuple[int, ...]]:
    """Which points were measured on each skill, both by their place; no skill without one."""
    at: dict[str, tuple[int, ...]] = {}
    for j, point in enumerate(points):
        at[point.skill.id] = (*at.get(point.skill.id, ()), j)
    return {i: at[skill.id] for i, skill in enumerate(skills) if skill.id in at}


def _own_logits(
    model: Conditioned,
    loads: Sequence[tuple[Loadings, ...]],
    examples: Sequence[Coefficient],
    at: tuple[int, ...],
) -> Rows:
    """Scores of a skill with so many `examples` that was measured at the points `at`: no score of
    another skill moves them.

    A curve is read on its own points. From a single point on, the way is that of all curves.
    """
    if len(at) > 1:
        return model.logits(loads, at)
    point = model.observations[at[0]].loads
    ways = [
        tuple(_way(one, other, spread_of_slopes(n)) for one, other in zip(own, point, strict=True))
        for own, n in zip(loads, examples, strict=True)
    ]
    return model.logits([point], at) + model.logits(ways)


def _way(one: Loadings, point: Loadings, settled: Coefficient) -> Loadings:
    """From a measured point to another number of examples; `settled` is the spread of slopes there,
    as a part of that early on a curve.
    """
    way = difference(one, point)
    for key in way.deviations:
        if key[0].startswith("labels-"):
            way.deviations[key] *= settled
    return way


def points_of(
    skills: Sequence[Skill], measured: Sequence[Score], params_b: Mapping[str, float | None]
) -> list[Point]:
    """The measured scores that hold, each with the skill it is about."""
    by_name = {(s.approach, s.technique, s.model.lower()): s for s in skills}
    sizes = {
        **{m.lower(): b for m, b in params_b.items()},
        **{s.model.lower(): s.params_b for s in skills},
    }
    last = {(m.approach, m.technique, m.model.lower(), m.train_examples): m for m in measured}
    curves: dict[tuple[str, str, str], int] = {}
    for a, t, m, _ in last:
        curves[a, t, m] = curves.get((a, t, m), 0) + 1
    return [_point(m, by_name.get(key[:3]), sizes, curves[key[:3]] > 1) for key, m in last.items()]


def _point(
    score: Score, skill: Skill | None, sizes: Mapping[str, float | None], on_curve: bool
) -> Point:
    model = score.model.lower()
    if skill is None:
        params = sizes[model] if model in sizes else size_in_name(model)
        name = f"{score.approach}/{score.technique}@{score.model}"
        skill = Skill(
            name,
            score.approach,
            score.technique,
            score.model,
            params,
            encoder=score.technique == "encoder",
        )
    examples = float(score.train_examples) if score.train_examples else _usual(skill)
    half = 0.5 / max(score.items, 1)  # half an item keeps 0 and 1 finite
    q = min(max(score.score, half), 1 - half)
    slope = q * (1 - q)
    binomial = 1 / (max(score.items, 1) * slope)
    shared = SHARED_TEST_ERROR * binomial if on_curve else 0.0
    return Point(
        replace(skill, examples=examples or None),
        score,
        examples,
        float(np.log(q / (1 - q))),
        binomial - shared + (score.sd / slope) ** 2,
        shared,
    )


def size_in_name(model: str) -> float | None:
    """Billions of parameters as stated in a name, such as 7 for llama-2-7b-80k; None where it
    states none.
    """
    match = re.search(r"(?<![\d.])(\d+(?:\.\d+)?)b(?![a-z0-9])", model)
    return float(match.group(1)) if match else None


def _usual(skill: Skill) -> float:
    """One number of examples to stand for a skill, 0 where it has none of its own."""
    return 0.0 if skill.examples is None else float(np.ravel(skill.examples)[0])


def _observations(
    task: TaskProfile, points: Sequence[Point], prior: priors.Prior
) -> list[Observation]:
    measured = _curve_points(points)
    return [
        Observation(
            f"{point.skill.id.lower()}|{point.n:g}",
            tuple(_observed(task, point, f.bend, measured) for f in prior.families),
            point.logit,
            point.own,
        )
        for point in points
    ]


def _observed(
    task: TaskProfile, point: Point, bend: float, measured: Sequence[CurvePoint]
) -> Loadings:
    out = _on_curve(task, point.skill, bend, measured)
    if point.shared:
        out.deviations["test", point.skill.id.lower()] = float(np.sqrt(point.shared))
    return out


def _curve_points(points: Sequence[Point]) -> list[CurvePoint]:
    return [
        CurvePoint(p.skill.id.lower(), p.skill.approach, p.skill.technique, p.n, p.shared > 0)
        for p in points
    ]


def _on_curve(
    task: TaskProfile, skill: Skill, bend: float, measured: Sequence[CurvePoint]
) -> Loadings:
    """The weights of a skill, with what the measured curves say of its own."""
    out = loadings(task, skill, bend)
    add_shape(out, task, skill, bend, measured)
    return out


def _prediction(
    task: TaskProfile, skill: Skill, rows: Rows, points: Sequence[Point], prior: priors.Prior
) -> QualityPrediction:
    own = [p for p in points if p.skill.id == skill.id]
    if task.human_ceiling is not None:
        rows = np.minimum(rows, max([task.human_ceiling, *(p.score.score for p in own)]))
    basis, detail = _origin(task, skill, own, points, prior)
    if basis is not Basis.MEASURED:
        return QualityPrediction(rows, basis, prior.source, detail, prior.as_of)
    score = _nearest(own, _usual(skill)).score
    return QualityPrediction(rows, basis, score.source or "the brief's scores", detail, score.as_of)


def _origin(
    task: TaskProfile,
    skill: Skill,
    own: Sequence[Point],
    points: Sequence[Point],
    prior: priors.Prior,
) -> tuple[Basis, str]:
    """The basis of the score, and what moved it, in words."""
    studies = prior.studies.get(task.type, 0)
    base = f"evidence: {prior.studies['']} studies, {studies} of {task.type}"
    n = _usual(skill)
    if own:
        near = _nearest(own, n)
        text = f"{near.score.score:.3f} on {near.score.items} items"
        at = [p.n for p in own]
        if not holds_at(n, at):
            curve = f"curve of {len(own)} points" if len(own) > 1 else text
            curve += "".join(
                f" of {source}" for source in sorted({p.score.source for p in own} - {""})
            )
            return Basis.MODELLED, f"{curve}; {reach_text(n, at)}; {base}"
        if not is_same_point(n, near.n):
            way = f"curve of {len(own)} points" if len(own) > 1 else "carried along usual curves,"
            text += f" at {near.n:,.0f} examples; {way} read at {n:,.0f}"
        return Basis.MEASURED, text
    return _by_others(task, skill, points, base)


def _nearest(own: Sequence[Point], n: float) -> Point:
    """The measured point whose number of examples is nearest, as a ratio."""
    number = nearest_number(n, [p.n for p in own])
    return next(p for p in own if p.n == number)


def _by_others(
    task: TaskProfile, skill: Skill, points: Sequence[Point], base: str
) -> tuple[Basis, str]:
    """The origin of a score that was not measured: the evidence, moved by measured scores of
    other skills where there are any.
    """
    related = [
        p
        for p in points
        if p.skill.model.lower() == skill.model.lower() or p.skill.technique == skill.technique
    ]
    tokens = skill.static_tokens
    if tokens is not None and not names_all(task.labels, tokens):
        base += f"; its prompt of {tokens:,.0f} tokens cannot name {task.labels:,} classes"
    if skill.technique == "dpo":
        base += "; no study says what pairs add to a score: as tuned on the preferred answers"
    if points:
        named = ", ".join(f"{p.score.score:.3f} of {p.skill.id}" for p in (related or points)[-2:])
        return Basis.MODELLED, f"{base}; moved by {named}"
    return Basis.PUBLISHED, base
