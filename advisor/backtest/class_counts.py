"""How many classes a published classification has: as its name says, or by its data set."""

from __future__ import annotations

import csv
import re
from functools import cache

from advisor import shipped

_STATED = re.compile(r"\b(\d+)(?:-way\b|[ -](?:classes|class|intents|labels)\b)", re.IGNORECASE)
_TWO = re.compile(r"\bbinary\b|\bbooleans?\b", re.IGNORECASE)


@cache
def class_count(task: str) -> int:
    """Classes of a task by its name; 0 where neither it nor profiles/data_sets.csv says."""
    stated = _STATED.search(task)
    if stated is not None:
        return int(stated.group(1))
    if _TWO.search(task):
        return 2
    name = task.lower()
    return next((classes for part, classes in _data_sets() if part in name), 0)


@cache
def _data_sets() -> tuple[tuple[str, int], ...]:
    """Parts of names with their number of classes, the longest first."""
    path = shipped.folder("profiles") / "data_sets.csv"
    with path.open(newline="", encoding="utf-8") as file:
        rows = [(row["name"], int(row["classes"])) for row in csv.DictReader(file)]
    return tuple(sorted(rows, key=lambda row: -len(row[0])))
