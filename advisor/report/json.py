"""The record as JSON: the contract of `advisor recommend --json`.

The same record gives the same bytes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

from advisor.core.text import without_controls
from advisor.core.verdict import Verdict
from advisor.report.look import PLAIN, Look

DIGITS = 10
"""Significant digits of a number: more than any estimate is worth, fewer than a platform may round
differently.
"""


def render(verdict: Verdict, look: Look = PLAIN) -> str:
    """One object, keys in the order of the record, a final line break; what is unknown is null,
    never NaN.
    """
    return dump(verdict)


def dump(value: Any) -> str:
    """Any record of dataclasses, mappings, sequences and plain values as JSON text, an entry per
    line.

    Indented deeper, the encoder would be the slow one written in Python: a fifth of a second for a
    verdict.
    """
    data = plain_data(value)
    if isinstance(data, Mapping):
        return (
            "{\n"
            + ",\n".join(f" {_line(key)}: {_entry(entry)}" for key, entry in data.items())
            + "\n}\n"
        )
    return _entry(data) + "\n"


def _entry(value: Any) -> str:
    """A value in one line; a list of objects with an object per line."""
    if isinstance(value, list) and value and isinstance(value[0], Mapping):
        return "[\n" + ",\n".join(f"  {_line(item)}" for item in value) + "\n ]"
    return _line(value)


def _line(value: Any) -> str:
    return without_controls(json.dumps(value, ensure_ascii=False, allow_nan=False))


def plain_data(value: Any) -> Any:
    """Dictionaries, lists and plain values; numbers rounded to `DIGITS`, infinite and undefined
    ones null.
    """
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return _rounded(value)
    if is_dataclass(value):
        return {name: plain_data(getattr(value, name)) for name in _names(value.__class__)}
    if isinstance(value, Mapping):
        return {str(key): plain_data(entry) for key, entry in value.items()}
    return [plain_data(item) for item in value]


@cache
def _names(record: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(record))


def _rounded(value: float) -> float | int | None:
    if not math.isfinite(value):
        return None
    rounded = float(f"{value:.{DIGITS}g}")
    if not math.isfinite(rounded):
        return value
    return int(rounded) if abs(rounded) < 1e15 and rounded == int(rounded) else rounded
