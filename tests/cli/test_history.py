"""`advisor recommend` leaves a verdict behind, `advisor history` shows it."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from click.testing import CliRunner

from advisor import shipped
from advisor.cli.group import cli

BRIEF = shipped.folder("profiles") / "briefs" / "safety-reports.toml"


def test_a_recommendation_is_remembered_once_with_its_brief(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path))
    runner = CliRunner()
    assert "No verdict yet" in runner.invoke(cli, ["history"]).stdout
    for _ in range(2):
        assert runner.invoke(cli, ["recommend", str(BRIEF), "--json"]).exit_code == 0
    told = json.loads(runner.invoke(cli, ["history", "--json"]).stdout)
    assert [d["verdict"] for d in told] == ["prompt"]
    assert told[0]["path"] == str(BRIEF)
    assert "prompt/" in runner.invoke(cli, ["history"]).stdout
    with sqlite3.connect(tmp_path / "data" / "advisor.db") as db:
        assert db.execute("select count(*) from briefs").fetchone() == (1,)


def test_a_past_verdict_is_rendered_again_in_any_format(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path))
    runner = CliRunner()
    first = runner.invoke(cli, ["recommend", str(BRIEF)]).stdout
    assert runner.invoke(cli, ["history", "1"]).stdout == first
    record = runner.invoke(cli, ["recommend", str(BRIEF), "--json"]).stdout
    assert runner.invoke(cli, ["history", "1", "--json"]).stdout == record
    target = tmp_path / "again.xlsx"
    assert runner.invoke(cli, ["history", "1", "-o", str(target)]).exit_code == 0
    assert target.read_bytes().startswith(b"PK")


def test_a_number_that_no_verdict_has_is_refused(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path))
    result = CliRunner().invoke(cli, ["history", "7"])
    assert "no verdict has the number 7" in str(result.exception)
    result = CliRunner().invoke(cli, ["history", "-o", "x.pdf"])
    assert "need the NUMBER of a verdict" in str(result.exception)


def test_a_database_that_cannot_be_read_never_stops_the_answer(tmp_path: Path, monkeypatch) -> None:
    home = tmp_path / "home"
    (home / "data" / "advisor.db").mkdir(parents=True)
    monkeypatch.setenv("ADVISOR_HOME", str(home))
    assert CliRunner().invoke(cli, ["recommend", str(BRIEF), "--json"]).exit_code == 0
