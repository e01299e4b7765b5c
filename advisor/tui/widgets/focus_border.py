"""A pane whose border shows that the focus is inside."""

from __future__ import annotations

from textual.widget import Widget


class FocusBorder(Widget):
    """Not by `:focus-within`: with each move of the focus, that looks up the style of everything
    inside again, which takes 45 ms in a form.

    Textual takes default styles from the first base only: a pane that scrolls says so itself.
    """

    DEFAULT_CSS = """
    FocusBorder {
        border: round $foreground 30%; border-title-color: $foreground;
        border-subtitle-color: $foreground 75%; padding: 0 1;
        &.-focused { border: round $border; }
    }
    """

    def on_descendant_focus(self) -> None:
        """The focus came in."""
        self._show_focus(True)

    def on_descendant_blur(self) -> None:
        """The focus moved on, perhaps out."""
        self._show_focus(self.has_focus_within)

    def _show_focus(self, on: bool) -> None:
        if on != self.has_class("-focused"):
            self.set_class(on, "-focused", update=False)
            self.app.stylesheet.update_nodes([self])
