"""Folders and files that only their user may read."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from advisor.core.private_files import make_private_file, make_private_folder


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_new_folders_and_files_are_for_the_user_alone(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b" / "c"
    make_private_folder(folder)
    make_private_file(folder / "f")
    assert {mode(p) for p in (folder, folder.parent, folder.parent.parent)} == {0o700}
    assert mode(folder / "f") == 0o600


def test_what_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    file = folder / "f"
    file.write_text("text")
    file.chmod(0o644)
    make_private_folder(folder)
    make_private_file(file)
    assert (mode(folder), mode(file)) == (0o700, 0o600)
    assert file.read_text() == "text"


@pytest.mark.parametrize("right", [0o040, 0o020, 0o010, 0o004, 0o002, 0o001])
def test_any_right_of_others_is_taken(tmp_path: Path, right: int) -> None:
    file = tmp_path / "f"
    file.touch()
    file.chmod(0o600 | right)
    make_private_file(file)
    assert mode(file) == 0o600


def test_what_is_above_the_folder_stays_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    make_private_folder(tmp_path / "a" / "b")
    assert mode(tmp_path) == 0o755
