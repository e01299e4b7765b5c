"""The report as it would be written, and the keys that write it."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Markdown, Static

from advisor.core.verdict import Verdict


class ReportPane(VerticalScroll):
    """Shows the Markdown report; draws it only while it is in sight, because that takes longer than a keystroke."""

    BORDER_TITLE = "Report"
    DEFAULT_CSS = """
    ReportPane {
        border: round $foreground 30%; padding: 0 1; scrollbar-size-vertical: 1;
        &:focus { border: round $border; }
        .how { color: $text-muted; }
        Markdown { padding: 0; }
    }
    .-short ReportPane { border: none; }
    """

    def compose(self) -> ComposeResult:
        yield Static("w writes it beside the brief as Markdown, HTML and JSON", classes="how", markup=False)
        yield Markdown("", open_links=False)

    async def show(self, verdict: Verdict) -> None:
        """Render a verdict. The renderer has escaped what comes from data."""
        from advisor.report import markdown

        await self.query_one(Markdown).update(markdown.render(verdict))
