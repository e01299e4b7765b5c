"""The example briefs that come with the program, known by name wherever it is installed."""

from __future__ import annotations

from pathlib import Path

from advisor import shipped
from advisor.core.errors import UsageError, did_you_mean


def examples() -> dict[str, Path]:
    """The file of every example by its name, in the order of the names.

    Raises FileNotFoundError where the installation is incomplete.
    """
    files = sorted((shipped.folder("profiles") / "briefs").glob("*.toml"))
    return {file.stem: file for file in files}


def example(name: str) -> Path:
    """The file of the example of that name. Raises UsageError with the nearest names."""
    every = examples()
    if name not in every:
        hint = did_you_mean(name, every)
        raise UsageError(f"no example {name!r}{hint or '; see `advisor examples`'}")
    return every[name]
