"""`advisor watch`: a first verdict, a price that moves it, and nothing new after that."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from advisor.brief.examples import example
from advisor.cli.group import cli


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def watch(*words: str | Path) -> Result:
    command = ["watch", *map(str, words), "--on", "2026-11-27"]
    return CliRunner().invoke(cli, command, standalone_mode=False)


def test_what_changed_is_told_once(tmp_path: Path, home: Path) -> None:
    brief = tmp_path / "brief.toml"
    shutil.copy(example("customs-invoices"), brief)
    assert "first verdict: FINE-TUNE" in watch(brief).stdout
    (home / "config").mkdir()
    (home / "config" / "prices.toml").write_text(
        "schema = 1\n[[prices]]\nprovider = 'anthropic'\nmodel = 'claude-sonnet-5-5'\n"
        "input_usd_per_1m = 0.5\noutput_usd_per_1m = 1.0\nbatch_factor = 0.5\n"
        "source = 'offer'\nas_of = 2026-11-27\n"
    )
    peeked = watch(brief, "--no-history", "--fail-on-change")
    assert peeked.return_value == 1
    assert "the verdict changed: FINE-TUNE" in peeked.stdout
    told = watch(brief, "--json", tmp_path / "missing.toml")
    assert told.return_value == 1
    assert "missing.toml: no such file" in told.stderr
    (change,) = json.loads(told.stdout)["briefs"]
    assert (change["before"]["verdict"], change["after"]["verdict"]) == ("tune", "prompt")
    assert {fact["what"] for fact in change["facts"]} >= {"price.input", "price.output"}
    again = watch(brief, "--fail-on-change")
    assert again.return_value == 0
    assert "nothing changed since 2026-11-27: PROMPT" in again.stdout


def test_a_what_if_is_not_the_last_verdict_on_the_brief(tmp_path: Path) -> None:
    brief = tmp_path / "brief.toml"
    shutil.copy(example("customs-invoices"), brief)
    watch(brief)
    asked = ["recommend", str(brief), "--json", "--set", "traffic.requests_per_month=500"]
    CliRunner().invoke(cli, asked, standalone_mode=False)
    again = watch(brief, "--no-history", "--fail-on-change")
    assert again.return_value == 0
    assert "nothing changed" in again.stdout
