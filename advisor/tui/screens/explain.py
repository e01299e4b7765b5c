"""Every figure of an option with its formula, the numbers in it and their sources."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from advisor.core.format import clean
from advisor.core.naming import option_name
from advisor.core.verdict import FigureRecord, OptionRecord
from advisor.tui.model.draft import Draft
from advisor.tui.model.twins import twin
from advisor.tui.screens.dialog import Dialog
from advisor.tui.views.figure import figure_lines, summary

FIRST = "run.total"
WIDTHS = [(0, "-narrow"), (100, "-wide")]


class ExplainScreen(Dialog[None]):
    """Figures on the left, the one under the cursor explained on the right."""

    HORIZONTAL_BREAKPOINTS = WIDTHS
    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape,q,e,f2", "dismiss", "Back"),
        ("y", "copy", "Copy"),
        ("Y", "copy_command", "Copy the command"),
    ]
    DEFAULT_CSS = """
    ExplainScreen {
        align: center middle;
        #explain {
            width: 90%; height: 90%; border: round $primary; background: $surface; padding: 0 1;
        }
        OptionList, OptionList:focus {
            width: 2fr; height: 1fr; border: none; background: $surface; padding: 0;
        }
        VerticalScroll { width: 3fr; height: 1fr; border-left: solid $primary; padding-left: 1; }
        .how { color: $text-muted; height: 1; }
        &.-narrow #explain { width: 100%; height: 100%; }
        &.-narrow Horizontal { layout: vertical; }
        &.-narrow OptionList { width: 1fr; height: 1fr; }
        &.-narrow VerticalScroll {
            width: 1fr; height: 2fr; border-left: none; border-top: solid $primary;
        }
    }
    """

    def __init__(self, option: OptionRecord, draft: Draft) -> None:
        super().__init__()
        self.record = option
        self._draft = draft

    def compose(self) -> ComposeResult:
        with Vertical(id="explain") as box:
            box.border_title = Content(f"Figures of {clean(option_name(self.record.id))}")
            with Horizontal():
                yield OptionList(
                    *(Option(_line(f.id, summary(f)), id=f.id) for f in self.record.figures)
                )
                with VerticalScroll():
                    yield Static(Content("no figures"), id="figure")
            yield Static(classes="how")

    def begin(self) -> None:
        figures = self.query_one(OptionList)
        figures.focus()
        figures.highlighted = next(
            (i for i, f in enumerate(self.record.figures) if f.id == FIRST), None
        )

    @on(OptionList.OptionHighlighted)
    def _show(self, event: OptionList.OptionHighlighted) -> None:
        figure = self.record.figure(event.option_id or "")
        if figure:
            self.query_one("#figure", Static).update(figure_lines(figure))
            self.query_one(".how", Static).update(Content(f"y copies · {clean(self._command)}"))

    @property
    def _shown(self) -> FigureRecord | None:
        highlighted = self.query_one(OptionList).highlighted
        return None if highlighted is None else self.record.figures[highlighted]

    @property
    def _command(self) -> str:
        """What shows the same figure in a plain terminal."""
        figure = self._shown
        return twin("explain", self._draft, self.record.id, figure.id if figure else FIRST)

    def action_copy(self) -> None:
        """Copy the figure in one line."""
        if (figure := self._shown) is not None:
            name = option_name(self.record.id)
            self._hand_over(f"{name}: {figure.id} {summary(figure)} ({figure.basis})")

    def action_copy_command(self) -> None:
        """Copy the command that shows this figure."""
        self._hand_over(self._command)

    def _hand_over(self, text: str) -> None:
        self.app.copy_to_clipboard(text)
        self.notify(clean(text), title="Copied", markup=False)


def _line(id: str, value: str) -> Content:
    return Content.assemble((clean(id), "bold"), "  ", value)
