"""Event files of TensorBoard, read without TensorFlow.

A file is a sequence of TFRecords: length (8 bytes), its checksum (4), the record, its checksum (4).
A record is a protobuf message `Event`: wall_time (field 1), step (2), summary (5) with values of a
tag (1), a simple_value (2) or a tensor (8); see tensorboard/compat/proto/event.proto.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

from advisor.calibrate.imports.columns import ImportedRun
from advisor.calibrate.imports.histories import history
from advisor.calibrate.imports.protobuf import fields
from advisor.calibrate.imports.training_log import is_evaluation
from advisor.core import given_files
from advisor.core.errors import UsageError

MOST_BYTES = 512 * 1024 * 1024
MOST_FILES = 1000
LONGEST_RECORD = 64 * 1024 * 1024
FLOAT = 1
DOUBLE = 2


def is_event_file(path: Path) -> bool:
    """Whether the name is one that TensorBoard gives to its files."""
    return "tfevents" in path.name


def event_runs(folder: Path, gpus: float = 1.0) -> list[ImportedRun]:
    """The runs in a folder of event files: one of each folder below it that holds scalars, and one
    of each file that begins again at the first step.

    Raises UsageError where a file is too large, or none holds scalars.
    """
    files = sorted(p for p in folder.rglob("*") if p.is_file() and is_event_file(p))
    by_folder: dict[Path, list[Path]] = {}
    for file in files[:MOST_FILES]:
        by_folder.setdefault(file.parent, []).append(file)
    runs = []
    for place, each in by_folder.items():
        name = place.relative_to(folder.parent).as_posix() if place != folder else folder.name
        runs += _runs(name or place.resolve().name, each, gpus)
    if not runs:
        raise UsageError(f"{folder}: its event files hold no scalars; give those of a training")
    trained = [run for run in runs if run.curve or "tokens_per_second" in run.cells]
    return trained or runs  # writers put groups of scalars into folders of their own


def event_run(path: Path, gpus: float = 1.0) -> ImportedRun:
    """The run in an event file. Raises UsageError where it is too large or holds no scalars."""
    runs = _runs(path.resolve().parent.name or path.stem, [path], gpus)
    if not runs:
        raise UsageError(f"{path}: holds no scalars; give the event file of a training")
    return runs[0]


Point = tuple[float, float, str, float]
"""Wall time in seconds, step, tag, value."""


def _runs(label: str, files: list[Path], gpus: float) -> list[ImportedRun]:
    """The runs in the event files of one folder, each with the files that go on with it."""
    by_file = [points for file in files if (points := sorted(_scalars(file)))]
    parts: list[list[Point]] = []
    first_step = 0.0
    for points in sorted(by_file):
        begins = min(step for _, step, _, _ in points)
        if parts and (begins > first_step or points[0][0] < parts[-1][-1][0]):
            parts[-1] = sorted(parts[-1] + points)
            continue
        parts.append(points)
        first_step = begins
    return [
        history(f"{label} ({number})" if number > 1 else label, _rows(points), gpus)
        for number, points in enumerate(parts, 1)
    ]


def _rows(points: Sequence[Point]) -> list[dict[str, float]]:
    """A row for what was logged at once: a step's metrics, and apart from them its evaluation."""
    rows: list[dict[str, float]] = []
    evaluates = False
    for when, step, tag, value in points:
        row = rows[-1] if rows else {}
        is_score = is_evaluation(tag)
        if row.get("global_step") != step or tag in row or is_score != evaluates:
            row = {"global_step": step, "Wall time": when}
            rows.append(row)
        row[tag] = value
        evaluates = is_score
    return rows


def _scalars(path: Path) -> Iterator[Point]:
    """(wall time, step, tag, value) of every scalar; a file cut off in mid-record ends there."""
    if path.stat().st_size > MOST_BYTES:
        raise UsageError(f"{path}: more than 512 MiB; give the event file of one run")
    with given_files.open_bytes(path) as file:
        while len(head := file.read(12)) == 12:
            (length,) = struct.unpack("<Q", head[:8])
            if length > LONGEST_RECORD:
                return
            record = file.read(length)
            if len(record) < length or len(file.read(4)) < 4:
                return
            yield from _of_event(record)


def _of_event(record: bytes) -> Iterator[Point]:
    wall_time = 0.0
    step = 0.0
    summaries: list[bytes] = []
    for field, value in fields(record):
        if field == 1 and isinstance(value, bytes) and len(value) == 8:
            (wall_time,) = struct.unpack("<d", value)
        elif field == 2 and isinstance(value, int):
            step = float(value)
        elif field == 5 and isinstance(value, bytes):
            summaries.append(value)
    for summary in summaries:
        for field, value in fields(summary):
            if field == 1 and isinstance(value, bytes):
                tag, number = _of_value(value)
                if not tag or tag.startswith("hparam/") or number is None:
                    continue
                if number - number == 0.0:
                    yield wall_time, step, tag, number


def _of_value(message: bytes) -> tuple[str, float | None]:
    tag = ""
    number: float | None = None
    for field, value in fields(message):
        if not isinstance(value, bytes):
            continue
        if field == 1:
            tag = value.decode("utf-8", "replace")
        elif field == 2 and len(value) == 4:
            (number,) = struct.unpack("<f", value)
        elif field == 8:
            number = _of_tensor(value)
    return tag, number


def _of_tensor(message: bytes) -> float | None:
    """The number of a tensor of one float: in its content, or in its list of floats."""
    kind = 0
    content = b""
    listed: float | None = None
    for field, value in fields(message):
        if field == 1 and isinstance(value, int):
            kind = value
        elif field == 4 and isinstance(value, bytes):
            content = value
        elif field == 5 and isinstance(value, bytes) and len(value) == 4:
            (listed,) = struct.unpack("<f", value)
    if kind == FLOAT and len(content) == 4:
        return float(struct.unpack("<f", content)[0])
    if kind == DOUBLE and len(content) == 8:
        return float(struct.unpack("<d", content)[0])
    return listed
