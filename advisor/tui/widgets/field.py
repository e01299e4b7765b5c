"""One question as a row of the form: short name, control, note; below it, why an answer is
refused.
"""

from __future__ import annotations

from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import HorizontalGroup
from textual.content import Content
from textual.events import DescendantBlur
from textual.widgets import Input, Select, Static, Switch

from advisor.core.errors import UsageError
from advisor.core.question import Question
from advisor.tui.messages import AnswerGiven, AnswerRefused
from advisor.tui.model.question_text import as_typed, label, unit
from advisor.tui.widgets.controls import ChoiceControl, Control, TextControl, YesNoControl


class Field(HorizontalGroup):
    """Holds no answer itself: what is typed goes to the desk as a message, what stands is set by
    `show`.
    """

    DEFAULT_CSS = """
    Field {
        height: 1;
        .name { width: 22; color: $text-muted; text-overflow: ellipsis; text-wrap: nowrap; }
        .note {
            width: auto; max-width: 50%; padding-left: 1; color: $text-muted; text-wrap: nowrap;
        }
        &:focus-within .name { color: $text-primary; text-style: bold; }
        &.-supposed .note { color: $text-warning; text-style: bold; }
        &.-refused .note { color: $text-error; text-style: bold; }
    }
    """

    def __init__(self, question: Question) -> None:
        super().__init__()
        self.question = question
        self.control: Control = make_control(question)
        self._shown_note = unit(question)
        self._note_view = Static(Content(self._shown_note), classes="note")
        self._refusal = ""
        self._supposed = False
        self._answered = False

    def compose(self) -> ComposeResult:
        yield Static(Content(label(self.question.key)), classes="name")
        yield self.control
        yield self._note_view

    @property
    def refusal(self) -> str:
        """Why the text in the control was refused; empty where it was not."""
        return self._refusal

    def show(self, value: Any, *, supposed: bool = False) -> None:
        """Put a value (None: left out) into the control, without it counting as typed."""
        self._supposed = supposed
        self._answered = value is not None
        self._refuse("")
        with self.prevent(Input.Changed, Select.Changed, Switch.Changed):
            self.control.fill(as_typed(self.question, value))
        self._note()

    @on(Input.Changed)
    @on(Select.Changed)
    @on(Switch.Changed)
    def _typed(self, event: Input.Changed | Select.Changed | Switch.Changed) -> None:
        event.stop()
        try:
            value = self._parsed()
        except UsageError:
            return
        self._supposed = False
        self._answered = value is not None
        self._refuse("")
        self._note()
        self.post_message(AnswerGiven(self.question.key, value))

    @on(Input.Submitted)
    @on(DescendantBlur)
    def _left(self) -> None:
        """Say so where the text is no answer; while it is being typed nobody wants to hear it."""
        before = self._refusal
        if self.check() not in ("", before):
            self.post_message(AnswerRefused(self.question.key, self._refusal))

    def check(self) -> str:
        """Mark the field where its text is no answer; returns why, in one line."""
        try:
            self._parsed()
        except UsageError as error:
            self._refuse(str(error))
        return self._refusal

    def _parsed(self) -> Any:
        from advisor import brief

        return brief.parse_answer(self.question, self.control.text())

    def _refuse(self, line: str) -> None:
        if line != self._refusal:
            self._refusal = line
            self._note()

    def _note(self) -> None:
        self.set_class(self._supposed, "-supposed")
        self.set_class(bool(self._refusal), "-refused")
        note = self._note_text()
        if note != self._shown_note:
            self._shown_note = note
            self._note_view.update(Content(note))

    def _note_text(self) -> str:
        """The unit of a number; of a switch its word, so that colour alone does not say it."""
        if self._refusal:
            return "✗ not an answer"
        if self._supposed:
            return "? what-if"
        if self.question.kind != "yes-no":
            return unit(self.question)
        return self.control.text() + ("" if self._answered else ", assumed")


def make_control(question: Question) -> Control:
    """The widget for the kind of question."""
    if question.kind == "choice":
        return ChoiceControl(question)
    return YesNoControl(question) if question.kind == "yes-no" else TextControl(question)
