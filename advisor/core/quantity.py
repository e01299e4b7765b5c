"""A quantity: p10/p50/p90, unit, basis, source and date.

Nothing the program says is a bare number.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from advisor.core.constants import Z80


class Basis(StrEnum):
    """How a figure is known, from the strongest basis to the weakest."""

    MEASURED = "measured"  # on the user's own machine, data or bill
    QUOTED = "quoted"  # a price list, a contract, or what the brief states
    PUBLISHED = "published"  # a paper, a data sheet, a public benchmark
    MODELLED = "modelled"  # computed by a fitted formula
    ASSUMED = "assumed"  # a default where nothing better is known


_FROM_WEAKEST = tuple(reversed(Basis))


def weakest(bases: Collection[Basis]) -> Basis:
    """A derived figure is only as good as its weakest input; of no inputs: measured."""
    for basis in _FROM_WEAKEST:
        if basis in bases:
            return basis
    return Basis.MEASURED


@dataclass(frozen=True, slots=True)
class Range:
    """An 80 % interval and its median, in the unit of its owner; all three None where unknown."""

    p10: float | None
    p50: float | None
    p90: float | None

    @classmethod
    def exact(cls, value: float) -> Range:
        """A value without uncertainty."""
        return cls(value, value, value)

    @property
    def is_known(self) -> bool:
        return self.p50 is not None

    @property
    def is_exact(self) -> bool:
        return self.p10 == self.p90

    @property
    def likely(self) -> float:
        """The median. Raises ValueError where it is unknown, so that unknown never becomes zero."""
        if self.p50 is None:
            raise ValueError("unknown quantity")
        return self.p50


UNKNOWN = Range(None, None, None)


def share_range(share: float, items: int) -> Range:
    """A share of so many items with its 80 % interval (Wilson 1927)."""
    middle = (share + Z80**2 / (2 * items)) / (1 + Z80**2 / items)
    spread = math.sqrt(share * (1 - share) / items + Z80**2 / (4 * items * items))
    half = Z80 / (1 + Z80**2 / items) * spread
    return Range(min(max(middle - half, 0.0), share), share, max(min(middle + half, 1.0), share))


@dataclass(frozen=True, slots=True)
class Quantity:
    """A range with its unit and its origin.

    `as_of` is an ISO date, possibly only a year or a month, or a phrase such as "undated, no later
    than 2026-08"; `reason` says why an unknown quantity is unknown.
    """

    range: Range
    unit: str
    basis: Basis
    source: str
    as_of: str
    reason: str = ""

    @classmethod
    def unknown(cls, unit: str, reason: str) -> Quantity:
        return cls(UNKNOWN, unit, Basis.ASSUMED, "", "", reason)

    @property
    def likely(self) -> float:
        """The median in `unit`. Raises ValueError where it is unknown."""
        return self.range.likely
