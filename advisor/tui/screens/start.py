"""The start: what to work on, and five questions that describe a task."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from advisor.core.brief import questions
from advisor.core.format import clean
from advisor.tui.messages import AnswerGiven, AnswerRefused, DeskReady, WhatIfSettled, WhatIfStepped
from advisor.tui.model import brief_files
from advisor.tui.model.autosave import DraftStore, SavedDraft
from advisor.tui.model.completion import Names
from advisor.tui.model.draft import Answer, Draft
from advisor.tui.model.recent import recent_briefs
from advisor.tui.screens.dialog import Dialog
from advisor.tui.widgets.field import Field

FIVE = (
    "task.type",
    "traffic.requests_per_month",
    "data.path",
    "quality.target",
    "policy.data_may_leave",
)
"""Task, volume, data, quality wanted, and what may leave the house."""

QUESTIONS, OPEN, EMPTY = range(3)


@dataclass(frozen=True, slots=True)
class WayIn:
    """What the user chose: one of the ways in, a draft to recover, or a file or example."""

    way: int = EMPTY
    saved: SavedDraft | None = None
    path: Path | None = None
    is_example: bool = False


def near(path: Path) -> str:
    """A path from the working folder or the home folder, where it lies below one of them."""
    for folder, short in ((Path.cwd(), Path()), (Path.home(), Path("~"))):
        if path.is_relative_to(folder):
            return str(short / path.relative_to(folder))
    return str(path)


class StartScreen(Dialog[WayIn | None]):
    """Three ways in, unsaved drafts, recent briefs and examples."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape", "dismiss(None)", "Empty brief"),
        Binding("j", "down", show=False),
        Binding("ctrl+q", "app.quit", "Quit", show=False),
    ]
    DEFAULT_CSS = """
    StartScreen {
        align: center middle;
        .box {
            width: 78; max-width: 100%; height: auto; max-height: 100%;
            border: round $primary; background: $surface; padding: 0 2;
        }
        .lead { margin-bottom: 1; }
        OptionList, OptionList:focus {
            height: auto; max-height: 1fr; border: none; background: $surface; padding: 0;
            text-wrap: nowrap; text-overflow: ellipsis;
        }
        .how { color: $text-muted; height: 1; margin-top: 1; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._starts: list[WayIn] = []

    def compose(self) -> ComposeResult:
        with Vertical(classes="box") as box:
            box.border_title = "advisor: prompt, fine-tune, or both?"
            yield Static(
                Content("What it costs, how long it takes, how good it gets, and how sure we are."),
                classes="lead",
            )
            yield OptionList(*self._options())
            yield Static(
                Content("↑ ↓ choose · enter starts · escape: an empty brief"), classes="how"
            )

    def begin(self) -> None:
        self.query_one(OptionList).focus()
        self.post_message(DeskReady())

    def _options(self) -> Iterator[Option | None]:
        yield from self._unsaved()
        yield self._option(WayIn(QUESTIONS), "Describe your task in five questions", "")
        yield self._option(WayIn(OPEN), "Open a brief file", "")
        yield self._option(WayIn(EMPTY), "Start with an empty brief", "")
        if recent := recent_briefs():
            yield self._title("Recent")
            for path in recent[:5]:
                yield self._option(WayIn(path=path), brief_files.name_of(path), near(path))
        yield self._title("Examples")
        for path, name in brief_files.examples():
            yield self._option(WayIn(path=path, is_example=True), name, "")

    def _unsaved(self) -> Iterator[Option | None]:
        drafts = DraftStore().drafts()
        if drafts:
            yield self._title("Unsaved, recovered")
        for draft in drafts[:3]:
            where = draft.path.name if draft.path else "no file yet"
            when = draft.saved_at.replace("T", " ")[:16]
            yield self._option(WayIn(saved=draft), draft.name, f"{where}, {when}")

    def _option(self, start: WayIn, text: str, note: str) -> Option:
        self._starts.append(start)
        line = Content.assemble((clean(text), "bold"), (f"  {clean(note)}", "dim"))
        return Option(line, id=str(len(self._starts) - 1))

    def _title(self, text: str) -> Option:
        return Option(Content.styled(text, "$text-primary"), disabled=True)

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._starts[int(event.option_id or "0")])


class FiveQuestions(Dialog[Mapping[str, Answer] | None]):
    """The five answers that most verdicts rest on; every one may be left out."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Back"),
        Binding("tab", "app.focus_next", "Next", show=False, priority=True),
        Binding("shift+tab", "app.focus_previous", "Back", show=False, priority=True),
        Binding("enter", "next_question", "Next", show=False, priority=True),
        Binding("ctrl+enter,f10,ctrl+s", "finish", "Show the verdict", priority=True),
    ]
    DEFAULT_CSS = """
    FiveQuestions {
        align: center middle;
        .box {
            width: 78; max-width: 100%; height: auto; max-height: 100%;
            border: round $primary; background: $surface; padding: 0 2;
        }
        VerticalScroll { height: auto; max-height: 1fr; }
        .question { margin-top: 1; color: $text-muted; height: auto; }
        .refusal { color: $text-error; height: auto; }
        .how { color: $text-muted; height: 1; margin-top: 1; }
    }
    """

    def __init__(self, names: Names | None = None) -> None:
        super().__init__()
        self._answers: dict[str, Answer] = {}
        self.fields = [Field(questions()[key]) for key in FIVE]
        for field in self.fields:
            field.complete_with(names or Names(), Path())

    def compose(self) -> ComposeResult:
        with Vertical(classes="box") as box:
            box.border_title = "Five questions"
            with VerticalScroll(can_focus=False):
                for number, field in enumerate(self.fields, 1):
                    yield Static(Content(f"{number}. {field.question.text}"), classes="question")
                    yield field
            yield Static(classes="refusal")
            yield Static(
                Content("enter: next, after the last the verdict · space chooses · ctrl+s: done"),
                classes="how",
            )

    def begin(self) -> None:
        for field in self.fields:
            field.show(None)
        self.fields[0].control.focus()

    @on(AnswerGiven)
    def _answer_given(self, message: AnswerGiven) -> None:
        message.stop()
        self._answers[message.key] = message.value
        self.query_one(".refusal", Static).update(Content(""))

    @on(AnswerRefused)
    def _answer_refused(self, message: AnswerRefused) -> None:
        message.stop()
        self.query_one(".refusal", Static).update(Content(f"✗ {clean(message.line)}"))

    @on(WhatIfStepped)
    def _no_what_if(self, message: WhatIfStepped) -> None:
        message.stop()

    @on(WhatIfSettled)
    def _back(self, message: WhatIfSettled) -> None:
        message.stop()
        if not message.keep:
            self.dismiss(None)

    def action_next_question(self) -> None:
        """The next question; after the last one, the verdict."""
        focused = self.focused
        if focused is not None and focused.parent is self.fields[-1]:
            self.action_finish()
        elif focused is not None and isinstance(focused.parent, Field):
            self.focus_next()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Enter belongs to the list of an open choice."""
        if action == "next_question":
            return self.focused is not None and isinstance(self.focused.parent, Field)
        return True

    def action_finish(self) -> None:
        """Hand the answers over, unless one of them is not valid."""
        for field in self.fields:
            if line := field.check():
                field.control.focus()
                self.query_one(".refusal", Static).update(Content(f"✗ {clean(line)}"))
                return
        self.dismiss({key: value for key, value in self._answers.items() if value is not None})


def draft_of(answers: Mapping[str, Answer], keys: Sequence[str] = FIVE) -> Draft:
    """A new brief with these answers."""
    draft = Draft()
    for key in keys:
        if key in answers:
            draft = draft.answer(key, answers[key])
    return draft
