"""Every released schema comes up to date with its rows in place.

A schema of a release is never edited here.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
import sqlite_utils

from advisor.store import Store
from advisor.store.migrations import STEPS, migrations

SCHEMAS = Path(__file__).parent / "schemas"
NEWEST = "0.1.0"


def schema_of(path: Path) -> set[str]:
    db = sqlite3.connect(path)
    found = {sql for (sql,) in db.execute("select sql from sqlite_master where sql is not null")}
    db.close()
    return found


def test_the_newest_schema_is_the_one_on_record(tmp_path: Path) -> None:
    Store.open(tmp_path / "new.db").close()
    on_record = sqlite3.connect(tmp_path / "recorded.db")
    on_record.executescript((SCHEMAS / f"{NEWEST}.sql").read_text())
    on_record.close()
    assert schema_of(tmp_path / "new.db") == schema_of(tmp_path / "recorded.db")


@pytest.mark.parametrize("release", sorted(p.stem for p in SCHEMAS.glob("*.sql")))
def test_a_released_database_comes_up_to_date_with_its_rows(tmp_path: Path, release: str) -> None:
    path = tmp_path / "advisor.db"
    old = sqlite3.connect(path)
    old.executescript((SCHEMAS / f"{release}.sql").read_text())
    old.close()
    Store.open(tmp_path / "new.db").close()
    with Store.open(path) as store:
        (decision,) = store.history()
        assert (decision.name, decision.verdict, decision.p_best) == ("Kept", "tune", 0.75)
        assert store.record(decision.id) == '{"schema": 1}'
        assert store.probe("data", "abc") == '{"rows": 3}'
        assert [b.text for b in store.briefs()] == ['schema = 1\nname = "Kept"\n']
    assert schema_of(path) == schema_of(tmp_path / "new.db")


@pytest.mark.parametrize("stop_before", list(STEPS)[1:])
def test_a_row_outlives_every_later_step(tmp_path: Path, stop_before: str) -> None:
    path = tmp_path / "advisor.db"
    db = sqlite_utils.Database(path)
    migrations().apply(db, stop_before=stop_before)
    db.table("briefs").insert(
        {"path": "x", "name": "n", "digest": "d", "text": "kept", "saved_at": "then"}
    )
    db.close()
    with Store.open(path) as store:
        assert [b.text for b in store.briefs()] == ["kept"]
        assert store.history() == ()


def test_a_failed_step_leaves_the_old_schema(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "advisor.db"
    Store.open(path).close()
    before = schema_of(path)

    def broken(db: sqlite_utils.Database) -> None:
        db.table("halfway").create({"id": int})
        db.execute("select nonsense from nowhere")

    monkeypatch.setitem(STEPS, "9999_broken", broken)
    migrations.cache_clear()
    try:
        with pytest.raises(Exception, match="no such table"):
            Store.open(path)
    finally:
        monkeypatch.undo()
        migrations.cache_clear()
    assert schema_of(path) == before
    with Store.open(path) as store:
        assert store.history() == ()
