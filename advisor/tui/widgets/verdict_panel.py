"""The verdict, always in sight: a panel where there is room, a strip of a few lines where there is
not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

if TYPE_CHECKING:
    from advisor.core.verdict import Verdict

Draw = Callable[["Verdict", int], Content]


def draw_panel(verdict: Verdict, width: int) -> Content:
    """The whole panel; what draws it is loaded with the first verdict, for the sake of the first
    frame.
    """
    from advisor.tui.views.verdict import verdict_lines

    return verdict_lines(verdict, width)


def draw_strip(verdict: Verdict, width: int) -> Content:
    """The short form; loaded like the panel."""
    from advisor.tui.views.verdict import strip_lines

    return strip_lines(verdict, width)


class VerdictText(Widget):
    """Draws a verdict for the width it has; before the first one, or where there is none, a line
    that says why.

    Asks for a new layout only to grow: laying out the whole desk for each verdict would take longer
    than judging.
    """

    DEFAULT_CSS = """
    VerdictText { height: auto; }
    """

    verdict: reactive[Verdict | None] = reactive(None)
    failure: reactive[str] = reactive("")

    def __init__(self, draw: Draw) -> None:
        super().__init__()
        self._draw = draw

    def render(self) -> Content:
        if self.failure:
            return Content.styled(f"✗ {self.failure}", "$text-error")
        if self.verdict is None:
            return Content.styled("working out the verdict …", "dim")
        return self._draw(self.verdict, self.content_size.width or self.app.size.width)

    def watch_verdict(self) -> None:
        """Grow where the new verdict needs more lines."""
        self._fit()

    def watch_failure(self) -> None:
        """Grow where the line needs it."""
        self._fit()

    def _fit(self) -> None:
        width, height = self.content_size
        if not width or len(self.render().wrap(width)) > height:
            self.refresh(layout=True)


class VerdictPanel(VerticalScroll):
    """The whole verdict on the right."""

    BORDER_TITLE = "Verdict"
    DEFAULT_CSS = """
    VerdictPanel {
        width: 13fr; padding: 0 1; scrollbar-size-vertical: 1;
        border: round $foreground 30%; border-title-color: $foreground;
        &:focus { border: round $border; }
        &.-supposed { border: round $warning; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.text = VerdictText(draw_panel)

    def compose(self) -> ComposeResult:
        yield self.text


class VerdictStrip(Widget):
    """The verdict in three lines, two on a short screen."""

    DEFAULT_CSS = """
    VerdictStrip {
        height: 5; padding: 0 1; border: round $foreground 30%; border-title-color: $foreground;
        VerdictText { height: 3; text-wrap: nowrap; text-overflow: ellipsis; }
        &.-supposed { border: round $warning; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.text = VerdictText(draw_strip)

    def compose(self) -> ComposeResult:
        yield self.text
