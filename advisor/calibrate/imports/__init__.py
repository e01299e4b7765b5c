"""Reads runs that other programs recorded, into the columns of the table of published runs.

docs/guide/runs.md lists the formats. Nothing is executed or unpickled.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from advisor.calibrate.imports import mlflow, wandb_files
from advisor.calibrate.imports.columns import COLUMNS, ImportedRun, positive
from advisor.calibrate.imports.console import console
from advisor.calibrate.imports.histories import history
from advisor.calibrate.imports.hosted import hosted_job
from advisor.calibrate.imports.peft import peft_result
from advisor.calibrate.imports.printed import mlx_lines, printed_log
from advisor.calibrate.imports.tables import metric_list, read_table
from advisor.calibrate.imports.tensorboard import event_run, event_runs, is_event_file
from advisor.calibrate.imports.torchtune import torchtune_lines, torchtune_log
from advisor.calibrate.imports.trainer import (
    json_lines,
    train_results,
    trainer_log,
    trainer_state,
)
from advisor.core import bounded_json, given_files
from advisor.core.errors import UsageError, did_you_mean
from advisor.core.experiment import JsonObject

__all__ = ["COLUMNS", "ImportedRun", "read"]

MAX_BYTES = 64 * 1024 * 1024
BINARY_FORMS = {
    b"SQLite format 3": "a database; export MLflow's runs: mlflow experiments csv -x 0 -o runs.csv",
    b"PAR1": "a Parquet file; write it as CSV: pandas.read_parquet(FILE).to_csv('history.csv')",
    b"PK\x03\x04": "a workbook or archive; save the table as CSV, or unpack it",
}
"""How files of other forms begin, and how to import what they hold."""

NO_TIMES_IN_DVC = (
    "DVCLive keeps losses without times; import the Trainer's trainer_state.json or its log"
)
_ONE_LINE = frozenset(("current_steps", "step", "global_step/max_steps", "iterations_per_second"))
"""Fields of an object that is a line of a log, of one line alone."""

_LOGGED = frozenset(("step", "loss", "epoch", "train_runtime", "train_loss", "eval_loss"))
GUIDE = "known formats: see docs/guide/runs.md"


def read(path: Path, stated: Mapping[str, str]) -> tuple[str, tuple[ImportedRun, ...]]:
    """(format, runs) of a file or a run's folder; `stated` are cells the user adds, such as the
    model and GPU of a Trainer's file.

    Raises UsageError for an unknown format, a column that does not exist, or a file that cannot be
    read.
    """
    for name in stated:
        if name not in COLUMNS:
            raise UsageError(f"--set {name}: no such column{did_you_mean(name, COLUMNS)}")
    form, runs = _runs(path, stated)
    named = [ImportedRun(r.label, {**r.cells, **stated}, r.curve, r.scores, r.notes) for r in runs]
    return form, tuple(named)


Imported = tuple[str, list[ImportedRun]]
"""(format, runs)."""


def _runs(path: Path, stated: Mapping[str, str]) -> Imported:
    gpus = positive(stated.get("gpu_count"))
    count = gpus or 1.0
    if path.is_dir():
        return _folder(path, gpus)
    if is_event_file(path) and path.is_file():
        return "TensorBoard events", [event_run(path, count)]
    if path.suffix == ".wandb" and path.is_file():
        return "Weights & Biases run", [wandb_files.wandb_run(path, gpus)]
    if path.name == "metrics.json" and (path.parent / "plots").is_dir():
        raise UsageError(f"{path}: {NO_TIMES_IN_DVC}")
    text = _text(path)
    start = text.lstrip("\ufeff \t\r\n")[:1]
    if start == "{" or start == "[":
        return _json(path, text, gpus)
    tuned = torchtune_log(path, text, gpus)
    if tuned is not None:
        return "torchtune log", [tuned]
    printed = console(path, text, count)
    if printed is not None:
        return "console log of a Trainer", [printed]
    logged = printed_log(path, text, gpus)
    if logged is not None:
        return logged[0], [logged[1]]
    return read_table(path, text, gpus, stated)


def _folder(path: Path, gpus: float | None) -> Imported:
    """What a training left in a folder, by its own files before those of trackers."""
    trained = _trained(path, gpus)
    if trained is not None:
        return trained
    summary = wandb_files.downloaded_summary(path)
    if summary is not None:
        return _json(summary, _text(summary), gpus)
    if wandb_files.is_wandb_folder(path):
        return "Weights & Biases run", wandb_files.wandb_runs(path, gpus)
    if mlflow.is_store(path):
        return "MLflow run", mlflow.store_runs(path, gpus or 1.0)
    if any(is_event_file(file) for file in path.rglob("*tfevents*")):
        return "TensorBoard events", event_runs(path, gpus or 1.0)
    if (path / "plots").is_dir() and (path / "metrics.json").is_file():
        raise UsageError(f"{path}: {NO_TIMES_IN_DVC}")
    raise UsageError(
        f"{path}: a folder without trainer_state.json, event files or metrics; give the run's file"
    )


def _trained(path: Path, gpus: float | None) -> Imported | None:
    """What a Trainer left in its output folder, else in its last checkpoint; LLaMA-Factory's and
    ms-swift's log, which has a clock, or the totals, where the Trainer's own state has no speed.
    """
    checkpoints = sorted(path.glob("checkpoint-*/trainer_state.json"), key=_checkpoint_step)
    states = [path / "trainer_state.json", *reversed(checkpoints)]
    state = next((file for file in states if file.is_file()), None)
    of_state = _json(state, _text(state), gpus) if state is not None else None
    if of_state is not None and "tokens_per_second" in of_state[1][0].cells:
        return of_state
    for name in ("trainer_log.jsonl", "logging.jsonl"):
        log = path / name
        if log.is_file():
            of_log = _json(log, _text(log), gpus)
            better = "step_seconds" in of_log[1][0].cells
            return of_log if better or of_state is None else of_state
    totals = [path / name for name in ("all_results.json", "train_results.json")]
    results = next((file for file in totals if file.is_file()), None)
    if results is not None and (of_state is None or not _is_timed(of_state)):
        return _json(results, _text(results), gpus)
    return of_state


def _is_timed(imported: Imported) -> bool:
    return any({"step_seconds", "total_seconds"} & run.cells.keys() for run in imported[1])


def _checkpoint_step(state: Path) -> int:
    digits = state.parent.name.rpartition("-")[2]
    return int(digits) if digits.isdecimal() else -1


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UsageError(
                f"{path}: more than 64 MiB; export the summary of the run, not its every step"
            )
        content = given_files.read_bytes(path, MAX_BYTES)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; check the path") from None
    for start, way_out in BINARY_FORMS.items():
        if content.startswith(start):
            raise UsageError(f"{path}: {way_out}")
    try:
        return content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8")
    except UnicodeDecodeError:
        raise UsageError(f"{path}: not text in UTF-8; give a JSON or CSV file") from None


def _json(path: Path, text: str, gpus: float | None) -> Imported:
    try:
        document = bounded_json.loads(text.lstrip("\ufeff"))
    except bounded_json.TooManyValues as error:
        raise UsageError(f"{path}: {error}; export the summary of the run") from None
    except (ValueError, RecursionError):
        return _lines(path, text, gpus)
    count = gpus or 1.0
    if isinstance(document, list):
        scalars = _scalar_list(path, document, count)
        if scalars is not None:
            return scalars
        objects = [row for row in document if isinstance(row, dict)]
        if objects and "metricName" in objects[0]:
            return "Comet metrics", metric_list(path, objects, count) or []
        if not any(_LOGGED & row.keys() for row in objects):
            raise UsageError(f"{path}: a list without steps, losses or scores; {GUIDE}")
        document = {"log_history": document}
    if not isinstance(document, dict):
        raise UsageError(f"{path}: not a run; {GUIDE}")
    if _ONE_LINE & document.keys():
        return _lines(path, text, gpus)
    return _document(path, document, gpus)


def _document(path: Path, document: JsonObject, gpus: float | None) -> Imported:
    """The run in a JSON object."""
    count = gpus or 1.0
    if isinstance(document.get("log_history"), list):
        return "Hugging Face trainer_state.json", [trainer_state(path, document, count)]
    if isinstance(document.get("run_info"), dict) and isinstance(document.get("train_info"), dict):
        return "PEFT method comparison", [peft_result(path, document)]
    if positive(document.get("train_runtime")) is not None and "_runtime" not in document:
        results = train_results(path, document, count)
        state = path.parent / "trainer_state.json"
        if not state.is_file():
            return "Hugging Face train_results.json", [results]
        form, (run,) = _json(state, _text(state), gpus)  # it knows the steps of the last session
        if not _is_timed((form, [run])):
            return "Hugging Face train_results.json", [results]
        whole = "total_seconds" in run.cells and "total_samples" in results.cells
        added = {"total_samples": results.cells["total_samples"]} if whole else {}
        return form, [replace(run, cells={**run.cells, **added})]
    inner = document.get("run", document)
    if isinstance(inner, dict) and isinstance(inner.get("data"), dict):
        return "MLflow run", [mlflow.rest_run(path.stem, inner, count)]
    if "_runtime" in document or "_step" in document:
        return "Weights & Biases summary", [wandb_files.summary(path, document, gpus)]
    job = hosted_job(path.stem, document)
    if job is not None:
        return job[0], [job[1]]
    if _is_clearml(document):
        raise UsageError(
            f"{path}: ClearML's scalars have no times; import the Trainer's trainer_state.json, "
            "its log, or TensorBoard's event files"
        )
    raise UsageError(f"{path}: neither a trainer_state.json nor another known result; {GUIDE}")


def _is_clearml(document: JsonObject) -> bool:
    """Whether it is what `Task.get_reported_scalars` gives: series of x and y by title."""
    series = [of for title in document.values() if isinstance(title, dict) for of in title.values()]
    return bool(series) and all(isinstance(of, dict) and {"x", "y"} <= of.keys() for of in series)


def _scalar_list(path: Path, document: list[object], gpus: float) -> Imported | None:
    """The JSON of one metric as TensorBoard's page exports it: lists of time, step and value."""
    if not document or not all(isinstance(p, list) and len(p) == 3 for p in document):
        return None
    points = [point for point in document if isinstance(point, list)]
    rows = [{"Wall time": when, "global_step": step, "loss": v} for when, step, v in points]
    name = re.sub(r"^run-|-tag-.*$", "", path.stem)
    return "TensorBoard scalars", [history(name or path.stem, rows, gpus)]


