"""Text from outside, made safe to show in a terminal."""

from __future__ import annotations


def printable(text: str) -> str:
    """`text` on one line, with what a terminal would obey (control and direction characters)
    written out as escapes.
    """
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text
    )
