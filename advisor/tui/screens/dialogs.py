"""Small dialogs: a question with answers, a file to open, a file to write.

Each ends with a value or with None.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import HorizontalGroup, Vertical
from textual.content import Content
from textual.widgets import Button, Input, OptionList, Static
from textual.widgets.option_list import Option

from advisor.core.format import clean
from advisor.tui.screens.dialog import Dialog

HINT = "path of a .toml file"
_BACK: list[BindingType] = [("escape", "dismiss(None)", "Back")]
_TYPE = "enter takes it · escape back"
_CHOOSE = f"↑ ↓ choose · {_TYPE}"
BOX = """
{name} {{
    align: center middle;
    .box {{
        width: 72; max-width: 95%; height: auto; max-height: 90%;
        border: round $primary; background: $surface; padding: 0 1;
    }}
    .row {{ height: 1; margin-top: 1; }}
    Button {{ margin-right: 2; }}
    OptionList, OptionList:focus {{
        height: auto; max-height: 12; border: none; background: $surface; padding: 0;
    }}
    Input {{ margin-bottom: 1; }}
}}
"""


class Ask(Dialog[str | None]):
    """A question with a few answers; the result is the chosen answer."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *_BACK,
        ("left", "app.focus_previous", "Previous"),
        ("right", "app.focus_next", "Next"),
    ]
    DEFAULT_CSS = BOX.format(name="Ask")

    def __init__(self, text: str, *answers: str) -> None:
        super().__init__()
        self._text = text
        self._answers = answers

    def compose(self) -> ComposeResult:
        with Vertical(classes="box") as box:
            box.border_subtitle = f"← → choose · {_TYPE}"
            yield Static(Content(self._text))
            with HorizontalGroup(classes="row"):
                yield from (
                    Button(Content(answer), compact=True, name=answer) for answer in self._answers
                )

    @on(Button.Pressed)
    def _answer(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.name)


class AskChoice(Dialog[str | None]):
    """One of a list of names."""

    BINDINGS: ClassVar[list[BindingType]] = _BACK
    DEFAULT_CSS = BOX.format(name="AskChoice")

    def __init__(self, title: str, choices: Sequence[str]) -> None:
        super().__init__()
        self._title = title
        self._choices = choices

    def compose(self) -> ComposeResult:
        with Vertical(classes="box") as box:
            box.border_title = Content(clean(self._title))
            box.border_subtitle = _CHOOSE
            yield OptionList(*(Option(Content(clean(choice))) for choice in self._choices))

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._choices[event.option_index])


class AskText(Dialog[str | None]):
    """A line of text, which may be empty."""

    BINDINGS: ClassVar[list[BindingType]] = _BACK
    DEFAULT_CSS = BOX.format(name="AskText")

    def __init__(self, title: str, typed: str = "", *, hint: str = "") -> None:
        super().__init__()
        self._title = title
        self._typed = typed
        self._hint = hint

    def compose(self) -> ComposeResult:
        with Vertical(classes="box") as box:
            box.border_title = Content(clean(self._title))
            box.border_subtitle = _TYPE
            yield Input(self._typed, placeholder=self._hint, compact=True)

    @on(Input.Submitted)
    def _text(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip())


class AskPath(Dialog[Path | None]):
    """A path to be typed, or one of a list; a line under each says what it is."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *_BACK,
        ("down", "app.focus_next", "Next"),
        ("up", "app.focus_previous", ""),
    ]
    DEFAULT_CSS = BOX.format(name="AskPath")

    def __init__(
        self, title: str, choices: list[tuple[Path, str]], typed: str = "", *, hint: str = HINT
    ) -> None:
        super().__init__()
        self._title = title
        self._choices = choices
        self._typed = typed
        self._hint = hint

    def compose(self) -> ComposeResult:
        with Vertical(classes="box") as box:
            box.border_title = self._title
            box.border_subtitle = f"↓ the list · {_TYPE}" if self._choices else _TYPE
            yield Input(self._typed, placeholder=self._hint, compact=True)
            if self._choices:
                lines = [
                    Option(Content.assemble((clean(p.name), "bold"), "  ", clean(note)))
                    for p, note in self._choices
                ]
                yield OptionList(*lines)

    @on(Input.Submitted)
    def _path(self, event: Input.Submitted) -> None:
        if event.value.strip():
            self.dismiss(Path(event.value.strip()).expanduser())

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._choices[event.option_index][0])


class AskExample(Dialog[Path | None]):
    """An example brief to start from; the empty path is an empty brief."""

    BINDINGS: ClassVar[list[BindingType]] = _BACK
    DEFAULT_CSS = BOX.format(name="AskExample")

    def __init__(self, examples: list[tuple[Path, str]]) -> None:
        super().__init__()
        self._examples = examples

    def compose(self) -> ComposeResult:
        with Vertical(classes="box") as box:
            box.border_title = "New brief"
            box.border_subtitle = _CHOOSE
            lines = [
                Option(Content.assemble((clean(note), "bold"), f"  {clean(p.name)}"))
                for p, note in self._examples
            ]
            yield OptionList(
                Option(Content.styled("Empty: every answer assumed until you give it", "bold")),
                *lines,
            )

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._examples[event.option_index - 1][0] if event.option_index else Path())
