"""Movement in lists and tables by the letters that vim uses."""

from __future__ import annotations

from textual.binding import Binding, BindingType

TABLE_KEYS: list[BindingType] = [
    Binding("j", "cursor_down", "Down", show=False, id="table-down"),
    Binding("k", "cursor_up", "Up", show=False, id="table-up"),
    Binding("home", "first", "First", show=False, id="table-first"),
    Binding("G,end", "last", "Last", show=False, id="table-last"),
    Binding("ctrl+d", "page_down", "Page down", show=False, id="table-page-down"),
    Binding("ctrl+u", "page_up", "Page up", show=False, id="table-page-up"),
]
