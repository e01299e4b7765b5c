"""Rows of JSON in any shape, whatever the file is called: an object per line, a list, records one
after another over several lines, or one object that holds the rows.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from advisor.core import bounded_json
from advisor.core.errors import UsageError
from advisor.core.given_files import BUFFER_BYTES
from advisor.probe.files.envelopes import is_enveloped, rows_of_value
from advisor.probe.files.streams import MAX_LINE_BYTES, encoding_of, head_of, lines
from advisor.probe.forms.records import DataRow, JsonObject

MAX_VALUE_CHARACTERS = 4 * MAX_LINE_BYTES
BLOCK = 65_536
REPLACED = "\ufffd"
"""Stands for bytes that no character has."""

MAX_BLOCK = 8 * 1024**2
SPLITS = ("train", "test", "validation", "valid", "val", "dev", "eval")
_DECODER = json.JSONDecoder()
_CHAT_KEYS = frozenset(("role", "from", "author", "speaker"))
_ROW_KEYS = frozenset((
    "messages", "conversations", "conversation", "contents", "chat_history", "chosen", "prompt",
    "question", "query", "instruction", "completions", "qas",
))  # fmt: skip
"""An object with one of these is a row, whatever lists it holds."""

Note = Callable[[str], object]


def json_rows(path: Path, stream: io.BufferedReader, kind: str, note: Note) -> Iterator[DataRow]:
    """All rows of a JSON file; `kind` is what its ending says (jsonl or json)."""
    head = head_of(path, stream)
    shape = _shape(head, kind)
    if shape == "lines":
        return _lines(path, stream)
    text = io.TextIOWrapper(stream, encoding=encoding_of(path, stream), errors="replace")
    if shape == "list":
        return _closing(text, _list_rows(path, text, note))
    return _closing(text, _value_rows(path, text, note))


def _closing(text: io.TextIOWrapper, rows: Iterator[DataRow]) -> Iterator[DataRow]:
    try:
        yield from rows
    finally:
        text.detach()


def _shape(head: str, kind: str) -> str:
    """`list`, `lines` or `values`, by the first characters of a file.

    A list per line is not one list; an object over several lines is not an object per line.
    """
    first, newline, rest = head.lstrip("\ufeff \t\r\n").partition("\n")
    following = rest.strip()
    if first.startswith("["):
        is_whole = newline and following[:1] in ("[", "{") and _parses(first)
        return "lines" if is_whole else "list"
    if not newline and len(head) >= BUFFER_BYTES // 4:  # one very long line
        return "lines" if kind == "jsonl" else "values"
    if not first.startswith("{"):
        return "lines"
    if _parses(first):
        return "lines" if following else "values"
    second = following.partition("\n")[0]
    if _is_incomplete(first) and not (second.startswith("{") and _parses(second)):
        return "values"
    return "lines"


def _parses(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _is_incomplete(text: str) -> bool:
    """Whether JSON breaks off at the end of a text, and not by an error within."""
    try:
        _DECODER.raw_decode(text.strip())
    except json.JSONDecodeError as error:
        return error.pos >= len(text.strip())
    except (ValueError, RecursionError):
        return False
    return False


def _lines(path: Path, stream: io.BufferedReader) -> Iterator[DataRow]:
    for number, text, reason in lines(path, stream):
        if reason:
            yield DataRow(number, None, reason)
        elif text.strip():
            yield from _of_line(number, text)


def _of_line(number: int, text: str) -> Iterator[DataRow]:
    """The row of a line, or several where they stand side by side or end with a comma."""
    try:
        value = json.loads(text)
    except RecursionError:
        yield DataRow(number, None, "nested too deeply")
    except json.JSONDecodeError as error:
        values = _side_by_side(text) if error.msg == "Extra data" else None
        if values is None:
            yield DataRow(number, None, f"not JSON at column {error.colno}")
        else:
            for value in values:
                yield from rows_of_value(number, value)
    except ValueError:
        yield DataRow(number, None, "a number of too many digits")
    else:
        yield from rows_of_value(number, value)


def _side_by_side(text: str) -> list[Any] | None:
    """JSON values with nothing but blanks and commas between them; None: it is not that."""
    values = []
    rest = text.strip()
    at = 0
    while at < len(rest):
        if rest[at] in " \t\r\n,":
            at += 1
            continue
        try:
            value, at = _DECODER.raw_decode(rest, at)
        except (ValueError, RecursionError):
            return None
        if not isinstance(value, dict):
            return None
        values.append(value)
    return values


class _Values:
    """JSON values from a stream of characters one by one; of a long one the text read is doubled
    until it is whole. `line` is where the last value began.
    """

    def __init__(self, path: Path, text: io.TextIOWrapper, note: Note) -> None:
        self._path = path
        self._text = text
        self._note = note
        self._rest = self._read(BLOCK).removeprefix("\ufeff")
        self._ended = False
        self.line = 1

    def _read(self, block: int) -> str:
        text = self._text.read(block)
        if REPLACED in text:
            self._note(f"some characters are lost ({REPLACED}): the text is not all UTF-8")
        return text

    def skip(self, characters: str) -> str:
        """Leave out blanks and some characters; gives the one that follows, nothing at the end."""
        while True:
            stripped = self._rest.lstrip(characters)
            self.line += self._rest.count("\n", 0, len(self._rest) - len(stripped))
            self._rest = stripped
            if self._rest or self._ended:
                return self._rest[:1]
            self._more(BLOCK)

    def take(self, character: str) -> None:
        """Pass one character."""
        self._rest = self._rest.removeprefix(character)

    def value(self, what: str) -> Any:
        """The next value. Raises UsageError, with `what` it is, where it is none."""
        block = BLOCK
        while True:
            try:
                bounded_json.check(self._rest)
                value, end = _DECODER.raw_decode(self._rest)
            except RecursionError:
                raise UsageError(f"{self._path}: {what} is nested too deeply; remove it") from None
            except bounded_json.TooManyValues as error:
                raise UsageError(
                    f"{self._path}: {what} {error}; write the rows as JSONL, one per line"
                ) from None
            except ValueError as error:
                self._refuse(what, error)
            else:
                if end < len(self._rest) or self._ended:  # a number may go on in the next block
                    self.line += self._rest.count("\n", 0, end)
                    self._rest = self._rest[end:]
                    return value
            self._more(block)
            block = min(block * 2, MAX_BLOCK)

    def _refuse(self, what: str, error: ValueError) -> None:
        """Raises UsageError where more text cannot make a value whole."""
        if len(self._rest) > MAX_VALUE_CHARACTERS:
            raise UsageError(
                f"{self._path}: {what} is longer than 64 MiB; write the rows as JSONL, one per line"
            )
        if self._ended:
            at = error.lineno + self.line - 1 if isinstance(error, json.JSONDecodeError) else 0
            place = f" (line {at})" if at else ""
            raise UsageError(
                f"{self._path}: {what} is not JSON{place}; correct it, or write one row per line"
            )

    def _more(self, block: int) -> None:
        text = self._read(block)
        self._ended = not text
        self._rest += text


def _list_rows(path: Path, text: io.TextIOWrapper, note: Note) -> Iterator[DataRow]:
    """The items of one JSON list, without holding the list; a row's number is its place in it."""
    values = _Values(path, text, note)
    values.skip(" \t\r\n")
    values.take("[")
    number = 1
    while values.skip(" \t\r\n,") not in ("]", ""):
        yield from rows_of_value(number, values.value(f"item {number} of the list"))
        number += 1
    if values.skip(" \t\r\n,") == "":
        raise UsageError(f"{path}: the list is cut off after item {number - 1}; fetch it again")
    values.take("]")
    while values.skip(" \t\r\n,") == "[":  # more lists, one after the other
        yield from rows_of_value(number, values.value(f"list {number}"))
        number += 1


