"""Tables in CSV: rows with the columns of the published runs, histories, charts and run tables of
Weights & Biases, run tables of MLflow.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from advisor.calibrate.imports.columns import (
    COLUMNS,
    NEEDED,
    Fields,
    ImportedRun,
    as_cells,
    finite,
    positive,
)
from advisor.calibrate.imports.timing import run_of
from advisor.calibrate.imports.training_log import (
    LogEntry,
    TrainingLog,
    scores_in,
    totals_in,
)
from advisor.core.constants import GIB
from advisor.core.errors import UsageError, did_you_mean

Row = Mapping[str, str | None]

STEP_NAMES = ("_step", "Step", "train/global_step", "global_step", "step")
TIME_NAMES = ("_runtime", "Relative Time (Process)", "Relative Time (Wall)")
LOSS_NAMES = ("train/loss", "loss", "train_loss", "training_loss")
SPEED_NAMES = (
    *("train/train_tokens_per_second", "train_tokens_per_second", "train/tokens_per_second"),
    *("tokens_per_second", "train/tokens_per_sec", "train/tokens_per_second_per_gpu"),
    "tokens_per_second_per_gpu",
)
TOKEN_NAMES = ("train/num_input_tokens_seen", "num_input_tokens_seen", "train/total_tokens")
_CHART = re.compile(r"^(?P<run>.+?) - (?P<metric>[^-]+?)(?P<bound>__MIN|__MAX)?$")
_GPU_BYTES = re.compile(r"system[./]gpu\.\d+\.memoryAllocatedBytes$")
_MODEL_NAMES = (
    *("model", "model_name_or_path", "base_model", "model_name", "model_id", "_name_or_path"),
    "model_args.model_name_or_path",
)
_STATES = {
    "finished": "ok",
    "FINISHED": "ok",
    "running": "running",
    "RUNNING": "running",
    "SCHEDULED": "running",
    "": "ok",
}


def read_table(path: Path, text: str) -> tuple[str, list[ImportedRun]]:
    """(format, runs) of a CSV file. Raises UsageError for a table of another kind."""
    csv.field_size_limit(1_000_000)
    try:
        rows = list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))
    except csv.Error as error:
        raise UsageError(f"{path}: not CSV: {error}") from None
    for number, row in enumerate(rows, 2):
        if None in row:  # DictReader's key for what the header does not name
            raise UsageError(
                f"{path}: row {number}: more cells than columns; quote a cell that has commas"
            )
    names = [name for name in rows[0] if name] if rows else []
    if not rows:
        raise UsageError(f"{path}: no rows; give a table with a header and at least one run")
    if all(needed in names for needed in NEEDED):
        return "table of runs", _published(path, rows)
    charted = _charted_runs(names)
    if charted:
        return "Weights & Biases chart", [_chart(rows, run, columns) for run, columns in charted]
    if "Name" in names and {"State", "Runtime"} & set(names):
        return "Weights & Biases run table", [_run_row(row, "Name", "State", "") for row in rows]
    if "run_id" in names and any(name.startswith("metrics.") for name in names):
        return "MLflow run table", [_run_row(row, "run_id", "status", "metrics.") for row in rows]
    if any(name in names for name in STEP_NAMES):
        return "Weights & Biases history", [history(path.stem, rows)]
    for needed in NEEDED:
        if needed not in names:
            raise UsageError(
                f"{path}: no column {needed!r}{did_you_mean(needed, names)}; "
                "see docs/guide/calibrate.md"
            )
    raise UsageError(f"{path}: not a table of runs; see docs/guide/calibrate.md")


def _published(path: Path, rows: Iterable[Row]) -> list[ImportedRun]:
    imported = []
    for number, row in enumerate(rows, 2):
        cells = {k: (row.get(k) or "").strip() for k in COLUMNS if (row.get(k) or "").strip()}
        for name in ("memory_gib", "tokens_per_second", "step_seconds", "total_seconds"):
            if name in cells and finite(cells[name]) is None:
                raise UsageError(
                    f"{path}: line {number}: {name} is {cells[name]!r}, not a number; "
                    "leave it empty"
                )
        imported.append(ImportedRun(cells.get("id") or f"line {number}", cells))
    return imported


def history(label: str, rows: Sequence[Fields]) -> ImportedRun:
    """A history by step: `_step`, `_runtime`, metrics named `train/loss`."""
    names = list(dict.fromkeys(name for row in rows for name in row if name))
    step = _named(names, "train/global_step", "global_step") or _named(names, *STEP_NAMES)
    loss = _named(names, *LOSS_NAMES)
    time = _named(names, *TIME_NAMES)
    speed = _named(names, *SPEED_NAMES)
    tokens = _named(names, *TOKEN_NAMES)
    memory = [name for name in names if _GPU_BYTES.search(name)]
    entries = [
        LogEntry(
            step=finite(row.get(step)),
            loss=finite(row.get(loss)),
            elapsed=finite(row.get(time)),
            tokens=finite(row.get(tokens)),
            tokens_per_second=positive(row.get(speed)),
            memory_gib=_most(row, memory),
        )
        for row in rows
    ]
    prefix = "train/" if any(name.startswith("train/train_") for name in names) else ""
    totals = [t for row in rows if (t := totals_in(row, prefix=prefix)) is not None]
    scores: dict[str, float] = {}
    for row in rows:
        scores |= scores_in(row)
    steps = [e.step for e in entries if e.step is not None]
    counted = [e.tokens for e in entries if e.tokens is not None]
    return run_of(
        TrainingLog(
            label=label,
            entries=[e for e in entries if e != LogEntry()],
            totals=totals,
            scores=scores,
            steps=max(steps, default=None),
            tokens=max(counted, default=None),
            memory_basis="process",
        )
    )


def _charted_runs(names: Sequence[str]) -> list[tuple[str, Mapping[str, str]]]:
    """(run, column by metric) of a chart's export, whose columns are `run - metric`."""
    runs: dict[str, dict[str, str]] = {}
    axis = [n for n in names if n in (*STEP_NAMES, *TIME_NAMES, "Wall Time")]
    for name in names:
        match = _CHART.match(name)
        if match and not match["bound"] and name not in axis:
            runs.setdefault(match["run"], {})[match["metric"].strip()] = name
    return [(run, columns | {name: name for name in axis}) for run, columns in runs.items()]


