"""The brief as the file it becomes, beside the form."""

from __future__ import annotations

import re

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from advisor.core.format import clean
from advisor.tui.model.draft import Draft

_TABLE = re.compile(r"\s*\[\[?([\w.]+)\]\]?")
_KEY = re.compile(r"\s*([\w-]+)\s*=")


class TomlPanel(VerticalScroll):
    """Follows the form: the line of the question in focus is marked."""

    about = "the file as ctrl+s writes it · ctrl+t closes it · what-ifs are never written"
    DEFAULT_CSS = """
    TomlPanel {
        display: none; width: 13fr; padding: 0 1; scrollbar-size-vertical: 1;
        border: round $foreground 30%; border-title-color: $foreground;
        border-subtitle-color: $foreground 75%;
        Static { text-wrap: nowrap; text-overflow: ellipsis; }
        &:focus { border: round $border; }
    }
    """

    def compose(self) -> ComposeResult:
        yield Static()

    def show(self, draft: Draft, key: str = "") -> None:
        """Show the file of a draft, with the line of `key` marked and in sight."""
        self.border_title = Content(clean(draft.path.name if draft.path else "brief.toml"))
        lines = draft.toml().rstrip().split("\n")
        at = line_of(lines, key)
        styled_lines = [styled(line, marked=number == at) for number, line in enumerate(lines)]
        self.query_one(Static).update(Content("\n").join(styled_lines))
        if at is not None:
            self.scroll_to(y=max(at - self.size.height // 2, 0), animate=False)


def line_of(lines: list[str], key: str) -> int | None:
    """The index of the line that answers a question; None where none does."""
    table = ""
    wanted_table, _, wanted = key.rpartition(".")
    for number, line in enumerate(lines):
        if match := _TABLE.match(line):
            table = match[1]
        elif (match := _KEY.match(line)) and (table, match[1]) == (wanted_table, wanted):
            return number
    return None


def styled(line: str, *, marked: bool) -> Content:
    """A line of TOML: tables bold, comments dim, the marked line on its own ground."""
    text = clean(line)
    if line.lstrip().startswith("#"):
        content = Content.styled(text, "dim")
    elif _TABLE.match(line):
        content = Content.styled(text, "bold $text-primary")
    else:
        content = Content(text)
    return content.stylize("reverse") if marked else content
