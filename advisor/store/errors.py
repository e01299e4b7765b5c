"""What can go wrong with the database.

None of it may stop the main job: a caller turns it into a warning.

StoreError                  one line: which file, what is wrong, what to do
├── StoreUnreachable        the folder or the file cannot be created, read or written
├── StoreBusy               another program locked it for longer than the patience
├── StoreCorrupt            not a database, or damaged
└── StoreTooNew             written by a later release
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from advisor.core.errors import AdvisorError


class StoreError(AdvisorError):
    """The database could not do what it was asked."""


class StoreUnreachable(StoreError):
    """The folder or the file cannot be created, read or written."""


class StoreBusy(StoreError):
    """Another program locked the database for longer than the patience."""


class StoreCorrupt(StoreError):
    """The file is not a database, or is damaged."""


class StoreTooNew(StoreError):
    """The database was written by a later release."""


_KINDS: dict[str, tuple[type[StoreError], str]] = {
    "SQLITE_BUSY": (StoreBusy, "another program is using it; try again"),
    "SQLITE_LOCKED": (StoreBusy, "another program is using it; try again"),
    "SQLITE_CORRUPT": (
        StoreCorrupt,
        "it is damaged; save what can be read with advisor store repair",
    ),
    "SQLITE_CONSTRAINT": (StoreError, "the new row refers to one that does not exist"),
    "SQLITE_NOTADB": (StoreCorrupt, "it is not a database; set it aside with advisor store repair"),
}
"""Result codes of https://www.sqlite.org/rescode.html that are more than a file that cannot be
reached.
"""


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn errors of SQLite and of the file system into a StoreError that names `path`."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        name = str(getattr(error, "sqlite_errorname", ""))
        primary = "_".join(name.split("_")[:2])
        kind, advice = _KINDS.get(
            primary,
            (
                StoreUnreachable,
                f"{error}; check the folder's permissions and free space, or set ADVISOR_HOME",
            ),
        )
        raise kind(f"{path}: {advice}") from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise StoreUnreachable(
            f"{path}: {reason}; check the folder's permissions, or set ADVISOR_HOME"
        ) from error
