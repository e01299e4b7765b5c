"""The data: what they propose for the brief, and below it everything that was observed."""

from __future__ import annotations

from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from advisor.core.events import StageEvent
from advisor.core.format import clean
from advisor.core.probes import DataReport
from advisor.tui.messages import ProposalsAccepted
from advisor.tui.model.proposed_answers import ProposedAnswer
from advisor.tui.views.probes import data_lines, proposal_lines
from advisor.tui.widgets.fitted_text import FittedText
from advisor.tui.widgets.focus_border import FocusBorder

BAR_COLUMNS = 1
"""Columns of a scroll bar."""
HEADING = "Proposals — enter accepts one, a accepts all, u undoes"


class DataPane(FocusBorder, Vertical):
    """Reports accepted proposals to the desk; changes no brief itself."""

    BORDER_TITLE = "Data"
    DEFAULT_CSS = """
    DataPane {
        .heading { text-style: bold; color: $text-primary; }
        OptionList, OptionList:focus {
            height: auto; max-height: 50%; border: none; padding: 0; background: $surface;
        }
        OptionList { margin-bottom: 1; scrollbar-size-vertical: 1; }
        VerticalScroll { scrollbar-size-vertical: 1; scrollbar-gutter: stable; }
        &.-nothing .heading, &.-nothing OptionList { display: none; }
    }
    """

    def __init__(self, id: str) -> None:
        super().__init__(id=id, classes="-nothing")
        self.proposals: tuple[ProposedAnswer, ...] = ()

    def compose(self) -> ComposeResult:
        yield Static(Content(HEADING), classes="heading")
        yield OptionList()
        with VerticalScroll():
            yield FittedText("looking …")

    def show(self, report: DataReport | None, proposals: tuple[ProposedAnswer, ...]) -> None:
        """Fill everything from a report and what it proposes for the brief as it stands."""
        self.query_one(FittedText).show(partial(data_lines, report))
        if proposals == self.proposals:
            return
        self.proposals = proposals
        self.set_class(not proposals, "-nothing")
        self._list_proposals()
        if self.query_one(OptionList).has_focus and not proposals:
            self.query_one(VerticalScroll).focus()

    def on_resize(self) -> None:
        """Another width breaks the lines elsewhere."""
        self._list_proposals()

    def _list_proposals(self) -> None:
        options = self.query_one(OptionList)
        at = options.highlighted or 0
        width = self.content_size.width - BAR_COLUMNS
        options.set_options(
            Option(proposal_lines(proposal, width), id=proposal.key) for proposal in self.proposals
        )
        options.highlighted = min(at, len(self.proposals) - 1) if self.proposals else None

    def show_progress(self, event: StageEvent) -> None:
        """How far the look is, and how to stop it."""
        share = f"{100 * event.done / event.total:.0f} % · " if event.total else ""
        text = Content(f"looking: {share}{clean(event.message)}\nx stops; the file is kept")
        self.query_one(FittedText).show(lambda width: text)

    def show_stopped(self) -> None:
        """The look was stopped by the user."""
        text = Content("Stopped. Change the path under Brief, Data to look again.")
        self.query_one(FittedText).show(lambda width: text)

    @on(OptionList.OptionSelected)
    def _take(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.post_message(
            ProposalsAccepted(
                tuple(proposal for proposal in self.proposals if proposal.key == event.option_id)
            )
        )
