"""Back-test of the training estimator: memory, speed and time of published runs, foretold from
their inputs alone.

A run of a source that the constants were fitted on is foretold with the constants fitted without
that source.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from advisor.backtest.runs_lessons import lesson, teachers
from advisor.backtest.runs_scores import markdown, summary
from advisor.backtest.runs_table import Row, read, to_run
from advisor.core.errors import UsageError
from advisor.core.quantity import UNKNOWN, Range
from advisor.core.training import TrainingEstimate, TrainingRun
from advisor.estimate.training import estimate, fixed_seconds, mean_length
from advisor.estimate.training.spread import Z80

LENGTH_DOUBT = 0.4
"""Log standard deviation of the mean length of examples where only the limit of their length is
stated.
"""

PADDING_DOUBT = 0.15
"""The same of how much more another batch is padded than that of the run that taught the speed."""

EVALUATION_SHARE = 0.12
"""Evaluation beside training, as a share of the time of the steps, where a row's total includes
it.
"""


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
    """The back-test of a file as JSON or as a table; without a file, what the shipped constants
    reached.

    `by` is source, gpu or method. Raises UsageError on a file that cannot be read, or where one is
    needed.
    """
    if path is None:
        if by != "source" or calibrate:
            raise UsageError(
                "--by and --calibrate: need a FILE of runs; the record that is shipped is by source"
            )
        return _shipped(as_json)
    forecasts = foretell(read(path), calibrate)
    totals = summary(forecasts, by)
    if as_json:
        return json.dumps(
            {"schema": 1, "rows": [_cells(f) for f in forecasts], "summary": totals}, indent=1
        )
    return markdown(totals)


def foretell(
    rows: Sequence[Row], calibrate: bool = False, *, by_set_up: bool = True
) -> list[Forecast]:
    """A forecast for each row, in their order; with `calibrate`, one row of each set-up or group
    teaches the others.
    """
    from advisor import facts

    known = facts.load()
    gpus = {gpu.name: gpu for gpu in known.gpus}
    models = {row.text("model"): known.architecture(row.text("model")) for row in rows}
    open_models = {name: model for name, model in models.items() if model is not None}
    runs = [to_run(row, open_models, gpus) for row in rows]
    taught = teachers(rows, runs, by_set_up=by_set_up) if calibrate else {}
    forecasts = []
    for i, (row, planned) in enumerate(zip(rows, runs, strict=True)):
        teacher = taught.get(i)
        if calibrate and (teacher is None or teacher == i):
            forecasts.append(
                _silent(
                    row, planned, "no matched run" if teacher is None else "used for calibration"
                )
            )
        else:
            measured = () if teacher is None else (lesson(row, rows[teacher], runs[teacher]),)
            found = estimate(planned, measured, without=row.text("source"))
            forecasts.append(_forecast(row, planned, found, bool(measured)))
    return forecasts


def _silent(row: Row, planned: TrainingRun, why: str) -> Forecast:
    """No forecast after calibration: the run taught the others, or there was none to learn from."""
    return Forecast(row, planned, "unknown", UNKNOWN, UNKNOWN, UNKNOWN, (f"{why}, so not scored",))


def _forecast(row: Row, planned: TrainingRun, found: TrainingEstimate, taught: bool) -> Forecast:
    total, reason = _total_seconds(row, planned, found, taught)
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


def _total_seconds(
    row: Row, planned: TrainingRun, found: TrainingEstimate, taught: bool
) -> tuple[Range, str]:
    """Wall time of the samples the row states, and what its total includes beside the steps.

    A guessed length widens it, less where a run of the same data set has taught the speed at that
    guess. Samples of which not even the limit of their length is stated may take any time.
    """
    samples, speed = row.number("total_samples"), found.tokens_per_second.range
    if samples is None:
        return UNKNOWN, "the number of samples is not stated"
    if {"seq_len", "mean_tokens"} <= set(planned.assumed):
        return UNKNOWN, "neither mean nor limit of the length of the samples is stated"
    if speed.p10 is None or speed.p50 is None or speed.p90 is None:
        return UNKNOWN, ""
    includes = row.text("total_includes")
    share = 1.0 if includes == "train" else 1.0 + EVALUATION_SHARE
    fixed = fixed_seconds(planned, row.text("source")) if includes == "all" else 0.0
    steps = share * samples * mean_length(planned) / speed.p50
    guessed = "mean_tokens" in planned.assumed
    doubt = Z80 * (PADDING_DOUBT if taught else LENGTH_DOUBT) if guessed else 0.0
    low, high = (
        math.exp(math.hypot(math.log(v / speed.p50), doubt)) for v in (speed.p10, speed.p90)
    )
    return Range(steps / high + fixed, steps + fixed, steps * low + fixed), ""


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

    recorded = json.loads(
        (folder("profiles") / "training_accuracy.json").read_text(encoding="utf-8")
    )
    return (
        json.dumps({"schema": 1, "rows": [], "summary": recorded}, indent=1)
        if as_json
        else markdown(recorded)
    )
