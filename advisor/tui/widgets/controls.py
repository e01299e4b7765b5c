"""What takes an answer: a line of text, a choice, a yes or no.

Arrows move between fields, + and − try a what-if.
"""

from __future__ import annotations

from typing import ClassVar, TypeAlias

from textual.binding import Binding, BindingType
from textual.events import Key
from textual.widgets import Input, Select, Switch

from advisor.core.question import Question
from advisor.tui.messages import WhatIfSettled, WhatIfStepped
from advisor.tui.model.question_text import assumed
from advisor.tui.model.stepping import can_step

_MOVES: list[BindingType] = [
    Binding("up", "screen.focus_previous", "Previous field", show=False),
    Binding("down", "screen.focus_next", "Next field", show=False),
]


class TextControl(Input):
    """A line of text; empty means left out."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *_MOVES,
        Binding("plus", "step(1)", "What if more", key_display="+"),
        Binding("minus", "step(-1)", "less", key_display="−"),
    ]
    DEFAULT_CSS = """
    TextControl { width: 1fr; background: $surface; padding: 0 1; }
    TextControl:focus { background: $surface; background-tint: $foreground 10%; }
    """

    def __init__(self, question: Question) -> None:
        super().__init__(placeholder=assumed(question), compact=True, classes="control")
        self.question = question

    def fill(self, text: str) -> None:
        self.value = text
        self.cursor_position = len(text)

    def text(self) -> str:
        return self.value

    def on_blur(self) -> None:
        """Show the beginning of what is longer than the field."""
        self.cursor_position = 0

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """A sign that cannot be part of the number is free for the what-if."""
        return not self._is_step(key) and super().check_consume_key(key, character)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """No steps on words."""
        return (
            can_step(self.question)
            if action == "step"
            else super().check_action(action, parameters)
        )

    def action_step(self, direction: int) -> None:
        """Ask the desk for a what-if."""
        self.post_message(WhatIfStepped(self.question.key, direction))

    def on_key(self, event: Key) -> None:
        """Send + and − to the what-if; settle a what-if on enter and escape."""
        if self._is_step(event.key):
            event.prevent_default().stop()
            self.action_step(1 if event.key == "plus" else -1)
        elif event.key in ("enter", "escape"):
            self.post_message(WhatIfSettled(self.question.key, keep=event.key == "enter"))

    def _is_step(self, key: str) -> bool:
        if key not in ("plus", "minus") or not can_step(self.question):
            return False
        if key == "plus":
            return True
        before = self.value[: self.cursor_position]
        starts = not before or before.endswith((".", " ")) or not self.selection.is_empty
        signed = self.question.low is None or self.question.low < 0
        return not (before.endswith(("e", "E")) or (signed and starts))


class ChoiceControl(Select[str]):
    """A choice among words; blank means left out."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *_MOVES,
        Binding("enter,space", "show_overlay", "Choose"),
        Binding("delete,backspace", "clear", "Leave out", key_display="del"),
    ]
    DEFAULT_CSS = """
    ChoiceControl { width: 1fr; }
    """

    def __init__(self, question: Question) -> None:
        options = [(choice, choice) for choice in question.choices]
        super().__init__(
            options, prompt=assumed(question), allow_blank=True, compact=True, classes="control"
        )
        self.question = question

    def fill(self, text: str) -> None:
        if text in self.question.choices:
            self.value = text
        else:
            self.clear()

    def text(self) -> str:
        return "" if self.is_blank() else str(self.value)

    def action_clear(self) -> None:
        """Leave the question out."""
        self.clear()


class YesNoControl(Switch):
    """Yes or no; the word stands beside it, so that colour does not have to say it."""

    BINDINGS: ClassVar[list[BindingType]] = _MOVES
    DEFAULT_CSS = """
    YesNoControl { border: none; padding: 0; height: 1; width: 6; }
    YesNoControl:focus { border: none; background-tint: $foreground 10%; }
    """

    def __init__(self, question: Question) -> None:
        super().__init__(bool(question.default), animate=False, classes="control")
        self.question = question

    def fill(self, text: str) -> None:
        self.value = text == "yes" if text else bool(self.question.default)

    def text(self) -> str:
        return "yes" if self.value else "no"


Control: TypeAlias = TextControl | ChoiceControl | YesNoControl
"""What takes an answer. `fill` and `text` speak the short form that a person types."""
