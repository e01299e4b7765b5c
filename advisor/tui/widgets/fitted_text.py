"""Text that is drawn for the width of its pane."""

from __future__ import annotations

from collections.abc import Callable

from textual.content import Content
from textual.events import Resize
from textual.widgets import Static


class FittedText(Static):
    """Draws again where the width changes; lays out again only for another height."""

    def __init__(self, waiting: str = "") -> None:
        super().__init__(Content(waiting))
        self._draw: Callable[[int], Content] | None = None

    def show(self, draw: Callable[[int], Content]) -> None:
        """Draw by this from now on."""
        self._draw = draw
        self._redraw()

    def on_resize(self, event: Resize) -> None:
        """Another width breaks the lines elsewhere."""
        self._redraw()

    def _redraw(self) -> None:
        width, height = self.size
        if self._draw is None or not width:
            return
        text = self._draw(width)
        self.update(text, layout=len(text.wrap(width)) != height)