def _lines(path: Path, text: str, gpus: float | None) -> Imported:
    """JSON Lines: logs of LLaMA-Factory, ms-swift and torchtune, and histories of trackers."""
    entries = json_lines(text)
    count = gpus or 1.0
    if any("current_steps" in entry for entry in entries):
        return "LLaMA-Factory trainer_log.jsonl", [trainer_log(path, entries)]
    if any("global_step/max_steps" in entry for entry in entries):
        return "ms-swift logging.jsonl", [trainer_log(path, entries)]
    if any("_step" in entry or "train/global_step" in entry for entry in entries):
        return "Weights & Biases history", [history(path.stem, entries, count)]
    if any("tokens_per_second_per_gpu" in entry and "step" in entry for entry in entries):
        return "torchtune log", [torchtune_lines(path, entries, gpus)]
    if any("iterations_per_second" in entry for entry in entries):
        return "mlx-lm log", [mlx_lines(path, entries)]
    printed = console(path, text, count)
    if printed is not None:
        return "console log of a Trainer", [printed]
    logged = printed_log(path, text, gpus)
    if logged is not None:
        return logged[0], [logged[1]]
    if entries:
        raise UsageError(f"{path}: lines of no known program; {GUIDE}")
    raise UsageError(f"{path}: not JSON; give the file as the program wrote it")
