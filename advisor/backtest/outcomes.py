"""Back-test of the quality model: best tuned and best hybrid score of published studies, predicted
from their prompts.

The protocol is that of a team which measures prompts first: of each study only the prompted results
are given; tuned and hybrid scores, the gain and the choice are predicted from them. The prompt's
own score is predicted the other way round, from tuned and hybrid results. A study that is scored is
never fitted on, and never among the nearest decisions.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from advisor import shipped
from advisor.backtest.decision_cells import (
    APPROACHES,
    Cell,
    cells,
    decision_of,
    truth_of,
    usable_by_study,
)
from advisor.backtest.outcome_page import markdown
from advisor.backtest.outcome_records import CellPrediction, Outcome
from advisor.backtest.outcome_scores import summary
from advisor.backtest.pooling import Array, matrix, sharing, squashed, weigh
from advisor.backtest.priors import Unseen, unseen
from advisor.backtest.related import related_to
from advisor.backtest.rules import gains_by_rule
from advisor.backtest.studies import Result, read
from advisor.core.constants import QUANTILES
from advisor.core.quantity import UNKNOWN, Range
from advisor.estimate.quality.blending import STRUCTURE, blended
from advisor.estimate.quality.design import LABELS_WEIGHT, Loadings, curve_of, flattened
from advisor.estimate.quality.nearest import Neighbours, load

DRAWS = 2000  # by study, shared among the families
SEED = 20


def run(path: Path | None, as_json: bool) -> str:
    """The back-test of a file (None: the shipped studies) as JSON, or as a table.

    Raises UsageError on a bad file.
    """
    results = read(path or shipped.folder("profiles") / "evidence.csv")
    outcomes = predict(results)
    totals = summary(outcomes)
    if not as_json:
        return markdown(totals)
    rows = [asdict(o.prediction) for o in outcomes]
    return json.dumps({"schema": 1, "rows": rows, "summary": asdict(totals)}, indent=1)


def predict(results: Sequence[Result], *, leave_related_out: bool = False) -> list[Outcome]:
    """A prediction for each decision cell, and the published result where the file has it.

    `leave_related_out` leaves out the studies of the same group too (`related.RELATED`).
    """
    shipped_studies = {d.study for d in load().decisions}
    out: list[Outcome] = []
    for study, own in usable_by_study(results).items():
        decisions = cells(study, own)
        if decisions:
            others = related_to(study, shipped_studies) if leave_related_out else frozenset()
            sets = unseen(study, others)
            ahead = draws_given(own, sets, "prompt")
            back = draws_given(own, sets, "tune", "hybrid")
            near = load().without(study, *others)
            out += [_outcome(cell, ahead, back, near) for cell in decisions]
    return out


def _outcome(cell: Cell, ahead: Array, back: Array, near: Neighbours) -> Outcome:
    about = decision_of(cell)
    rules = {} if about is None else gains_by_rule(about, near.decisions)
    return Outcome(_row(cell, ahead, back, near), truth_of(cell), rules)


def draws_given(results: Sequence[Result], sets: Sequence[Unseen], *given_families: str) -> Array:
    """Draws of every result's score, shape (results, DRAWS), given the published scores of the
    given families.
    """
    given = np.array([r.family in given_families and r.value is not None for r in results])
    rng = np.random.default_rng([SEED, crc32(results[0].study.encode())])
    each = DRAWS // len(sets)
    return np.hstack([_conditioned(results, given, one, each, rng) for one in sets])


def _conditioned(
    results: Sequence[Result],
    given: NDArray[np.bool_],
    prior: Unseen,
    draws: int,
    rng: np.random.Generator,
) -> Array:
    """Joint draws of what tests would show, for one family; given results keep their value."""
    weights = weigh(results, prior.bend)
    curves = _curves(weights, given)
    loads = [*weights, *curves.values()]
    design = matrix(loads, prior.names)
    covariance = design @ prior.covariance @ design.T
    for kind, shared in sharing(loads).items():
        covariance += prior.sds.get(kind, 0.0) ** 2 * shared
    items = np.array([r.items for r in results])
    values = np.array(
        [r.value if g else 0.5 for r, g in zip(results, given, strict=True)], dtype=float
    )
    y, noise = squashed(values, items)
    mean = design @ prior.mean
    out = np.repeat(values[:, None], draws, axis=1)
    hidden = ~given
    if not hidden.any():
        return out
    scored = np.flatnonzero(given)
    predicted = np.append(np.flatnonzero(hidden), len(results) + np.arange(len(curves)))
    pull = np.linalg.solve(
        covariance[np.ix_(scored, scored)] + np.diag(noise[scored]),
        covariance[np.ix_(scored, predicted)],
    )
    middle = mean[predicted] + pull.T @ (y[scored] - mean[scored])
    rest = covariance[np.ix_(predicted, predicted)]
    rest = rest - pull.T @ covariance[np.ix_(scored, predicted)]
    root = np.linalg.cholesky(rest + 1e-9 * np.eye(len(rest)))
    logit = middle[:, None] + root @ rng.standard_normal((len(rest), draws))
    place = np.cumsum(hidden) - 1
    for slope, i in zip(logit[hidden.sum() :], curves, strict=True):
        logit[place[i]] += float(weights[i].fixed[LABELS_WEIGHT]) * flattened(slope)
    q = 1 / (1 + np.exp(-logit[: hidden.sum()]))
    error = rng.standard_normal(q.shape) * np.sqrt(q * (1 - q) / items[hidden][:, None])
    out[hidden] = np.clip(q + error, 0, 1)
    return out


def _curves(weights: Sequence[Loadings], given: NDArray[np.bool_]) -> dict[int, Loadings]:
    """The slope of the learning curve behind each hidden score, by its place; none where a score on
    a curve is given: what was measured holds as it is.
    """
    curves = {i: curve for i, one in enumerate(weights) if (curve := curve_of(one)) is not None}
    return {} if any(given[i] for i in curves) else curves


def _row(cell: Cell, ahead: Array, back: Array, near: Neighbours) -> CellPrediction:
    """The prediction of one cell, in the units of its metric."""
    scale = cell.first.scale
    best = best_draws(cell, ahead, near)
    expected = {approach: float(draws.mean()) for approach, draws in best.items()}
    tuned = best.get("tune")
    prompt = best.get("prompt")
    behind = None if prompt is None else back[cell.rows["prompt"]].max(axis=0)
    return CellPrediction(
        study=cell.study,
        task=cell.task,
        metric=cell.metric,
        base_model=cell.base_model,
        scope=cell.scope,
        tuned=_range(tuned, scale),
        hybrid=_range(best.get("hybrid"), scale),
        prompt=_range(behind, scale),
        gain=_range(None if tuned is None or prompt is None else tuned - prompt, scale),
        p_best=_chances(best),
        choice=max(expected, key=expected.__getitem__),
    )


def best_draws(cell: Cell, ahead: Array, near: Neighbours) -> dict[str, Array]:
    """Draws of the best score of each approach in a cell, averaged with the nearest decisions."""
    best: dict[str, Array] = {}
    for approach, members in cell.rows.items():
        published = [i for i in members if cell.results[i].value is not None]
        counted = published if approach == "prompt" and published else members
        best[approach] = ahead[counted].max(axis=0)
    about = decision_of(cell)
    if about is None:
        return best
    never = np.zeros(ahead.shape[1], dtype=bool)
    prompt = best["prompt"]
    for approach in STRUCTURE.keys() & best.keys():
        draws = best[approach]
        best[approach] = blended(approach, about, draws, prompt, about.labels, never, near)
    return best


def _range(draws: Array | None, scale: float) -> Range:
    if draws is None:
        return UNKNOWN
    p10, p50, p90 = (round(float(q), 5) for q in np.quantile(draws, QUANTILES) * scale)
    return Range(p10, p50, p90)


def _chances(best: dict[str, Array]) -> dict[str, float]:
    """Share of draws in which each approach is best; ties are split."""
    stack = np.array(list(best.values()))
    top = stack == stack.max(axis=0)
    share = (top / top.sum(axis=0)).mean(axis=1)
    names = list(best)
    return {a: round(float(share[names.index(a)]), 4) if a in best else 0.0 for a in APPROACHES}
