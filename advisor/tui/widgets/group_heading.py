"""The heading of a group of questions, which folds and unfolds it."""

from __future__ import annotations

from typing import ClassVar, Protocol

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Click
from textual.widgets import Static

FOLDS = "space opens or closes this group of questions"


class Foldable(Protocol):
    """A group of questions that can be opened and closed."""

    is_open: bool

    async def unfold(self, is_open: bool) -> None: ...


class GroupHeading(Static, can_focus=True):
    """The title of a group; space, ← and → fold and unfold it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "fold", "Open or close the group"),
        Binding("right", "unfold", "Open", show=False),
        Binding("left", "fold_up", "Close", show=False),
        Binding("up", "screen.focus_previous", "Previous field", show=False),
        Binding("down", "screen.focus_next", "Next field", show=False),
    ]
    DEFAULT_CSS = """
    GroupHeading { height: 1; }
    GroupHeading:focus { background: $foreground 10%; text-style: bold; }
    """

    def __init__(self, box: Foldable, more: str = "") -> None:
        super().__init__(classes="heading")
        self._box = box
        self.about = "; ".join(filter(None, (FOLDS, more)))

    async def action_fold(self) -> None:
        """Open the group, or close it."""
        await self._box.unfold(not self._box.is_open)

    async def action_unfold(self) -> None:
        """Open the group."""
        await self._box.unfold(True)

    async def action_fold_up(self) -> None:
        """Close the group."""
        await self._box.unfold(False)

    async def on_click(self, event: Click) -> None:
        """The mouse folds too."""
        event.stop()
        await self.action_fold()


def heading_line(title: str, notes: str, *, is_open: bool) -> Content:
    """The fold mark and the title, and what stands inside."""
    return Content.assemble(
        ("▾ " if is_open else "▸ ", "dim"), (title, "bold $text-primary"), (f"  {notes}", "dim")
    )
