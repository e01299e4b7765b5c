"""The keys that work here, in one line: as many as fit, each whole; a click presses one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from textual.content import Content
from textual.events import Click
from textual.reactive import reactive
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input

LAST = ("help", "quit", "command_palette")
"""Actions that always have their place, on the right."""

ONLY_IN_TEXT = ("leave",)
"""Actions that are named only while letters are text."""


@dataclass(frozen=True, slots=True)
class KeyName:
    """A key, as pressed and as written, and what it does."""

    key: str
    sign: str
    text: str
    action: str

    @property
    def width(self) -> int:
        """Cells that it takes, with the gap behind it."""
        return Content(f" {self.sign} {self.text} ").cell_length


class KeyLine(Widget):
    """Draws text only: Textual's footer makes new widgets for every change of the focus."""

    DEFAULT_CSS = """
    KeyLine { height: 1; background: $panel; color: $foreground; }
    """

    keys: reactive[tuple[KeyName, ...]] = reactive(())

    def __init__(self) -> None:
        super().__init__()
        self._places: list[tuple[int, KeyName]] = []

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._read_keys)

    def on_unmount(self) -> None:
        self.screen.bindings_updated_signal.unsubscribe(self)

    def _read_keys(self, screen: Screen[object]) -> None:
        # A browser never says that it has the focus, so that is not asked.
        if self.is_attached and screen is self.screen:
            self.keys = tuple(_names(screen))

    def render(self) -> Content:
        last = [name for name in self.keys if name.action in LAST]
        last.sort(key=lambda name: LAST.index(name.action))
        room = self.size.width - sum(name.width for name in last)
        first = [name for name in self.keys if name.action not in LAST]
        self._places = []
        line = Content("")
        for name in first:
            if name.width > room - line.cell_length:
                break
            line = self._with(line, name)
        line = line.pad_right(max(room - line.cell_length, 0))
        for name in last:
            line = self._with(line, name)
        return line

    def _with(self, line: Content, name: KeyName) -> Content:
        self._places.append((line.cell_length, name))
        return line + Content.assemble((f" {name.sign}", "bold $text-accent"), f" {name.text} ")

    def on_click(self, event: Click) -> None:
        """Press the key under the pointer."""
        under = [name for start, name in self._places if start <= event.x < start + name.width]
        if under:
            self.app.simulate_key(under[0].key)


def _names(screen: Screen[object]) -> list[KeyName]:
    """One name per action that works where the focus is, that of the focus first."""
    types = isinstance(screen.focused, Input)
    words: Mapping[str, str] = getattr(screen.focused, "key_words", {})
    by_action: dict[str, KeyName] = {}
    for active in screen.active_bindings.values():
        binding = active.binding
        action = binding.action.removeprefix("app.")
        listed = binding.show or action in LAST or action in words
        if not listed or not active.enabled or (action in ONLY_IN_TEXT and not types):
            continue
        text = "Commands" if action == "command_palette" else binding.description
        text = words.get(action, text)
        sign = screen.app.get_key_display(binding)
        by_action.setdefault(action, KeyName(binding.key, sign, text, action))
    return list(by_action.values())
