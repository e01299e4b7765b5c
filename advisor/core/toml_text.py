"""TOML text parsed within bounds: what would take the parser minutes or gigabytes is refused first.

The standard parser keeps every part of a dotted key, so a key of 20,000 parts takes a gigabyte.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any

MOST_PARTS = 32
"""Parts of a dotted key or table name; ours have at most three."""

MOST_DEPTH = 64
"""Brackets open at once."""

_QUOTED = re.compile(r'"[^"\n]*"|\'[^\'\n]*\'')
_TOKENS = re.compile(r"[=,\[\]{}#]+")
_BRACKETS = re.compile(r"[\[\]{}]")
_AT = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


class TomlError(ValueError):
    """Text that is not TOML, or not within bounds; `line` counts from 1."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(f"line {line}: {problem}")
        self.line = line
        self.problem = problem


def parse(text: str) -> dict[str, Any]:
    """The document in a TOML text. Raises TomlError."""
    _check_bounds(text)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _located(str(error), text) from None
    except (RecursionError, ValueError):  # a number with thousands of digits is a ValueError
        last = text.rstrip().count("\n") + 1
        raise TomlError(last, "cannot be read; keep numbers short and tables flat") from None


def _check_bounds(text: str) -> None:
    """Raises TomlError where a key has too many parts, or too many brackets are open."""
    depth = 0
    for number, line in enumerate(text.split("\n"), 1):
        bare = _QUOTED.sub('""', line)
        if bare.count(".") >= MOST_PARTS:
            parts = max(part.count(".") + 1 for part in _TOKENS.split("".join(bare.split())))
            if parts > MOST_PARTS:
                raise TomlError(number, f"a key of {parts:,} parts; keys have at most three")
        for bracket in _BRACKETS.findall(bare.partition("#")[0]):
            depth = depth + 1 if bracket in "[{" else max(depth - 1, 0)
            if depth > MOST_DEPTH:
                raise TomlError(number, f"more than {MOST_DEPTH} brackets are open")


def _located(message: str, text: str) -> TomlError:
    """The parser's own message with its line in front."""
    place = _AT.search(message)
    line = int(place[1]) if place and place[1] else text.rstrip().count("\n") + 1
    what = message[: place.start()] if place else message
    return TomlError(line, f"is not TOML ({what[:1].lower()}{what[1:]}); correct that line")
