"""Checking, copying and repairing: real SQLite files, damaged as disks damage them."""

from __future__ import annotations

import os
import sqlite3
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from advisor.core.errors import UsageError
from advisor.store import Store, StoreError, care

ROWS = 300


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database of 300 briefs with a verdict each."""
    place = tmp_path / "data" / "advisor.db"
    with Store.open(place) as store:
        for n in range(ROWS):
            brief = store.save_brief(f"n = {n}" + "#" * 400, f"{n}.toml")
            store.save_verdict(brief, f'{{"n": {n}, "pad": "{"x" * 300}"}}', verdict="tune")
    return place


def test_a_sound_database_is_said_to_be_sound(path: Path) -> None:
    report = care.check(path)
    assert report.is_sound
    assert (report.rows["briefs"], report.rows["verdicts"]) == (ROWS, ROWS)
    before = path.read_bytes()
    assert care.repair(path).set_aside == ""
    assert path.read_bytes() == before


def test_a_database_on_a_medium_for_reading_is_checked_and_copied(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite cannot make its locks there: it took such a database for damaged."""
    mounted = SimpleNamespace(f_flag=os.ST_RDONLY)
    monkeypatch.setattr(os, "statvfs", lambda file: mounted)
    before = sorted(file.name for file in path.parent.iterdir())
    assert care.check(path).rows["briefs"] == ROWS
    assert care.backup(path, path.parent.parent / "copy.db") > 0
    assert sorted(file.name for file in path.parent.iterdir()) == before


def test_a_database_that_cannot_be_opened_is_not_called_damaged(path: Path) -> None:
    path.with_name(f"{path.name}-journal").mkdir()
    with pytest.raises(StoreError, match="check the folder's permissions"):
        care.check(path)


def test_there_must_be_a_database(tmp_path: Path) -> None:
    for work in (care.check, care.repair):
        with pytest.raises(UsageError, match="no database yet"):
            work(tmp_path / "advisor.db")


def test_damaged_pages_cost_the_rows_on_them_alone(path: Path) -> None:
    content = bytearray(path.read_bytes())
    for page in (20, 30, 45):
        content[page * 4096 : (page + 1) * 4096] = b"\xff" * 4096
    path.write_bytes(content)
    assert not care.check(path).is_sound
    outcome = care.repair(path)
    assert Path(outcome.set_aside).read_bytes() == bytes(content)
    assert care.check(path).is_sound
    with Store.open(path) as store:
        kept = store.briefs(limit=ROWS)
        assert len(kept) == outcome.saved["briefs"]
        assert ROWS // 2 < len(kept) < ROWS
        assert all(b.text == f"n = {b.path.split('/')[-1][:-5]}" + "#" * 400 for b in kept)
        assert store.save_brief("a = 1") > 0


def test_a_damaged_record_costs_itself_alone(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("update verdicts set record = ? where id = 7", [b"x\x9cnot packed"])
    db.close()
    assert care.check(path).faults == ("verdicts 7: record is damaged",)
    outcome = care.repair(path)
    assert outcome.saved["verdicts"] == ROWS - 1
    assert outcome.lost == {"verdicts": 1}
    with Store.open(path) as store:
        assert store.record(7) is None
        assert store.record(8) is not None


def test_a_file_that_is_not_a_database_is_set_aside(tmp_path: Path) -> None:
    place = tmp_path / "advisor.db"
    place.write_bytes(b"not a database, but longer than the header of one" * 40)
    outcome = care.repair(place)
    assert Path(outcome.set_aside).read_bytes().startswith(b"not a database")
    assert care.check(place).is_sound


def test_a_database_in_use_is_not_repaired(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("update verdicts set record = ? where id = 7", [b"x"])
    db.close()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("begin immediate")
    with pytest.raises(StoreError, match="another program is using it"):
        care.repair(path)
    other.execute("rollback")
    other.close()
    assert care.repair(path).lost == {"verdicts": 1}


def test_a_copy_is_whole_while_others_write(path: Path, tmp_path: Path) -> None:
    stop = threading.Event()

    def write() -> None:
        with Store.open(path) as store:
            n = 0
            while not stop.is_set():
                n += 1
                store.save_brief(f"more = {n}")

    writer = threading.Thread(target=write)
    writer.start()
    target = tmp_path / "copy.db"
    try:
        size = care.backup(path, target)
    finally:
        stop.set()
        writer.join()
    assert size == target.stat().st_size
    assert target.stat().st_mode & 0o077 == 0
    assert care.check(target).is_sound
    assert care.check(target).rows["verdicts"] == ROWS
    assert sorted(p.name for p in tmp_path.iterdir()) == ["copy.db", "data"]


def test_a_copy_replaces_nothing(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    target.write_text("mine")
    with pytest.raises(UsageError, match="exists"):
        care.backup(path, target)
    assert target.read_text() == "mine"
