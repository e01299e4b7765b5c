"""A number as low, likely and high, or as not known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import HorizontalGroup, Vertical
from textual.content import Content
from textual.widgets import Button, Input, Static

from advisor.core.errors import UsageError
from advisor.core.format import clean
from advisor.core.quantity import Range
from advisor.core.question import Question
from advisor.tui.model.draft import Answer
from advisor.tui.model.question_text import as_typed, full_label, long_help
from advisor.tui.screens.dialog import Dialog
from advisor.tui.screens.dialogs import BOX

PARTS = ("low", "likely", "high")
ABOUT = (
    "Low: in 1 of 10 cases it is less.",
    "Likely: it is as often more as less.",
    "High: in 1 of 10 cases it is more.",
)


@dataclass(frozen=True, slots=True)
class RangeAnswer:
    """The answer that was given; None: not known."""

    value: Answer


class AskRange(Dialog[RangeAnswer | None]):
    """Enter goes on, and after the last part takes the range; ctrl+d says that it is not known."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape", "dismiss(None)", "Back"),
        Binding("ctrl+d", "not_known", "Don't know", priority=True),
        Binding("down", "app.focus_next", "Next", show=False),
        Binding("up", "app.focus_previous", "Back", show=False),
    ]
    DEFAULT_CSS = (
        BOX.format(name="AskRange")
        + """
    AskRange { .part { width: 8; } .row Input { width: 20; margin: 0; } .about { width: 1fr; } }
    """
    )

    def __init__(self, question: Question, value: Answer) -> None:
        super().__init__()
        self.question = question
        self._start = _parts_of(question, value)

    def compose(self) -> ComposeResult:
        with Vertical(classes="box") as box:
            box.border_title = Content(clean(full_label(self.question.key)))
            yield Static(Content(clean(self.question.text)))
            for part, text, about in zip(PARTS, self._start, ABOUT, strict=True):
                with HorizontalGroup(classes="row"):
                    yield Static(Content(part), classes="part")
                    yield Input(text, compact=True, id=part)
                    yield Static(Content(f"  {about}"), classes="about")
            with HorizontalGroup(classes="row"):
                yield Button("Take it", compact=True, id="take")
                yield Button("I don't know (ctrl+d)", compact=True, id="unknown")
            yield Static(Content.styled(_left_out(self.question), "dim"))
            yield Static(classes="refusal")

    def begin(self) -> None:
        self.query_one("#low", Input).focus()

    @on(Input.Submitted)
    def _next(self, event: Input.Submitted) -> None:
        if event.input.id == PARTS[-1]:
            self._take()
        else:
            self.focus_next()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.action_not_known() if event.button.id == "unknown" else self._take()

    def action_not_known(self) -> None:
        """Leave the question out: its default, with its own range, stands in."""
        self.dismiss(RangeAnswer(None))

    def _take(self) -> None:
        texts = [self.query_one(f"#{part}", Input).value.strip() for part in PARTS]
        try:
            self.dismiss(RangeAnswer(range_answer(self.question, texts)))
        except UsageError as error:
            line = Content.styled(f"✗ {clean(str(error))}", "$text-error")
            self.query_one(".refusal", Static).update(line)


def range_answer(question: Question, texts: Sequence[str]) -> Answer:
    """Low, likely and high as one answer; only a likely one is exact. Raises UsageError."""
    from advisor.brief import parse_answer

    low, likely, high = texts
    if low and high:
        return parse_answer(question, " .. ".join(text for text in (low, likely, high) if text))
    if likely and not low and not high:
        return parse_answer(question, likely)
    raise UsageError("give low and high, or the likely value alone; or say that it is not known")


def _parts_of(question: Question, value: Answer) -> tuple[str, str, str]:
    value = question.default if value is None else value
    if isinstance(value, Range) and not value.is_exact:
        points = (value.p10, value.p50, value.p90)
        low, likely, high = (
            "" if p is None else as_typed(question, Range.exact(p)) for p in points
        )
        return low, likely, high
    return "", as_typed(question, value), ""


def _left_out(question: Question) -> str:
    rows = dict(long_help(question))
    return f"not known: {rows['Left out']}" if "Left out" in rows else ""
