"""The ordered steps from an empty file to the present schema.

A released step is never edited: add another one.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database, Migrations


def _briefs(db: Database) -> None:
    """The text of a brief; the same text at the same path is kept once."""
    db.table("briefs").create(
        {"id": int, "path": str, "name": str, "digest": str, "text": str, "saved_at": str},
        pk="id",
        not_null={"path", "name", "digest", "text", "saved_at"},
    )
    db.table("briefs").create_index(["path", "digest"], unique=True)
    db.table("briefs").create_index(["name"])


def _probes(db: Database) -> None:
    """A report by what was probed, such as the digest of a file; a new one replaces the old."""
    db.table("probes").create(
        {"id": int, "kind": str, "key": str, "report": str, "probed_at": str},
        pk="id",
        not_null={"kind", "key", "report", "probed_at"},
    )
    db.table("probes").create_index(["kind", "key"], unique=True)


def _verdicts(db: Database) -> None:
    """A verdict record in JSON, with the columns it is looked up by."""
    columns = {
        "id": int,
        "brief_id": int,
        "verdict": str,
        "arm": str,
        "p_best": float,
        "as_of": str,
        "program": str,
        "digest": str,
        "record": str,
        "decided_at": str,
    }
    db.table("verdicts").create(
        columns,
        pk="id",
        not_null={"brief_id", "verdict", "digest", "record", "decided_at"},
        foreign_keys=[("brief_id", "briefs", "id")],
    )
    db.table("verdicts").create_index(["brief_id"])


def _history(db: Database) -> None:
    """What was decided when, without the large records."""
    columns = ("verdict", "arm", "p_best", "as_of", "program", "decided_at")
    db.create_view(
        "history",
        "select verdicts.id, briefs.id as brief_id, briefs.name, briefs.path, "
        + ", ".join(f"verdicts.{column}" for column in columns)
        + " from verdicts join briefs on briefs.id = verdicts.brief_id",
    )


def _runs(db: Database) -> None:
    """Calibration runs: plan, prediction, result and events in JSON; trials are saved singly."""
    db.table("runs").create(
        {
            "id": int,
            "kind": str,
            "name": str,
            "digest": str,
            "plan": str,
            "trials": int,
            "status": str,
            "device": str,
            "forecast": str,
            "result": str,
            "machine": str,
            "events": str,
            "folder": str,
            "started_at": str,
            "ended_at": str,
        },
        pk="id",
        not_null={"kind", "name", "digest", "plan", "trials", "status", "started_at"},
    )
    db.table("runs").create_index(["digest"])
    db.table("trials").create(
        {
            "id": int,
            "run_id": int,
            "digest": str,
            "label": str,
            "status": str,
            "seconds": float,
            "spec": str,
            "result": str,
            "reason": str,
            "finished_at": str,
        },
        pk="id",
        not_null={"run_id", "digest", "label", "status", "finished_at"},
        foreign_keys=[("run_id", "runs", "id")],
    )
    db.table("trials").create_index(["run_id", "digest"], unique=True)


def _actuals(db: Database) -> None:
    """The actual result of a predicted figure; `run_id` is null if no calibration predicted it."""
    db.table("actuals").create(
        {
            "id": int,
            "run_id": int,
            "what": str,
            "unit": str,
            "forecast_p10": float,
            "forecast_p50": float,
            "forecast_p90": float,
            "actual": float,
            "note": str,
            "recorded_at": str,
        },
        pk="id",
        not_null={"what", "unit", "actual", "recorded_at"},
        foreign_keys=[("run_id", "runs", "id")],
    )
    db.table("actuals").create_index(["what"])


def _belongs(db: Database) -> None:
    """What a run was measured on: fingerprints of training and test data, and the model's name."""
    for column in ("data", "eval", "model"):
        db.table("runs").add_column(column, str)
    db.table("runs").create_index(["data"])


def _compressed(db: Database) -> None:
    """Records of verdicts are packed from here on, a tenth of their size; so are the old ones."""
    from advisor.store.compression import packed

    rows = list(db.query("select id from verdicts where typeof(record) = 'text'"))
    for row in rows:  # one at a time: a record is up to half a megabyte
        (record,) = db.execute("select record from verdicts where id = ?", [row["id"]]).fetchone()
        db.execute("update verdicts set record = ? where id = ?", [packed(record), row["id"]])


STEPS = {
    "0001_briefs": _briefs,
    "0002_probes": _probes,
    "0003_verdicts": _verdicts,
    "0004_history": _history,
    "0005_runs": _runs,
    "0006_actuals": _actuals,
    "0007_belongs": _belongs,
    "0008_compressed": _compressed,
}
"""Every step by its recorded name, in order."""


@cache
def migrations() -> Migrations:
    """The steps as sqlite-utils applies them."""
    from sqlite_utils import Migrations

    steps = Migrations("advisor")
    for name, step in STEPS.items():
        steps(name=name)(step)
    return steps


def unknown_steps(db: Database) -> list[str]:
    """Steps recorded in the file that this release does not know: it was written by a later one."""
    return [done.name for done in migrations().applied(db) if done.name not in STEPS]
