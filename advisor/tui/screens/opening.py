"""The first frame: the outline of the desk, on the screen while the rest of the program loads.

It needs nothing of the program but the names of the tabs, so that it stands there at once.
"""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from advisor.tui.model.tabs import TABS

WIDTHS = [(0, "-narrow"), (100, "-wide")]
"""From 100 columns on the verdict stands beside the tab."""


class Opening(Screen[None]):
    """Stands where the desk will stand; takes no key but those that quit."""

    HORIZONTAL_BREAKPOINTS = WIDTHS
    DEFAULT_CSS = """
    Opening {
        .line { height: 1; padding: 0 1; }
        #status { background: $panel; }
        Horizontal { height: 1fr; }
        .pane { height: 1fr; width: 10fr; border: round $foreground 30%; padding: 0 1; }
        #verdict { width: 13fr; }
        &.-narrow #verdict { display: none; }
    }
    """

    def __init__(self, opened: str) -> None:
        super().__init__()
        self._opened = opened

    def compose(self) -> ComposeResult:
        name = Content(f"  {self._opened}")
        yield Static(
            Content.styled("advisor", "bold $text-primary") + name, classes="line", id="status"
        )
        tabs = "  ".join(f"{number} {tab.title()}" for number, tab in enumerate(TABS, 1))
        yield Static(Content(tabs), classes="line")
        with Horizontal():
            yield Static(Content("opening …"), classes="pane")
            verdict = Static(classes="pane", id="verdict")
            verdict.border_title = "Verdict"
            yield verdict
