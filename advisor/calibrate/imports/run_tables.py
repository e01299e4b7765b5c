"""Tables with a row per run: the run tables of Weights & Biases and MLflow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from advisor.calibrate.imports.columns import (
    Fields,
    ImportedRun,
    as_cells,
    finite,
    positive,
    seconds_of,
)
from advisor.calibrate.imports.histories import history
from advisor.calibrate.imports.settings import WHOLE_MACHINE, settings
from advisor.calibrate.imports.training_log import lost_total

STATES = {
    "finished": "ok",
    "FINISHED": "ok",
    "running": "running",
    "RUNNING": "running",
    "SCHEDULED": "running",
    "": "ok",
}
Row = Mapping[str, str]


def is_wandb_table(names: Sequence[str]) -> bool:
    """Whether the columns are those of a run table of Weights & Biases."""
    return "Name" in names and bool({"State", "Runtime"} & set(names))


def is_mlflow_table(names: Sequence[str]) -> bool:
    """Whether the columns are those of MLflow's `search_runs`, or of its page."""
    either = {"run_id", "Run ID"} & set(names)
    return bool(either) and any(name.startswith(("metrics.", "params.")) for name in names)


def wandb_row(row: Row, gpus: float | None) -> ImportedRun:
    """A row of a run table of Weights & Biases: settings, and the last value of each metric."""
    metrics = {key.removeprefix("summary."): value for key, value in row.items() if value}
    run = _last_values(row["Name"], metrics, metrics, gpus)
    return _with(run, row.get("State", ""), seconds_of(row.get("Runtime") or None))


def mlflow_row(row: Row, gpus: float | None) -> ImportedRun:
    """A row of MLflow's run table."""
    metrics = {
        key.removeprefix("metrics."): value
        for key, value in row.items()
        if value and key.startswith("metrics.")
    }
    params = {key.removeprefix("params."): value for key, value in row.items() if value}
    label = row.get("tags.mlflow.runName") or row.get("run_id") or row.get("Run ID") or "run"
    run = _last_values(label, metrics, params, gpus)
    return _with(run, row.get("status", row.get("Status", "")), _between(row))


def _last_values(label: str, metrics: Fields, params: Fields, gpus: float | None) -> ImportedRun:
    """A run of which the last value of every metric is timeless: rates and totals, no clock."""
    cells = settings(params)
    machine = positive(cells.get("gpu_count"))
    count = gpus or machine or 1.0
    timeless = {k: v for k, v in metrics.items() if k not in ("_runtime", "_timestamp", "Runtime")}
    notes = (WHOLE_MACHINE,) if machine and machine > 1.0 and gpus is None else ()
    return history(label.strip(), [timeless], count, cells, notes)


def _with(run: ImportedRun, state: str, seconds: float | None) -> ImportedRun:
    """The run with its outcome, and its whole time where its metrics do not tell it."""
    cells = dict(run.cells) | {"outcome": STATES.get(state.strip(), "failed")}
    if "total_seconds" not in cells and seconds and not lost_total(run):
        cells |= as_cells({"total_seconds": seconds, "total_includes": "all"})
    return ImportedRun(run.label, cells, (), run.scores, run.notes)


def _between(row: Row) -> float | None:
    """Seconds between MLflow's start and end, as times of day or as milliseconds."""
    begun = row.get("start_time", "")
    ended = row.get("end_time", "")
    milliseconds = (finite(begun), finite(ended))
    if None not in milliseconds:
        return ((milliseconds[1] or 0.0) - (milliseconds[0] or 0.0)) / 1000.0
    try:
        seconds = (datetime.fromisoformat(ended) - datetime.fromisoformat(begun)).total_seconds()
    except (ValueError, TypeError):
        return None
    return seconds if seconds > 0.0 else None
