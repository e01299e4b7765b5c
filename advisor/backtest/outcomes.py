"""Back-test of the quality model: best tuned and best hybrid score of published studies, forecast
from their prompts.

The protocol is that of a team which measures prompts first: of each study only its prompted results
are seen; tuned and hybrid scores, the gain and the choice are forecast from them. The prompt's own
score is forecast the other way round, from tuned and hybrid results. A study that is scored is
never fitted on.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

from advisor import shipped
from advisor.backtest.outcome_scores import Truth, markdown, summary
from advisor.backtest.pooling import Array, matrix, sharing, squashed, weigh
from advisor.backtest.priors import Unseen, unseen
from advisor.backtest.studies import Result, read

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
    rows, truths = forecast(results)
    totals = summary(rows, truths)
    if as_json:
        return json.dumps({"schema": 1, "rows": rows, "summary": totals}, indent=1, sort_keys=False)
    return markdown(totals)


def forecast(results: Sequence[Result]) -> tuple[list[dict[str, Any]], list[Truth]]:
    """A forecast for each decision cell, and what came out where the file tells."""
    by_study: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        if not result.lower_is_better and (result.value is None or 0 <= result.value <= 1):
            by_study[result.study].append(result)
    rows, truths = [], []
    for study, own in by_study.items():
        found = cells(study, own)
        if found:
            ahead, back = _draws(own, "prompt"), _draws(own, "tune", "hybrid")
            rows += [_row(cell, own, ahead, back) for cell in found]
            truths += [_truth(cell, own) for cell in found]
    return rows, truths


def cells(study: str, results: Sequence[Result]) -> list[Cell]:
    """Every task and metric on which at least two approaches were tried, over all models and by
    base model.
    """
    found: dict[tuple[str, str, str], dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for i, result in enumerate(results):
        for model in {"", result.skill.model}:
            found[result.task, result.metric, model][result.family].append(i)
    return [Cell(study, *key, dict(rows)) for key, rows in found.items() if len(rows) > 1]


def _draws(results: Sequence[Result], *seen_families: str) -> Array:
    """Draws of every result's score, shape (results, DRAWS), given those of the seen families that
    the file tells.
    """
    seen = np.array([r.family in seen_families and r.value is not None for r in results])
    study = results[0].study
    sets = unseen(study)
    rng = np.random.default_rng([SEED, crc32(study.encode())])
    each = DRAWS // len(sets)
    return np.hstack([_conditioned(results, seen, one, each, rng) for one in sets])


def _conditioned(
    results: Sequence[Result], seen: Any, given: Unseen, draws: int, rng: np.random.Generator
) -> Array:
    """Joint draws of what tests would show, for one family; seen results keep their value."""
    loads = weigh(results, given.bend)
    design = matrix(loads, given.names)
    prior = design @ given.covariance @ design.T
    for kind, shared in sharing(loads).items():
        prior += given.sds.get(kind, 0.0) ** 2 * shared
    items = np.array([r.items for r in results])
    values = np.array(
        [r.value if s else 0.5 for r, s in zip(results, seen, strict=True)], dtype=float
    )
    y, noise = squashed(values, items)
    mean = design @ given.mean
    out = np.repeat(values[:, None], draws, axis=1)
    hidden = ~seen
    if not hidden.any():
        return out
    pull = np.linalg.solve(
        prior[np.ix_(seen, seen)] + np.diag(noise[seen]), prior[np.ix_(seen, hidden)]
    )
    middle = mean[hidden] + pull.T @ (y[seen] - mean[seen])
    cov = prior[np.ix_(hidden, hidden)] - pull.T @ prior[np.ix_(seen, hidden)]
    root = np.linalg.cholesky(cov + 1e-9 * np.eye(len(cov)))
    q = 1 / (1 + np.exp(-(middle[:, None] + root @ rng.standard_normal((len(cov), draws)))))
    error = rng.standard_normal(q.shape) * np.sqrt(q * (1 - q) / items[hidden][:, None])
    out[hidden] = np.clip(q + error, 0, 1)
    return out


def _row(cell: Cell, results: Sequence[Result], ahead: Array, back: Array) -> dict[str, Any]:
    """The forecast of one cell, in the units of its metric."""
    scale = results[next(iter(cell.rows.values()))[0]].scale
    best: dict[str, Array] = {}
    for family, members in cell.rows.items():
        told = [i for i in members if results[i].value is not None]
        best[family] = ahead[told if family == "prompt" and told else members].max(axis=0)
    expected = {family: float(draws.mean()) for family, draws in best.items()}
    tuned, prompt = best.get("tune"), best.get("prompt")
    return {
        "study": cell.study,
        "task": cell.task,
        "metric": cell.metric,
        "base_model": cell.base_model,
        "scope": cell.scope,
        "tuned": _range(tuned, scale),
        "hybrid": _range(best.get("hybrid"), scale),
        "prompt": _range(
            back[cell.rows["prompt"]].max(axis=0) if prompt is not None else None, scale
        ),
        "gain": _range(None if tuned is None or prompt is None else tuned - prompt, scale),
        "p_best": _chances(best),
        "choice": max(expected, key=expected.__getitem__),
    }


def _range(draws: Array | None, scale: float) -> dict[str, float | None]:
    if draws is None:
        return {"p10": None, "p50": None, "p90": None}
    found = np.quantile(draws, [0.1, 0.5, 0.9]) * scale
    return {name: round(float(q), 5) for name, q in zip(("p10", "p50", "p90"), found, strict=True)}


def _chances(best: dict[str, Array]) -> dict[str, float]:
    """How often each approach comes out best; ties are split."""
    stack = np.array(list(best.values()))
    top = stack == stack.max(axis=0)
    share = (top / top.sum(axis=0)).mean(axis=1)
    return {
        a: round(float(share[list(best).index(a)]), 4) if a in best else 0.0
        for a in ("prompt", "tune", "hybrid")
    }


def _truth(cell: Cell, results: Sequence[Result]) -> Truth:
    """The best measured score of each approach, 0 to 1; None where the file does not tell."""
    told: dict[str, float | None] = {}
    for family in ("prompt", "tune", "hybrid"):
        values = [v for i in cell.rows.get(family, ()) if (v := results[i].value) is not None]
        told[family] = max(values, default=None)
    first = results[next(iter(cell.rows.values()))[0]]
    return Truth(told["prompt"], told["tune"], told["hybrid"], first.scale, first.has_unit)
