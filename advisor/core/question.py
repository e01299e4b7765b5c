"""A question of the brief, declared once: form, flags, file, schema and help are made from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from advisor.core.quantity import Range

HIGHEST = 1e12
"""Upper bound of every number without one of its own: a trillion tokens, dollars or requests is a
typing error.
"""


class Kind(StrEnum):
    """What kind of answer a question takes."""

    NUMBER = "number"
    WHOLE = "whole"
    SHARE = "share"
    SCORE = "score"
    TEXT = "text"
    CHOICE = "choice"
    YES_NO = "yes-no"
    DATE = "date"
    PATH = "path"
    NAMES = "names"


@dataclass(frozen=True, slots=True)
class Question:
    """The wording, unit, bounds and default of one answer.

    `default` is a Range for an uncertain number, `None` where the value is derived elsewhere (the
    help says where). `low` and `high` are inclusive bounds in `unit`. `ranged` numbers may be
    answered by `{low, likely, high}`. `source` and `as_of` say where the default comes from.
    `basic` marks the few questions that matter most; `registered`, that a default is an assumption
    which can change the verdict; `zero_is_absent`, that an answer of 0 means "left out";
    `required`, that a row of a list needs it. `key` is the dotted key, set when the brief's
    declaration is read.
    """

    text: str
    help: str
    kind: Kind
    default: Any
    source: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    as_of: str = ""
    basic: bool = False
    registered: bool = True
    zero_is_absent: bool = False
    required: bool = False
    key: str = ""

    @property
    def ranged(self) -> bool:
        """Whether an uncertain answer is allowed."""
        return self.kind in (Kind.NUMBER, Kind.SHARE)


def ask(
    text: str,
    help: str,
    kind: str,
    default: Any,
    source: str = "the form's neutral value",
    *,
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
    as_of: str = "",
    basic: bool = False,
    registered: bool = True,
    zero_is_absent: bool = False,
    required: bool = False,
) -> Any:
    """A dataclass field that carries its question; the field's default is the question's."""
    if kind in (Kind.NUMBER, Kind.WHOLE):
        high = HIGHEST if high is None else high
    if kind in (Kind.SHARE, Kind.SCORE):
        unit = unit or str(kind)
        low = 0.0 if low is None else low
        high = 1.0 if high is None else high
    question = Question(
        text,
        help,
        Kind(kind),
        default,
        source,
        unit,
        low,
        high,
        choices,
        as_of,
        basic,
        registered,
        zero_is_absent,
        required,
    )
    return field(default=default, metadata={"question": question})


def spread(low: float, likely: float, high: float) -> Range:
    """A default that is uncertain: P10, P50 and P90."""
    return Range(low, likely, high)


exactly = Range.exact
