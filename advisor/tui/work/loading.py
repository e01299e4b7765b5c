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
    "advisor.tui.widgets.brief_form",
)
"""Modules that the first key needs."""

REST_SECONDS = 0.3
"""Pause after the first key before what it does not need."""

AFTER_THE_FIRST_KEY = (
    "advisor.tui.views.verdict",
    "advisor.tui.screens.dialogs",
    "advisor.tui.screens.start",
    "advisor.tui.screens.explain",
    "advisor.tui.screens.jump",
    "advisor.tui.screens.range_editor",
    "advisor.tui.screens.score",
    "advisor.tui.widgets.calibrate_pane",
    "advisor.tui.widgets.compare_pane",
    "advisor.tui.widgets.data_pane",
    "advisor.tui.widgets.decision_pane",
    "advisor.tui.widgets.hardware_pane",
    "advisor.tui.widgets.report_pane",
    "advisor.tui.model.proposed_answers",
    "advisor.tui.commands",
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


def load_rest() -> None:
    """Load what a key may open."""
    for module in AFTER_THE_FIRST_KEY:
        import_module(module)


def open_brief(path: Path | None) -> Draft:
    """The brief in a file, a copy of an example, or an empty brief. Raises UsageError."""
    from advisor.tui.model.draft import Draft

    if path is None:
        import_module("advisor.tui.screens.start")  # the first dialog
        return Draft()
    from advisor.brief.examples import examples

    draft = Draft.read(path)
    return draft.as_new() if path in examples().values() else draft
