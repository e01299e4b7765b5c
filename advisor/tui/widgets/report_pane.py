"""The report as it would be written, and the key that writes it."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.events import Resize
from textual.widgets import Static

from advisor.core.verdict import Verdict

HOW = "w writes it beside the brief as Markdown, HTML and JSON"
_WIDEST = 100


class ReportPane(VerticalScroll):
    """Shows the report for the width there is: the text form, which holds what every other form
    holds.
    """

    BORDER_TITLE = "Report"
    DEFAULT_CSS = """
    ReportPane {
        border: round $foreground 30%; border-title-color: $foreground; padding: 0 1;
        scrollbar-size-vertical: 1;
        &:focus { border: round $border; }
        .how { color: $foreground; text-style: dim; margin-bottom: 1; }
    }
    """

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self._verdict: Verdict | None = None

    def compose(self) -> ComposeResult:
        yield Static(Content(HOW), classes="how")
        yield Static(Content("no verdict yet"), id="report-text")

    def show(self, verdict: Verdict) -> None:
        """Draw a verdict."""
        self._verdict = verdict
        self._draw()

    def on_resize(self, event: Resize) -> None:
        """The lines are broken for the width, so another width needs them anew."""
        self._draw()

    def _draw(self) -> None:
        from advisor.report import text

        width = min(self.scrollable_content_region.width, _WIDEST)
        if self._verdict is not None and width:
            drawn = text.render(self._verdict, width, color=True)
            self.query_one("#report-text", Static).update(
                Content.from_rich_text(Text.from_ansi(drawn))
            )
