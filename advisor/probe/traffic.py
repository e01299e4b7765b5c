"""The request log: gaps between requests of a prefix, and so the hits a cache of a given lifetime
would have had.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from advisor.core import given_files
from advisor.core.errors import UsageError
from advisor.core.probes import TrafficReport

LIFETIMES_MINUTES = (5, 10, 30, 60, 1440)
"""Lifetimes that providers offer today; prices of others fall back to the next shorter one."""

COLUMNS = ("timestamp", "prefix")


def read_log(path: Path) -> TrafficReport:
    """The hit shares of a CSV log with the columns timestamp (ISO 8601, UTC) and prefix.

    A request hits where the one before it with the same prefix is no older than the lifetime; a hit
    renews it. First requests miss. Raises UsageError naming file and line.
    """
    seconds, prefixes, newest = _columns(path)
    if not len(seconds):
        raise UsageError(f"{path}: no requests; a row holds timestamp and prefix")
    order = np.lexsort((seconds, prefixes))
    own = np.diff(seconds[order])[np.diff(prefixes[order]) == 0]
    shared = np.diff(np.sort(seconds))
    return TrafficReport(
        str(path),
        len(seconds),
        int(prefixes.max()) + 1,
        _hits(own, len(seconds)),
        _hits(shared, len(seconds)),
        newest,
    )


def _hits(gaps_seconds: NDArray[np.float64], requests: int) -> MappingProxyType[int, float]:
    return MappingProxyType(
        {m: float((gaps_seconds <= 60 * m).sum() / requests) for m in LIFETIMES_MINUTES}
    )


def _columns(path: Path) -> tuple[NDArray[np.float64], NDArray[np.int64], str]:
    """Seconds since 1970 and a number per distinct prefix, in the order of the file; and the newest
    day.
    """
    seconds: list[float] = []
    prefixes: list[int] = []
    numbers: dict[str, int] = {}
    for line, timestamp, prefix in _rows(path):
        try:
            moment = datetime.fromisoformat(timestamp)
        except ValueError:
            raise UsageError(
                f"{path}: line {line}: {timestamp[:40]!r} is no ISO 8601 time"
            ) from None
        seconds.append((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
        prefixes.append(numbers.setdefault(prefix, len(numbers)))
    newest = datetime.fromtimestamp(max(seconds, default=0.0), UTC).date().isoformat()
    return np.array(seconds), np.array(prefixes, dtype=np.int64), newest


def _rows(path: Path) -> Iterator[tuple[int, str, str]]:
    try:
        with given_files.open_text(path, newline="") as handle:
            reader = csv.DictReader(handle)
            if not {*COLUMNS} <= {*(reader.fieldnames or ())}:
                raise UsageError(f"{path}: line 1: the columns timestamp and prefix are needed")
            for row in reader:
                yield reader.line_num, row["timestamp"] or "", row["prefix"] or ""
    except FileNotFoundError:
        raise UsageError(
            f"traffic.log: no file {path}; correct the path or leave the key out"
        ) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path}: not a CSV text file: {error}") from None
