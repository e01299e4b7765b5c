"""Tables in CSV: rows with the columns of the published runs, histories, charts and run tables of
trackers, and lists of single values.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from advisor.calibrate.imports.columns import (
    COLUMNS,
    MEASURED,
    NEEDED,
    Collected,
    Fields,
    ImportedRun,
    finite,
    positive,
)
from advisor.calibrate.imports.headers import ColumnHeading, cells, headings, renamed
from advisor.calibrate.imports.histories import history
from advisor.calibrate.imports.metric_names import CLOCKS, LOG_CALLS, STEPS
from advisor.calibrate.imports.numerals import table_rows
from advisor.calibrate.imports.run_tables import (
    is_mlflow_table,
    is_wandb_table,
    mlflow_row,
    wandb_row,
)
from advisor.core.errors import UsageError, did_you_mean

Row = Mapping[str, str]

OUTCOMES = {
    **dict.fromkeys(("success", "succeeded", "finished", "completed", "done", "yes"), "ok"),
    **dict.fromkeys(("out of memory", "out-of-memory", "cuda oom", "oom-killed"), "oom"),
}
"""Words of others for how a run ended."""

_ALSO_PUBLISHED = ("source_path", "params_active", "tp", "pp", "cp", "trust", "suspect")
LOGS = (".log", ".txt", ".out", ".err")
_BOUND = re.compile(r"__(MIN|MAX)$")
_EVALUATED = re.compile(r"\b(?:val|valid|validation|test|eval|dev)\b")
LATEST_SECONDS = 1e11
"""A time of day above it is in milliseconds."""

GROUP = "Group: "
ONE_METRIC = "a list of values: evaluations and saves between its lines are in step_seconds"
GROUPED = "not read: a group's line is the mean of several runs; export the chart without grouping"


def read_table(
    path: Path, text: str, gpus: float | None, stated: Collection[str] = ()
) -> tuple[str, list[ImportedRun]]:
    """(format, runs) of a CSV file; rates of one GPU are taken times `gpus`, where stated. Columns
    in `stated` need not be there.

    Raises UsageError for a table of another kind.
    """
    names, lines = table_rows(text.lstrip("\ufeff"), str(path))
    rows = [dict(zip(names, line, strict=False)) for line in lines]
    if not rows:
        raise UsageError(f"{path}: no rows; give a table with a header and at least one run")
    count = gpus or 1.0
    if {"id", *NEEDED} <= set(names):
        return "table of runs", _published(path, rows)
    charted = _charted_runs(names)
    if charted:
        return "Weights & Biases chart", [_chart(rows, r, of, count) for r, of in charted.items()]
    if is_wandb_table(names):
        return "Weights & Biases run table", [wandb_row(row, gpus) for row in rows]
    if is_mlflow_table(names):
        return "MLflow run table", [mlflow_row(row, gpus) for row in rows]
    if is_table_of_runs(names, stated):
        return "table of runs", _published(path, rows)
    listed = metric_list(path, rows, count)
    if listed is not None:
        return "list of values by step", listed
    if any(name in names for name in (*STEPS, *LOG_CALLS)):
        tracked = {"_step", "Step", "_runtime", "train/global_step"} & set(names)
        form = "Weights & Biases history" if tracked else "history by step"
        return form, [history(path.stem, rows, count)]
    raise _refused(path, names, stated)


def _refused(path: Path, names: Sequence[str], stated: Collection[str]) -> UsageError:
    """Why a table is not read, and what to import instead."""
    if path.suffix.lower() in LOGS:
        return UsageError(
            f"{path}: not the log of a trainer that is known; state its figures in a table: "
            f"{', '.join(NEEDED)}, tokens_per_second … (docs/guide/runs.md)"
        )
    if "epoch" in names and "loss" in names:
        return UsageError(
            f"{path}: losses by epochs, without steps or time: nothing to keep; import a log with "
            "a clock, such as TensorBoard's event file"
        )
    columns = {of.column for of in headings(names).values()} | set(stated)
    for needed in NEEDED:
        if needed not in columns:
            return UsageError(
                f"{path}: no column {needed!r}{did_you_mean(needed, names)}; add it, or --set "
                f"{needed}=...; see docs/guide/runs.md"
            )
    return UsageError(f"{path}: not a table of runs; see docs/guide/runs.md")


def is_table_of_runs(names: Iterable[str], stated: Collection[str]) -> bool:
    """Whether the headings, in whatever words, and what is stated make a table of runs: model,
    method and GPU, and something measured. Histories have steps and no method.
    """
    columns = {of.column for of in headings(names).values()}
    results = {"outcome", *MEASURED} & columns
    return bool(results) and "method" in columns and set(NEEDED) <= columns | set(stated)


def _published(path: Path, rows: Sequence[Row]) -> list[ImportedRun]:
    meant = headings(rows[0])
    imported = []
    for number, row in enumerate(rows, 2):
        own = cells(row, meant)
        for name in MEASURED:
            if name in own and positive(own[name]) is None:
                raise UsageError(
                    f"{path}: line {number}: {name} is {own[name]!r}, not a number above 0; "
                    "leave it empty"
                )
        outcome = own.get("outcome", "").lower()
        if outcome:
            own["outcome"] = OUTCOMES.get(outcome, outcome)
        notes = tuple(_remarks(row, meant)) if number == 2 else ()
        imported.append(ImportedRun(own.get("id") or f"line {number}", own, notes=notes))
    return imported


def _remarks(row: Row, meant: Mapping[str, ColumnHeading]) -> Iterable[str]:
    """Which headings were read as columns of ours, and which are nearly theirs and were not."""
    if others := renamed(meant):
        yield others
    for name in row:
        suggestion = did_you_mean(name, COLUMNS)
        if name not in meant and name not in _ALSO_PUBLISHED and suggestion:
            yield f"column {name!r} is not read{suggestion}"


def _charted_runs(names: Sequence[str]) -> dict[str, dict[str, str]]:
    """Column by metric of every run in a chart's export, whose columns are `run - metric`."""
    runs: dict[str, dict[str, str]] = {}
    axis = {name: name for name in names if name in (*STEPS, *LOG_CALLS, *CLOCKS)}
    for name in names:
        run, dash, metric = name.rpartition(" - ")
        if dash and run and not _BOUND.search(metric):
            runs.setdefault(run.strip(), dict(axis))[metric.strip()] = name
    return runs


