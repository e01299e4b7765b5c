from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from advisor.cli.store import command
from advisor.store import Store


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path))
    with Store.open() as store:
        for n in range(2):
            store.save_verdict(store.save_brief(f"n = {n}"), f'{{"n": {n}}}', verdict="tune")
        return store.path


def run(*words: str) -> Result:
    return CliRunner().invoke(command, words, standalone_mode=False)


def damage(database: Path) -> None:
    with sqlite3.connect(database) as db:
        db.execute("update verdicts set record = ? where id = 1", [b"x"])
    db.close()


def test_a_sound_database_exits_with_0(database: Path) -> None:
    done = run("check")
    assert done.return_value == 0
    assert done.stdout.startswith(f"{database}: sound\n")
    assert "2 briefs, 0 probes, 2 verdicts" in done.stdout
    report = json.loads(run("check", "--json").stdout)
    assert report["rows"]["verdicts"] == 2
    assert report["faults"] == []


def test_a_damaged_one_exits_with_1_and_is_repaired(database: Path) -> None:
    damage(database)
    done = run("check")
    assert done.return_value == 1
    assert "! verdicts 1: record is damaged\n" in done.stdout
    assert "advisor store repair" in done.stdout
    repaired = run("repair").stdout
    assert "saved      2 briefs, 0 probes, 1 verdicts" in repaired
    assert "lost       1 verdicts" in repaired
    assert run("check").return_value == 0
    assert "nothing to repair" in run("repair").stdout


def test_a_copy_is_named_with_its_size(database: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    assert run("backup", str(target)).stdout.startswith(f"{target}: ")
    assert sqlite3.connect(target).execute("select count(*) from briefs").fetchone() == (2,)
