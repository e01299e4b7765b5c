"""A record of the past read back from its JSON, so that it can be drawn again in any format.

A record that an older version wrote may lack fields that have a default; what this version does
not know is left aside.
"""

from __future__ import annotations

import json
import math
from dataclasses import MISSING, fields, is_dataclass
from datetime import date
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from advisor.core.errors import AdvisorError
from advisor.core.quantity import Range
from advisor.core.text import printable
from advisor.core.verdict import Verdict

Record = TypeVar("Record")

NAMES = {str: "text", int: "a whole number", float: "a finite number", bool: "true or false"}
LARGEST_WHOLE = 2**53
"""Above it a float no longer tells neighbouring whole numbers apart."""
LONGEST_REASON = 160


class UnreadableRecord(AdvisorError):
    """The JSON is not a record of a verdict, or of a version that this one cannot read."""


def read(text: str) -> Verdict:
    """The verdict in the JSON of `advisor recommend --json`. Raises UnreadableRecord."""
    try:
        return _checked(_record(Verdict, json.loads(text), "record"))
    except (ValueError, TypeError, RecursionError) as error:
        reason = printable(str(error))[:LONGEST_REASON]
        raise UnreadableRecord(
            f"this record cannot be read ({reason}); judge the brief again with advisor recommend"
        ) from None


def _checked(verdict: Verdict) -> Verdict:
    """The verdict if its parts refer to each other; else ValueError."""
    if verdict.as_of:
        date.fromisoformat(verdict.as_of)
    if verdict.arm and all(option.id != verdict.arm for option in verdict.arms):
        raise ValueError(f"{verdict.arm} is chosen but is not among the options")
    for option in verdict.drawn:
        draws = (getattr(option, field.name) for field in fields(option) if field.name != "option")
        if len({len(rows) for rows in draws if rows}) > 1:
            raise ValueError(f"{option.option}: its draws are of different numbers")
    return verdict


def _record(kind: type[Record], document: Any, place: str) -> Record:
    """A dataclass from an object with its fields; of another shape: TypeError that says where."""
    if not isinstance(document, dict):
        raise TypeError(f"{place} is not an object")
    hints = get_type_hints(kind)
    values = {}
    for field in fields(kind):  # type: ignore[arg-type]
        name = f"{place}.{field.name}"
        if field.name in document:
            values[field.name] = _value(hints[field.name], document[field.name], name)
        elif field.default is MISSING and field.default_factory is MISSING:
            raise TypeError(f"{name} is missing")
    return kind(**values)


def _value(hint: Any, value: Any, place: str) -> Any:
    """A value as its annotation says: a record, a tuple of them, or a plain value."""
    if get_origin(hint) in (Union, UnionType):
        if value is None and NoneType in get_args(hint):
            return None
        return _value(next(arg for arg in get_args(hint) if arg is not NoneType), value, place)
    if get_origin(hint) is tuple:
        if not isinstance(value, list):
            raise TypeError(f"{place} is not a list")
        inner = get_args(hint)[0]
        return tuple(_value(inner, entry, f"{place}[{i}]") for i, entry in enumerate(value))
    if hint is Range:
        return _range(_record(Range, value, place), place)
    if is_dataclass(hint):
        return _record(hint, value, place)  # type: ignore[arg-type]
    return _plain(hint, value, place)


def _range(interval: Range, place: str) -> Range:
    points = [p for p in (interval.p10, interval.p50, interval.p90) if p is not None]
    if points != sorted(points):
        raise ValueError(f"{place}: its quantiles are not in order")
    return interval


def _plain(hint: type[object], value: Any, place: str) -> Any:
    """Text, a number or a flag of exactly that type; a whole number also stands for a float."""
    if hint is float and type(value) is int and abs(value) <= LARGEST_WHOLE:
        return float(value)
    if type(value) is not hint or (isinstance(value, float) and not math.isfinite(value)):
        raise TypeError(f"{place} is not {NAMES.get(hint, hint.__name__)}")
    return value
