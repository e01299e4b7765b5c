"""Reads runs that other programs recorded, into the columns of the table of published runs.

Known formats: files of Hugging Face's Trainer and programs on it (LLaMA-Factory, axolotl), logs of
torchtune, event files of TensorBoard, runs of MLflow, tables, charts and histories of Weights &
Biases, results of PEFT's method comparison, and CSV tables with the columns of the published runs.
Nothing is executed or unpickled.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from advisor.calibrate.imports.columns import COLUMNS, ImportedRun, positive
from advisor.calibrate.imports.mlflow import rest_run, run_folder
from advisor.calibrate.imports.peft import peft_result
from advisor.calibrate.imports.tables import history, read_table
from advisor.calibrate.imports.tensorboard import event_run, is_event_file
from advisor.calibrate.imports.torchtune import torchtune_log
from advisor.calibrate.imports.trainer import (
    console,
    json_lines,
    train_results,
    trainer_log,
    trainer_state,
)
from advisor.core.errors import UsageError, did_you_mean

__all__ = ["COLUMNS", "ImportedRun", "read"]

MAX_BYTES = 64 * 1024 * 1024
GUIDE = "known formats: see docs/guide/calibrate.md"


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


def _runs(path: Path, stated: Mapping[str, str]) -> tuple[str, list[ImportedRun]]:
    gpus = positive(stated.get("gpu_count")) or 1.0
    if path.is_dir():
        return _folder(path, gpus)
    if is_event_file(path) and path.is_file():
        return "TensorBoard events", [event_run(path.parent.name or path.stem, [path])]
    text = _text(path)
    start = text.lstrip("\ufeff \t\r\n")[:1]
    if start == "{" or start == "[":
        return _json(path, text, gpus)
    tuned = torchtune_log(path, text, gpus)
    if tuned is not None:
        return "torchtune log", [tuned]
    printed = console(path, text, gpus)
    if printed is not None:
        return "console log of a Trainer", [printed]
    return read_table(path, text)


def _folder(path: Path, gpus: float) -> tuple[str, list[ImportedRun]]:
    """What a training left in a folder: its trainer_state.json, an MLflow run, event files."""
    state = path / "trainer_state.json"
    if state.is_file():
        return _json(state, _text(state), gpus)
    log = path / "trainer_log.jsonl"
    if log.is_file():
        return _json(log, _text(log), gpus)
    if (path / "metrics").is_dir():
        return "MLflow run", [run_folder(path)]
    files = sorted(p for p in path.iterdir() if p.is_file() and is_event_file(p))
    if files:
        return "TensorBoard events", [event_run(path.name, files)]
    raise UsageError(
        f"{path}: a folder without trainer_state.json, event files or metrics; give the run's file"
    )


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UsageError(
                f"{path}: more than 64 MiB; export the summary of the run, not its every step"
            )
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; check the path") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: not text in UTF-8; give a JSON or CSV file") from None


def _json(path: Path, text: str, gpus: float) -> tuple[str, list[ImportedRun]]:
    try:
        document = json.loads(text.lstrip("\ufeff"))
    except (ValueError, RecursionError):
        return _lines(path, text, gpus)
    if isinstance(document, list):
        document = {"log_history": document}
    if not isinstance(document, dict):
        raise UsageError(f"{path}: not a run; {GUIDE}")
    if isinstance(document.get("log_history"), list):
        return "Hugging Face trainer_state.json", [trainer_state(path, document, gpus)]
    if isinstance(document.get("run_info"), dict) and isinstance(document.get("train_info"), dict):
        return "PEFT method comparison", [peft_result(path, document)]
    if positive(document.get("train_runtime")) is not None:
        return "Hugging Face train_results.json", [train_results(path, document, gpus)]
    inner = document.get("run", document)
    if isinstance(inner, dict) and isinstance(inner.get("data"), dict):
        return "MLflow run", [rest_run(path.stem, inner)]
    if "_runtime" in document or "_step" in document:
        return "Weights & Biases summary", [history(path.stem, [document])]
    if "current_steps" in document:
        return _lines(path, text, gpus)
    raise UsageError(f"{path}: neither a trainer_state.json nor another known result; {GUIDE}")


def _lines(path: Path, text: str, gpus: float) -> tuple[str, list[ImportedRun]]:
    """JSON Lines: a trainer_log.jsonl, or a history of Weights & Biases."""
    entries = json_lines(text)
    if any("current_steps" in entry for entry in entries):
        return "LLaMA-Factory trainer_log.jsonl", [trainer_log(path, entries)]
    if any("_step" in entry or "train/global_step" in entry for entry in entries):
        return "Weights & Biases history", [history(path.stem, entries)]
    printed = console(path, text, gpus)
    if printed is not None:
        return "console log of a Trainer", [printed]
    raise UsageError(f"{path}: not JSON; give the file as the program wrote it")