def _chart(rows: Sequence[Row], run: str, columns: Mapping[str, str]) -> ImportedRun:
    metrics = [column for metric, column in columns.items() if metric != column]
    own = [
        {metric: row.get(column) for metric, column in columns.items()}
        for row in rows
        if any((row.get(column) or "").strip() for column in metrics)
    ]
    return history(run, own)


def _run_row(row: Row, name: str, state: str, prefix: str) -> ImportedRun:
    """A row of a run table: settings, and metrics as they were at the run's end."""
    metrics = {
        key.removeprefix(prefix).removeprefix("summary."): value
        for key, value in row.items()
        if key and value and key.startswith(prefix)
    }
    params = {key.removeprefix("params."): value for key, value in row.items() if key and value}
    inner = "train/" if any(key.startswith("train/train_") for key in metrics) else ""
    totals = totals_in(metrics, prefix=inner)
    status = _STATES.get((row.get(state) or "").strip(), "failed")
    steps = next((v for n in STEP_NAMES if (v := positive(metrics.get(n))) is not None), None)
    tokens = next((v for n in TOKEN_NAMES if (v := positive(metrics.get(n))) is not None), None)
    run = run_of(
        TrainingLog(
            label=(row.get("tags.mlflow.runName") or row.get(name) or "run").strip(),
            totals=[totals] if totals is not None else [],
            entries=[_summary_entry(metrics)],
            cells={**_settings(params), "outcome": status},
            scores=scores_in(metrics),
            steps=steps,
            tokens=tokens,
        )
    )
    seconds = positive(row.get("Runtime"))
    if "total_seconds" in run.cells or seconds is None or run.notes:
        return run
    cells = dict(run.cells) | as_cells({"total_seconds": seconds, "total_includes": "all"})
    return ImportedRun(run.label, cells, (), run.scores, run.notes)


def _summary_entry(metrics: Fields) -> LogEntry:
    speed = next((v for n in SPEED_NAMES if (v := positive(metrics.get(n))) is not None), None)
    return LogEntry(tokens_per_second=speed)


def _settings(params: Fields) -> Fields:
    """Columns that the settings of a Trainer's run tell by themselves."""
    model = next((str(params[n]) for n in _MODEL_NAMES if params.get(n)), "")
    gpu = str(params.get("GPU Type") or params.get("gpu") or params.get("gpu_type") or "")
    return {
        "framework": "hf",
        "model": model.rstrip("/").rpartition("/")[2],
        "gpu": gpu.removeprefix("NVIDIA "),
        "gpu_count": positive(params.get("GPU Count") or params.get("gpu_count")),
        "micro_batch": positive(params.get("per_device_train_batch_size")),
        "grad_accum": positive(params.get("gradient_accumulation_steps")),
        "epochs": positive(params.get("num_train_epochs")),
        "rank": positive(params.get("lora_r") or params.get("lora_rank") or params.get("r")),
        "max_tokens": positive(
            params.get("max_seq_length") or params.get("cutoff_len") or params.get("max_length")
        ),
    }


def _named(names: Sequence[str], *wanted: str) -> str:
    return next((name for name in wanted if name in names), "")


def _most(row: Fields, names: Sequence[str]) -> float | None:
    values = [v for name in names if (v := positive(row.get(name))) is not None]
    return max(values) / GIB if values else None
