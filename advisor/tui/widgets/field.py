"""One question as a row of the form: short name, control, note; below it, why an answer is refused."""

from __future__ import annotations

from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import HorizontalGroup, VerticalGroup
from textual.content import Content
from textual.events import DescendantBlur
from textual.widgets import Input, Select, Static, Switch

from advisor.core.errors import UsageError
from advisor.core.question import Question
from advisor.tui.messages import Answered, Refused
from advisor.tui.widgets.controls import ChoiceControl, Control, TextControl, YesNoControl
from advisor.tui.wording import label, shown, unit


class Field(VerticalGroup):
    """Holds no answer itself: what is typed goes to the desk as a message, what stands is set by `show`."""

    DEFAULT_CSS = """
    Field {
        .row { height: 1; }
        .name { width: 22; color: $text-muted; text-overflow: ellipsis; text-wrap: nowrap; }
        .note { width: auto; max-width: 16; padding-left: 1; color: $text-muted; text-wrap: nowrap; }
        .refusal { padding-left: 2; color: $text-error; }
        &:focus-within .name { color: $text-primary; text-style: bold; }
        &.-supposed .note { color: $text-warning; text-style: bold; }
        &.-refused .note { color: $text-error; text-style: bold; }
    }
    """

    def __init__(self, question: Question) -> None:
        super().__init__()
        self.question = question
        self._refusal = ""
        self._supposed = False
        self._answered = False

    def compose(self) -> ComposeResult:
        with HorizontalGroup(classes="row"):
            yield Static(Content(label(self.question.key)), classes="name")
            yield make_control(self.question)
            yield Static(Content(unit(self.question)), classes="note")

    @property
    def control(self) -> Control:
        """The widget that takes the answer."""
        return self.query_one(".control")  # type: ignore[return-value]

    @property
    def refusal(self) -> str:
        """Why the text in the control is no answer; empty where it is one."""
        return self._refusal

    def show(self, value: Any, *, supposed: bool = False) -> None:
        """Put a value (None: left out) into the control, without it counting as typed."""
        self._supposed, self._answered = supposed, value is not None
        self._refuse("")
        with self.prevent(Input.Changed, Select.Changed, Switch.Changed):
            self.control.fill(shown(self.question, value))
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
        self._supposed, self._answered = False, value is not None
        self._refuse("")
        self._note()
        self.post_message(Answered(self.question.key, value))

    @on(Input.Submitted)
    @on(DescendantBlur)
    def check(self) -> None:
        """Say so where the text is no answer; while it is being typed nobody wants to hear it."""
        try:
            self._parsed()
        except UsageError as error:
            self._refuse(str(error))
            self.post_message(Refused(self.question.key, str(error)))

    def _parsed(self) -> Any:
        from advisor import brief

        return brief.parse_answer(self.question, self.control.text())

    def _refuse(self, line: str) -> None:
        if line == self._refusal:
            return
        self._refusal = line
        self.query(".refusal").remove()
        if line:
            self.mount(Static(Content(f"✗ {line}"), classes="refusal"))
        self._note()

    def _note(self) -> None:
        self.set_class(self._supposed, "-supposed")
        self.set_class(bool(self._refusal), "-refused")
        note = "✗ no answer" if self._refusal else "? what-if" if self._supposed else self._plain_note()
        self.query_one(".note", Static).update(Content(note))

    def _plain_note(self) -> str:
        """The unit of a number; of a switch its word, because its place and colour alone would say it."""
        if self.question.kind != "yes-no":
            return unit(self.question)
        return self.control.text() + ("" if self._answered else ", assumed")


def make_control(question: Question) -> TextControl | ChoiceControl | YesNoControl:
    """The widget for the kind of question."""
    if question.kind == "choice":
        return ChoiceControl(question)
    return YesNoControl(question) if question.kind == "yes-no" else TextControl(question)
