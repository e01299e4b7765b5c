"""The JSON Schema of a brief, made from the questions: editors complete and check files with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from advisor.brief.reader import SCHEMA
from advisor.brief.values import LONGEST_TEXT, POINTS
from advisor.core.brief import LISTS, SECTIONS, questions
from advisor.core.quantity import Range
from advisor.core.question import Kind, Question

DIALECT = "https://json-schema.org/draft/2020-12/schema"

JsonObject: TypeAlias = dict[str, Any]
"""A JSON Schema, or a part of one."""

_NOT_BLANK = {"pattern": r"\S"}
_THIS_CENTURY = "^20[0-9]{2}-"
_NO_CONTROL = {"not": {"pattern": "[\\u0000-\\u001f]"}}


def schema() -> JsonObject:
    """The schema as a JSON value (draft 2020-12): keys, types, bounds and what rows require.

    Contradictions between answers, such as shares of segments above 1, are found by the reader
    alone.
    """
    root = _object("", "A brief for the advisor.")
    tables = {table: _object(f"{table}.", section.__doc__) for table, section in SECTIONS.items()}
    lists = {
        name: {"type": "array", "items": _object(f"{name}[].", row.__doc__)}
        for name, row in LISTS.items()
    }
    for name, rows in lists.items():
        table, _, field = name.rpartition(".")
        (tables[table]["properties"] if table else tables)[field] = rows
    version = {"const": SCHEMA, "description": "The version of this contract."}
    return {
        "$schema": DIALECT,
        "title": "Brief of advisor",
        **root,
        "properties": {"schema": version, **root["properties"], **tables},
    }


def _object(prefix: str, about: str | None) -> JsonObject:
    """A table: its questions as properties, nothing else allowed."""
    inside = {k.removeprefix(prefix): q for k, q in questions().items() if k.startswith(prefix)}
    own = {name: q for name, q in inside.items() if "." not in name and "[" not in name}
    required = [name for name, q in own.items() if q.required]
    return {
        "type": "object",
        "description": (about or "").split("\n")[0],
        "properties": {name: _property(q) for name, q in own.items()},
        "additionalProperties": False,
        **({"required": required} if required else {}),
    }


def _property(question: Question) -> JsonObject:
    about = " ".join(part for part in (question.text, question.help) if part)
    unit = f" Unit: {question.unit}." if question.unit else ""
    source = f" Default: {question.source}." if question.source else ""
    stated = (
        {}
        if question.required or question.default is None
        else {"default": _plain(question.default)}
    )
    return {"description": about + unit + source, **_KINDS[question.kind](question), **stated}


def _number(question: Question) -> JsonObject:
    low = {} if question.low is None else {"minimum": question.low}
    high = {} if question.high is None else {"maximum": question.high}
    return {"type": "number", **low, **high}


def _ranged(question: Question) -> JsonObject:
    number = _number(question)
    points = dict.fromkeys(POINTS, number)
    if question.zero_is_absent:
        points = {**points, "low": {**number, "exclusiveMinimum": 0}}
    uncertain = {
        "type": "object",
        "properties": points,
        "required": list(POINTS),
        "additionalProperties": False,
    }
    return {"anyOf": [number, uncertain]}


def _whole(question: Question) -> JsonObject:
    return {**_number(question), "type": "integer"}


def _text(question: Question) -> JsonObject:
    blank = _NOT_BLANK if question.required else {}
    return {"type": "string", "maxLength": LONGEST_TEXT, **blank}


def _plain(value: Any) -> Any:
    """A default as it would be written in the file."""
    if isinstance(value, Range):
        return (
            value.p50
            if value.is_exact
            else dict(zip(POINTS, (value.p10, value.p50, value.p90), strict=True))
        )
    return list(value) if isinstance(value, tuple) else value


_KINDS: Mapping[str, Callable[[Question], JsonObject]] = {
    Kind.NUMBER: _ranged,
    Kind.SHARE: _ranged,
    Kind.SCORE: _number,
    Kind.WHOLE: _whole,
    Kind.TEXT: _text,
    Kind.PATH: lambda q: {**_text(q), **_NO_CONTROL},
    Kind.CHOICE: lambda q: {"type": "string", "enum": list(q.choices)},
    Kind.YES_NO: lambda q: {"type": "boolean"},
    Kind.DATE: lambda q: {"type": "string", "format": "date", "pattern": _THIS_CENTURY},
    Kind.NAMES: lambda q: {
        "type": "array",
        "items": {"type": "string", **_NOT_BLANK},
        "uniqueItems": True,
    },
}
