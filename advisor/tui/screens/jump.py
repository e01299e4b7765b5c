"""Jump mode: a letter on everything that can take the focus; its key goes there."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.events import Key
from textual.widget import Widget
from textual.widgets import Label

from advisor.tui.screens.dialog import Dialog

LETTERS = "asdfghjklqwertyuiopzxcvbnm"
HOME_ROW = LETTERS[:9]


def labels(count: int) -> list[str]:
    """A short label each: one letter where they suffice, else two of the home row and more."""
    if count <= len(LETTERS):
        return list(LETTERS[:count])
    pairs = product(HOME_ROW, LETTERS)
    return ["".join(pair) for _, pair in zip(range(count), pairs, strict=False)]


class JumpScreen(Dialog[Widget | None]):
    """Ends with the widget whose label was typed; None for any other key."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "dismiss(None)", "Back")]
    DEFAULT_CSS = """
    JumpScreen {
        background: $background 40%;
        Label {
            position: absolute; width: auto; height: 1; padding: 0;
            background: $accent; color: $background; text-style: bold;
        }
    }
    """

    def __init__(self, targets: Sequence[Widget]) -> None:
        super().__init__()
        self._targets = dict(zip(labels(len(targets)), targets, strict=True))
        self._typed = ""

    def compose(self) -> ComposeResult:
        for text, target in self._targets.items():
            label = Label(Content(text))
            label.styles.offset = (target.region.x, target.region.y)
            yield label

    def on_key(self, event: Key) -> None:
        """Letters add up to a label; what is no beginning of one ends the jump."""
        if event.key == "escape" or event.character is None:
            return
        event.stop()
        self._typed += event.character
        if self._typed in self._targets:
            self.dismiss(self._targets[self._typed])
        elif not any(text.startswith(self._typed) for text in self._targets):
            self.dismiss(None)
