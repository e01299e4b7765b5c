"""The Decision tab: the options as a table, and below it one section of what stands behind."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.events import Resize
from textual.message import Message
from textual.widgets import Input, OptionList, Static, Tab, Tabs
from textual.widgets.option_list import Option

from advisor.core.format import clean
from advisor.core.naming import names, option_name
from advisor.core.verdict import Verdict
from advisor.tui.messages import HelpWanted
from advisor.tui.views.decision import SECTIONS, section_lines
from advisor.tui.views.options import Order, header, matches, option_line, option_rows
from advisor.tui.widgets.fitted_text import FittedText
from advisor.tui.widgets.flip_list import FlipList
from advisor.tui.widgets.focus_border import FocusBorder
from advisor.tui.widgets.table_keys import TABLE_KEYS
from advisor.tui.widgets.verdict_panel import VerdictText, draw_panel

_BESIDE_CHART = 4
_LOWEST_CHART = 8
_HIGHEST_CHART = 20
"""Lines of a chart; beside it are a legend and a line of words."""

FOLD_FROM = 13
"""Tables with this many options start with variants folded."""


class OptionTable(OptionList):
    """One line per option."""

    BINDINGS: ClassVar[list[BindingType]] = TABLE_KEYS
    about = "enter explains an option · [ ] turn the page"


class SectionText(VerticalScroll):
    """The section in sight, as text."""

    about = "[ ] turn the page"


class DecisionPane(FocusBorder, Vertical):
    """The table, then a bar of sections; the first is the whole verdict where narrow."""

    class Explain(Message):
        """The user wants the figures of an option."""

        def __init__(self, option_id: str) -> None:
            super().__init__()
            self.option_id = option_id

    DEFAULT_CSS = """
    DecisionPane {
        OptionTable, OptionTable:focus, FlipList, FlipList:focus {
            height: auto; border: none; padding: 0; background: $surface;
            scrollbar-size-vertical: 1;
        }
        OptionTable { max-height: 35%; text-wrap: nowrap; scrollbar-gutter: stable; }
        FlipList {
            max-height: 50%; display: none; margin-bottom: 1;
            text-wrap: nowrap; text-overflow: ellipsis;
        }
        OptionTable > .option-list--option, FlipList > .option-list--option { padding: 0; }
        SectionText { height: 1fr; scrollbar-size-vertical: 1; scrollbar-gutter: stable; }
        Tabs { height: 1; margin: 1 0; }
        &.-flips FlipList { display: block; }
        VerdictText { display: none; }
    }
    """

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self.text = VerdictText(draw_panel)
        self._verdict: Verdict | None = None
        self._order = Order.CHANCE
        self._folded: bool | None = None
        self._wanted = ""
        self.section = SECTIONS[0]

    def compose(self) -> ComposeResult:
        yield Static(classes="header")
        yield OptionTable()
        yield Tabs(*(Tab(name.title(), id=name) for name in SECTIONS))
        yield FlipList()
        with SectionText():
            yield self.text
            yield FittedText()

    def show(self, verdict: Verdict) -> None:
        """Fill everything from a verdict."""
        self._verdict = verdict
        self._fill_table()
        self.query_one(FlipList).show(verdict)
        self._draw_section()

    def turn(self, step: int) -> None:
        """Show the next section, or the one before."""
        self.turn_to(SECTIONS[(SECTIONS.index(self.section) + step) % len(SECTIONS)])

    def turn_to(self, name: str) -> None:
        """Show a section."""
        self.query_one(Tabs).active = name

    @on(Tabs.TabActivated)
    def _turned(self, event: Tabs.TabActivated) -> None:
        event.stop()
        if event.tab.id in SECTIONS and event.tab.id != self.section:
            self.section = event.tab.id
            self.query_one(SectionText).scroll_home(animate=False)
            self._draw_section()
            if self.section == "flips":
                self.call_after_refresh(self._offer_flips)

    def _offer_flips(self) -> None:
        """Enter tries a flip at once, unless somebody types or moves from tab to tab."""
        flips = self.query_one(FlipList)
        focused = self.screen.focused
        moves = focused is self.query_one(Tabs) or isinstance(focused, Input)
        if flips.option_count and not moves:
            flips.focus()

    def _draw_section(self) -> None:
        self.set_class(self.section == "flips", "-flips")
        self.set_class(self.section == SECTIONS[0], "-first")
        verdict = self._verdict
        if verdict is None:
            return
        height = max(self.query_one(SectionText).size.height - _BESIDE_CHART, _LOWEST_CHART)
        draw = partial(section_lines, self.section, verdict, height=min(height, _HIGHEST_CHART))
        self.query_one(FittedText).show(draw)

    def filter(self, text: str) -> None:
        """Show only options whose name contains all words of `text`; empty: every option."""
        self._wanted = text
        self._fill_table()

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
        """Columns are laid out for the width, charts for the height."""
        self._fill_table()
        self.call_after_refresh(self._draw_section)

    def _fill_table(self) -> None:
        verdict = self._verdict
        table = self.query_one(OptionTable)
        width = table.scrollable_content_region.width
        if verdict is None or not width:
            return
        by_id = names(option.id for option in verdict.arms)
        rows = option_rows(verdict, self._order, folded=self._is_folded)
        hidden = len(verdict.arms) - len(rows)
        rows = [row for row in rows if matches(by_id[row[0].id], self._wanted)]
        folded = f", {hidden} variants folded (f)" if hidden else ""
        only = f", only “{clean(self._wanted)}” (/)" if self._wanted else ""
        self.border_title = f"Options by {self._order.value}{folded}{only}"
        self.query_one(".header", Static).update(header(width, self._order))
        at = table.highlighted
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
