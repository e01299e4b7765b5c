"""The report as it would be written, its format and depth, and the key that writes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import HorizontalGroup, VerticalScroll
from textual.content import Content
from textual.events import Resize
from textual.message import Message
from textual.widgets import Select, Static

from advisor.core.verdict import Verdict
from advisor.tui.widgets.focus_border import FocusBorder

if TYPE_CHECKING:
    from advisor.report.look import Look

USUAL = "md, html and json"
HOW = "w writes it beside the brief, o opens it"
WHOLE = ("pptx", "xlsx", "csv", "json")
"""Formats without sections, which have one depth."""
GROUP = "preview"
_WIDEST = 100


class ReportPane(FocusBorder, VerticalScroll):
    """Previews the text form, which contains what every other form contains."""

    BORDER_TITLE = "Report"
    DEFAULT_CSS = """
    ReportPane {
        overflow-y: auto; scrollbar-size-vertical: 1; scrollbar-gutter: stable;
        HorizontalGroup { height: 1; }
        .label { width: auto; color: $text-muted; padding: 0 1; }
        #format { width: 23; }
        #depth { width: 13; }
        .how { color: $text-muted; margin-bottom: 1; padding-left: 1; }
        #report-text { width: 1fr; text-wrap: nowrap; }
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
        self._drawn: tuple[Verdict, int, Look] | None = None
        self._number = 0

    def compose(self) -> ComposeResult:
        from advisor.report import formats
        from advisor.report.look import DEPTHS, PLAIN

        names = (USUAL, *(form.name for form in formats.every()))
        with HorizontalGroup():
            yield Static(Content("format"), classes="label")
            yield _choice("format", names, USUAL)
            yield Static(Content("depth"), classes="label")
            yield _choice("depth", tuple(DEPTHS), PLAIN.depth)
        yield Static(Content(HOW), classes="how")
        yield Static(Content("no verdict yet"), id="report-text")

    @property
    def formats(self) -> tuple[str, ...]:
        """The names of the formats to write."""
        from advisor.tui.model.brief_files import REPORTS

        value = self.query_one("#format", Select).value
        return REPORTS if value == USUAL else (str(value),)

    @property
    def look(self) -> Look:
        """The look of the report to write: its depth; the rest as usual."""
        from advisor.report.look import look_of

        return look_of(depth=str(self.query_one("#depth", Select).value))

    @on(Select.Changed)
    def _choose(self, event: Select.Changed) -> None:
        event.stop()
        from advisor.report.look import DEPTHS

        whole = [name for name in self.formats if name in WHOLE]
        always = f"; {', '.join(whole)} always whole" if whole else ""
        how = f"{DEPTHS[self.look.depth]}{always} · {HOW}"
        self.query_one(".how", Static).update(Content(how))
        self._draw()

    def show(self, verdict: Verdict) -> None:
        """Preview a verdict."""
        self._verdict = verdict
        self._draw()

    def on_resize(self, event: Resize) -> None:
        """The lines are broken for the width, so another width needs them again."""
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        width = min(self.query_one("#report-text").size.width, _WIDEST)
        verdict = self._verdict
        look = self.look
        if verdict is None or not width or self._drawn == (verdict, width, look):
            return
        self._drawn = (verdict, width, look)
        self._number += 1
        number = self._number

        def render() -> None:
            from advisor.report import text

            drawn = text.render(verdict, width, color=True, look=look)
            preview = Content.from_rich_text(Text.from_ansi(drawn))
            self.post_message(self.Rendered(number, preview))

        self.run_worker(render, group=GROUP, thread=True, exclusive=True, exit_on_error=False)

    @on(Rendered)
    def _show_preview(self, message: Rendered) -> None:
        message.stop()
        if message.number == self._number:
            self.query_one("#report-text", Static).update(message.preview)


def _choice(name: str, values: Sequence[str], value: str) -> Select[str]:
    return Select(
        [(one, one) for one in values], value=value, allow_blank=False, compact=True, id=name
    )
