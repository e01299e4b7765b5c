"""One answer of a brief's text changed, with comments and layout unchanged."""

from __future__ import annotations

import contextlib
import tomllib
from collections.abc import Iterator
from typing import Any

from advisor.brief.lines import key_lines
from advisor.brief.writer import literal, row_blocks
from advisor.core.brief import LISTS, questions


def update(text: str, key: str, value: Any) -> str:
    """`text` with one answer changed, comments and layout kept; None removes the key.

    `key` is a dotted key, an optional table (None removes it) or a list (a tuple of rows replaces
    it). `text` must be TOML that `parse` accepts.
    """
    if key in LISTS:
        return _append(_removed(text, key), row_blocks(key, value or ()))
    if value is None:
        return _removed(text, key)
    raw = literal(questions()[key], value)
    replaced = _replaced(text, key, raw)
    return replaced if replaced is not None else _inserted(text, key, raw)


def _removed(text: str, key: str) -> str:
    import tomlkit

    document = tomlkit.parse(text)
    holder: Any = document
    *tables, last = key.split(".")
    for table in tables:
        holder = holder.get(table, {})
    if last not in holder:
        return text
    del holder[last]
    return tomlkit.dumps(document)


def _replaced(text: str, key: str, raw: str) -> str | None:
    """The text with another value at a key that it has or whose table stands in one line; None
    where it has neither.
    """
    import tomlkit
    from tomlkit.items import InlineTable

    document = tomlkit.parse(text)
    holder: Any = document
    *tables, last = key.split(".")
    for table in tables:
        if table not in holder:
            return None
        holder = holder[table]
    if last not in holder and not isinstance(holder, InlineTable):
        return None
    holder[last] = tomlkit.value(raw)
    return tomlkit.dumps(document)


def _inserted(text: str, key: str, raw: str) -> str:
    """The text with a new key: after the question before it, else at the head of its table."""
    table, _, name = key.rpartition(".")
    at = key_lines(text)
    if table and table not in at:
        return _append(text, [[f"[{table}]", f"{name} = {raw}"]])
    lines = text.split("\n")
    before = [k for k in _asked_before(key) if k in at]
    if before:
        place = _end_of_value(lines, at[before[-1]] - 1)
    elif table:
        place = at[table]
    else:
        place = min(at.values(), default=len(lines) + 1) - 1
    lines.insert(place, f"{name} = {raw}")
    return "\n".join(lines)


def _asked_before(key: str) -> Iterator[str]:
    """The keys of the same table that stand before `key` in the order of the questions."""
    table = key.rpartition(".")[0]
    if not table:
        yield "schema"
    for other in questions():
        if other == key:
            return
        if other.rpartition(".")[0] == table:
            yield other


def _end_of_value(lines: list[str], start: int) -> int:
    """The index after the last line of the value that begins on line `start` (from 0): values may
    span lines.
    """
    for end in range(start + 1, len(lines) + 1):
        with contextlib.suppress(tomllib.TOMLDecodeError):
            tomllib.loads("\n".join(lines[start:end]))
            return end
    return start + 1


def _append(text: str, blocks: list[list[str]]) -> str:
    parts = [text.rstrip("\n"), *("\n".join(block) for block in blocks)]
    return "\n\n".join(part for part in parts if part) + "\n"
