"""One question as a row of the form: short name, control, note; below it, why it is refused."""

from __future__ import annotations

from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.containers import HorizontalGroup
from textual.content import Content
from textual.events import DescendantBlur
from textual.widgets import Input, Select, Static, Switch

from advisor.core.errors import UsageError
from advisor.core.format import clean
from advisor.core.question import Question
from advisor.tui.messages import AnswerGiven, AnswerRefused
from advisor.tui.model.completion import Names, family
from advisor.tui.model.draft import Answer
from advisor.tui.model.question_text import as_typed, assumed, label, unit
from advisor.tui.model.stepping import can_step
from advisor.tui.widgets.controls import ChoiceControl, Control, TextControl, YesNoControl

SETTLING = {"next_field": "Keep", "leave": "Drop", "step(1)": "More", "step(-1)": "Less"}
"""What the keys do in the field of a what-if."""


class Field(HorizontalGroup):
    """Shows an answer, but does not own it.

    What is typed goes to the desk as a message; `show` sets what is displayed.
    """

    DEFAULT_CSS = """
    Field {
        height: 1;
        .name {
            width: 22; padding-right: 1; color: $text-muted;
            text-overflow: ellipsis; text-wrap: nowrap;
        }
        .note {
            width: auto; max-width: 50%; padding-left: 1; color: $text-muted; text-wrap: nowrap;
        }
        &:focus-within .name { color: $text-primary; text-style: bold; }
        &.-supposed .note { color: $text-warning; text-style: bold; }
        &.-refused .note { color: $text-error; text-style: bold; }
        &.-differs .note { color: $text-warning; text-style: bold; }
    }
    """

    def __init__(self, question: Question) -> None:
        super().__init__()
        self.question = question
        self.control: Control = make_control(question)
        self._displayed_note = unit(question)
        self._note_view = Static(Content(self._displayed_note), classes="note")
        self._names: tuple[str, ...] = ()
        self._refusal = ""
        self._finding = ""
        self._effect = ""
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

    def complete_with(self, names: Names, folder: Path) -> None:
        """Names that may be typed here, and the folder that paths are relative to."""
        self._names = names.of(self.question)
        if isinstance(self.control, TextControl):
            self.control.completer.names = names
            self.control.completer.folder = folder

    def show(self, value: Answer, *, supposed: bool = False) -> None:
        """Put a value (None: left out) into the control, without it counting as typed."""
        self._supposed = supposed
        self._answered = value is not None
        self.refuse("")
        with self.prevent(Input.Changed, Select.Changed, Switch.Changed):
            self.control.fill(as_typed(self.question, value))
        self._update_note()

        self._name_keys()

    def _name_keys(self) -> None:
        """Beside a what-if, enter and escape settle it before they do anything else."""
        words = SETTLING if self._supposed else {}
        if isinstance(self.control, TextControl) and self.control.key_words != words:
            self.control.key_words = words
            if self.control.has_focus:
                self.screen.refresh_bindings()

    def refuse(self, line: str) -> None:
        """Mark the answer as refused with one line of why; empty: remove the mark."""
        if line != self._refusal:
            self._refusal = line
            self._update_note()

    def note_finding(self, text: str) -> None:
        """What the data say instead of the answer; empty where they do not differ."""
        if text != self._finding:
            self._finding = text
            self._update_note()

    def stand_in(self, text: str) -> None:
        """What counts while there is no answer; empty: what is assumed of every brief."""
        if isinstance(self.control, TextControl):
            self.control.placeholder = text or assumed(self.question)

    def note_effect(self, sign: str) -> None:
        """How much this answer moves the verdict, in a sign; empty where it does not."""
        if sign != self._effect:
            self._effect = sign
            self._update_note()

    @on(Input.Changed)
    @on(Select.Changed)
    @on(Switch.Changed)
    def _typed(self, event: Input.Changed | Select.Changed | Switch.Changed) -> None:
        event.stop()
        try:
            value = self._parsed()
        except UsageError:
            return
        if self.meant_models():
            return  # half a name: it would be refused, then accepted, letter by letter
        self._supposed = False
        self._name_keys()
        self._answered = value is not None
        self.refuse("")
        self._update_note()
        self.post_message(AnswerGiven(self.question.key, value))

    @on(DescendantBlur)
    def _left(self) -> None:
        """Say so where the text is not an answer; while it is being typed that would disturb."""
        before = self._refusal
        line = self.check()
        if line not in ("", before):
            self.post_message(AnswerRefused(self.question.key, line))
        elif not line and can_step(self.question):
            self._show_as_understood()

    def _show_as_understood(self) -> None:
        """`60k USD a year` becomes `5,000` once the field is left, so that nobody has to trust."""
        text = as_typed(self.question, self._parsed())
        if text != self.control.text():
            with self.prevent(Input.Changed):
                self.control.fill(text)

    def meant_models(self) -> tuple[str, ...]:
        """The models that an unfinished name may mean; empty where the text is a full name."""
        if not self._names or not isinstance(self.control, TextControl):
            return ()
        text = self.control.text()
        parts = text.split(",") if self.question.kind == "names" else [text]
        meant = (family(self._names, part.strip()) for part in parts)
        return next((models for models in meant if models), ())

    def check(self) -> str:
        """Mark the field where its text is not an answer; returns why, in one line."""
        line = ""
        try:
            self._parsed()
        except UsageError as error:
            line = str(error)
        else:
            if models := self.meant_models():
                offered = ", ".join(models[:4])
                line = f"{self.question.key}: which model? {clean(offered)} …"
        if line:
            self.refuse(line)
        return line

    def _parsed(self) -> Answer:
        from advisor import brief

        return brief.parse_answer(self.question, self.control.text())

    def _update_note(self) -> None:
        self.set_class(self._supposed, "-supposed")
        self.set_class(bool(self._refusal), "-refused")
        self.set_class(bool(self._finding), "-differs")
        note = self._note_text()
        if note != self._displayed_note:
            self._displayed_note = note
            self._note_view.update(Content(note))

    def _note_text(self) -> str:
        """The unit of a number; of a switch its word, so that colour alone does not say it."""
        if self._refusal:
            return "✗ not an answer"
        if self._supposed:
            return "? what-if"
        if self._finding:
            return f"! {self._finding}"
        if self.question.kind != "yes-no":
            return f"{unit(self.question)} {self._effect}".strip()
        return self.control.text() + ("" if self._answered else ", assumed")


def make_control(question: Question) -> Control:
    """The widget for the kind of question."""
    if question.kind == "choice":
        return ChoiceControl(question)
    return YesNoControl(question) if question.kind == "yes-no" else TextControl(question)
