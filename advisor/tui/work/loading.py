"""What happens behind the first frame: modules are imported, and the brief is read."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from advisor.tui.model.draft import Draft
    from advisor.tui.work.engine import Engine

BEHIND_THE_FIRST_FRAME = (
    "advisor.tui.screens.desk",
    "advisor.tui.screens.start",
    "advisor.tui.widgets.brief_form",
    "advisor.tui.views.verdict",
)
"""Modules that would hold up the event loop if they were imported where they are first used."""


def load(read: Callable[[], Draft]) -> tuple[Draft, Engine]:
    """The draft, and an engine whose process starts beside the imports. Raises UsageError."""
    from advisor.tui.work.process_engine import ProcessEngine

    engine = ProcessEngine()
    try:
        engine.start()
        draft = read()
        for module in BEHIND_THE_FIRST_FRAME:
            import_module(module)
    except BaseException:
        engine.close()
        raise
    return draft, engine


def open_brief(path: Path | None) -> Draft:
    """The brief in a file, a copy of an example, or an empty brief. Raises UsageError."""
    from advisor.tui.model.draft import Draft

    if path is None:
        return Draft()
    from advisor.brief.examples import examples
    from advisor.tui.model.recent import remember_brief

    draft = Draft.read(path)
    if path in examples().values():
        return draft.as_new()
    remember_brief(path)
    return draft
