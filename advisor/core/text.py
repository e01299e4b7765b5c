"""Text from outside, made safe to show in a terminal."""

from __future__ import annotations

import re


def printable(text: str) -> str:
    """`text` on one line, with what a terminal would obey (control and direction characters)
    written out as escapes.
    """
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text
    )


def shortened(text: str, most: int) -> str:
    """`text` in at most `most` characters: a longer one keeps three quarters from its start and
    a quarter from its end.
    """
    if len(text) <= most:
        return text
    end = most // 4
    return f"{text[: most - end - 1]}…{text[-end:]}"


_OBEYED = (
    *range(0x7F, 0xA0),  # DEL and the C1 controls
    *(0x061C, 0x200E, 0x200F, 0x2028, 0x2029, 0xFEFF),
    *range(0x202A, 0x202F),  # embeddings and overrides of direction
    *range(0x2066, 0x206A),  # isolates
)
_ONE_OBEYED = re.compile(f"[{''.join(map(chr, _OBEYED))}]")


def without_controls(text: str) -> str:
    """`text`, JSON or lines, with the C1 and direction characters that a terminal or an editor
    obeys as JSON escapes. What JSON escapes by itself, line breaks and colours stay.
    """
    return _ONE_OBEYED.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
