"""The blocks a report is made of.

Every format draws the same blocks, so no two formats can show different figures. Each string in a
block is in its display form but not yet escaped for its medium: that is the renderer's part.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

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
    amount: Range | None = None  # of money in USD, where `span` is written from it


class Stated(str):
    """What people wrote in the brief, shown as it is in every language."""

    __slots__ = ()


Cell: TypeAlias = str | Code | Stated | Ranged


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column of a table; numbers stand right. `quoted` texts keep their currency and digits."""

    title: str
    right: bool = False
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Heading:
    """A part of a section begins."""

    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text."""

    text: str


@dataclass(frozen=True, slots=True)
class Callout:
    """The sentence that the reader must not miss."""

    text: str


@dataclass(frozen=True, slots=True)
class Bullets:
    """Short statements; `marks` stand before them instead of a dot, where given."""

    items: tuple[str, ...]
    marks: tuple[str, ...] = ()


WIDER = 1.25
"""How much wider than its letters a column of figures or of single words is: these must not break,
whatever the typeface.
"""

SHORT = 12
"""Letters of the longest text up to which a column holds single words."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells.

    `strong` names the rows to be set off; `name` lets a style sheet address the table.
    """

    name: str
    columns: tuple[TableColumn, ...]
    rows: tuple[tuple[Cell, ...], ...]
    strong: frozenset[int] = frozenset()

    def widths(self) -> list[float]:
        """Shares of a printed page for each column: by its longest text, within bounds; a
        title of several words may be wrapped, an amount or a single word may not.
        """
        shares = []
        most = 34 if len(self.columns) < 6 else 28
        for place, column in enumerate(self.columns):
            lines = [_longer_line(row[place]) for row in self.rows]
            if column.right:
                lines = [part for line in lines for part in line.split(", ")]
            words = column.title.split() or [""]
            title = [column.title] if len(words) == 1 else words
            longest = min(max(6, *map(len, title), *map(len, lines)), most)
            is_short = column.right or longest <= SHORT
            shares.append(longest * (WIDER if is_short else 1.0) + 3.0)
        return shares


def _longer_line(cell: Cell) -> str:
    if isinstance(cell, Ranged):
        return max(cell.value, cell.span, key=len)
    return cell


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture, drawn once as SVG for every format that shows pictures.

    `rows` are its twin in text (label and value), from which the alternative text is made.
    """

    name: str
    title: str
    svg: str
    rows: tuple[tuple[str, str], ...]

    @property
    def alternative(self) -> str:
        """What the picture shows, for a reader who does not see it."""
        entries = "; ".join(f"{label}: {value}" for label, value in self.rows)
        return f"{self.title}. {entries}." if entries else f"{self.title}."


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """A line of the headline: label, figure, unit, 80 % interval with the words of its ends, and
    how it is known.

    `other` names the option the figure belongs to where that is not the recommended one.
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
        wide = interval.p90 - interval.p10 >= 0.02 * abs(interval.p50)
        return wide and self.low != self.high


@dataclass(frozen=True, slots=True)
class Tiles:
    """The numbers to remember, side by side."""

    figures: tuple[KeyFigure, ...]


@dataclass(frozen=True, slots=True)
class Fold:
    """Detail that may be opened; `open` at first sight."""

    title: str
    blocks: tuple[Block, ...]
    open: bool = False


Block: TypeAlias = Heading | Paragraph | Callout | Bullets | Table | Chart | Tiles | Fold


@dataclass(frozen=True, slots=True)
class Section:
    """A chapter of the report; `id` is its anchor, the same in every report."""

    id: str
    title: str
    blocks: tuple[Block, ...]


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
class Cover:
    """What stands on the first page of a printed report; `facts` are label and text."""

    line: str
    facts: tuple[tuple[str, str], ...]


class Labels(NamedTuple):
    """Words that formats add to the blocks."""

    contents: str = "Contents"
    numbers: str = "Numbers of this picture"
    exact: str = "exact"
    likely: str = "likely"
    interval: str = "80 % interval"
    basis: str = "known by"


@dataclass(frozen=True, slots=True)
class Page:
    """A whole report: title, one line about it, cover, the answer, then the sections."""

    title: str
    subtitle: str
    cover: Cover
    headline: Headline
    sections: tuple[Section, ...]
    as_of: str = ""
    tone: str = ""  # the word of the verdict, by which a style sheet colours the answer
    language: str = "en"
    labels: Labels = Labels()
    dated: str = ""  # `as_of` as the language writes it; empty where that is the same
