"""The Compare tab: pinned scenarios beside the one on the desk."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from advisor.core.errors import AdvisorError
from advisor.core.format import clean
from advisor.tui.model.scenarios import Scenario
from advisor.tui.views.compare import compare_lines
from advisor.tui.widgets.fitted_text import FittedText
from advisor.tui.widgets.focus_border import FocusBorder
from advisor.tui.widgets.history_list import HistoryList

PAST = "Verdicts so far — enter opens one beside the others"
NO_PAST = "No verdict is kept yet: saving a brief and writing a report keep theirs."
MOST_PAST = 50


class SideBySide(VerticalScroll):
    """The scenarios, a column each."""

    about = "p pins the scenario on the desk, P drops the newest pin"


class ComparePane(FocusBorder, Vertical):
    """Scenarios side by side, and below them the verdicts of the past."""

    BORDER_TITLE = "Compare"
    DEFAULT_CSS = """
    ComparePane {
        SideBySide { height: 1fr; scrollbar-size-vertical: 1; scrollbar-gutter: stable; }
        .heading { color: $text-primary; text-style: bold; margin-top: 1; }
        HistoryList, HistoryList:focus {
            height: auto; max-height: 30%; border: none; padding: 0; background: $surface;
            text-wrap: nowrap; text-overflow: ellipsis; scrollbar-size-vertical: 1;
        }
    }
    """

    def compose(self) -> ComposeResult:
        with SideBySide():
            yield FittedText("no verdict yet")
        yield Static(Content(PAST), classes="heading")
        yield HistoryList()

    def on_mount(self) -> None:
        self.read_past()

    def read_past(self) -> None:
        """List the verdicts that are kept, read in a thread."""
        self.run_worker(self._read_past, group="history", thread=True, exit_on_error=False)

    def _read_past(self) -> None:
        from advisor.store import Store

        try:
            with Store.open() as store:
                decided = store.history(MOST_PAST)
        except AdvisorError as error:
            self.app.call_from_thread(self._say, f"✗ {clean(str(error))}")
            return
        self.app.call_from_thread(self.query_one(HistoryList).show, decided)
        self.app.call_from_thread(self._say, PAST if decided else NO_PAST)

    def _say(self, line: str) -> None:
        self.query_one(".heading", Static).update(Content(line))

    def show(self, scenarios: Sequence[Scenario]) -> None:
        """Draw these scenarios; the last one is on the desk."""
        self.query_one(FittedText).show(partial(compare_lines, tuple(scenarios)))
