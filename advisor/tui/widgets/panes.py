"""The panes that only show: data, hardware and what stands behind the decision."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import DataTable, Static

from advisor.core.verdict import Verdict
from advisor.tui.views.decision import cells, columns, detail_lines, ranked
from advisor.tui.widgets.verdict_view import Lines
from advisor.tui.views.verdict import verdict_lines


class TextPane(VerticalScroll):
    """A scroll of styled text."""

    DEFAULT_CSS = """
    TextPane {
        border: round $foreground 30%; padding: 0 1; scrollbar-size-vertical: 1;
        &:focus { border: round $border; }
    }
    .-short TextPane { border: none; }
    """

    def __init__(self, title: str, id: str) -> None:
        super().__init__(id=id)
        self.border_title = title

    def compose(self) -> ComposeResult:
        yield Static(Content("looking …"))

    def show(self, lines: Content) -> None:
        """Replace the text."""
        self.query_one(Static).update(lines)


class DecisionPane(VerticalScroll):
    """All options in a table, then sensitivity, break-even and what was ruled out; the whole verdict where narrow."""

    class Explain(Message):
        """The user wants the figures of an option."""

        def __init__(self, arm: str) -> None:
            super().__init__()
            self.arm = arm

    DEFAULT_CSS = """
    DecisionPane {
        border: round $foreground 30%; padding: 0 1; scrollbar-size-vertical: 1;
        DataTable { height: auto; max-height: 14; scrollbar-size-horizontal: 1; }
        Lines { display: none; margin-bottom: 1; }
    }
    .-narrow DecisionPane Lines { display: block; }
    .-short DecisionPane { border: none; }
    """

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self.border_title = "Options — enter explains one"

    def compose(self) -> ComposeResult:
        yield Lines(verdict_lines)
        yield DataTable[Content](cursor_type="row")
        yield Static(classes="detail")

    def show(self, verdict: Verdict) -> None:
        """Fill everything from a verdict."""
        self.query_one(Lines).verdict = verdict
        table = self.query_one(DataTable)
        table.clear(columns=True)
        for name in columns(verdict):
            table.add_column(Content(name))
        for arm in ranked(verdict):
            table.add_row(*cells(arm, arm.id == verdict.arm), key=arm.id)
        self.query_one(".detail", Static).update(detail_lines(verdict))

    @on(DataTable.RowSelected)
    def _explain(self, event: DataTable.RowSelected) -> None:
        if event.row_key.value:
            self.post_message(self.Explain(event.row_key.value))
