"""The data: what they propose for the brief, to be taken over, and below it everything the look
found.
"""

from __future__ import annotations

from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from advisor.core.probes import DataReport
from advisor.tui.messages import Accepted
from advisor.tui.offers import Offer
from advisor.tui.views.probes import data_lines, offer_lines
from advisor.tui.widgets.panes import FittedText

HEADING = "Proposals — enter takes one over, a all, u undoes"


class DataPane(Vertical):
    """Tells the desk by `Accepted` which proposals the user takes over; changes no brief itself."""

    BORDER_TITLE = "Data"
    DEFAULT_CSS = """
    DataPane {
        border: round $foreground 30%; border-title-color: $foreground; padding: 0 1;
        &:focus-within { border: round $border; }
        .heading { text-style: bold; color: $text-primary; }
        OptionList, OptionList:focus { height: auto; max-height: 50%; border: none; padding: 0; background: $surface; }
        OptionList { margin-bottom: 1; scrollbar-size-vertical: 1; }
        VerticalScroll { scrollbar-size-vertical: 1; scrollbar-gutter: stable; }
        &.-nothing .heading, &.-nothing OptionList { display: none; }
    }
    """

    def __init__(self, id: str) -> None:
        super().__init__(id=id, classes="-nothing")
        self.offers: tuple[Offer, ...] = ()

    def compose(self) -> ComposeResult:
        yield Static(Content(HEADING), classes="heading")
        yield OptionList()
        with VerticalScroll():
            yield FittedText("looking …")

    def show(self, report: DataReport | None, offers: tuple[Offer, ...]) -> None:
        """Fill everything from a report and what it proposes for the brief as it stands."""
        self.query_one(FittedText).show(partial(data_lines, report))
        if offers == self.offers:
            return
        self.offers = offers
        self.set_class(not offers, "-nothing")
        options = self.query_one(OptionList)
        at = options.highlighted or 0
        options.set_options(Option(offer_lines(offer), id=offer.key) for offer in offers)
        options.highlighted = min(at, len(offers) - 1) if offers else None
        if options.has_focus and not offers:
            self.query_one(VerticalScroll).focus()

    @on(OptionList.OptionSelected)
    def _take(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.post_message(
            Accepted(tuple(offer for offer in self.offers if offer.key == event.option_id))
        )
