"""The pane of what stands behind the decision, and text that fits its pane."""

from __future__ import annotations

from collections.abc import Callable

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.events import Resize
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from advisor.core.verdict import Verdict
from advisor.tui.views.decision import detail_lines, option_lines, ranked
from advisor.tui.views.verdict import verdict_lines
from advisor.tui.widgets.verdict_panel import VerdictText


class FittedText(Static):
    """Text drawn for the width there is, and anew where that changes; lays out anew only for
    another height.
    """

    def __init__(self, waiting: str = "") -> None:
        super().__init__(Content(waiting))
        self._draw: Callable[[int], Content] | None = None

    def show(self, draw: Callable[[int], Content]) -> None:
        """Draw by this from now on."""
        self._draw = draw
        self._redraw()

    def on_resize(self, event: Resize) -> None:
        """Another width breaks the lines elsewhere."""
        self._redraw()

    def _redraw(self) -> None:
        width, height = self.size
        if self._draw is None or not width:
            return
        text = self._draw(width)
        self.update(text, layout=len(text.wrap(width)) != height)


class DecisionPane(VerticalScroll):
    """All options, then sensitivity, break-even and what was ruled out; the whole verdict where
    narrow.
    """

    class Explain(Message):
        """The user wants the figures of an option."""

        def __init__(self, option: str) -> None:
            super().__init__()
            self.option_id = option

    DEFAULT_CSS = """
    DecisionPane {
        border: round $foreground 30%; border-title-color: $foreground; padding: 0 1;
        scrollbar-size-vertical: 1;
        OptionList, OptionList:focus {
            height: auto; max-height: 16; border: none; padding: 0; background: $surface;
        }
        VerdictText { display: none; margin-bottom: 1; }
    }
    """

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self.border_title = "Options, by share of draws won — enter explains one"

    def compose(self) -> ComposeResult:
        yield VerdictText(verdict_lines)
        yield OptionList()
        yield Static(classes="detail")

    def show(self, verdict: Verdict) -> None:
        """Fill everything from a verdict."""
        self.query_one(VerdictText).verdict = verdict
        options = self.query_one(OptionList)
        at = options.highlighted
        options.set_options(
            Option(option_lines(a, a.id == verdict.arm), id=a.id) for a in ranked(verdict)
        )
        options.highlighted = min(at or 0, len(verdict.arms) - 1) if verdict.arms else None
        self.query_one(".detail", Static).update(detail_lines(verdict))

    @on(OptionList.OptionSelected)
    def _explain(self, event: OptionList.OptionSelected) -> None:
        if event.option_id:
            self.post_message(self.Explain(event.option_id))
