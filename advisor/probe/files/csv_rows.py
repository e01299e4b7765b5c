"""Rows of delimited text: the delimiter and the header are told by the first lines."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from advisor.probe.files.streams import MAX_LINE_BYTES, head_of, lines
from advisor.probe.forms.chat_names import SYSTEMS
from advisor.probe.forms.columns import is_identifier
from advisor.probe.forms.exchanges import MARKS as EXCHANGE_MARKS
from advisor.probe.forms.exchanges import exchange
from advisor.probe.forms.names import ANSWERS, NEVER_PROMPTS, PROMPTS, ROW_REASONING, plain
from advisor.probe.forms.records import DataRow

DELIMITERS = "\t,;|"  # of two that divide alike the first: prose has no tabs
PEEKED_ROWS = 50
LONGEST_NAME = 8  # words in the name of a column
_NAMES = frozenset((*PROMPTS, *ANSWERS, *NEVER_PROMPTS, *ROW_REASONING, *SYSTEMS, "chosen",
                    "rejected"))  # fmt: skip
_LONE_RETURN = re.compile(r"(?<=\r)(?!\n)")


class _Numbered:
    """Text lines for the csv reader; remembers where it is and which lines had to be left out."""

    def __init__(self, path: Path, stream: io.BufferedReader) -> None:
        self.line = 0
        self.bad = list[DataRow]()
        self._lines = lines(path, stream)

    def __iter__(self) -> Iterator[str]:
        for number, text, reason in self._lines:
            self.line = number
            if reason:
                self.bad.append(DataRow(number, None, reason))
            elif "\r" in text[:-2]:
                yield from _LONE_RETURN.split(text)
            else:
                yield text


def csv_rows(
    path: Path, stream: io.BufferedReader, delimiter: str, note: Callable[[str], object]
) -> Iterator[DataRow]:
    """All rows; a file without a header gives its columns numbers, and `note` is told so."""
    source = _Numbered(path, stream)
    csv.field_size_limit(MAX_LINE_BYTES)
    rows = _cells(source, csv.reader(source, delimiter=delimiter))
    head = list(itertools.islice(rows, PEEKED_ROWS))
    first = next((at for at, (row, _) in enumerate(head) if isinstance(row, list)), None)
    if first is None:
        yield from (row for row, _ in head if isinstance(row, DataRow))
        return
    cells = head[first][0]
    assert isinstance(cells, list)
    below = [row for row, _ in head[first + 1 :] if isinstance(row, list)]
    if is_header(cells, below):
        header = [cell.strip() for cell in cells]
        del head[first]
    else:
        header = [f"column_{number}" for number in range(1, len(cells) + 1)]
        note(f"{path.name} has no header: its columns are called {header[0]} to {header[-1]}")
    has_exchanges = not EXCHANGE_MARKS.isdisjoint(header)
    for row, (begin, last) in itertools.chain(head, rows):
        read = row if isinstance(row, DataRow) else _csv_row(begin, last, header, row)
        if has_exchanges and read.value is not None:
            read = DataRow(read.line, exchange(read.value))
        yield read


def _cells(
    source: _Numbered, reader: Iterator[list[str]]
) -> Iterator[tuple[list[str] | DataRow, tuple[int, int]]]:
    """(cells, or a row that cannot be used; its first and last line), empty lines left out."""
    while True:
        begin = source.line + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield DataRow(begin, None, f"not CSV: {error}"), (begin, begin)
            continue
        for bad in source.bad:
            yield bad, (bad.line, bad.line)
        source.bad.clear()
        if cells is None:
            return
        if cells:
            yield cells, (begin, source.line)


def _csv_row(line: int, last: int, header: list[str], cells: list[str]) -> DataRow:
    if len(cells) != len(header):
        open_quote = f"; it ends in line {last}: is a quote left open?" if last > line else ""
        count = f"{len(cells)} {'cell' if len(cells) == 1 else 'cells'}"
        return DataRow(line, None, f"{count} where the header has {len(header)}{open_quote}")
    return DataRow(line, dict(zip(header, cells, strict=True)))


def is_header(cells: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether the first line names the columns.

    Names are short, different, and not numbers, dates or addresses; and they do not come again in
    their own column. A name that is usual for a column settles it.
    """
    names = [cell.strip() for cell in cells]
    if any(plain(name) in _NAMES for name in names) and not _come_again(names, below):
        return True
    filled = [name for name in names if name]
    if len(set(filled)) < len(filled) or not filled:
        return False
    if any(len(name.split()) > LONGEST_NAME or name[-1] in ".?!…" for name in filled):
        return False
    if any(is_identifier(name) and not name[0].isalpha() for name in filled):
        return False
    return not _come_again(names, below)


def _come_again(names: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether a cell of the first line is a value of its column further down, as labels are."""
    return any(
        name and any(at < len(row) and row[at].strip() == name for row in below)
        for at, name in enumerate(names)
    )


def delimiter_of(path: Path, stream: io.BufferedReader, ending: str) -> str:
    """The delimiter that divides the first lines most evenly; nothing where none divides them."""
    if ending in (".tsv", ".tab"):
        return "\t"
    head = head_of(path, stream)
    first_lines = head.splitlines(keepends=True)[:PEEKED_ROWS]
    if len(first_lines) > 1 and len(head) > 2 * len(first_lines[-1]):
        first_lines = first_lines[:-1] or first_lines  # the last may be cut
    scores = {delimiter: _evenness(first_lines, delimiter) for delimiter in DELIMITERS}
    best = max(DELIMITERS, key=lambda d: scores[d])
    return best if scores[best] > (0.0, 0) else ""


def _evenness(first_lines: list[str], delimiter: str) -> tuple[float, int]:
    """(share of the lines with as many cells as the commonest line, cells), zero for one cell."""
    try:
        sizes = [len(cells) for cells in csv.reader(first_lines, delimiter=delimiter) if cells]
    except csv.Error:
        return 0.0, 0
    if not sizes:
        return 0.0, 0
    commonest = max(set(sizes), key=sizes.count)
    if commonest < 2:
        return 0.0, 0
    return sizes.count(commonest) / len(sizes), commonest
