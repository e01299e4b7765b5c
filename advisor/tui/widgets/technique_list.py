"""The techniques of a prompt run as a list to tick, each with a line of what its prompt is."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import HorizontalGroup
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from advisor.core.question import Question
from advisor.tui.messages import AnswerGiven
from advisor.tui.model.prompt_questions import TECHNIQUES
from advisor.tui.model.question_text import label, short_help

_NAME = 19


class TickList(OptionList, inherit_bindings=False):
    """The list itself; arrows leave it at its ends, enter never changes an answer."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Up", show=False),
        Binding("down", "move(1)", "Down", show=False),
        Binding("space", "select", "Tick"),
        Binding("enter", "screen.focus_next", "Next field", show=False),
    ]

    def __init__(self, about: str) -> None:
        lines = (
            Option(_line(name, note, is_ticked=False), name) for name, note in TECHNIQUES.items()
        )
        super().__init__(*lines, compact=True)
        self.about = about
        self.highlighted = None
        self.ticked: frozenset[str] = frozenset()

    def tick(self, names: frozenset[str]) -> None:
        """Show these as ticked."""
        self.ticked = names
        for name, note in TECHNIQUES.items():
            self.replace_option_prompt(name, _line(name, note, is_ticked=name in names))

    def action_move(self, step: int) -> None:
        """Move the cursor, beyond an end to the field there."""
        at = (self.highlighted if self.highlighted is not None else -1) + step
        if 0 <= at < self.option_count:
            self.highlighted = at
        elif step > 0:
            self.screen.focus_next()
        else:
            self.screen.focus_previous()

    def on_focus(self) -> None:
        """A cursor to start from."""
        if self.highlighted is None:
            self.highlighted = 0

    def on_blur(self) -> None:
        """No cursor where no key goes."""
        self.highlighted = None


class TechniqueList(HorizontalGroup):
    """Stands in the form as a field does, and reports as one."""

    DEFAULT_CSS = """
    TechniqueList {
        height: auto;
        .name { width: 22; color: $text-muted; }
        OptionList {
            width: 1fr; height: auto; max-height: 100; background: $surface; border: none;
            margin-right: 1; text-wrap: nowrap; text-overflow: ellipsis;
        }
        &:focus-within .name { color: $text-primary; text-style: bold; }
    }
    """

    def __init__(self, question: Question) -> None:
        super().__init__()
        self.question = question
        self.list = TickList(f"{short_help(question)} Space ticks.")

    def compose(self) -> ComposeResult:
        yield Static(Content(label(self.question.key)), classes="name")
        yield self.list

    def show(self, techniques: tuple[str, ...]) -> None:
        """Tick these, without it counting as an answer."""
        if self.list.ticked != frozenset(techniques):
            self.list.tick(frozenset(techniques))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Space ticks, or takes a tick away; the answer is in the order of the list."""
        event.stop()
        ticked = self.list.ticked ^ {str(event.option_id)}
        self.list.tick(ticked)
        names = tuple(name for name in TECHNIQUES if name in ticked)
        self.post_message(AnswerGiven(self.question.key, names or None))


def _line(name: str, note: str, *, is_ticked: bool) -> Content:
    mark = ("[x] ", "$text-success") if is_ticked else ("[ ] ", "dim")
    return Content.assemble(mark, f"{name:<{_NAME}}", (note, "dim"))