def _chart(rows: Sequence[Row], run: str, columns: Mapping[str, str], gpus: float) -> ImportedRun:
    if run.startswith(GROUP):
        return ImportedRun(run, {}, notes=(GROUPED,))
    metrics = [column for metric, column in columns.items() if metric != column]
    own = [
        {metric: row.get(column, "") for metric, column in columns.items()}
        for row in rows
        if any(row.get(column) for column in metrics)
    ]
    return history(run, own, gpus)


def _single_values(
    path: Path, names: Sequence[str], rows: Sequence[Fields]
) -> dict[str, list[Collected]] | None:
    """Histories by run in a table with one value per row, as TensorBoard, MLflow, Neptune, Comet
    and Aim export them; the metric of TensorBoard's stands in the file's name alone.
    """
    by_name = {name.lower(): name for name in names}
    value = _one_of(by_name, "value", "metricvalue")
    step = _one_of(by_name, "step")
    if not value or not step:
        return None
    metric = _one_of(by_name, "metric", "metric.name", "metricname", "key", "tag")
    run = _one_of(by_name, "run", "run_id", "run id")
    clock = _one_of(by_name, "wall time", "timestamp", "wall_time", "time")
    context = _one_of(by_name, "metric.context")
    own_run, own_metric = _exported_name(path.stem)
    runs: dict[str, list[Collected]] = {}
    for row in rows:
        name = str((metric and row.get(metric)) or own_metric)
        if context and _EVALUATED.search(str(row.get(context))):
            name = f"eval_{name}"
        entry: Collected = {"global_step": finite(row.get(step)), name: finite(row.get(value))}
        if clock:
            entry["Wall time"] = _time_of_day(row.get(clock), clock.lower())
        runs.setdefault(str((run and row.get(run)) or own_run), []).append(entry)
    return runs


def _one_of(by_name: Mapping[str, str], *wanted: str) -> str:
    return next((by_name[name] for name in wanted if name in by_name), "")


def _time_of_day(value: object, clock: str) -> float | None:
    """Seconds since 1970: as they are, in milliseconds (MLflow, Comet), or written as a date."""
    number = finite(value)
    if number is not None:
        return number / 1000.0 if clock == "timestamp" or number > LATEST_SECONDS else number
    try:
        return datetime.fromisoformat(str(value)).timestamp()
    except ValueError:
        return None


def metric_list(path: Path, rows: Sequence[Fields], gpus: float) -> list[ImportedRun] | None:
    """The runs in a list of one value per entry, as Comet's API gives it; None for another list."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    listed = _single_values(path, names, rows)
    if listed is None:
        return None
    return [history(run, of, gpus, notes=(ONE_METRIC,)) for run, of in listed.items()]


def _exported_name(stem: str) -> tuple[str, str]:
    """(run, metric) in `run-NAME-tag-train_loss`, as TensorBoard calls what it exports."""
    match = re.match(r"(?:run-)?(.*?)-?tag-(.+)$", stem)
    if match is None:
        return stem, "value"
    return match[1] or stem, match[2].replace("train_loss", "train/loss")
