"""Back-test of the training estimator: memory, speed and time of published runs, foretold from their inputs alone.

A run of a source that the constants were fitted on is foretold with the constants fitted without that source.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from advisor.backtest.runs_scores import markdown, summary
from advisor.backtest.runs_table import Row, read, to_run
from advisor.core.quantity import UNKNOWN, Range
from advisor.core.training import TrainingEstimate, TrainingMeasurement, TrainingRun
from advisor.estimate.training import estimate, fixed_seconds, mean_length

EVALUATION_SHARE = 0.12
"""Evaluation beside training, as a share of the time of the steps, where a row's total includes it."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What was foretold of a row; a reason where a quantity is unknown."""

    row: Row
    run: TrainingRun
    fits: str
    memory_gib: Range
    tokens_per_second: Range
    total_seconds: Range
    reasons: tuple[str, ...] = ()


def run(path: Path | None, as_json: bool, calibrate: bool = False, by: str = "source") -> str:
    """The back-test of a file as JSON or as a table; without a file, what the shipped constants reached.

    `by` is source, gpu or method. Raises UsageError on a file that cannot be read.
    """
    if path is None:
        return _shipped(as_json)
    forecasts = foretell(read(path), calibrate)
    totals = summary(forecasts, by)
    if as_json:
        return json.dumps({"schema": 1, "rows": [_cells(f) for f in forecasts], "summary": totals}, indent=1)
    return markdown(totals)


def foretell(rows: Sequence[Row], calibrate: bool = False) -> list[Forecast]:
    """A forecast for each row, in their order; with `calibrate`, one row of each group teaches the others."""
    from advisor import facts

    known = facts.load()
    gpus = {gpu.name: gpu for gpu in known.gpus}
    models = {row.text("model"): known.architecture(row.text("model")) for row in rows}
    open_models = {name: model for name, model in models.items() if model is not None}
    runs = [to_run(row, open_models, gpus) for row in rows]
    lessons = _lessons(rows, runs) if calibrate else {}
    forecasts = []
    for i, (row, planned) in enumerate(zip(rows, runs, strict=True)):
        teacher = lessons.get(i)
        if teacher == i:
            forecasts.append(_teacher_forecast(row, planned))
        else:
            measured = () if teacher is None else (_measurement(row, rows[teacher], runs[teacher]),)
            forecasts.append(_forecast(row, planned, estimate(planned, measured, without=row.text("source"))))
    return forecasts


def _lessons(rows: Sequence[Row], runs: Sequence[TrainingRun]) -> dict[int, int]:
    """The row that teaches each row: of its own set-up, else the most alike of its group; a teacher is its own."""
    told: dict[int, int] = {}
    for members in _grouped(rows, wide=False):
        teacher = _middle(members, rows, runs)
        if teacher is not None and len(members) > 1:
            told.update(dict.fromkeys(members, teacher))
    for members in _grouped(rows, wide=True):
        untold = [i for i in members if i not in told]
        teachers = {told[i] for i in members if i in told}
        if not teachers and len(members) > 1 and (middle := _middle(members, rows, runs)) is not None:
            teachers = {middle}
        for i in untold if teachers else ():
            told[i] = i if i in teachers else max(sorted(teachers), key=lambda t: _alike(rows[i], rows[t]))
    return told


def _grouped(rows: Sequence[Row], *, wide: bool) -> list[list[int]]:
    groups: dict[tuple[str, ...], list[int]] = {}
    for i, row in enumerate(rows):
        groups.setdefault(row.group if wide else row.kind, []).append(i)
    return list(groups.values())


def _middle(members: Sequence[int], rows: Sequence[Row], runs: Sequence[TrainingRun]) -> int | None:
    """Of the measured rows the one with the middle number of tokens in a micro-batch."""
    measured = [i for i in members if rows[i].text("suspect") != "yes" and rows[i].number("tokens_per_second")]
    ordered = sorted(measured, key=lambda i: runs[i].micro_batch * mean_length(runs[i]))
    return ordered[len(ordered) // 2] if ordered else None


def _alike(one: Row, other: Row) -> int:
    """How many cells of the set-up two rows share."""
    return sum(a == b for a, b in zip(one.kind, other.kind, strict=True))


def _measurement(learner: Row, teacher: Row, planned: TrainingRun) -> TrainingMeasurement:
    """What the teacher's run showed; its memory only where the whole set-up is the same, since its errors add."""
    alike = learner.kind == teacher.kind and learner.text("memory_basis") == teacher.text("memory_basis")
    return TrainingMeasurement(
        planned, teacher.number("memory_gib") if alike else None, teacher.number("tokens_per_second")
    )


def _teacher_forecast(row: Row, planned: TrainingRun) -> Forecast:
    return Forecast(row, planned, "unknown", UNKNOWN, UNKNOWN, UNKNOWN, ("used for calibration, so not scored",))


def _forecast(row: Row, planned: TrainingRun, found: TrainingEstimate) -> Forecast:
    total, reason = _total_seconds(row, planned, found)
    unknown = (found.memory_gib.reason, found.tokens_per_second.reason, reason)
    return Forecast(
        row,
        planned,
        found.fits,
        found.memory_gib.range,
        found.tokens_per_second.range,
        total,
        tuple(dict.fromkeys(filter(None, unknown))),
    )


def _total_seconds(row: Row, planned: TrainingRun, found: TrainingEstimate) -> tuple[Range, str]:
    """Wall time of the samples the row states, and what its total includes beside the steps."""
    samples, speed = row.number("total_samples"), found.tokens_per_second.range
    if samples is None:
        return UNKNOWN, "the number of samples is not stated"
    if speed.p10 is None or speed.p50 is None or speed.p90 is None:
        return UNKNOWN, ""
    tokens, includes = samples * mean_length(planned), row.text("total_includes")
    share = 1.0 if includes == "train" else 1.0 + EVALUATION_SHARE
    fixed = fixed_seconds(planned, row.text("source")) if includes == "all" else 0.0
    times = (share * tokens / v + fixed for v in (speed.p90, speed.p50, speed.p10))
    return Range(*times), ""


def _cells(forecast: Forecast) -> dict[str, Any]:
    def cell(found: Range) -> dict[str, float] | None:
        if found.p10 is None or found.p50 is None or found.p90 is None:
            return None
        return {"p10": _short(found.p10), "p50": _short(found.p50), "p90": _short(found.p90)}

    return {
        "id": forecast.row.text("id"),
        "memory_gib": cell(forecast.memory_gib),
        "tokens_per_second": cell(forecast.tokens_per_second),
        "total_seconds": cell(forecast.total_seconds),
        "fits": forecast.fits,
        "reason": "; ".join(forecast.reasons),
    }


def _short(value: float) -> float:
    return float(f"{value:.5g}")


def _shipped(as_json: bool) -> str:
    """What the constants reached on the runs they were fitted on, each source left out in turn."""
    from advisor.shipped import folder

    recorded = json.loads((folder("profiles") / "training_accuracy.json").read_text(encoding="utf-8"))
    return json.dumps({"schema": 1, "rows": [], "summary": recorded}, indent=1) if as_json else markdown(recorded)
