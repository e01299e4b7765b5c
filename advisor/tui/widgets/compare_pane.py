"""The Compare tab: pinned scenarios beside the one on the desk."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from textual.app import ComposeResult
from textual.containers import VerticalScroll

from advisor.tui.model.scenarios import Scenario
from advisor.tui.views.compare import compare_lines
from advisor.tui.widgets.fitted_text import FittedText


class ComparePane(VerticalScroll):
    """Draws scenarios side by side."""

    BORDER_TITLE = "Compare"
    about = "p pins the scenario on the desk, P drops the newest pin"
    DEFAULT_CSS = """
    ComparePane {
        border: round $foreground 30%; border-title-color: $foreground; padding: 0 1;
        scrollbar-size-vertical: 1; scrollbar-gutter: stable;
        &:focus { border: round $border; }
    }
    """

    def compose(self) -> ComposeResult:
        yield FittedText("no verdict yet")

    def show(self, scenarios: Sequence[Scenario]) -> None:
        """Draw these scenarios; the last one is on the desk."""
        self.query_one(FittedText).show(partial(compare_lines, tuple(scenarios)))
