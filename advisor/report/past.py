"""A record of the past read back from its JSON, so that it can be drawn again in any format.

A record that an older version wrote may lack fields that have a default; what this version does
not know is left aside.
"""

from __future__ import annotations

import json
from dataclasses import MISSING, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from advisor.core.errors import AdvisorError
from advisor.core.verdict import Verdict

Record = TypeVar("Record")


class UnreadableRecord(AdvisorError):
    """The JSON is not a record of a verdict, or of a version that this one cannot read."""


def read(text: str) -> Verdict:
    """The verdict in the JSON of `advisor recommend --json`. Raises UnreadableRecord."""
    try:
        return _record(Verdict, json.loads(text))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise UnreadableRecord(
            f"this record cannot be read ({error}); judge the brief again with advisor recommend"
        ) from None


def _record(kind: type[Record], document: Any) -> Record:
    """A dataclass from an object with its fields; of another shape: TypeError."""
    if not isinstance(document, dict):
        raise TypeError(f"{kind.__name__} is not an object")
    hints = get_type_hints(kind)
    values = {}
    for field in fields(kind):  # type: ignore[arg-type]
        if field.name in document:
            values[field.name] = _value(hints[field.name], document[field.name])
        elif field.default is MISSING and field.default_factory is MISSING:
            raise TypeError(f"{kind.__name__}.{field.name} is missing")
    return kind(**values)


def _value(hint: Any, value: Any) -> Any:
    """A value as its annotation says: a record, a tuple of them, or a plain value."""
    if get_origin(hint) in (Union, UnionType):
        if value is None and NoneType in get_args(hint):
            return None
        return _value(next(arg for arg in get_args(hint) if arg is not NoneType), value)
    if get_origin(hint) is tuple:
        return tuple(_value(get_args(hint)[0], entry) for entry in value)
    if is_dataclass(hint):
        return _record(hint, value)  # type: ignore[arg-type]
    if hint is float and isinstance(value, int):
        return float(value)
    return value
