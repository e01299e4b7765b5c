"""Several labels per row: a list, joined by a mark, a column of 0 and 1 per label, or per word."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from advisor.probe.forms.columns import Column, is_missing
from advisor.probe.forms.names import is_label_name, is_never_prompt
from advisor.probe.forms.records import JsonObject

LabelsOf = Callable[[JsonObject], tuple[str, ...]]
MARKS = ("|", ";", ",")
LONGEST_LABEL = 60  # characters
FEWEST_COLUMNS = 2


def label_sets(rows: Sequence[JsonObject], answer: str, prompt: str = "") -> LabelsOf | None:
    """What gives the labels of a row from its `answer` field; None where a row has but one label.

    A list that is as long as a list in `prompt` labels each of its words and not the row.
    """
    values = [row[answer] for row in rows if not is_missing(row.get(answer))]
    if not values:
        return None
    if all(isinstance(value, list) for value in values):
        if not is_label_name(answer) or _label_words(rows, answer, prompt):
            return None
        if not all(_are_labels(value) for value in values):
            return None
        return lambda row: tuple(str(label) for label in row.get(answer) or ())
    mark = _mark_of(values) if is_label_name(answer) else ""
    return (lambda row: _divided(row.get(answer), mark)) if mark else None


def word_labels(rows: Sequence[JsonObject], answer: str, prompt: str) -> LabelsOf | None:
    """What gives the kinds of entities in a row whose `answer` labels each word of its `prompt`
    (`B-PER` and `I-PER` are one kind, `O` is none); None where it labels rows.
    """
    if not _label_words(rows, answer, prompt):
        return None
    return lambda row: tuple(dict.fromkeys(filter(None, map(_kind, row.get(answer) or ()))))


def _kind(label: Any) -> str:
    name = str(label)
    return "" if name in ("O", "0", "") else _PLACE.sub("", name)


_PLACE = re.compile(r"^[BIELSU]-")
"""Where in an entity a word stands (BIO, BILOU, BIOES)."""


def _label_words(rows: Sequence[JsonObject], answer: str, prompt: str) -> bool:
    return any(
        isinstance(row.get(prompt), list)
        and isinstance(row.get(answer), list)
        and len(row[prompt]) == len(row[answer]) > 1
        for row in rows
    )


def _are_labels(value: list[Any]) -> bool:
    return all(
        isinstance(label, int) or (isinstance(label, str) and len(label) <= LONGEST_LABEL)
        for label in value
    )


def _mark_of(values: Sequence[Any]) -> str:
    """The mark that joins labels: where it divides, fewer different parts than different values
    are left, as the same labels come in other company.
    """
    if not all(isinstance(value, str) for value in values):
        return ""
    wholes = set(values)
    for mark in MARKS:
        parts = {part for value in wholes for part in _divided(value, mark)}
        if len(parts) < len(wholes) and all(len(part) <= LONGEST_LABEL for part in parts):
            return mark
    return ""


def _divided(value: Any, mark: str) -> tuple[str, ...]:
    if not isinstance(value, str):
        return ()
    return tuple(part.strip() for part in value.split(mark) if part.strip())


def indicator_columns(rows: Sequence[JsonObject], columns: Sequence[Column]) -> list[str]:
    """Columns that hold nothing but 0 and 1, one per label; none where there are fewer than two."""
    indicators = [
        c.name for c in columns if not is_never_prompt(c.name) and _is_indicator(rows, c.name)
    ]
    return indicators if len(indicators) >= FEWEST_COLUMNS else []


def _is_indicator(rows: Sequence[JsonObject], name: str) -> bool:
    values = [row.get(name) for row in rows]
    return all(_as_bit(value) is not None for value in values)


def _as_bit(value: Any) -> bool | None:
    """Whether a label is set; None for what is neither 0 nor 1."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float) and value in (0, 1):
        return bool(value)
    if isinstance(value, str) and value.strip() in ("0", "1", "0.0", "1.0"):
        return value.strip()[0] == "1"
    return None


def set_labels(row: JsonObject, indicators: Sequence[str]) -> tuple[str, ...]:
    """The indicators that are 1 in a row. Raises KeyError for one that it lacks."""
    return tuple(name for name in indicators if _as_bit(row[name]))
