"""The database: saves and finds briefs, probes and verdicts. One `Store` belongs to one thread."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from advisor import __version__
from advisor.core.private_files import make_private_file, make_private_folder
from advisor.store.compression import packed, unpacked
from advisor.store.errors import StoreCorrupt, StoreTooNew, translated
from advisor.store.folders import folders

if TYPE_CHECKING:
    from sqlite_utils import Database

PATIENCE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class SavedBrief:
    """The text of a brief at `saved_at` (UTC, ISO 8601)."""

    id: int
    path: str
    name: str
    text: str
    saved_at: str


@dataclass(frozen=True, slots=True)
class PastDecision:
    """A verdict of the past, without its record.

    `p_best` is a share, `decided_at` UTC in ISO 8601.
    """

    id: int
    brief_id: int
    name: str
    path: str
    verdict: str
    arm: str
    p_best: float | None
    as_of: str
    program: str
    decided_at: str


class Store:
    """An open database with the present schema.

    Every method raises StoreError, never an error of SQLite.
    """

    def __init__(self, db: Database, path: Path) -> None:
        self._db = db
        self.path = path

    @classmethod
    def open(cls, path: Path | None = None, *, patience_seconds: float = PATIENCE_SECONDS) -> Self:
        """Open the user's database, or the one at `path`; it is created if missing and migrated if
        old.

        Waits up to `patience_seconds` for another program. Raises StoreError.
        """
        path = path or folders().database
        with translated(path):
            make_private_folder(path.parent)
            make_private_file(path)
            connection = sqlite3.connect(path, timeout=patience_seconds)
            try:
                return cls(_prepared(connection, path, patience_seconds), path)
            except BaseException:
                connection.close()
                raise

    @property
    def database(self) -> Database:
        """For the other modules of this package alone."""
        return self._db

    def close(self) -> None:
        """Close the connection; a second call does nothing."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def save_brief(self, text: str, path: Path | str = "", *, name: str = "") -> int:
        """Save a brief's text; returns its id. The same text at the same path is saved once."""
        where = str(Path(path).absolute()) if str(path) else ""
        digest = _digest(text)
        row = {
            "path": where,
            "name": name or Path(where).stem,
            "digest": digest,
            "text": text,
            "saved_at": _now(),
        }
        with translated(self.path):
            self._db.table("briefs").insert(row, ignore=True)
            rows = self._db.query(
                "select id from briefs where path = ? and digest = ?", [where, digest]
            )
            return int(next(rows)["id"])

    def brief(self, id: int) -> SavedBrief | None:
        """The brief saved under `id`, or None."""
        return next(iter(self._briefs("where id = ?", [id])), None)

    def briefs(self, limit: int = 20) -> tuple[SavedBrief, ...]:
        """The briefs saved last, newest first."""
        return self._briefs("order by id desc limit ?", [limit])

    def _briefs(self, rest: str, values: list[Any]) -> tuple[SavedBrief, ...]:
        with translated(self.path):
            return tuple(
                SavedBrief(**row)
                for row in self._db.query(
                    f"select id, path, name, text, saved_at from briefs {rest}", values
                )
            )

    def save_probe(self, kind: str, key: str, report_json: str) -> None:
        """Save the report of a probe of `kind` for `key`, replacing an earlier one."""
        row = {"kind": kind, "key": key, "report": report_json, "probed_at": _now()}
        with translated(self.path), self._db.atomic():
            self._db.execute("delete from probes where kind = ? and key = ?", [kind, key])
            self._db.table("probes").insert(row)

    def probe(self, kind: str, key: str) -> str | None:
        """The report of a probe of `kind` for `key` in JSON, or None.

        Raises StoreCorrupt where it is not JSON.
        """
        with translated(self.path):
            report = next(
                self._db.query("select report from probes where kind = ? and key = ?", [kind, key]),
                {"report": None},
            )["report"]
        return None if report is None else self._sound_json(report)

    def save_verdict(
        self,
        brief_id: int,
        record_json: str,
        *,
        verdict: str,
        arm: str = "",
        p_best: float | None = None,
        as_of: str = "",
    ) -> int:
        """Save a verdict on a saved brief; returns its id.

        Deciding the same again adds nothing to the history.
        """
        digest = _digest(record_json)
        row = {
            "brief_id": brief_id,
            "verdict": verdict,
            "arm": arm,
            "p_best": p_best,
            "as_of": as_of,
            "program": __version__,
            "digest": digest,
            "record": packed(record_json),
            "decided_at": _now(),
        }
        with translated(self.path):
            last = next(
                self._db.query(
                    "select id, digest from verdicts where brief_id = ? order by id desc limit 1",
                    [brief_id],
                ),
                None,
            )
            if last and last["digest"] == digest:
                return int(last["id"])
            return int(str(self._db.table("verdicts").insert(row).last_pk))

    def record(self, id: int) -> str | None:
        """The JSON record of the verdict under `id`, or None.

        Raises StoreCorrupt where it is not JSON.
        """
        with translated(self.path):
            record = next(
                self._db.query("select record from verdicts where id = ?", [id]), {"record": None}
            )["record"]
        return None if record is None else self._sound_json(self._unpacked(record))

    def history(self, limit: int = 20) -> tuple[PastDecision, ...]:
        """What was decided, newest first."""
        return self._decisions("order by id desc limit ?", [limit])

    def latest(self, name: str) -> PastDecision | None:
        """The last verdict on a brief of this name, or None."""
        return next(iter(self._decisions("where name = ? order by id desc limit 1", [name])), None)

    def latest_at(self, path: Path) -> PastDecision | None:
        """The last verdict on the brief in this file, or None."""
        return next(iter(self.all_at(path, 1)), None)

    def all_at(self, path: Path, most: int) -> tuple[PastDecision, ...]:
        """The last verdicts on the brief in this file, the newest first."""
        where = "where path = ? order by id desc limit ?"
        return self._decisions(where, [str(path.absolute()), most])

    def _decisions(self, rest: str, values: list[Any]) -> tuple[PastDecision, ...]:
        with translated(self.path):
            return tuple(
                PastDecision(**row)
                for row in self._db.query(f"select * from history {rest}", values)
            )

    def _unpacked(self, record: str | bytes) -> str:
        try:
            return unpacked(record)
        except ValueError as error:
            raise self._damaged() from error

    def _damaged(self) -> StoreCorrupt:
        return StoreCorrupt(
            f"{self.path}: a record in it is damaged; save the others with advisor store repair"
        )

    def _sound_json(self, text: str) -> str:
        try:
            json.loads(text)
        except ValueError as error:
            raise self._damaged() from error
        return text


def _prepared(connection: sqlite3.Connection, path: Path, patience_seconds: float) -> Database:
    from sqlite_utils import Database

    from advisor.store.migrations import migrations, unknown_steps

    db = Database(connection, recursive_triggers=False, execute_plugins=False)
    db.execute("pragma foreign_keys = on")
    _use_write_ahead_log(db, patience_seconds)
    if later := unknown_steps(db):
        raise StoreTooNew(
            f"{path}: written by a later release (it has {later[0]!r}); update prompt-or-tune"
        )
    if migrations().pending(db):
        db.execute("begin immediate")
        with connection:
            migrations().apply(db)
    return db


def _use_write_ahead_log(db: Database, patience_seconds: float) -> None:
    """Readers and a writer at once.

    SQLite does not wait by itself when two programs switch a new file over.
    """
    give_up = time.monotonic() + patience_seconds
    while True:
        try:
            return db.enable_wal()
        except sqlite3.OperationalError as error:
            if (
                error.sqlite_errorname not in ("SQLITE_BUSY", "SQLITE_BUSY_RECOVERY")
                or time.monotonic() > give_up
            ):
                raise
            time.sleep(0.01)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
