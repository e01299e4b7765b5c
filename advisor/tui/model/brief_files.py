"""Briefs as files: examples, neighbours, and whether someone else changed one meanwhile.

No Textual here.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from advisor.core import given_files, toml_text
from advisor.tui.model.draft import Draft

if TYPE_CHECKING:
    from advisor.core.verdict import Verdict
    from advisor.judging.surroundings import Surroundings
    from advisor.report.look import Look
    from advisor.tui.work.engine import Observations


REPORTS = ("md", "html", "json")
"""The formats that the app writes, by their names in the registry of formats."""


def examples() -> list[tuple[Path, str]]:
    """The example briefs that come with the program, each with its name."""
    from advisor import shipped

    return _named(shipped.folder("profiles") / "briefs")


def neighbours(folder: Path) -> list[tuple[Path, str]]:
    """The briefs in a folder, each with its name; other TOML files are left out."""
    return [(path, name) for path, name in _named(folder) if name]


def _named(folder: Path) -> list[tuple[Path, str]]:
    return [(path, name_of(path)) for path in sorted(folder.glob("*.toml"))]


def name_of(path: Path) -> str:
    """The name a brief gives itself; empty where the file is not a brief."""
    try:
        table = toml_text.parse(given_files.read_text(path))
    except (OSError, ValueError):
        return ""
    return str(table.get("name", "Untitled")) if "schema" in table else ""


def changed_outside(draft: Draft) -> bool:
    """Whether the file no longer holds what was read from it."""
    if draft.path is None or not draft.path.exists():
        return False
    return given_files.read_text(draft.path) != draft.text


def save(draft: Draft, path: Path) -> Draft:
    """Write the brief atomically; returns the draft as it now stands on disk.

    Raises OSError, UsageError.
    """
    from advisor import brief

    text = draft.toml()
    brief.save(path, text)
    return draft.saved(path, text)


def write_reports(
    verdict: Verdict, stem: Path, names: Sequence[str] = REPORTS, look: Look | None = None
) -> list[Path]:
    """The report beside the brief, in the formats of these names. Raises OSError, MissingExtra."""
    from advisor import brief
    from advisor.report import formats
    from advisor.report.look import PLAIN

    written = []
    for report_format in map(formats.by_name, names):
        path = stem.with_name(f"{stem.name}.report{report_format.endings[0]}")
        brief.save(path, report_format.render(verdict, look or PLAIN))
        written.append(path)
    return written


def keep(path: Path, observations: Observations, verdict: Verdict) -> None:
    """Keep a verdict in the history; a database that cannot be written stops nothing."""
    from advisor.core.events import ignore
    from advisor.judging.history import remember

    remember(path, cast("Surroundings", observations), verdict, ignore)


def past_verdict(number: int) -> tuple[str, Verdict]:
    """A verdict of the past under its number and day. Raises AdvisorError."""
    from advisor.core.errors import UsageError
    from advisor.report import past
    from advisor.store import Store

    with Store.open() as store:
        record = store.record(number)
    if record is None:
        raise UsageError(f"no verdict has the number {number} any more")
    verdict = past.read(record)
    return f"#{number}, {verdict.as_of}", verdict
