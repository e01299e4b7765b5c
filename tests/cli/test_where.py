from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from advisor import shipped
from advisor.cli.where import command
from advisor.store import Store


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path))
    return tmp_path


def places() -> dict[str, dict[str, str]]:
    done = CliRunner().invoke(command, ["--json"])
    assert done.exit_code == 0
    return {place["what"]: place for place in json.loads(done.stdout)}


def test_a_fresh_home_holds_nothing_and_stays_so(home: Path) -> None:
    found = places()
    for what in ("config", "data", "database", "state"):
        assert found[what]["state"] == "does not exist yet"
        assert found[what]["path"].startswith(str(home))
    assert list(home.iterdir()) == []


def test_our_own_folders_are_named(home: Path) -> None:
    found = places()
    for name in ("profiles", "calibration"):
        folder = Path(found[name]["path"])
        assert folder == shipped.folder(name)
        assert found[name]["state"] == f"{sum(1 for p in folder.rglob('*') if p.is_file())} files"


def test_a_database_and_overrides_are_seen(home: Path) -> None:
    Store.open().close()
    override = next(p for p in shipped.folder("profiles").iterdir() if p.is_file())
    (home / "config").mkdir()
    (home / "config" / override.name).write_text("12345")
    (home / "config" / "unrelated.csv").write_text("x")
    found = places()
    assert found["database"]["state"].endswith(" bytes")
    assert found["override"] == {
        "what": "override",
        "path": str(home / "config" / override.name),
        "state": "5 bytes",
    }


def test_a_file_in_the_place_of_a_folder_is_said(home: Path) -> None:
    (home / "config").write_text("a file")
    assert places()["config"]["state"] == "not a folder"


def test_the_plain_form_has_a_line_a_place_and_no_control_characters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path / "a\x1b[2Jb"))
    done = CliRunner().invoke(command)
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines] == [
        "config",
        "data",
        "database",
        "state",
        "profiles",
        "calibration",
    ]
    assert "\x1b" not in done.stdout
    assert "a\\x1b[2Jb" in lines[0]
