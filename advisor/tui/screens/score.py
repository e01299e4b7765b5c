"""A score that the user knows: of which option, how often right, on how many items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from advisor.core.errors import UsageError
from advisor.core.format import clean
from advisor.tui.model.known_scores import EXAMPLE, Scorable, parse_score
from advisor.tui.screens.dialog import Dialog
from advisor.tui.screens.dialogs import BOX


@dataclass(frozen=True, slots=True)
class KnownScore:
    """What was typed, and for what."""

    of: Scorable
    score: float
    items: int


class AskScore(Dialog[KnownScore | None]):
    """The text field keeps the focus; arrows choose the option below it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape", "dismiss(None)", "Back"),
        Binding("down", "move(1)", "Next option", priority=True, show=False),
        Binding("up", "move(-1)", "Option before", priority=True, show=False),
    ]
    DEFAULT_CSS = BOX.format(name="AskScore")

    def __init__(self, scorables: Sequence[Scorable]) -> None:
        super().__init__()
        self._scorables = scorables

    def compose(self) -> ComposeResult:
        with Vertical(classes="box") as box:
            box.border_title = "A score you know"
            yield Static(Content("How often is it right? Count on items nobody tuned it on."))
            yield Input(placeholder=EXAMPLE, compact=True)
            yield OptionList(*(Option(Content(clean(one.name))) for one in self._scorables))
            yield Static(Content("type the score · ↑ ↓ of what · enter takes it · escape back"))
            yield Static(classes="refusal")

    def begin(self) -> None:
        self.query_one(OptionList).highlighted = 0
        self.query_one(Input).focus()

    def action_move(self, step: int) -> None:
        """Choose another option, whatever has the focus."""
        options = self.query_one(OptionList)
        options.highlighted = ((options.highlighted or 0) + step) % len(self._scorables)

    @on(OptionList.OptionSelected)
    @on(Input.Submitted)
    def _take(self) -> None:
        try:
            score, items = parse_score(self.query_one(Input).value)
        except UsageError as error:
            self.query_one(".refusal", Static).update(Content.styled(f"✗ {error}", "$text-error"))
            return
        at = self.query_one(OptionList).highlighted or 0
        self.dismiss(KnownScore(self._scorables[at], score, items))
