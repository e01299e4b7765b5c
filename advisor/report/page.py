"""The blocks a report is made of.

Text, Markdown and HTML draw the same blocks, so they cannot show different figures.

Every string in a block is already in display form but not yet escaped for its medium: that is the
renderer's part.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from advisor.core.quantity import Range


class Code(str):
    """A name or formula to be shown letter by letter, such as the id of an option."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Ranged:
    """A figure with its 80 % interval in short form; `span` is empty where the figure is exact or
    unknown.
    """

    value: str
    span: str = ""


Cell: TypeAlias = str | Code | Ranged


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; numbers stand right."""

    title: str
    right: bool = False


@dataclass(frozen=True, slots=True)
class Heading:
    """A section begins."""

    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text."""

    text: str


@dataclass(frozen=True, slots=True)
class Bullets:
    """Short statements; `marks` stand before them instead of a dot, where given."""

    items: tuple[str, ...]
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells.

    `strong` names the rows to be set off; `name` lets a style sheet address the table.
    """

    name: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    strong: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Chart:
    """A place for a picture; media without pictures leave it out, as the tables hold the same
    figures.
    """

    name: str


@dataclass(frozen=True, slots=True)
class Fold:
    """Detail that may be opened; `open` at first sight."""

    title: str
    blocks: tuple[Block, ...]
    open: bool = False


Block: TypeAlias = Heading | Paragraph | Bullets | Table | Chart | Fold


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """A line of the headline: label, figure, unit, 80 % interval with the words of its ends, and
    how it is known.

    `other` names the option the figure belongs to where that is not the chosen one.
    """

    label: str
    value: str
    unit: str
    range: Range
    low: str
    high: str
    basis: str
    other: str = ""

    @property
    def spread(self) -> bool:
        """Whether the interval is wide enough to be drawn: at least 2 % of the figure."""
        interval = self.range
        if interval.p10 is None or interval.p50 is None or interval.p90 is None:
            return False
        return interval.p90 - interval.p10 >= 0.02 * abs(interval.p50) and self.low != self.high


@dataclass(frozen=True, slots=True)
class Headline:
    """The answer in one glance; `link` joins word and option, where the option is only what to do
    meanwhile.
    """

    word: str
    link: str
    option: str
    sure: str
    p_best: float | None
    figures: tuple[KeyFigure, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """A whole report: title, one line about it, the answer, then the blocks."""

    title: str
    subtitle: str
    headline: Headline
    blocks: tuple[Block, ...]
