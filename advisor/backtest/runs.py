"""Back-test of the training estimator: memory, speed and time of published runs, predicted
from their inputs alone.

A run of a source that the coefficients were fitted on is predicted with those
fitted without it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from advisor.backtest.runs_scores import markdown, summary
from advisor.backtest.runs_sources import measured_by, source_runs
from advisor.backtest.runs_table import RunRow, read, to_run
from advisor.core.constants import Z80
from advisor.core.errors import UsageError
from advisor.core.quantity import UNKNOWN, Range
from advisor.core.training import TrainingEstimate, TrainingRun
from advisor.estimate.training import estimate, fixed_seconds, mean_length
from advisor.estimate.training.lengths import mean_doubt

PADDING_DOUBT = 0.15
"""Log standard deviation of how much more another batch is padded than that of the source run."""

EVALUATION_SHARE = 0.12
"""Evaluation beside training, as a share of the time of the steps, where a row's total includes
it.
"""


@dataclass(frozen=True, slots=True)
class BacktestPrediction:
    """What was predicted for a row; a reason where a quantity is unknown."""

    row: RunRow
    run: TrainingRun
    fits: str
    memory_gib: Range
    tokens_per_second: Range
    total_seconds: Range
    reasons: tuple[str, ...] = ()
    corrected_by: RunRow | None = None
    """The run that corrected this prediction, in a back-test after calibration."""


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
    predictions = predict(read(path), calibrate)
    totals = summary(predictions, by)
    if as_json:
        return json.dumps(
            {"schema": 1, "rows": [_cells(f) for f in predictions], "summary": totals}, indent=1
        )
    return markdown(totals)


def predict(
    rows: Sequence[RunRow], calibrate: bool = False, *, by_set_up: bool = True
) -> list[BacktestPrediction]:
    """A prediction for each row, in their order; with `calibrate`, one row of each set-up or group
    is the source run that corrects the others.
    """
    from advisor import facts

    library = facts.load()
    named = {row.text("gpu") for row in rows}
    gpus = {name: gpu for name in named if (gpu := library.known_gpu(name)) is not None}
    models = {row.text("model"): library.architecture(row.text("model")) for row in rows}
    open_models = {name: model for name, model in models.items() if model is not None}
    runs = [to_run(row, open_models, gpus) for row in rows]
    sources = source_runs(rows, runs, by_set_up=by_set_up) if calibrate else {}
    predictions = []
    for i, (row, planned) in enumerate(zip(rows, runs, strict=True)):
        source = sources.get(i)
        if calibrate and (source is None or source == i):
            why = "no matched run" if source is None else "used for calibration"
            predictions.append(_unscored(row, planned, why))
            continue
        measured = () if source is None else (measured_by(rows[source], runs[source], row),)
        prediction = estimate(planned, measured, without=row.text("source"))
        corrected_by = None if source is None else rows[source]
        of_row = _prediction(row, planned, prediction, bool(measured))
        predictions.append(replace(of_row, corrected_by=corrected_by))
    return predictions


def _unscored(row: RunRow, planned: TrainingRun, why: str) -> BacktestPrediction:
    """No prediction after calibration: the run is the source run itself, or there is none."""
    return BacktestPrediction(
        row, planned, "unknown", UNKNOWN, UNKNOWN, UNKNOWN, (f"{why}, so not scored",)
    )


def _prediction(
    row: RunRow, planned: TrainingRun, prediction: TrainingEstimate, calibrated: bool
) -> BacktestPrediction:
    total, reason = _total_seconds(row, planned, prediction, calibrated)
    unread = f"not known, so taken as not stated: {', '.join(row.unread)}" if row.unread else ""
    unknown = (prediction.memory_gib.reason, prediction.tokens_per_second.reason, reason, unread)
    return BacktestPrediction(
        row,
        planned,
        prediction.fits,
        prediction.memory_gib.range,
        prediction.tokens_per_second.range,
        total,
        tuple(dict.fromkeys(filter(None, unknown))),
    )


def _total_seconds(
    row: RunRow, planned: TrainingRun, prediction: TrainingEstimate, calibrated: bool
) -> tuple[Range, str]:
    """Wall time of the samples the row states, and what its total includes beside the steps.

    A guessed length widens it, less where a source run of the same data set was measured at that
    guess. Samples of which not even the limit of their length is stated may take any time.
    """
    samples = row.number("total_samples")
    speed = prediction.tokens_per_second.range
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
    fewest, most = mean_doubt(planned)
    if calibrated and "mean_tokens" in planned.assumed:
        most = math.exp(Z80 * PADDING_DOUBT)
        fewest = 1.0 / most
    below = math.hypot(math.log(speed.p90 / speed.p50), math.log(fewest))
    above = math.hypot(math.log(speed.p50 / speed.p10), math.log(most))
    low = steps * math.exp(-below)
    high = steps * math.exp(above)
    return Range(low + fixed, steps + fixed, high + fixed), ""


def _cells(prediction: BacktestPrediction) -> dict[str, str | dict[str, float] | None]:
    def cell(span: Range) -> dict[str, float] | None:
        if span.p10 is None or span.p50 is None or span.p90 is None:
            return None
        return {"p10": _short(span.p10), "p50": _short(span.p50), "p90": _short(span.p90)}

    return {
        "id": prediction.row.text("id"),
        "memory_gib": cell(prediction.memory_gib),
        "tokens_per_second": cell(prediction.tokens_per_second),
        "total_seconds": cell(prediction.total_seconds),
        "fits": prediction.fits,
        "reason": "; ".join(prediction.reasons),
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
