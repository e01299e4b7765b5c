"""Event files of TensorBoard, read without TensorFlow.

A file is a sequence of TFRecords: length (8 bytes), its checksum (4), the record, its checksum (4).
A record is a protobuf message `Event`: wall_time (field 1), step (2), summary (5) with values of a
tag (1), a simple_value (2) or a tensor (8); see tensorboard/compat/proto/event.proto.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from advisor.calibrate.imports.columns import ImportedRun
from advisor.calibrate.imports.tables import history
from advisor.core.errors import UsageError

MOST_BYTES = 512 * 1024 * 1024
LONGEST_RECORD = 64 * 1024 * 1024
FLOAT = 1
DOUBLE = 2


def is_event_file(path: Path) -> bool:
    """Whether the name is one that TensorBoard gives to its files."""
    return "tfevents" in path.name


def event_run(label: str, files: list[Path]) -> ImportedRun:
    """The run in the event files of one folder, in the order of time.

    Raises UsageError where a file is too large or holds no scalars.
    """
    points = sorted(point for file in files for point in _scalars(file))
    if not points:
        raise UsageError(f"{files[0]}: holds no scalars; give the event file of a training")
    rows: dict[tuple[float, float], dict[str, float | str]] = {}
    begun = points[0][0]
    last_step = -1.0
    session = 0.0
    for when, step, tag, value in points:
        if step < last_step:
            session += 1.0  # a resumed run writes steps again
        last_step = step
        row = rows.setdefault((session, step), {"_step": step})
        row["_runtime"] = when - begun
        row[tag] = value
    return history(label, list(rows.values()))


def _scalars(path: Path) -> Iterator[tuple[float, float, str, float]]:
    """(wall time, step, tag, value) of every scalar; a file cut off in mid-record ends there."""
    if path.stat().st_size > MOST_BYTES:
        raise UsageError(f"{path}: more than 512 MiB; give the event file of one run")
    with path.open("rb") as file:
        while len(head := file.read(12)) == 12:
            (length,) = struct.unpack("<Q", head[:8])
            if length > LONGEST_RECORD:
                return
            record = file.read(length)
            if len(record) < length or len(file.read(4)) < 4:
                return
            yield from _of_event(record)


def _of_event(record: bytes) -> Iterator[tuple[float, float, str, float]]:
    wall_time = 0.0
    step = 0.0
    summaries: list[bytes] = []
    for field, value in _fields(record):
        if field == 1 and isinstance(value, bytes) and len(value) == 8:
            (wall_time,) = struct.unpack("<d", value)
        elif field == 2 and isinstance(value, int):
            step = float(value)
        elif field == 5 and isinstance(value, bytes):
            summaries.append(value)
    for summary in summaries:
        for field, value in _fields(summary):
            if field == 1 and isinstance(value, bytes):
                tag, number = _of_value(value)
                if tag and number is not None and number - number == 0.0:
                    yield wall_time, step, tag, number


def _of_value(message: bytes) -> tuple[str, float | None]:
    tag = ""
    number: float | None = None
    for field, value in _fields(message):
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
    for field, value in _fields(message):
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


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """(number, value) of a protobuf message's fields; stops where it is broken."""
    place = 0
    while place < len(message):
        key, place = _varint(message, place)
        kind = key & 7
        if kind == 0:
            number, place = _varint(message, place)
            yield key >> 3, number
            continue
        if kind == 1:
            size = 8
        elif kind == 5:
            size = 4
        elif kind == 2:
            size, place = _varint(message, place)
        else:
            return
        if place + size > len(message):
            return
        yield key >> 3, message[place : place + size]
        place += size


def _varint(message: bytes, place: int) -> tuple[int, int]:
    value = 0
    shift = 0
    while place < len(message) and shift < 64:
        byte = message[place]
        place += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            break
    return value, place