def _value_rows(path: Path, text: io.TextIOWrapper, note: Note) -> Iterator[DataRow]:
    """Records one after another; a single one may hold the rows."""
    values = _Values(path, text, note)
    values.skip(" \t\r\n")
    first_line = values.line
    first = values.value("the first value")
    if not values.skip(" \t\r\n,"):
        for number, row in enumerate(rows_in(first, note), 1):
            yield from rows_of_value(number, row)
        return
    yield from rows_of_value(first_line, first)
    while values.skip(" \t\r\n,"):
        line = values.line
        yield from rows_of_value(line, values.value(f"the value at line {line}"))


def rows_in(document: Any, note: Note = len) -> list[Any]:
    """The rows that one object holds: its longest list of objects, its train split, its columns,
    its entries; one chat alone is a row.
    """
    if not isinstance(document, dict):
        return [document]
    objects = [v for v in document.values() if isinstance(v, list) and v and isinstance(v[0], dict)]
    if len(objects) == 1 and _are_chats(objects[0]):
        return list(objects[0])
    if is_enveloped(document) or (_ROW_KEYS & document.keys() and not _is_table(document)):
        return [document]
    table = _table(document)
    if table:
        return table
    lists = {k: v for k, v in document.items() if _are_rows(v)}
    splits = [name for name in lists if name.lower() in SPLITS]
    train = next((name for name in splits if name.lower() == "train"), "")
    if train and len(splits) > 1:
        left = ", ".join(name for name in splits if name != train)
        note(f"only the list {train}; left aside: {left}")
        return list(lists[train])
    if lists:
        return max((list(rows) for rows in lists.values()), key=len)
    inner = [rows_in(v, note) for v in document.values() if _holds_rows(v)]
    if inner:
        return max(inner, key=len)
    return _entries(document) or [document]


