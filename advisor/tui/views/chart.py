"""A line chart in braille: the value now on top, the scale on the left, what runs along below.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite

from textual.content import Content

from advisor.core.format import compact

Point = tuple[float, float | None]
"""Place along the axis, and the value there; None breaks the line."""

SCALE = 8
"""Columns of the scale on the left."""

FEWEST_ROWS = 3
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
"""The bits of a braille cell (Unicode, block 2800), by column and row."""

_BLANK = 0x2800
_ROOM = 0.05
"""Share of the range left free above and below the line."""


@dataclass(frozen=True, slots=True)
class LineChart:
    """`first` to `last` are the ends of the axis, `along` is their unit."""

    title: str
    points: Sequence[Point]
    first: float
    last: float
    along: str = "s"

    def lines(self, width: int, height: int) -> list[Content]:
        """Exactly `height` lines (at least 3) of `width` columns: title, the line, the ends of the
        axis.
        """
        rows = max(height, FEWEST_ROWS) - 2
        columns = max(width - SCALE - 1, 1)
        readings = [value for _, value in self.points if value is not None and isfinite(value)]
        drawn = (
            self._drawn(columns, rows, *_bounds(readings)) if readings else [" " * columns] * rows
        )
        marks = _marks(readings, rows)
        body = [
            Content.assemble((f"{mark:>{SCALE - 1}} │", "dim"), (line, "$text-accent"))
            for mark, line in zip(marks, drawn, strict=True)
        ]
        return [self._title(readings, width), *body, self._axis(columns)]

    def _title(self, readings: Sequence[float], width: int) -> Content:
        now = compact(readings[-1]) if readings else "nothing yet"
        return Content.assemble((f"{self.title} ", "dim"), (now, "bold")).truncate(width, pad=True)

    def _axis(self, columns: int) -> Content:
        first, last = (f"{end:,.0f}" for end in (self.first, self.last))
        tail = f"{last} {self.along}"
        line = f"{first} {'─' * max(columns - len(first) - len(tail) - 1, 0)} {tail}"
        return Content.styled(
            " " * (SCALE - 1) + "└" + line[: columns + 1].rjust(columns + 1, "─"), "dim"
        )

    def _drawn(self, columns: int, rows: int, low: float, high: float) -> list[str]:
        """The line on `columns` × `rows` cells of 2 × 4 dots."""
        cells = [[0] * columns for _ in range(rows)]
        tall = 4 * rows
        for place, (down, up) in self._course(2 * columns):
            top, bottom = (
                round((1.0 - (value - low) / (high - low)) * (tall - 1)) for value in (up, down)
            )
            for dot in range(top, bottom + 1):
                cells[dot // 4][place // 2] |= _DOTS[place % 2][dot % 4]
        return ["".join(chr(_BLANK | cell) for cell in row) for row in cells]

    def _course(self, wide: int) -> Iterator[tuple[int, tuple[float, float]]]:
        """(column of dots, lowest and highest value in it) along the line between neighbouring
        points.
        """
        step = (self.last - self.first) / max(wide - 1, 1)
        before: tuple[float, float] | None = None
        for at, value in self.points:
            if value is None or not isfinite(value):
                before = None
                continue
            column = min(max((at - self.first) / step, 0.0), wide - 1.0) if step > 0.0 else 0.0
            here = (column, value)
            yield from _between(before or here, here)
            before = here


def _bounds(readings: Sequence[float]) -> tuple[float, float]:
    """The lowest and highest value with some room; a line that is flat lies in the middle."""
    low = min(readings)
    high = max(readings)
    room = (high - low) * _ROOM or abs(high) * _ROOM or 1.0
    return low - room, high + room


def _marks(readings: Sequence[float], rows: int) -> list[str]:
    """The highest value beside the top row and the lowest beside the bottom one; one of them where
    they read alike.
    """
    marks = [""] * rows
    if readings:
        low = _mark(min(readings))
        high = _mark(max(readings))
        marks[-1] = low if low != high else ""
        marks[0] = high
    return marks


def _mark(value: float) -> str:
    """Three digits where the scale has room for them, else one and its power of ten."""
    text = compact(value)
    return text if len(text) < SCALE else f"{value:.0e}"


def _between(
    one: tuple[float, float], other: tuple[float, float]
) -> Iterator[tuple[int, tuple[float, float]]]:
    """The straight line from one point to the next, column by column."""
    x0, y0 = one
    x1, y1 = other
    for column in range(round(x0), round(x1) + 1):
        spots = [
            y0 + (y1 - y0) * _within((x - x0) / (x1 - x0) if x1 > x0 else 1.0)
            for x in (column - 0.5, column + 0.5)
        ]
        yield column, (min(spots), max(spots))


def _within(share: float) -> float:
    return min(max(share, 0.0), 1.0)
