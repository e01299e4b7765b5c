"""Lines that are wider than their pane, with what follows set in."""

from __future__ import annotations

from textual.content import Content

from advisor.core.format import clean
from advisor.report import layout

_FEWEST = 12
_STEP = 2


def hanging(line: str, width: int) -> Content:
    """A line of plain text; what does not fit follows below, a little more indented."""
    if layout.cells(line) <= width:
        return Content(line)
    own = len(line) - len(line.lstrip())
    first, *rest = layout.wrap(clean(line), max(width - own - _STEP, _FEWEST))
    return Content("\n").join(
        [Content(" " * own + first), *(Content(" " * (own + _STEP) + part) for part in rest)]
    )
