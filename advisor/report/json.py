"""The record as JSON: the contract of `advisor recommend --json`. The same record gives the same bytes."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from advisor.core.verdict import Verdict

DIGITS = 10
"""Significant digits of a number: more than any estimate is worth, fewer than a platform may round differently."""


def render(verdict: Verdict) -> str:
    """One object, keys in the order of the record, a final line break; what is unknown is null, never NaN."""
    return dump(verdict)


def dump(value: Any) -> str:
    """Any record of dataclasses, mappings, sequences and plain values as indented JSON text."""
    return json.dumps(plain_data(value), ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def plain_data(value: Any) -> Any:
    """Dictionaries, lists and plain values; numbers rounded to `DIGITS`, infinite and undefined ones null."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return _rounded(value)
    if is_dataclass(value):
        return {f.name: plain_data(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain_data(held) for key, held in value.items()}
    return [plain_data(item) for item in value]


def _rounded(value: float) -> float | int | None:
    if not math.isfinite(value):
        return None
    rounded = float(f"{value:.{DIGITS}g}")
    if not math.isfinite(rounded):
        return value
    return int(rounded) if abs(rounded) < 1e15 and rounded == int(rounded) else rounded
