"""Runs of Weights & Biases as they lie on disk: `wandb/run-*` and `wandb/offline-run-*`.

`run-ID.wandb` is a log of LevelDB: a header of 7 bytes, then blocks of 32 KiB with records of
checksum (4 bytes), length (2), type (1: whole, 2: first part, 3: middle, 4: last) and data, which
are protobuf messages `Record`; see wandb/proto/wandb_internal.proto.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path

from advisor.calibrate.imports.columns import Collected, Fields, ImportedRun, as_cells, positive
from advisor.calibrate.imports.histories import history
from advisor.calibrate.imports.protobuf import fields, messages, text
from advisor.calibrate.imports.settings import WHOLE_MACHINE, settings
from advisor.core import bounded_json, given_files
from advisor.core.constants import GIB
from advisor.core.errors import UsageError
from advisor.core.experiment import JsonObject

MOST_BYTES = 512 * 1024 * 1024
MOST_RUNS = 1000
MOST_ROWS = 1_000_000
BLOCK = 32 * 1024
HEADER = 7
MAGIC = b":W&B"
SUMMARY_NAME = "wandb-summary.json"
WHOLE = 1
FIRST = 2
LAST = 4

HISTORY = 2
SUMMARY = 3
CONFIG = 5
STATS = 7
RUN = 17
EXIT = 18
ENVIRONMENT = 26


def wandb_runs(folder: Path, gpus: float | None) -> list[ImportedRun]:
    """The runs below a folder: of one run, or `wandb` with many. Raises UsageError."""
    files = _run_files(folder)
    if not files:
        raise UsageError(f"{folder}: holds no run-*.wandb; give a run's folder")
    return [wandb_run(file, gpus) for file in files[:MOST_RUNS]]


def is_wandb_folder(folder: Path) -> bool:
    """Whether a folder is one of Weights & Biases."""
    return bool(_run_files(folder))


def downloaded_summary(folder: Path) -> Path | None:
    """The summary in a folder of a run's files as the page offers them, without its log."""
    places = (folder / SUMMARY_NAME, folder / "files" / SUMMARY_NAME)
    return None if _run_files(folder) else next((file for file in places if file.is_file()), None)


def summary(path: Path, values: JsonObject, gpus: float | None) -> ImportedRun:
    """The run of a `wandb-summary.json`, on the GPUs that `wandb-metadata.json` beside it names."""
    machine = _metadata(path.parent / "wandb-metadata.json")
    count = positive(machine.get("gpu_count"))
    name = str(machine.get("gpu") or "").removeprefix("NVIDIA ")
    cells: Collected = {"gpu": name, "gpu_count": count} if name and count else {}
    notes = (WHOLE_MACHINE,) if cells and count and count > 1.0 and gpus is None else ()
    folder = path.parent if path.parent.name != "files" else path.parent.parent
    label = folder.name if path.name == SUMMARY_NAME and folder.name else path.stem
    return history(label, [values], gpus or count or 1.0, cells, notes)


def _metadata(path: Path) -> JsonObject:
    try:
        metadata = bounded_json.loads(given_files.read_text(path)) if path.is_file() else {}
    except (OSError, ValueError, RecursionError):
        return {}
    return metadata if isinstance(metadata, dict) else {}


def _run_files(folder: Path) -> list[Path]:
    patterns = ("*.wandb", "*run-*/*.wandb", "wandb/*run-*/*.wandb")
    every = {file.resolve(): file for pattern in patterns for file in folder.glob(pattern)}
    return sorted(every.values())


def wandb_run(path: Path, gpus: float | None) -> ImportedRun:
    """The run in a `.wandb` file. Raises UsageError where it is none, or too large."""
    records = _WandbRecords()
    for record in _records(path):
        records.take(record)
    cells = dict(settings(records.config))
    machine = positive(records.gpu_count)
    if machine and records.gpu:
        cells |= {"gpu": records.gpu, "gpu_count": machine}
    notes = (WHOLE_MACHINE,) if machine and machine > 1.0 and gpus is None else ()
    count = gpus or machine or 1.0
    rows = records.history or [records.summary]
    totals = {k: v for k, v in records.summary.items() if k.startswith("train_")}
    label = records.name or path.stem.removeprefix("run-")
    run = history(label, [*rows, totals] if records.history else rows, count, cells, notes)
    return _with_machine(run, records)