def _are_chats(value: Any) -> bool:
    """Whether a value is a list of objects with a chat in each, whatever the list is called."""
    return isinstance(value, list) and all(
        isinstance(part, dict)
        and any(isinstance(part.get(key), list) for key in ("messages", "conversations"))
        for part in value[:3] or [None]
    )


def _are_rows(value: Any) -> bool:
    """Whether a value is a list of objects (or of chats) that are not the turns of one chat."""
    if not isinstance(value, list) or not value:
        return False
    if isinstance(value[0], list):
        return bool(value[0]) and isinstance(value[0][0], dict)
    return isinstance(value[0], dict) and not _CHAT_KEYS & value[0].keys()


def _holds_rows(value: Any, depth: int = 3) -> bool:
    return (
        depth > 0
        and isinstance(value, dict)
        and any(_are_rows(v) or _holds_rows(v, depth - 1) for v in value.values())
    )


def _is_table(document: JsonObject) -> bool:
    """Whether all values are columns: lists of one length, or objects with the same keys."""
    values = list(document.values())
    if len(values) < 2:
        return False
    if all(isinstance(v, list) for v in values):
        return len({len(v) for v in values}) == 1 and not any(
            isinstance(part, dict) and _CHAT_KEYS & part.keys() for v in values for part in v[:1]
        )
    return all(isinstance(v, dict) and v for v in values) and all(
        v.keys() == values[0].keys() and all(key.isdecimal() for key in v) for v in values
    )


def _table(document: JsonObject) -> list[Any]:
    """Rows of pandas' forms: by columns, or names beside lists of cells; nothing for another."""
    names = next((document[k] for k in ("columns", "header", "fields") if k in document), None)
    cells = next((document[k] for k in ("data", "rows", "values") if k in document), None)
    if (
        isinstance(names, list)
        and isinstance(cells, list)
        and all(isinstance(row, list) and len(row) == len(names) for row in cells)
    ):
        named = [n.get("name", n) if isinstance(n, dict) else n for n in names]
        return [dict(zip(map(str, named), row, strict=True)) for row in cells]
    if not _is_table(document):
        return []
    columns = [list(v.values()) if isinstance(v, dict) else v for v in document.values()]
    return [dict(zip(document, row, strict=True)) for row in zip(*columns, strict=True)]


def _entries(document: JsonObject) -> list[Any]:
    """`{"some id": {…}, "another": {…}}`: objects that share their fields."""
    values = list(document.values())
    if len(values) < 2 or not all(isinstance(v, dict) and v for v in values):
        return []
    shared = set(values[0]).intersection(*values[1:])
    return values if len(shared) * 2 >= len(values[0]) else []
