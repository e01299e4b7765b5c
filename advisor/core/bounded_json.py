"""JSON of others, refused before it fills the memory: `{},` takes three bytes in a file and a
hundred here, and a packed file may hold a thousand times its size.
"""

from __future__ import annotations

import json
from typing import Any

MOST_BYTES = 512 * 1024**2
"""That the values of one text may take, beside the text itself."""

CONTAINER_BYTES = 64
ITEM_BYTES = 32
"""Of an empty object or list, and of what stands between two commas, in CPython."""


class TooManyValues(ValueError):
    """A text of more values than are read; says so in words that fit after its name."""

    def __init__(self) -> None:
        super().__init__("holds more values than are read at once (512 MiB)")


def loads(text: str | bytes) -> Any:
    """The value in a text. Raises TooManyValues, ValueError."""
    check(text)
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("is nested too deeply") from None


def check(text: str | bytes) -> None:
    """Raises TooManyValues where lists and objects, by their brackets and commas, take too much."""
    lists, objects, items = (
        [text.count(mark) for mark in (b"[", b"{", b",")]
        if isinstance(text, bytes)
        else [text.count(mark) for mark in ("[", "{", ",")]
    )
    if (lists + objects) * CONTAINER_BYTES + items * ITEM_BYTES > MOST_BYTES:
        raise TooManyValues
