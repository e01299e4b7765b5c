"""Back-test of the quality model: best tuned and best hybrid score of published studies, predicted
from their prompts.

The protocol is that of a team which measures prompts first: of each study only the prompted results
are given; tuned and hybrid scores, the gain and the choice are predicted from them. The prompt's
own score is predicted the other way round, from tuned and hybrid results. A study that is scored is
never fitted on.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from advisor import shipped
from advisor.backtest.outcome_scores import APPROACHES, CellPrediction, Truth, markdown, summary
from advisor.backtest.pooling import Array, matrix, sharing, squashed, weigh
from advisor.backtest.priors import Unseen, unseen
from advisor.backtest.studies import Result, read
from advisor.core.constants import QUANTILES
from advisor.core.quantity import UNKNOWN, Range

DRAWS = 2000  # by study, shared among the families
SEED = 20


@dataclass(frozen=True, slots=True)
class Cell:
    """One decision: a task and metric of a study, over all base models ("") or on one; rows by
    approach.
    """

    study: str
    task: str
    metric: str
    base_model: str
    rows: dict[str, list[int]]

    @property
    def scope(self) -> str:
        return "same_base" if self.base_model else "any_model"


def run(path: Path | None, as_json: bool) -> str:
    """The back-test of a file (None: the shipped studies) as JSON, or as a table.

    Raises UsageError on a bad file.
    """
    results = read(path or shipped.folder("profiles") / "evidence.csv")
    rows, truths = predict(results)
    totals = summary(rows, truths)
    if not as_json:
        return markdown(totals)
    document = {"schema": 1, "rows": [asdict(r) for r in rows], "summary": asdict(totals)}
    return json.dumps(document, indent=1)


def predict(results: Sequence[Result]) -> tuple[list[CellPrediction], list[Truth]]:
    """A prediction for each decision cell, and the published result where the file has it."""
    by_study: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        if not result.lower_is_better and (result.value is None or 0 <= result.value <= 1):
            by_study[result.study].append(result)
    rows: list[CellPrediction] = []
    truths: list[Truth] = []
    for study, own in by_study.items():
        decisions = cells(study, own)
        if decisions:
            ahead = _draws(own, "prompt")
            back = _draws(own, "tune", "hybrid")
            rows += [_row(cell, own, ahead, back) for cell in decisions]
            truths += [_truth(cell, own) for cell in decisions]
    return rows, truths


def cells(study: str, results: Sequence[Result]) -> list[Cell]:
    """Every task and metric on which at least two approaches were tried, over all models and by
    base model.
    """
    groups: dict[tuple[str, str, str], dict[str, list[int]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for i, result in enumerate(results):
        for model in {"", result.skill.model}:
            groups[result.task, result.metric, model][result.family].append(i)
    return [Cell(study, *key, dict(rows)) for key, rows in groups.items() if len(rows) > 1]


def _draws(results: Sequence[Result], *given_families: str) -> Array:
    """Draws of every result's score, shape (results, DRAWS), given the published scores of the
    given families.
    """
    given = np.array([r.family in given_families and r.value is not None for r in results])
    study = results[0].study
    sets = unseen(study)
    rng = np.random.default_rng([SEED, crc32(study.encode())])
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
    loads = weigh(results, prior.bend)
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
    pull = np.linalg.solve(
        covariance[np.ix_(given, given)] + np.diag(noise[given]), covariance[np.ix_(given, hidden)]
    )
    middle = mean[hidden] + pull.T @ (y[given] - mean[given])
    rest = covariance[np.ix_(hidden, hidden)] - pull.T @ covariance[np.ix_(given, hidden)]
    root = np.linalg.cholesky(rest + 1e-9 * np.eye(len(rest)))
    q = 1 / (1 + np.exp(-(middle[:, None] + root @ rng.standard_normal((len(rest), draws)))))
    error = rng.standard_normal(q.shape) * np.sqrt(q * (1 - q) / items[hidden][:, None])
    out[hidden] = np.clip(q + error, 0, 1)
    return out


def _row(cell: Cell, results: Sequence[Result], ahead: Array, back: Array) -> CellPrediction:
    """The prediction of one cell, in the units of its metric."""
    scale = results[next(iter(cell.rows.values()))[0]].scale
    best: dict[str, Array] = {}
    for family, members in cell.rows.items():
        published = [i for i in members if results[i].value is not None]
        best[family] = ahead[published if family == "prompt" and published else members].max(axis=0)
    expected = {family: float(draws.mean()) for family, draws in best.items()}
    tuned = best.get("tune")
    prompt = best.get("prompt")
    return CellPrediction(
        study=cell.study,
        task=cell.task,
        metric=cell.metric,
        base_model=cell.base_model,
        scope=cell.scope,
        tuned=_range(tuned, scale),
        hybrid=_range(best.get("hybrid"), scale),
        prompt=_range(None if prompt is None else back[cell.rows["prompt"]].max(axis=0), scale),
        gain=_range(None if tuned is None or prompt is None else tuned - prompt, scale),
        p_best=_chances(best),
        choice=max(expected, key=expected.__getitem__),
    )


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


def _truth(cell: Cell, results: Sequence[Result]) -> Truth:
    """The best published score of each approach, 0 to 1; None where the file leaves it out."""
    best: dict[str, float | None] = {}
    for family in APPROACHES:
        values = [v for i in cell.rows.get(family, ()) if (v := results[i].value) is not None]
        best[family] = max(values, default=None)
    first = results[next(iter(cell.rows.values()))[0]]
    return Truth(best["prompt"], best["tune"], best["hybrid"], first.scale, first.has_unit)
