"""Care for the database: check it, copy it, and save what can be read of a damaged one.

Nothing here changes the original: a repair writes a new file and sets the old one aside.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from advisor.core.errors import UsageError
from advisor.core.private_files import make_private_file, make_private_folder
from advisor.store.compression import unpacked
from advisor.store.errors import StoreBusy, StoreError, StoreUnreachable, translated
from advisor.store.store import Store

TABLES = ("briefs", "probes", "verdicts", "runs", "trials", "actuals")
"""Every table with rows of the user; one after those that its rows refer to."""

MOST_FAULTS = 20
HIGHEST_ROWID = 1 << 31
"""Where the table cannot say itself."""
MOST_SPLITS = 20_000
"""Reads of a damaged table that may fail before its rest is given up."""

JSON_COLUMNS = {
    "probes": ("report",),
    "verdicts": ("record",),
    "runs": ("plan", "forecast", "result", "machine"),
    "trials": ("spec", "result"),
}


@dataclass(frozen=True, slots=True)
class StoreCheck:
    """What a check saw: `rows` by table, `faults` one line each (none: the database is sound)."""

    path: str
    size_bytes: int
    rows: Mapping[str, int]
    faults: tuple[str, ...]

    @property
    def is_sound(self) -> bool:
        return not self.faults


@dataclass(frozen=True, slots=True)
class Repair:
    """Rows that the new database holds (`saved`) and those left in the old one (`lost`), by table.

    `set_aside` is the old file; empty where nothing had to be done.
    """

    path: str
    set_aside: str
    saved: Mapping[str, int] = field(default_factory=dict)
    lost: Mapping[str, int] = field(default_factory=dict)


def check(path: Path) -> StoreCheck:
    """Read the whole database at `path`: its pages, references and records.

    Changes nothing. Raises UsageError where there is none, StoreError where it cannot be opened.
    """
    _demand(path)
    faults: list[str] = []
    rows: dict[str, int] = {}
    try:
        with translated(path), closing(_reader(path)) as db:
            faults += _page_faults(db)
            for table in _tables(db):
                rows[table] = db.execute(f"select count(*) from {table}").fetchone()[0]
                faults += _record_faults(db, table)
    except (StoreBusy, StoreUnreachable):
        raise
    except StoreError as error:
        faults.append(str(error).removeprefix(f"{path}: "))
    return StoreCheck(str(path), path.stat().st_size, rows, tuple(faults[:MOST_FAULTS]))


def backup(path: Path, target: Path) -> int:
    """Copy the database to the new file `target` while others may use it; returns its bytes.

    The copy appears whole or not at all. Raises UsageError for a target that exists, StoreError.
    """
    _demand(path)
    if target.exists():
        raise UsageError(f"{target}: exists; name a new file")
    if not target.parent.is_dir():
        raise UsageError(f"{target}: no folder {target.parent}; create it first")
    partial = target.with_name(f"{target.name}.partial")
    try:
        with translated(target):
            make_private_file(partial)
            with closing(_reader(path)) as source, closing(sqlite3.connect(partial)) as copy:
                source.backup(copy)
            partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return target.stat().st_size


def repair(path: Path) -> Repair:
    """Write what can be read of a damaged database into a new one and set the old one aside.

    Raises UsageError where there is none, StoreBusy while another program writes to it.
    """
    report = check(path)
    if report.is_sound:
        return Repair(str(path), "")
    fresh = path.with_name(f"{path.name}.repaired")
    _remove(fresh)
    try:
        with translated(path), _sole_writer(path):
            saved, lost = _salvaged(path, fresh)
            aside = _set_aside(path)
            fresh.replace(path)
    finally:
        _remove(fresh)
    return Repair(str(path), str(aside), saved, lost)


@contextmanager
def _sole_writer(path: Path) -> Iterator[None]:
    """Raises StoreBusy's error of SQLite while another program writes; a file that is damaged
    beyond locking has no writer.
    """
    with closing(sqlite3.connect(path, timeout=1.0, isolation_level=None)) as db:
        try:
            db.execute("begin immediate")
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            pass
        yield


def _demand(path: Path) -> None:
    if not path.is_file():
        raise UsageError(f"{path}: no database yet; it is created by the first verdict")


def _reader(path: Path) -> sqlite3.Connection:
    """A connection that changes nothing; a medium that nobody can write to has no room for locks,
    and needs none.
    """
    mode = "mode=ro&immutable=1" if _is_fixed(path) else "mode=rw"
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True, timeout=5.0)
    connection.execute("pragma query_only = on")
    return connection


def _is_fixed(path: Path) -> bool:
    """Whether it lies whole on a medium that is mounted to be read only."""
    log = path.with_name(f"{path.name}-wal")
    is_whole = not log.exists() or not log.stat().st_size
    return is_whole and hasattr(os, "statvfs") and bool(os.statvfs(path).f_flag & os.ST_RDONLY)


def _tables(db: sqlite3.Connection) -> list[str]:
    rows = db.execute("select name from sqlite_master where type = 'table'")
    present = {name for (name,) in rows}
    return [table for table in TABLES if table in present]


def _page_faults(db: sqlite3.Connection) -> Iterator[str]:
    for (line,) in db.execute(f"pragma integrity_check({MOST_FAULTS})"):
        if line != "ok":
            yield " ".join(str(line).split())
    for table, rowid, parent, _ in db.execute("pragma foreign_key_check"):
        yield f"{table} {rowid} refers to a row of {parent} that does not exist"


def _record_faults(db: sqlite3.Connection, table: str) -> Iterator[str]:
    columns = JSON_COLUMNS.get(table, ())
    if not columns:
        return
    for rowid, *records in db.execute(f"select id, {', '.join(columns)} from {table}"):
        for column, record in zip(columns, records, strict=True):
            if not _is_sound(record):
                yield f"{table} {rowid}: {column} is damaged"


def _is_sound(record: str | bytes | None) -> bool:
    """Whether a record is empty or JSON."""
    if not record:
        return True
    try:
        json.loads(unpacked(record))
    except (ValueError, RecursionError):
        return False
    return True


def _salvaged(path: Path, fresh: Path) -> tuple[dict[str, int], dict[str, int]]:
    """Copy every sound row into a new database; rows (saved, lost) by table."""
    saved: dict[str, int] = {}
    lost: dict[str, int] = {}
    with Store.open(fresh) as store, translated(path), closing(_reader(path)) as damaged:
        damaged.row_factory = sqlite3.Row
        new = store.database.conn
        for table in _readable_tables(damaged):
            columns = [row[1] for row in new.execute(f"pragma table_info({table})")]
            rows = _SalvagedRows(damaged, table)
            saved[table] = sum(_copied(new, table, columns, row) for row in rows)
            lost[table] = rows.read - saved[table] + rows.unreadable
        new.commit()
    return saved, {table: count for table, count in lost.items() if count}


def _readable_tables(db: sqlite3.Connection) -> list[str]:
    try:
        return _tables(db)
    except sqlite3.DatabaseError:  # not a database at all, or its first page is gone
        return []


def _copied(new: sqlite3.Connection, table: str, columns: list[str], row: sqlite3.Row) -> bool:
    """Whether the row is sound and now stands in the new database."""
    names = [name for name in columns if name in row.keys()]  # noqa: SIM118 - a Row is no mapping
    if not all(_is_sound(row[name]) for name in JSON_COLUMNS.get(table, ()) if name in names):
        return False
    places = ", ".join("?" * len(names))
    statement = f"insert or ignore into {table} ({', '.join(names)}) values ({places})"
    try:
        return new.execute(statement, [row[name] for name in names]).rowcount == 1
    except sqlite3.IntegrityError:  # it refers to a row that was lost
        return False


class _SalvagedRows:
    """The readable rows of a damaged table: a range of row numbers that fails is split in two."""

    def __init__(self, db: sqlite3.Connection, table: str) -> None:
        self._db = db
        self._table = table
        self._splits = MOST_SPLITS
        self.read = 0
        self.unreadable = 0

    def __iter__(self) -> Iterator[sqlite3.Row]:
        ranges = [(0, self._highest())]
        while ranges:
            first, last = ranges.pop()
            try:
                for row in self._read(first, last):
                    first = row["id"] + 1
                    self.read += 1
                    yield row
            except sqlite3.DatabaseError:
                ranges += self._split(first, last)

    def _highest(self) -> int:
        try:
            highest = self._db.execute(f"select max(id) from {self._table}").fetchone()[0]
            return int(highest or 0)
        except sqlite3.DatabaseError:
            return HIGHEST_ROWID

    def _read(self, first: int, last: int) -> Iterator[sqlite3.Row]:
        statement = f"select * from {self._table} where id between ? and ? order by id"
        return iter(self._db.execute(statement, [first, last]))

    def _split(self, first: int, last: int) -> list[tuple[int, int]]:
        """The two halves of a range that fails, the later one first: the next to pop is last."""
        self._splits -= 1
        if self._splits < 0 or first > last:
            return []
        if first == last:
            self.unreadable += 1
            return []
        middle = (first + last) // 2
        return [(middle + 1, last), (first, middle)]


def _set_aside(path: Path) -> Path:
    """Rename the database and the files beside it; returns its new name."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    aside = path.with_name(f"{path.stem}.damaged-{stamp}{path.suffix}")
    if aside.exists():
        raise StoreUnreachable(f"{aside}: exists; try again in a second")
    make_private_folder(path.parent)
    for ending in ("-wal", "-shm", ""):
        part = path.with_name(path.name + ending)
        if part.exists():
            part.replace(aside.with_name(aside.name + ending))
    return aside


def _remove(path: Path) -> None:
    for ending in ("", "-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)
