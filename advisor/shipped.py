"""Where the program's own data files are: inside the wheel, or beside the package in a checkout."""

from __future__ import annotations

from pathlib import Path


def folder(name: str) -> Path:
    """The folder `profiles` or `calibration`.

    Raises FileNotFoundError if the installation is incomplete.
    """
    here = Path(__file__).resolve().parent
    for candidate in (here / "_shipped" / name, here.parent / name):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(
        f"the program's own folder {name!r} is missing: install prompt-or-tune again"
    )
