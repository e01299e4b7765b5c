"""The Decision tab: the options as a table, and what stands behind the verdict."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.events import Resize
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from advisor.core.naming import names, option_name
from advisor.core.verdict import Verdict
from advisor.tui.messages import HelpWanted
from advisor.tui.views.decision import detail_lines
from advisor.tui.views.options import Order, header, option_line, option_rows
from advisor.tui.widgets.fitted_text import FittedText
from advisor.tui.widgets.verdict_panel import VerdictText, draw_panel

FOLD_FROM = 13
"""Tables with this many options start with variants folded."""


class OptionTable(OptionList):
    """One line per option."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "screen.sort_options", "Sort"),
        Binding("f", "screen.fold_options", "Fold"),
        Binding("j", "cursor_down", "Down", show=False),
        Binding("k", "cursor_up", "Up", show=False),
    ]
    about = "enter explains an option · s sorts by another column · f folds variants of one model"


class DecisionPane(VerticalScroll):
    """The table, then ranges, sensitivity and rules; the whole verdict where narrow."""

    class Explain(Message):
        """The user wants the figures of an option."""

        def __init__(self, option_id: str) -> None:
            super().__init__()
            self.option_id = option_id

    DEFAULT_CSS = """
    DecisionPane {
        border: round $foreground 30%; border-title-color: $foreground; padding: 0 1;
        scrollbar-size-vertical: 1; scrollbar-gutter: stable;
        &:focus-within { border: round $border; }
        OptionTable, OptionTable:focus {
            height: auto; border: none; padding: 0; background: $surface; text-wrap: nowrap;
        }
        OptionTable > .option-list--option { padding: 0; }
        VerdictText { display: none; margin-top: 1; }
    }
    """

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self.text = VerdictText(draw_panel)
        self._verdict: Verdict | None = None
        self._order = Order.CHANCE
        self._folded: bool | None = None

    def compose(self) -> ComposeResult:
        yield Static(classes="header")
        yield OptionTable()
        yield self.text
        yield FittedText()

    def show(self, verdict: Verdict) -> None:
        """Fill everything from a verdict."""
        self._verdict = verdict
        self._fill_table()
        self.query_one(FittedText).show(partial(detail_lines, verdict))

    def sort(self) -> None:
        """Sort by the next column."""
        orders = list(Order)
        self._order = orders[(orders.index(self._order) + 1) % len(orders)]
        self._fill_table()

    def fold(self) -> None:
        """Fold the variants of a model into one row, or unfold them."""
        self._folded = not self._is_folded
        self._fill_table()

    @property
    def _is_folded(self) -> bool:
        if self._folded is not None:
            return self._folded
        return self._verdict is not None and len(self._verdict.arms) >= FOLD_FROM

    def on_resize(self, event: Resize) -> None:
        """Columns are laid out for the width."""
        self._fill_table()

    def _fill_table(self) -> None:
        verdict = self._verdict
        table = self.query_one(OptionTable)
        width = self.scrollable_content_region.width
        if verdict is None or not width:
            return
        rows = option_rows(verdict, self._order, folded=self._is_folded)
        hidden = len(verdict.arms) - len(rows)
        folded = f", {hidden} variants folded (f)" if hidden else ""
        self.border_title = f"Options by {self._order.value}{folded}"
        self.query_one(".header", Static).update(header(width))
        at = table.highlighted
        by_id = names(option.id for option in verdict.arms)
        table.set_options(
            Option(option_line(option, verdict, variants, width, by_id[option.id]), id=option.id)
            for option, variants in rows
        )
        table.highlighted = min(at or 0, len(rows) - 1) if rows else None

    @on(OptionList.OptionHighlighted)
    def _name_whole(self, event: OptionList.OptionHighlighted) -> None:
        """The help line has room for what the table has to cut."""
        if event.option_id and self.query_one(OptionTable).has_focus:
            self.post_message(HelpWanted(f"{option_name(event.option_id)} · enter explains it"))

    @on(OptionList.OptionSelected)
    def _explain(self, event: OptionList.OptionSelected) -> None:
        if event.option_id:
            self.post_message(self.Explain(event.option_id))
