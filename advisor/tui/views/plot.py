"""Lines, bands and marks on one pair of axes, drawn in braille dots. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import isfinite, log10

from textual.content import Content

from advisor.core.format import Show

XY = tuple[float, float]

SCALE_WIDTH = 9
"""Columns of the scale on the left."""

_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
_BLANK = 0x2800
_ROOM = 0.04


@dataclass(frozen=True, slots=True)
class PlottedLine:
    """A line through points."""

    points: Sequence[XY]
    style: str


@dataclass(frozen=True, slots=True)
class ShadedBand:
    """What lies between two lines over the same places, as a pattern of dots."""

    low: Sequence[XY]
    high: Sequence[XY]
    style: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A character at a point."""

    at: XY
    sign: str
    style: str


@dataclass(frozen=True, slots=True)
class Level:
    """A horizontal line with a word, such as a target."""

    value: float
    name: str
    style: str


@dataclass(frozen=True, slots=True)
class Axes:
    """What the axes show: the words of their ends, and whether the lower one is logarithmic."""

    show_x: Show
    show_y: Show
    along: str = ""
    log_x: bool = False
    from_zero: bool = False


@dataclass(frozen=True, slots=True)
class Plot:
    """Everything on one pair of axes; what is drawn first lies on top."""

    axes: Axes
    lines: Sequence[PlottedLine] = ()
    bands: Sequence[ShadedBand] = ()
    marks: Sequence[Mark] = ()
    levels: Sequence[Level] = ()

    def rows(self, width: int, height: int) -> list[Content]:
        """`height` lines of `width` columns: the picture, and the lower axis; empty without
        points.
        """
        spots = [spot for spot in self._spots() if isfinite(spot[0]) and isfinite(spot[1])]
        if not spots or width < SCALE_WIDTH + 12 or height < 4:
            return []
        frame = _Frame.around(spots, self, width - SCALE_WIDTH - 1, height - 2)
        self._draw(frame)
        return [*frame.contents(self.axes), *frame.lower_axis(self.axes)]

    def _spots(self) -> Iterator[XY]:
        for line in self.lines:
            yield from line.points
        for band in self.bands:
            yield from (*band.low, *band.high)
        yield from (mark.at for mark in self.marks)

    def _draw(self, frame: _Frame) -> None:
        for level in self.levels:
            frame.level(level)
        for line in self.lines:
            frame.line(line)
        for band in self.bands:
            frame.band(band)
        for mark in reversed(self.marks):
            frame.mark(mark)