class _WandbRecords:
    """What the records of a file have said so far."""

    def __init__(self) -> None:
        self.name = ""
        self.gpu = ""
        self.gpu_count = 0
        self.memory_bytes = 0.0
        self.exit_code: int | None = None
        self.config: Collected = {}
        self.summary: Collected = {}
        self.history: list[Fields] = []

    def take(self, record: bytes) -> None:
        """Note one record."""
        for number, content in fields(record):
            if not isinstance(content, bytes):
                continue
            if number == HISTORY and len(self.history) < MOST_ROWS:
                self.history.append(_values(content, 1))
            elif number == SUMMARY:
                self.summary |= _values(content, 1)
            elif number == CONFIG:
                self.config |= _values(content, 1)
            elif number == STATS:
                self._take_stats(content)
            elif number == RUN:
                self.name = text(content, 8) or text(content, 1)
                for config in messages(content, 4):
                    self.config |= _values(config, 1)
            elif number == EXIT:
                codes = [v for n, v in fields(content) if n == 1 and isinstance(v, int)]
                self.exit_code = codes[-1] if codes else 0
            elif number == ENVIRONMENT:
                self._take_machine(content)

    def _take_stats(self, content: bytes) -> None:
        for name, value in _values(content, 3).items():
            if name.startswith("gpu.") and name.endswith("memoryAllocatedBytes"):
                self.memory_bytes = max(self.memory_bytes, positive(value) or 0.0)

    def _take_machine(self, content: bytes) -> None:
        self.gpu = (text(content, 18) or self.gpu).removeprefix("NVIDIA ")
        for number, value in fields(content):
            if number == 19 and isinstance(value, int):
                self.gpu_count = value


def _values(message: bytes, number: int) -> Collected:
    """Values by name of the items under a field: key (1) or nested keys (2), and JSON (16)."""
    values: Collected = {}
    for item in messages(message, number):
        nested = [part.decode("utf-8", "replace") for part in messages(item, 2)]
        name = text(item, 1) or ".".join(nested)
        try:
            values[name] = json.loads(text(item, 16))
        except (ValueError, RecursionError):
            continue
    return values


def _records(path: Path) -> Iterator[bytes]:
    """The records of a file, whole again; one that is cut off in mid-record ends there."""
    if path.stat().st_size > MOST_BYTES:
        raise UsageError(f"{path}: more than 512 MiB; export the run's history as CSV")
    content = given_files.read_bytes(path, MOST_BYTES)
    if content[:4] != MAGIC:
        raise UsageError(f"{path}: not a file of Weights & Biases; export its history as CSV")
    place = HEADER
    parts = b""
    while place + HEADER <= len(content):
        left = BLOCK - place % BLOCK
        if left < HEADER:
            place += left
            continue
        _, length, kind = struct.unpack("<IHB", content[place : place + HEADER])
        data = content[place + HEADER : place + HEADER + length]
        if len(data) < length or kind > LAST:
            return
        place += HEADER + length
        parts = data if kind in (WHOLE, FIRST) else parts + data
        if kind in (WHOLE, LAST):
            yield parts


def _with_machine(run: ImportedRun, records: _WandbRecords) -> ImportedRun:
    """The run with what W&B itself saw: how it ended, and the memory in use on its GPUs."""
    cells = dict(run.cells)
    if records.exit_code is None:
        cells["outcome"] = "running"
    elif records.exit_code:
        cells["outcome"] = "failed"
    if records.memory_bytes and "memory_gib" not in cells:
        memory = round(records.memory_bytes / GIB, 4)
        cells |= as_cells({"memory_gib": memory, "memory_basis": "process"})
    return ImportedRun(run.label, cells, run.curve, run.scores, run.notes)
