"""The keys of the desk. Each has a name, by which the user may give it another key."""

from __future__ import annotations

from textual.binding import Binding

from advisor.tui.model.tabs import TABS

ONLY_IN = {
    "write_reports": "report",
    "open_report": "report",
    "unpin": "compare",
    "take_all": "data",
    "take_back": "data",
    "recordings": "calibrate",
    "sort_options": "decision",
    "fold_options": "decision",
    "filter_options": "decision",
    "turn_section": "decision",
}
"""Actions whose key is active only on the tab they are about."""

WHILE_RUNNING = ("cancel_run", "pace")
"""Actions on a run that is on the screen and has not ended."""


def _key(
    name: str, keys: str, action: str, text: str, *, footer: bool = False, first: bool = False
) -> Binding:
    """A key with its name; `footer`: listed below, `first`: before the widget in focus."""
    display = {
        "plus": "+",
        "minus": "−",
        "slash": "/",
        "right_square_bracket": "[ ]",
    }.get(keys)
    return Binding(keys, action, text, show=footer, priority=first, key_display=display, id=name)


KEYS: list[Binding] = [
    *(_key(f"tab-{tab}", str(n), f"tab('{tab}')", tab.title()) for n, tab in enumerate(TABS, 1)),
    _key("next-tab", "ctrl+pagedown", "next_tab(1)", "Next tab"),
    _key("previous-tab", "ctrl+pageup", "next_tab(-1)", "Previous tab"),
    _key("next-field", "tab", "app.focus_next", "Next field", first=True),
    _key("previous-field", "shift+tab", "app.focus_previous", "Previous field", first=True),
    _key("finish-field", "enter", "next_field", "Next field", first=True),
    _key("page-up", "pageup", "turn_page(-1)", "Page up"),
    _key("page-down", "pagedown", "turn_page(1)", "Page down"),
    _key("undo", "ctrl+z", "undo", "Undo", first=True),
    _key("redo", "ctrl+y", "redo", "Redo", first=True),
    _key("range", "f4", "range", "Low, likely, high"),
    _key("toml", "ctrl+t", "toml", "The file beside the form"),
    _key("keep-what-ifs", "K,shift+k", "settle_all(True)", "Keep what-if", footer=True),
    _key("drop-what-ifs", "D,shift+d", "settle_all(False)", "Drop what-if", footer=True),
    _key("sort-options", "s", "sort_options", "Sort", footer=True),
    _key("fold-options", "f", "fold_options", "Fold", footer=True),
    _key("filter-options", "slash", "filter_options", "Filter", footer=True),
    _key("section-back", "left_square_bracket", "turn_section(-1)", "Section before"),
    _key("section-on", "right_square_bracket", "turn_section(1)", "Section", footer=True),
    _key("jump", "ctrl+g", "jump", "Jump"),
    _key("copy", "y", "copy", "Copy"),
    _key("copy-command", "Y", "copy_command", "Copy the command"),
    _key("picture", "f12", "picture", "Picture of the screen"),
    _key("leave", "escape", "leave", "Leave field", footer=True),
    _key("explain", "e,f2", "explain", "Explain", footer=True),
    _key("more", "m", "more", "More questions"),
    _key("report", "r", "tab('report')", "Report", footer=True),
    _key("write-report", "w", "write_reports", "Write report", footer=True),
    _key("calibrate", "c", "calibrate", "Calibrate", footer=True),
    _key("set-aside", "t", "set_aside", "Set test items aside"),
    _key("note-score", "n", "note_score", "Note a score"),
    _key("answer-gap", "g", "answer_gap", "Answer what matters most"),
    _key("recordings", "v", "recordings", "Recorded runs"),
    _key("cancel-run", "x", "cancel_run", "Cancel", footer=True),
    _key("faster", "plus", "pace(1)", "Faster", footer=True),
    _key("slower", "minus", "pace(-1)", "Slower", footer=True),
    _key("take-all", "a", "take_all", "Take all"),
    _key("take-back", "u", "take_back", "Take back"),
    _key("help", "f1", "help", "Help", footer=True),
    _key("save", "ctrl+s", "save", "Save", footer=True),
    _key("quit", "q", "app.quit", "Quit", footer=True),
    _key("reload", "ctrl+r", "reload", "Read again"),
    _key("open", "ctrl+o", "open", "Open"),
    _key("new", "ctrl+n", "new", "New"),
    _key("pin", "p", "pin", "Pin", footer=True),
    _key("unpin", "P,shift+p", "unpin", "Unpin"),
    _key("open-report", "o", "open_report", "Open it", footer=True),
]


def key_names() -> dict[str, str]:
    """Every action that may get another key, with the key it has."""
    from advisor.tui.widgets.table_keys import TABLE_KEYS

    return {b.id: b.key for b in (*KEYS, *TABLE_KEYS) if isinstance(b, Binding) and b.id}
