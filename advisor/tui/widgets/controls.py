"""What takes an answer: a line of text, a choice, a yes or no.

Arrows and enter move between fields, space toggles and opens, + and − try a what-if. Enter never
changes an answer, so pressing it twice is harmless.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, TypeAlias

from rich.cells import cell_len
from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.events import Key
from textual.strip import Strip
from textual.suggester import Suggester
from textual.widgets import Input, Select, Switch

from advisor.core.question import Question
from advisor.tui.messages import WhatIfSettled, WhatIfStepped
from advisor.tui.model.completion import Names, candidates, last_part, path_completion
from advisor.tui.model.question_text import assumed
from advisor.tui.model.stepping import can_step

_MOVES: list[BindingType] = [
    Binding("up", "screen.focus_previous", "Previous field", show=False),
    Binding("down", "screen.focus_next", "Next field", show=False),
]


def make_compact(control: Input | Select[str]) -> None:
    """One line without a border. The argument `compact` would look up all styles of a control that
    stands nowhere yet.
    """
    control.set_reactive(type(control).compact, True)
    control.add_class("-textual-compact", update=False)


class AnswerSuggester(Suggester):
    """Completes names of models and GPUs, and paths; → accepts."""

    def __init__(self, question: Question) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._question = question
        self.names = Names()
        self.folder = Path()

    async def get_suggestion(self, value: str) -> str | None:
        if self._question.kind == "path":
            return path_completion(self.folder, value) or None
        part = last_part(self._question, value)
        begins = [
            name
            for name in candidates(self.names.of(self._question), part)
            if name.lower().startswith(part.lower())
        ]
        return value[: len(value) - len(part)] + begins[0] if begins else None


class TextControl(Input):
    """A line of text; empty means left out."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *_MOVES,
        Binding("plus", "step(1)", "What if more", key_display="+"),
        Binding("minus", "step(-1)", "less", key_display="−"),
    ]
    DEFAULT_CSS = """
    TextControl { width: 1fr; background: $surface; padding: 0 1; }
    TextControl > .input--placeholder, TextControl > .input--suggestion { color: $foreground 75%; }
    TextControl:focus { background: $surface; background-tint: $foreground 10%; }
    """

    def __init__(self, question: Question) -> None:
        self.completer = AnswerSuggester(question)
        super().__init__(
            placeholder=assumed(question),
            classes="control",
            suggester=self.completer,
            select_on_focus=True,
        )
        make_compact(self)
        self.question = question
        self.key_words: Mapping[str, str] = {}
        """What an action does here where the key line has another word for it."""

    def fill(self, text: str) -> None:
        self.value = text
        self.cursor_position = len(text) if self.has_focus else 0

    def text(self) -> str:
        return self.value

    def on_blur(self) -> None:
        """Show the beginning of what is longer than the field."""
        self.cursor_position = 0

    def render_line(self, y: int) -> Strip:
        """The line; … at its end where the text goes on and nobody types in it."""
        strip = super().render_line(y)
        width = self.content_size.width
        if self.has_focus or y or cell_len(self.value) <= width or width < 2:
            return strip
        last = list(strip.crop(width - 1, width))
        style = last[0].style if last else None
        return Strip([*strip.crop(0, width - 1), Segment("…", style)], width)

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """A sign that cannot be part of the number is free for the what-if."""
        return not self._is_step(key) and super().check_consume_key(key, character)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """No steps on words."""
        if action == "step":
            return can_step(self.question)
        return super().check_action(action, parameters)

    def action_step(self, direction: int) -> None:
        """Ask the desk for a what-if."""
        self.post_message(WhatIfStepped(self.question.key, direction))

    def on_key(self, event: Key) -> None:
        """Send + and − to the what-if; escape drops a what-if."""
        if self._is_step(event.key):
            event.prevent_default().stop()
            self.action_step(1 if event.key == "plus" else -1)
        elif event.key == "escape":
            if self.key_words:  # the first escape drops the what-if, the next leaves the field
                event.prevent_default().stop()
            self.post_message(WhatIfSettled(self.question.key, keep=False))

    def _is_step(self, key: str) -> bool:
        if key not in ("plus", "minus") or not can_step(self.question):
            return False
        if key == "plus":
            return True
        before = self.value[: self.cursor_position]
        starts = not before or before.endswith((".", " ")) or not self.selection.is_empty
        signed = self.question.low is None or self.question.low < 0
        return not (before.endswith(("e", "E")) or (signed and starts))


class ChoiceControl(Select[str], inherit_bindings=False):
    """A choice among words; blank means left out."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *_MOVES,
        Binding("space", "show_overlay", "Choose"),
        Binding("delete,backspace", "clear", "Leave out", key_display="del"),
    ]
    DEFAULT_CSS = """
    ChoiceControl { width: 1fr; }
    ChoiceControl SelectCurrent Static#label { color: $foreground 75%; }
    ChoiceControl SelectCurrent.-has-value Static#label { color: $foreground; }
    """

    def __init__(self, question: Question) -> None:
        options = [(choice, choice) for choice in question.choices]
        super().__init__(options, prompt=assumed(question), allow_blank=True, classes="control")
        make_compact(self)
        self.question = question

    def fill(self, text: str) -> None:
        if text in self.question.choices:
            self.value = text
        else:
            self.clear()

    def text(self) -> str:
        return "" if self.is_blank() else str(self.value)

    def on_key(self, event: Key) -> None:
        """Typing the first letters of a choice takes it."""
        if event.character and event.character.isalpha() and not self.expanded:
            matching = [c for c in self.question.choices if c.startswith(event.character.lower())]
            if matching:
                event.prevent_default().stop()
                at = matching.index(self.text()) + 1 if self.text() in matching else 0
                self.value = matching[at % len(matching)]

    def action_clear(self) -> None:
        """Leave the question out."""
        self.clear()


class YesNoControl(Switch, inherit_bindings=False):
    """Yes or no; the word stands beside it, so that colour does not have to say it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *_MOVES,
        Binding("space", "toggle_switch", "Change"),
        Binding("y", "answer(True)", "Yes", show=False),
        Binding("n", "answer(False)", "No", show=False),
    ]
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

    def action_answer(self, answer: bool) -> None:
        """Answer by a letter."""
        self.value = answer


Control: TypeAlias = TextControl | ChoiceControl | YesNoControl
"""What takes an answer. `fill` and `text` speak the short form that a person types."""
