from __future__ import annotations

from pathlib import Path

import pytest

from advisor.store import folders


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
