"""A row of a data file as it was read, before it is known what its fields mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

JsonObject = Mapping[str, Any]
"""A row of a file, or a part of one, as it was read."""


@dataclass(frozen=True, slots=True)
class DataRow:
    """A row as it was read; `value` is None where it cannot be used, and `reason` says why.

    Lines count from 1.
    """

    line: int
    value: JsonObject | None
    reason: str = ""


def are_objects(value: Any) -> bool:
    """Whether a value is a list of objects."""
    return isinstance(value, list) and all(isinstance(part, dict) for part in value)
