"""The JSON Schema of a brief, made from the questions; editors complete and check TOML files with
it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from advisor.brief.reader import SCHEMA
from advisor.brief.values import POINTS
from advisor.core.brief import LISTS, SECTIONS, questions
from advisor.core.quantity import Range
from advisor.core.question import Question

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_NOT_BLANK = {"pattern": r"\S"}
_NO_CONTROL = {"not": {"pattern": "[\\u0000-\\u001f]"}}


def schema() -> dict[str, Any]:
    """The schema as a JSON value (draft 2020-12). It knows keys, types, bounds and what rows need.

    Answers that contradict each other, such as shares of segments above 1, are found by the reader
    alone.
    """
    root = _object("", "One question to the advisor.")
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


def _object(prefix: str, about: str | None) -> dict[str, Any]:
    """A table: its questions as properties, nothing else allowed."""
    asked = {k.removeprefix(prefix): q for k, q in questions().items() if k.startswith(prefix)}
    own = {name: q for name, q in asked.items() if "." not in name and "[" not in name}
    required = [name for name, q in own.items() if q.required]
    return {
        "type": "object",
        "description": (about or "").split("\n")[0],
        "properties": {name: _property(q) for name, q in own.items()},
        "additionalProperties": False,
        **({"required": required} if required else {}),
    }


def _property(question: Question) -> dict[str, Any]:
    about = " ".join(part for part in (question.text, question.help) if part)
    unit = f" Unit: {question.unit}." if question.unit else ""
    source = f" Default: {question.source}." if question.source else ""
    stated = (
        {}
        if question.required or question.default is None
        else {"default": _plain(question.default)}
    )
    return {"description": about + unit + source, **_KINDS[question.kind](question), **stated}


def _number(question: Question) -> dict[str, Any]:
    low = {} if question.low is None else {"minimum": question.low}
    high = {} if question.high is None else {"maximum": question.high}
    return {"type": "number", **low, **high}


def _ranged(question: Question) -> dict[str, Any]:
    number = _number(question)
    points = dict.fromkeys(POINTS, number)
    uncertain = {
        "type": "object",
        "properties": points,
        "required": list(POINTS),
        "additionalProperties": False,
    }
    return {"anyOf": [number, uncertain]}


def _whole(question: Question) -> dict[str, Any]:
    return {**_number(question), "type": "integer"}


def _text(question: Question) -> dict[str, Any]:
    return {"type": "string", **(_NOT_BLANK if question.required else {})}


def _plain(value: Any) -> Any:
    """A default as the file would hold it."""
    if isinstance(value, Range):
        return (
            value.p50
            if value.is_exact
            else dict(zip(POINTS, (value.p10, value.p50, value.p90), strict=True))
        )
    return list(value) if isinstance(value, tuple) else value


_KINDS: Mapping[str, Callable[[Question], dict[str, Any]]] = {
    "number": _ranged,
    "share": _ranged,
    "score": _number,
    "whole": _whole,
    "text": _text,
    "path": lambda q: {**_text(q), **_NO_CONTROL},
    "choice": lambda q: {"type": "string", "enum": list(q.choices)},
    "yes-no": lambda q: {"type": "boolean"},
    "date": lambda q: {"type": "string", "format": "date"},
    "names": lambda q: {
        "type": "array",
        "items": {"type": "string", **_NOT_BLANK},
        "uniqueItems": True,
    },
}
