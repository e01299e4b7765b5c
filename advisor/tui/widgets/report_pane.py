"""The report as it would be written, the choice of its format, and the key that writes it."""

from __future__ import annotations

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import HorizontalGroup, VerticalScroll
from textual.content import Content
from textual.events import Resize
from textual.message import Message
from textual.widgets import Select, Static

from advisor.core.verdict import Verdict

USUAL = "md, html and json"
HOW = "w writes it beside the brief, o opens it"
GROUP = "preview"
_WIDEST = 100


class ReportPane(VerticalScroll):
    """Previews the text form, which contains what every other form contains."""

    BORDER_TITLE = "Report"
    DEFAULT_CSS = """
    ReportPane {
        border: round $foreground 30%; border-title-color: $foreground;
        border-subtitle-color: $foreground 75%; padding: 0 1;
        scrollbar-size-vertical: 1; scrollbar-gutter: stable;
        &:focus-within { border: round $border; }
        HorizontalGroup { height: 1; margin-bottom: 1; }
        Select { width: 24; }
        .how { width: auto; color: $text-muted; padding-left: 1; }
        #report-text { text-wrap: nowrap; }
    }
    """

    class Rendered(Message):
        """The preview for request `number` is drawn."""

        def __init__(self, number: int, preview: Content) -> None:
            super().__init__()
            self.number = number
            self.preview = preview

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self._verdict: Verdict | None = None
        self._drawn: tuple[Verdict, int] | None = None
        self._number = 0

    def compose(self) -> ComposeResult:
        from advisor.report import formats

        names = [form.name for form in formats.every()]
        with HorizontalGroup():
            yield Select(
                [(name, name) for name in (USUAL, *names)],
                value=USUAL,
                allow_blank=False,
                compact=True,
            )
            yield Static(Content(HOW), classes="how")
        yield Static(Content("no verdict yet"), id="report-text")

    @property
    def formats(self) -> tuple[str, ...]:
        """The names of the formats to write."""
        from advisor.tui.model.brief_files import REPORTS

        value = self.query_one(Select).value
        return REPORTS if value == USUAL else (str(value),)

    def show(self, verdict: Verdict) -> None:
        """Preview a verdict."""
        self._verdict = verdict
        self._draw()

    def on_resize(self, event: Resize) -> None:
        """The lines are broken for the width, so another width needs them again."""
        self._draw()

    def _draw(self) -> None:
        width = min(self.scrollable_content_region.width, _WIDEST)
        verdict = self._verdict
        if verdict is None or not width or self._drawn == (verdict, width):
            return
        self._drawn = (verdict, width)
        self._number += 1
        number = self._number

        def render() -> None:
            from advisor.report import text

            drawn = text.render(verdict, width, color=True)
            preview = Content.from_rich_text(Text.from_ansi(drawn))
            self.post_message(self.Rendered(number, preview))

        self.run_worker(render, group=GROUP, thread=True, exclusive=True, exit_on_error=False)

    @on(Rendered)
    def _show_preview(self, message: Rendered) -> None:
        message.stop()
        if message.number == self._number:
            self.query_one("#report-text", Static).update(message.preview)
