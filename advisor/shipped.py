"""Where the data files that come with the program lie: inside the wheel, or beside the package in a
checkout.
"""

from __future__ import annotations

from pathlib import Path


def folder(name: str) -> Path:
    """The folder `profiles` or `calibration`.

    Raises FileNotFoundError where the installation is broken.
    """
    here = Path(__file__).resolve().parent
    for found in (here / "_shipped" / name, here.parent / name):
        if found.is_dir():
            return found
    raise FileNotFoundError(
        f"the program's own folder {name!r} is missing: install prompt-or-tune again"
    )
