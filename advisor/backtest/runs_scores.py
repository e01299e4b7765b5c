"""How far predictions of training runs were off: by group, and as the plain mean over groups."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from advisor.backtest import runs_baselines
from advisor.core.quantity import Range
from advisor.core.training import TrainingRun

if TYPE_CHECKING:
    from advisor.backtest.runs import BacktestPrediction

Scores = Any
"""A number, or more scores by name."""

Summary = dict[str, Scores]
"""Scores as nested objects of names and numbers, as they are printed and recorded in JSON."""

FEWEST = 3
"""Groups with fewer scored rows are listed but do not enter the mean over groups."""

MEASURES = ("memory_gib", "memory_gib_specified", "tokens_per_second", "total_seconds")


def summary(predictions: Sequence[BacktestPrediction], by: str) -> Summary:
    """Errors, coverage and width of every measure, by group and over groups; baselines; and who
    fits.
    """
    scored = [
        f
        for f in predictions
        if f.row.text("suspect") != "yes" and f.row.text("outcome") in ("", "ok")
    ]
    totals: Summary = {"by": by}
    for measure in MEASURES:
        totals[measure] = _measure(scored, measure, by)
    totals["baselines"] = {
        **_baselines(scored, "memory_gib", runs_baselines.MEMORY, by),
        **_baselines(scored, "tokens_per_second", runs_baselines.SPEED, by),
    }
    totals["fits"] = _fits(predictions)
    return totals


def specified(prediction: BacktestPrediction) -> bool:
    """One GPU, and nothing that memory depends on left open, in rows with a clear method."""
    text = prediction.row.text
    return (
        text("gpu_count") == "1"
        and text("sharding") in ("none", "")
        and text("offload") in ("none", "")
        and all(text(c) for c in ("max_tokens", "micro_batch", "quantization"))
        and text("method") in ("full", "lora", "qlora")
        and text("trust") in ("A", "B")
    )


def _measure(scored: Sequence[BacktestPrediction], measure: str, by: str) -> Summary:
    column = measure.removesuffix("_specified")
    groups: dict[str, list[tuple[float, Range]]] = {}
    for prediction in scored:
        actual = prediction.row.number(column)
        if not actual or (measure.endswith("_specified") and not specified(prediction)):
            continue
        if column == "tokens_per_second" and not prediction.row.text("tokens_basis"):
            continue
        groups.setdefault(prediction.row.text(by) or "not stated", []).append(
            (actual, getattr(prediction, column))
        )
    listed = {
        name: score(pairs) for name, pairs in sorted(groups.items(), key=lambda g: -len(g[1]))
    }
    return {"groups": listed, "mean": mean(listed.values())}


def score(pairs: Sequence[tuple[float, Range]]) -> dict[str, float | None]:
    """Median and 90th percentile of |prediction ÷ actual − 1|, share inside P10–P90, median P90 ÷
    P10.
    """
    answered = [(actual, r) for actual, r in pairs if r.p10 and r.p50 and r.p90]
    errors = [abs(r.likely / actual - 1) for actual, r in answered]
    inside = [float((r.p10 or 0.0) <= actual <= (r.p90 or 0.0)) for actual, r in answered]
    widths = [(r.p90 or 0.0) / (r.p10 or 1.0) for _, r in answered]
    return {
        "rows": len(pairs),
        "answered": len(answered),
        "median_error": quantile(errors, 0.5),
        "p90_error": quantile(errors, 0.9),
        "coverage": sum(inside) / len(inside) if inside else None,
        "width": quantile(widths, 0.5),
    }


def mean(groups: Iterable[dict[str, float | None]]) -> dict[str, float | None]:
    """The plain mean over groups with at least `FEWEST` answered rows."""
    large = [g for g in groups if (g["answered"] or 0) >= FEWEST]
    keys = ("median_error", "p90_error", "coverage", "width")
    averages = {key: _average([g[key] for g in large]) for key in keys}
    return {"groups": len(large), **averages}


def quantile(values: Sequence[float], share: float) -> float | None:
    """Linear between the ordered values; None of none."""
    if not values:
        return None
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def _average(values: Sequence[float | None]) -> float | None:
    present = [v for v in values if v is not None]
    return sum(present) / len(present) if present else None


def _baselines(
    scored: Sequence[BacktestPrediction], column: str, formulas: Any, by: str
) -> dict[str, dict[str, float | None]]:
    scores = {}
    for name, formula in formulas.items():
        groups: dict[str, list[tuple[float, Range]]] = {}
        for prediction in scored:
            actual = prediction.row.number(column)
            if actual:
                point = _point(formula, prediction.run)
                groups.setdefault(prediction.row.text(by) or "not stated", []).append(
                    (actual, point)
                )
        scores[name] = mean(score(pairs) for pairs in groups.values())
    return scores


def _point(formula: Callable[[TrainingRun], float | None], run: TrainingRun) -> Range:
    value = formula(run)
    return Range(value, value, value)


def _fits(predictions: Sequence[BacktestPrediction]) -> dict[str, float | int | None]:
    """Runs that finished and were said to fit, and that ran out of memory and were said not to."""
    counts = {"ran": 0, "ran_right": 0, "out_of_memory": 0, "out_of_memory_right": 0}
    for prediction in predictions:
        outcome = prediction.row.text("outcome")
        answered = (
            prediction.fits != "unknown"
            and prediction.row.text("gpu")
            and prediction.row.text("suspect") != "yes"
        )
        if outcome in ("ok", "oom") and answered:
            kind = "ran" if outcome == "ok" else "out_of_memory"
            counts[kind] += 1
            counts[f"{kind}_right"] += (prediction.fits == "no") == (outcome == "oom")
    both = counts["ran"] and counts["out_of_memory"]
    balanced = (
        0.5
        * (
            counts["ran_right"] / counts["ran"]
            + counts["out_of_memory_right"] / counts["out_of_memory"]
        )
        if both
        else None
    )
    return {**counts, "balanced_accuracy": balanced}


def markdown(totals: Summary) -> str:
    """The summary as tables in Markdown."""
    lines = []
    for measure in MEASURES:
        part = totals[measure]
        lines += [f"### {TITLES[measure]}, by {totals['by']}", "", HEAD, RULE]
        lines += [_line(name, group) for name, group in part["groups"].items()]
        lines += [_line(f"**mean over {part['mean']['groups']}**", part["mean"]), ""]
    lines += ["### Formulas in common use, on the same rows", "", HEAD, RULE]
    lines += [_line(name, part) for name, part in totals["baselines"].items()]
    fits = totals["fits"]
    lines += [
        "",
        "### Fits, or out of memory",
        "",
        f"{fits['ran_right']} of {fits['ran']} runs that finished were said to fit, "
        f"{fits['out_of_memory_right']} of {fits['out_of_memory']} that ran out of memory "
        f"were said not to: balanced accuracy {_percent(fits['balanced_accuracy'])}.",
    ]
    return "\n".join(lines) + "\n"


TITLES = {
    "memory_gib": "Peak memory",
    "memory_gib_specified": "Peak memory, fully specified runs on one GPU",
    "tokens_per_second": "Tokens per second",
    "total_seconds": "Total time",
}
HEAD = "| | rows | answered | median error | p90 error | inside P10–P90 | P90 ÷ P10 |"
RULE = "|---|---|---|---|---|---|---|"


def _line(name: str, part: Summary) -> str:
    width = part.get("width")
    cells = (
        str(part.get("rows", "")),
        str(part.get("answered", "")),
        _percent(part["median_error"]),
        _percent(part["p90_error"]),
        _percent(part["coverage"]),
        "–" if width is None else f"{width:.2f}",
    )
    return f"| {name} | {' | '.join(cells)} |"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.0f} %"
