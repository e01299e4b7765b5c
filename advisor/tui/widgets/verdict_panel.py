"""The verdict, always in sight: a panel where there is room, else a strip of a few lines."""

from __future__ import annotations

from collections.abc import Callable
from time import strftime
from typing import TYPE_CHECKING, TypeAlias

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

if TYPE_CHECKING:
    from advisor.core.brief import Brief
    from advisor.core.verdict import Verdict
    from advisor.tui.model.ways_forward import WayForward

    Ways: TypeAlias = tuple[WayForward, ...]

Draw = Callable[["Verdict", "Brief", str, "Ways", int], Content]


def draw_panel(verdict: Verdict, brief: Brief, change: str, ways: Ways, width: int) -> Content:
    """The whole panel; what draws it is loaded with the first verdict, for a quick first frame."""
    from advisor.tui.views.verdict import verdict_lines

    return verdict_lines(verdict, brief, change, ways, width)


def draw_strip(verdict: Verdict, brief: Brief, change: str, ways: Ways, width: int) -> Content:
    """The short form; loaded like the panel."""
    from advisor.tui.views.verdict import strip_lines

    return strip_lines(verdict, brief, change, ways, width)


def clock() -> str:
    """The time of day, as `14:02`."""
    return strftime("%H:%M")


class VerdictText(Widget):
    """Draws a verdict for the width it has.

    Where the newest answers allow none, a line says why, and the last verdict stays below it,
    dimmed and with its time.

    Asks for a new layout only to grow: laying out the whole desk for each verdict would take longer
    than judging.
    """

    DEFAULT_CSS = """
    VerdictText { height: auto; }
    """

    verdict: reactive[Verdict | None] = reactive(None)
    failure: reactive[str] = reactive("")
    keys_first: reactive[bool] = reactive(False)
    """Whether the keys that lead on are shown instead of what changed, where one line has to do."""

    def __init__(self, draw: Draw) -> None:
        super().__init__()
        self._draw = draw
        self._brief: Brief | None = None
        self._change = ""
        self._ways: Ways = ()
        self._judged_at = ""
        self._cache: tuple[tuple[int, int, str, Ways, int], Content] | None = None

    def show(
        self, verdict: Verdict | None, brief: Brief, change: str = "", ways: Ways = ()
    ) -> None:
        """Draw another verdict on a brief, with a line of what the newest answer changed and the
        keys that lead on.
        """
        self._brief = brief
        self._ways = ways
        self._change = change
        self._judged_at = clock()
        self.verdict = verdict
        self.refresh()

    def render(self) -> Content:
        if self.verdict is None or self._brief is None:
            if self.failure:
                return Content.styled(f"✗ {self.failure}", "$text-error")
            return Content.styled("computing the verdict …", "dim")
        width = self.content_size.width or self.app.size.width
        last = self._drawn(self.verdict, self._brief, width)
        if not self.failure:
            return last
        return Content("\n").join(
            (
                Content.styled(f"✗ {self.failure}", "$text-error"),
                Content.styled(f"The verdict of {self._judged_at}, before that answer:", "italic"),
                last.stylize("dim"),
            )
        )

    def _drawn(self, verdict: Verdict, brief: Brief, width: int) -> Content:
        """Draw once for a verdict and a width: fitting, layout and painting all ask for it."""
        change = "" if self.failure or (self.keys_first and self._ways) else self._change
        key = (id(verdict), id(brief), change, self._ways, width)
        if self._cache is None or self._cache[0] != key:
            self._cache = (key, self._draw(verdict, brief, change, self._ways, width))
        return self._cache[1]

    def watch_verdict(self) -> None:
        """Grow where the new verdict needs more lines."""
        self._fit()

    def watch_failure(self) -> None:
        """Grow where the line needs it."""
        self._fit()

    def _fit(self) -> None:
        width, height = self.content_size
        if not self.is_on_screen:
            return
        if not width or len(self.render().wrap(width)) > height:
            self.refresh(layout=True)


class VerdictPanel(VerticalScroll):
    """The whole verdict on the right."""

    BORDER_TITLE = "Verdict"
    DEFAULT_CSS = """
    VerdictPanel {
        width: 13fr; padding: 0 1; scrollbar-size-vertical: 1;
        border: round $foreground 30%; border-title-color: $foreground;
        border-subtitle-color: $foreground 75%;
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
        border-subtitle-color: $foreground 75%;
        VerdictText { height: 3; text-wrap: nowrap; text-overflow: ellipsis; }
        &.-supposed { border: round $warning; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.text = VerdictText(draw_strip)

    def compose(self) -> ComposeResult:
        yield self.text
