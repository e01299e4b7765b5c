from __future__ import annotations

import stat
from pathlib import Path

import pytest

from advisor.store import folders
from advisor.store.folders import make_private_file, make_private_folder


def test_advisor_home_holds_everything(tmp_path: Path) -> None:
    found = folders({"ADVISOR_HOME": str(tmp_path)})
    assert (found.config, found.data, found.state) == (
        tmp_path / "config",
        tmp_path / "data",
        tmp_path / "state",
    )
    assert found.database == tmp_path / "data" / "advisor.db"
    assert list(tmp_path.iterdir()) == []


def test_xdg_variables_are_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ADVISOR_HOME", raising=False)
    for kind in ("CONFIG", "DATA", "STATE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / kind))
    found = folders()
    assert found.config == tmp_path / "CONFIG" / "advisor"
    assert found.data == tmp_path / "DATA" / "advisor"
    assert found.state == tmp_path / "STATE" / "advisor"


def test_a_home_may_be_written_with_a_tilde() -> None:
    assert folders({"ADVISOR_HOME": "~/x"}).config == Path.home() / "x" / "config"


def test_new_folders_and_files_are_for_the_user_alone(tmp_path: Path) -> None:
    make_private_folder(tmp_path / "a" / "b")
    make_private_file(tmp_path / "a" / "b" / "f")
    assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "a" / "b" / "f").stat().st_mode) == 0o600


def test_a_file_that_is_there_is_kept(tmp_path: Path) -> None:
    kept = tmp_path / "f"
    kept.write_text("text")
    make_private_file(kept)
    assert kept.read_text() == "text"
