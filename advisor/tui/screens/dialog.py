"""What every dialog is: a screen over the desk, which stays in sight, dimmed."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from rich.segment import Segment
from rich.style import Style as RichStyle
from textual.color import Color
from textual.css.query import NoMatches
from textual.css.styles import RulesMap
from textual.renderables.background_screen import BackgroundScreen
from textual.screen import ModalScreen, Screen
from textual.strip import Strip
from textual.style import Style
from textual.visual import RenderOptions, Visual

if TYPE_CHECKING:
    from textual.app import RenderResult

Answer = TypeVar("Answer")


class Dialog(ModalScreen[Answer]):
    """Ends with an answer. `begin` fills it and places the focus."""

    def on_mount(self) -> None:
        with suppress(NoMatches):  # the app was closed meanwhile: the parts have gone already
            self.begin()

    def begin(self) -> None:
        """Do what needs the parts of the dialog."""

    def render(self) -> RenderResult:  # type: ignore[override]
        below = super().render()
        return Dimmed(below.screen, below.color) if isinstance(below, BackgroundScreen) else below


class Dimmed(Visual):
    """The screen below under a tint, as Textual draws it, in a third of the time: each style is
    tinted once, and lines stay lines.
    """

    def __init__(self, screen: Screen[object], tint: Color) -> None:
        self._screen = screen
        self._tint = tint
        self._tinted: dict[RichStyle | None, RichStyle] = {}

    def render_strips(
        self, width: int, height: int | None, style: Style, options: RenderOptions
    ) -> list[Strip]:
        lines = self._screen._compositor.render_strips()[:height]
        return [Strip([self._dim(part) for part in line], line.cell_length) for line in lines]

    def get_optimal_width(self, rules: RulesMap, container_width: int) -> int:
        return container_width

    def get_height(self, rules: RulesMap, width: int) -> int:
        return self._screen.size.height

    def _dim(self, part: Segment) -> Segment:
        text, style, control = part
        if style not in self._tinted:
            [(_, tinted, _)] = BackgroundScreen.process_segments([Segment(text, style)], self._tint)
            self._tinted[style] = tinted or RichStyle()
        return Segment(text, self._tinted[style], control)
