"""What-if steps: how far + and − move a number. Pure."""

from __future__ import annotations

from math import ceil, floor, log10
from typing import Any

from advisor.brief.values import SMALLEST
from advisor.core.quantity import Range
from advisor.core.question import Question

STEP = 1.1
SMALL_STEP = 0.05
BEYOND = 0.01


def can_step(question: Question) -> bool:
    """Whether the question asks for a number."""
    return question.kind in ("number", "whole", "share", "score")


def stepped(question: Question, value: Any, direction: int) -> Any:
    """`value` one step up (1) or down (−1): a tenth of it, or 0.05 where it is a share or score;
    kept in bounds.
    """
    if isinstance(value, Range):
        from_zero = value.p10 == value.p90 == 0
        points = (value.p10, value.p50, value.p90)
        return Range(
            *(None if p is None else _moved(question, p, direction, from_zero) for p in points)
        )
    moved = _moved(question, float(value), direction, value == 0)
    return round(moved) if question.kind == "whole" else moved


def _moved(question: Question, value: float, direction: int, from_zero: bool) -> float:
    if question.kind in ("share", "score") or question.unit.startswith(("share", "score")):
        moved = round(value + direction * SMALL_STEP, 6)
    elif question.kind == "whole":
        moved = value + direction * max(1, round(abs(value) * (STEP - 1)))
    else:
        moved = float(direction) if from_zero else _three_digits(value * STEP**direction)
    moved = 0.0 if abs(moved) < SMALLEST else moved
    low = question.low if question.low is not None else moved
    high = question.high if question.high is not None else moved
    return min(max(moved, low), high)


def _three_digits(value: float) -> float:
    return round(value, 2 - floor(log10(abs(value)))) if value else 0.0


def just_beyond(question: Question, flip: float, now: float | None) -> Any:
    """The value as an answer, a hundredth further from today's than the flip; kept in bounds."""
    direction = 1 if now is None or flip >= now else -1
    gap = max(abs(flip), abs(flip - now) if now is not None else 0.0) * BEYOND
    value = flip + direction * gap
    low = question.low if question.low is not None else value
    high = question.high if question.high is not None else value
    value = min(max(value, low), high)
    if question.kind == "whole":
        return ceil(value) if direction > 0 else floor(value)
    return Range.exact(value) if question.ranged else value