@dataclass(slots=True)
class _Frame:
    """Cells of 2 × 4 dots, and the scales that place a point in them."""

    low: XY
    high: XY
    columns: int
    rows: int
    log_x: bool
    cells: list[list[int]] = field(default_factory=list)
    styles: list[list[str]] = field(default_factory=list)
    signs: dict[tuple[int, int], tuple[str, str]] = field(default_factory=dict)

    @classmethod
    def around(cls, spots: Sequence[XY], plot: Plot, columns: int, rows: int) -> _Frame:
        """The frame that contains all spots and levels."""
        log_x = plot.axes.log_x
        across = [log10(max(x, 1e-9)) if log_x else x for x, _ in spots]
        up = [y for _, y in spots] + [level.value for level in plot.levels]
        low = min(up)
        high = max(up)
        room = (high - low) * _ROOM or abs(high) * _ROOM or 1.0
        bottom = 0.0 if plot.axes.from_zero and low >= 0 else low - room
        left = min(across)
        right = max(across)
        right = right if right > left else left + (abs(left) or 1.0)
        frame = cls((left, bottom), (right, high + room), columns, rows, log_x)
        frame.cells = [[0] * columns for _ in range(rows)]
        frame.styles = [[""] * columns for _ in range(rows)]
        return frame

    def dot(self, x: float, y: float) -> XY:
        """Column and row of dots of a point, from the upper left corner."""
        across = log10(max(x, 1e-9)) if self.log_x else x
        share_x = (across - self.low[0]) / (self.high[0] - self.low[0])
        share_y = (y - self.low[1]) / (self.high[1] - self.low[1])
        return share_x * (2 * self.columns - 1), (1 - share_y) * (4 * self.rows - 1)

    def set(self, column: int, row: int, style: str) -> None:
        """One dot, in the style of what was drawn first in its cell."""
        if 0 <= column < 2 * self.columns and 0 <= row < 4 * self.rows:
            self.cells[row // 4][column // 2] |= _DOTS[column % 2][row % 4]
            self.styles[row // 4][column // 2] = self.styles[row // 4][column // 2] or style

    def line(self, line: PlottedLine) -> None:
        """Straight from point to point, two dots high."""
        places = [self.dot(*point) for point in line.points]
        for (x0, y0), (x1, y1) in itertools.pairwise(places):
            steps = max(round(abs(x1 - x0)), round(abs(y1 - y0)), 1)
            for step in range(steps + 1):
                share = step / steps
                column = round(x0 + (x1 - x0) * share)
                row = round(y0 + (y1 - y0) * share)
                self.set(column, row, line.style)
                self.set(column, row + 1, line.style)

    def band(self, band: ShadedBand) -> None:
        """Every fourth dot between the two lines."""
        low = _heights([self.dot(*point) for point in band.low], 2 * self.columns)
        high = _heights([self.dot(*point) for point in band.high], 2 * self.columns)
        for column in low.keys() & high.keys():
            for row in range(round(high[column]), round(low[column]) + 1):
                if (row + 2 * (column % 2)) % 4 == 0 and column % 2 == 0:
                    self.set(column, row, band.style)

    def level(self, level: Level) -> None:
        """A dashed line with its name at the right end."""
        row = min(max(round(self.dot(0, level.value)[1]) // 4, 0), self.rows - 1)
        for column in range(self.columns):
            self.signs[(row, column)] = ("╌", level.style)
        for place, letter in enumerate(level.name[: self.columns]):
            self.signs[(row, self.columns - len(level.name) + place)] = (letter, level.style)

    def mark(self, mark: Mark) -> None:
        """A sign; where one stands already, in the next free column."""
        x, y = self.dot(*mark.at)
        row = min(max(round(y) // 4, 0), self.rows - 1)
        column = min(max(round(x) // 2, 0), self.columns - 1)
        taken = {place for place, (sign, _) in self.signs.items() if sign != "╌"}
        free = (column, *range(column + 1, self.columns), *range(column - 1, -1, -1))
        place = next((c for c in free if (row, c) not in taken), column)
        self.signs[(row, place)] = (mark.sign, mark.style)

    def contents(self, axes: Axes) -> list[Content]:
        """The picture with the scale on the left."""
        lines = []
        for row in range(self.rows):
            lines.append(Content.assemble((self._scale(row, axes), "dim"), *self._cells(row)))
        return lines

    def _scale(self, row: int, axes: Axes) -> str:
        marked = {0: self.high[1], self.rows - 1: self.low[1]}
        if self.rows >= 7:
            marked[self.rows // 2] = (self.high[1] + self.low[1]) / 2
        text = axes.show_y(marked[row]) if row in marked else ""
        return f"{text[: SCALE_WIDTH - 1]:>{SCALE_WIDTH - 1}} {'┤' if text else '│'}"

    def _cells(self, row: int) -> Iterator[tuple[str, str]]:
        """Runs of one style."""
        run = ""
        style = ""
        for column in range(self.columns):
            sign = self.signs.get((row, column))
            drawn = self.cells[row][column]
            letter, wanted = sign or (
                chr(_BLANK | drawn) if drawn else " ",
                self.styles[row][column],
            )
            if wanted != style and run:
                yield run, style
                run = ""
            style = wanted
            run += letter
        yield run, style

    def lower_axis(self, axes: Axes) -> list[Content]:
        """The axis below, with the ends and the middle in words."""
        left = self.low[0]
        right = self.high[0]
        values = (left, (left + right) / 2, right)
        low, middle, high = (axes.show_x(10**v if self.log_x else v) for v in values)
        high = f"{high} {axes.along}".strip()
        room = self.columns - len(low) - len(high)
        words = f"{low}{middle.center(room) if room > len(middle) + 1 else ' ' * room}{high}"
        return [
            Content.styled(" " * SCALE_WIDTH + "└" + "─" * self.columns, "dim"),
            Content.styled(" " * (SCALE_WIDTH + 1) + words, "dim"),
        ]


def _heights(places: Sequence[XY], wide: int) -> dict[int, float]:
    """The height of a line at each column of dots that it crosses."""
    heights: dict[int, float] = {}
    for (x0, y0), (x1, y1) in itertools.pairwise(places):
        for column in range(max(round(x0), 0), min(round(x1), wide - 1) + 1):
            share = (column - x0) / (x1 - x0) if x1 > x0 else 0.0
            heights[column] = y0 + (y1 - y0) * min(max(share, 0.0), 1.0)
    return heights
