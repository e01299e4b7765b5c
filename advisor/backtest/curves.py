"""Back-test of learning curves: later points predicted from earlier ones by the model that users
get.

Every point beyond the first third of a curve is predicted twice: from all points before it, and
from the first third alone. A curve is predicted without the other results of its study, by
coefficients that were fitted without the study. Losses (lower is better) are modelled as
exp(−loss), the mean probability of a token, and converted back.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from math import ceil
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from advisor import shipped
from advisor.backtest.priors import prior_without
from advisor.backtest.studies import Result, read
from advisor.core.brief import Score
from advisor.core.constants import QUANTILES
from advisor.estimate.quality.prediction import points_of, shares
from advisor.estimate.quality.prior import Prior

Array = NDArray[np.float64]

DRAWS = 400
FAR = 8.0  # extrapolation beyond this many times the largest number of examples given is marked
FEWEST_GIVEN = 2
COVERAGES = (
    "from the first third",
    "of these up to 8 x beyond",
    "of these more than 8 x beyond",
    "from all points before",
)
SEED = 20


@dataclass(frozen=True, slots=True)
class Curve:
    """Points of one study, task, metric, base model and approach, by rising number of examples;
    values 0 to 1.
    """

    first: Result
    examples: tuple[float, ...]
    values: tuple[float | None, ...]

    @property
    def third(self) -> int:
        """How many points the first third has, at least two."""
        return max(FEWEST_GIVEN, ceil(len(self.examples) / 3))


@dataclass(frozen=True, slots=True)
class EarlyPrediction:
    """A point predicted from the first third of its curve, in the units of the metric.

    `times_beyond` is how far beyond the last of the `points_given` it lies, as a ratio of examples.
    """

    p10: float
    p50: float
    p90: float
    points_given: int
    times_beyond: float
    far: bool


@dataclass(frozen=True, slots=True)
class PointPrediction:
    """One row of the contract: a point predicted from all points before it.

    `value` is the published result, None where the file leaves it out.
    """

    study: str
    task: str
    metric: str
    base_model: str
    approach: str
    technique: str
    n: float
    points_given: int
    p10: float
    p50: float
    p90: float
    times_beyond: float
    far: bool
    from_first_third: EarlyPrediction
    value: float | None


@dataclass(frozen=True, slots=True)
class StudyCoverage:
    """How many points were predicted, and the share inside the 80 % interval by `COVERAGES`."""

    points: int
    coverage: dict[str, float]


@dataclass(frozen=True, slots=True)
class CurveSummary:
    """Coverage by study, and the mean of the studies."""

    mean: StudyCoverage
    studies: dict[str, StudyCoverage]


def run(path: Path | None, as_json: bool) -> str:
    """The back-test of a file (None: the shipped studies) as JSON, or as a table.

    Raises UsageError on a bad file.
    """
    rows = predict(read(path or shipped.folder("profiles") / "evidence.csv"))
    totals = summary(rows)
    if not as_json:
        return markdown(totals)
    document = {"schema": 1, "rows": [asdict(r) for r in rows], "summary": asdict(totals)}
    return json.dumps(document, indent=1)


def curves(results: Iterable[Result]) -> list[Curve]:
    """The curves of at least three points; several results at one number of examples count as their
    mean.
    """
    groups: dict[tuple[str, ...], dict[float, list[Result]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for r in results:
        if r.examples and (r.lower_is_better or r.value is None or 0 <= r.value <= 1):
            approach = r.skill.technique if r.family == "prompt" else r.raw_approach
            approach = "shots" if approach in ("one-shot", "few-shot", "many-shot") else approach
            groups[r.study, r.task, r.metric, r.skill.model, approach][r.examples].append(r)
    return [_curve(points) for points in groups.values() if len(points) > FEWEST_GIVEN]


def _curve(points: dict[float, list[Result]]) -> Curve:
    order = sorted(points)
    means = []
    for n in order:
        published = [_share(r, r.value) for r in points[n] if r.value is not None]
        means.append(sum(published) / len(published) if published else None)
    return Curve(points[order[-1]][0], tuple(order), tuple(means))


def _share(result: Result, value: float) -> float:
    return float(np.exp(-value)) if result.lower_is_better else value


def predict(results: Sequence[Result]) -> list[PointPrediction]:
    """One row per point beyond the first third of its curve."""
    rows: list[PointPrediction] = []
    for curve in curves(results):
        prior = prior_without(curve.first.study)
        cut = curve.third
        early = _ahead(curve, cut, range(cut, len(curve.examples)), prior)
        for i in range(cut, len(curve.examples)):
            before = early[0] if i == cut else _ahead(curve, i, range(i, i + 1), prior)[0]
            rows.append(_row(curve, i, before, early[i - cut]))
    return rows


def _ahead(curve: Curve, given: int, wanted: Sequence[int], prior: Prior) -> Array:
    """Draws of what a test would show at the wanted points, given the first `given` ones.

    Shape (wanted, DRAWS).
    """
    result = curve.first
    skill = replace(result.skill, id="curve")
    name = f"{result.study}|{result.task}|{result.skill.model}|{given}"
    normals = streams(name)
    skills = [replace(skill, examples=curve.examples[i]) for i in wanted]
    points = points_of([skill], _scores(curve, given), {})
    drawn = shares(result.about, skills, points, prior, normals, DRAWS)
    error = np.random.default_rng([SEED, crc32(name.encode())]).standard_normal(drawn.shape)
    return np.clip(drawn + error * np.sqrt(drawn * (1 - drawn) / result.items), 1e-6, 1 - 1e-6)


def _scores(curve: Curve, given: int) -> list[Score]:
    """The first points of a curve as measured scores."""
    skill = curve.first.skill
    items = round(curve.first.items)
    points = list(zip(curve.examples, curve.values, strict=True))[:given]
    return [
        Score(skill.approach, skill.technique, skill.model, value, items, 0.0, round(n))
        for n, value in points
        if value is not None
    ]


def streams(name: str) -> Callable[[str], Array]:
    """Standard normal streams by id, none of them at the median."""

    def stream(id: str) -> Array:
        return np.random.default_rng([SEED, crc32(f"{name}|{id}".encode())]).standard_normal(DRAWS)

    return stream


def _row(curve: Curve, i: int, before: Array, early: Array) -> PointPrediction:
    result = curve.first
    value = curve.values[i]
    n = curve.examples[i]
    step = n / curve.examples[i - 1]
    reach = n / curve.examples[curve.third - 1]
    return PointPrediction(
        study=result.study,
        task=result.task,
        metric=result.metric,
        base_model=result.skill.model,
        approach=result.raw_approach,
        technique=result.skill.technique,
        n=n,
        points_given=i,
        **_quantiles(result, before),
        times_beyond=round(step, 2),
        far=step > FAR,
        from_first_third=EarlyPrediction(
            **_quantiles(result, early),
            points_given=curve.third,
            times_beyond=round(reach, 2),
            far=reach > FAR,
        ),
        value=None if value is None else round(_in_units(result, value), 5),
    )


def _in_units(result: Result, share: float) -> float:
    return float(-np.log(share)) if result.lower_is_better else share * result.scale


def _quantiles(result: Result, draws: Array) -> dict[str, float]:
    """P10, P50 and P90 in the units of the metric."""
    ordered = sorted(_in_units(result, float(q)) for q in np.quantile(draws, QUANTILES))
    return {name: round(q, 5) for name, q in zip(("p10", "p50", "p90"), ordered, strict=True)}


def summary(rows: Sequence[PointPrediction]) -> CurveSummary:
    """Share of points inside their 80 % interval, mean over studies of each study's mean."""
    hits: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        if row.value is not None:
            _count(hits[row.study], row, row.value)
    studies = {
        study: StudyCoverage(
            len(own[COVERAGES[0]]), {name: _mean(own[name]) for name in COVERAGES if own[name]}
        )
        for study, own in hits.items()
    }
    whole = {}
    for name in COVERAGES:
        means = [s.coverage[name] for s in studies.values() if name in s.coverage]
        if means:
            whole[name] = _mean(means)
    return CurveSummary(StudyCoverage(sum(s.points for s in studies.values()), whole), studies)


def _count(hits: dict[str, list[float]], row: PointPrediction, value: float) -> None:
    early = row.from_first_third
    inside = float(early.p10 <= value <= early.p90)
    hits["from the first third"].append(inside)
    hits["of these more than 8 x beyond" if early.far else "of these up to 8 x beyond"].append(
        inside
    )
    hits["from all points before"].append(float(row.p10 <= value <= row.p90))


def _mean(values: Sequence[float]) -> float:
    return round(sum(values) / len(values), 4)


def markdown(totals: CurveSummary) -> str:
    """The summary as a Markdown table."""
    names = list(totals.mean.coverage)
    lines = [f"| study | points | {' | '.join(names)} |", f"|---|---:|{'---:|' * len(names)}"]
    for study, own in [("mean over studies", totals.mean), *totals.studies.items()]:
        values = [f"{own.coverage[n]:.3f}" if n in own.coverage else " " for n in names]
        lines.append(f"| {study} | {own.points} | {' | '.join(values)} |")
    return "\n".join(lines) + "\n"
