"""Ranges and differences on axes that several rows share, so that they can be compared."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from advisor.core import format as fmt
from advisor.core.quantity import Range

OTHER = "○"
"""The mark of the option that is compared with."""


@dataclass(frozen=True, slots=True)
class Axis:
    """A scale from `low` to `high` on `width` columns."""

    low: float
    high: float
    width: int

    @classmethod
    def over(cls, ranges: Iterable[Range], width: int, *, from_zero: bool = True) -> Axis:
        """The scale that contains all ranges; `from_zero` for amounts, not for scores."""
        ends = [
            end for r in ranges for end in (r.p10, r.p90) if fmt.is_known(end) and end is not None
        ]
        low = min(ends, default=0.0)
        high = max(ends, default=1.0)
        if from_zero:
            low = min(low, 0.0)
        if high <= low:
            high = low + (abs(low) or 1.0)
        return cls(low, high, width)

    def column(self, value: float) -> int:
        """The column of a value, kept on the scale."""
        share = (value - self.low) / (self.high - self.low)
        return round(min(max(share, 0.0), 1.0) * (self.width - 1))

    def bar(self, interval: Range, other: float | None = None) -> str:
        """`├──●──┤`, with ○ where `other` lies; blank where unknown."""
        cells = list(
            fmt.range_bar(interval.p10, interval.p50, interval.p90, self.low, self.high, self.width)
        )
        if other is not None and fmt.is_known(other) and cells:
            at = self.column(other)
            if cells[at] != "●":
                cells[at] = OTHER
        return "".join(cells)

    def ticks(self, show: fmt.Show) -> str:
        """The ends and the middle of the scale in words, as wide as the scale."""
        low = show(self.low)
        high = show(self.high)
        middle = show((self.low + self.high) / 2)
        room = self.width - len(low) - len(high)
        if room < len(middle) + 2:
            return low + " " * max(room, 1) + high
        return low + middle.center(room) + high
