"""The verdicts of the past, the newest first; enter opens one beside the verdict on the desk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from advisor.core.format import VERDICT_WORDS, clean, of_hundred, share_bar
from advisor.core.naming import option_name
from advisor.tui.messages import PastWanted
from advisor.tui.widgets.table_keys import TABLE_KEYS

if TYPE_CHECKING:
    from advisor.store import PastDecision

_BAR = 8


class HistoryList(OptionList):
    """One line per verdict that was kept."""

    BINDINGS: ClassVar[list[BindingType]] = TABLE_KEYS
    about = "enter opens this verdict beside the others; P drops it · advisor history NUMBER"

    def show(self, decided: Sequence[PastDecision]) -> None:
        """List verdicts."""
        self.set_options(Option(history_line(one), id=str(one.id)) for one in decided)
        self.highlighted = 0 if decided else None

    @on(OptionList.OptionSelected)
    def _open(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.post_message(PastWanted(int(event.option_id or "0")))


def history_line(one: PastDecision) -> Content:
    """Day, brief, verdict with its bar, option."""
    day = one.decided_at[:16].replace("T", " ")
    word = VERDICT_WORDS.get(one.verdict, one.verdict)
    chance = one.p_best
    sure = "" if chance is None else f" {share_bar(chance, _BAR)} {of_hundred(chance):>4} "
    return Content.assemble(
        (f"{day}  ", "dim"),
        (f"{clean(word):<18}", "bold"),
        (sure, "$text-success"),
        clean(one.name),
        (f"  {clean(option_name(one.arm))}", "dim"),
    )
