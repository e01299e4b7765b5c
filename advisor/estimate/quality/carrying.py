"""For which numbers of examples a score speaks that was measured at others."""

from __future__ import annotations

import math
from collections.abc import Sequence

FAR = 8.0  # extrapolation beyond this many times the last measured number of examples is called far
SAME_POINT = 1.02  # ratio of label counts below which two points of a curve are one
CARRIED = 2.5
"""Ratio of label counts up to which a measured score counts as measured: in that distance published
curves of more than 1,000 labels move by no more than the error of a usual test set.
"""


def holds_at(n: float, measured: Sequence[float]) -> bool:
    """Whether a score that was measured at these numbers of examples, 0 where one is not stated,
    counts as measured at `n`: up to `CARRIED` times fewer or more than any of them, and of several
    also between them. What a curve may do on the way is in the draws.
    """
    stated = [m for m in measured if m]
    if not stated or not n:
        return True
    return min(stated) / CARRIED <= n <= max(stated) * CARRIED


def is_same_point(n: float, measured: float) -> bool:
    """Whether two numbers of examples are one; any number is that which is not stated, 0."""
    return not measured or not n or bool(1 / SAME_POINT < n / measured < SAME_POINT)


def nearest_number(n: float, measured: Sequence[float]) -> float:
    """The measured number whose ratio to `n` is nearest to 1; one that is not stated, 0, is one
    example.
    """
    return min(measured, key=lambda m: abs(math.log((m or 1) / (n or m or 1))))


def reach_text(n: float, measured: Sequence[float]) -> str:
    """Where a number of examples lies among those measured."""
    first = min(measured)
    last = max(measured)
    if n < first:
        return f"{n:,.0f} examples lie below the first point at {first:,.0f}"
    far = f", more than {FAR:g} x: far" if n > FAR * last else ""
    return f"extrapolated {n / last:.1f} x beyond the last point at {last:,.0f} examples{far}"
