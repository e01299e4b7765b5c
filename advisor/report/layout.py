"""Lines and columns of terminal cells, in which a wide character takes two."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from rich.cells import cell_len, chop_cells


def wrap(text: str, width: int) -> list[str]:
    """Lines of at most `width` terminal cells (wide characters: two); `27 %` stays together, long
    words are cut.
    """
    lines = []
    line = ""
    for word in _cut(re.split(r" +(?!%)", text.strip(" ")), max(width, 2)):
        joined = f"{line} {word}" if line else word
        if cell_len(joined) <= width or not line:
            line = joined
        else:
            lines.append(line)
            line = word
    return [*lines, line] if line or not lines else lines


def pad(text: str, width: int, align: str = "left") -> str:
    """`text` filled with blanks to `width` terminal cells."""
    blanks = " " * max(0, width - cell_len(text))
    return blanks + text if align == "right" else text + blanks


def cells(text: str) -> int:
    """How many terminal cells `text` takes."""
    return cell_len(text)


def _cut(words: Iterable[str], width: int) -> Iterator[str]:
    """Words no wider than `width`; a name such as `tune/lora@model+batch` is cut after its marks
    where it can be.
    """
    for word in words:
        piece = ""
        for part in (
            re.findall(r"[^/@+.,_-]*[/@+.,_-]|[^/@+.,_-]+", word) if cell_len(word) > width else ()
        ):
            if piece and cell_len(part) and cell_len(piece + part) > width:
                yield from chop_cells(piece, width)
                piece = ""
            piece += part
        yield from chop_cells(piece, width) if piece else [word]
