"""Reads fact tables: the shipped CSV files and, over them, files of the same name in the user's
folder.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from advisor import shipped
from advisor.core import given_files
from advisor.core.errors import UsageError, did_you_mean
from advisor.core.facts import Cited

LARGEST = 1e15
SMALLEST = 1e-12
"""No figure of the tables comes near: parameters of the largest models are 1e12."""

Word = TypeVar("Word", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class FactRow:
    """One line of a table; cells are converted when they are read.

    Raises UsageError naming file, line and column.
    """

    file: Path
    line: int
    cells: dict[str, str]

    def wrong(self, column: str, problem: str) -> UsageError:
        """The error to raise for a cell: its place and what to do."""
        return UsageError(f"{self.file}:{self.line}: {column}: {problem}")

    def text(self, column: str) -> str:
        return self.cells.get(column, "")

    def words(self, column: str) -> tuple[str, ...]:
        """A cell of several values, separated by semicolons."""
        return tuple(part.strip() for part in self.text(column).split(";") if part.strip())

    def number(self, column: str) -> float | None:
        """A number of 0 or more; None where the cell is empty: not known."""
        value = self._amount(column)
        if value and not SMALLEST <= value <= LARGEST:
            raise self.wrong(
                column,
                f"{self.text(column)[:40]!r} is not allowed; write 0, or a number from "
                f"{SMALLEST:g} to {LARGEST:g}",
            )
        return value

    def _amount(self, column: str) -> float | None:
        cell = self.text(column)
        if not cell:
            return None
        try:
            value = float(cell)
        except ValueError:
            raise self.wrong(
                column, f"{cell!r} is not a number; write digits, or leave it empty if unknown"
            ) from None
        if not 0 <= value < float("inf"):
            raise self.wrong(column, f"{cell[:40]!r} is not allowed; write a number of 0 or more")
        return value

    def between(self, column: str, low: float, high: float) -> float | None:
        """A number within what is possible; None where the cell is empty: not known."""
        value = self._amount(column)
        if value is not None and not low <= value <= high:
            raise self.wrong(
                column,
                f"{self.text(column)[:40]} is impossible; write {low:g} to {high:g}, or leave it "
                "empty if unknown",
            )
        return value

    def whole(self, column: str) -> int | None:
        """A whole number of 0 or more; None where the cell is empty."""
        value = self.number(column)
        if value is not None and value != int(value):
            raise self.wrong(column, f"{self.text(column)!r} is not a whole number")
        return None if value is None else int(value)

    def required(self, column: str) -> int:
        """A whole number of 1 or more; the cell must not be empty."""
        value = self.whole(column)
        if not value:
            problem = "is empty" if value is None else "0 is impossible"
            raise self.wrong(column, f"{problem}; write a whole number of 1 or more")
        return value

    def choice(self, column: str, kind: type[Word]) -> Word:
        """A cell that holds one of the words of an enumeration."""
        try:
            return kind(self.text(column).lower())
        except ValueError:
            words = ", ".join(word.value or "empty" for word in kind)
            raise self.wrong(column, f"{self.text(column)!r} is none of {words}") from None

    def yes(self, column: str) -> bool:
        """true or false; an empty cell is false."""
        cell = self.text(column).lower()
        if cell not in ("", "true", "false"):
            raise self.wrong(column, f"{cell!r} is neither true nor false")
        return cell == "true"

    def day(self, column: str) -> date | None:
        """An ISO date; None where the cell is empty."""
        cell = self.text(column)
        try:
            return date.fromisoformat(cell) if cell else None
        except ValueError:
            raise self.wrong(column, f"{cell!r} is not a date; write YYYY-MM-DD") from None

    def days(self, column: str) -> tuple[int, ...]:
        """Several whole numbers separated by semicolons, smallest first."""
        words = self.words(column)
        if not all(word.isdigit() for word in words):
            raise self.wrong(
                column, f"{self.text(column)!r} is not a list of whole numbers separated by ;"
            )
        return tuple(sorted(int(word) for word in words))

    def cited(self) -> Cited:
        """Source, date, confidence and note of this row."""
        return Cited(
            self.text("source"),
            self.text("as_of"),
            self.text("confidence") or "high",
            self.text("note"),
        )


UPDATES = "updates"
"""Folder within the user's: rows of a bundle of newer facts, behind the user's own."""


def read(
    name: str, key: Sequence[str], user_folder: Path | None = None, *, own: bool = True
) -> tuple[FactRow, ...]:
    """The rows of profiles/`name`; rows of a bundle in use, then the user's (unless `own` is
    false), replace all rows of the same `key`.

    Raises UsageError where such a file cannot be read, has an unknown column, or a row lacks key or
    source.
    """
    columns, rows = _parse(shipped.folder("profiles") / name)
    if user_folder is None:
        return rows
    for over in (user_folder / UPDATES / name, *((user_folder / name,) if own else ())):
        if over.is_file():
            rows = _replaced(rows, columns, over, key)
    return rows


def rows_of(file: Path) -> tuple[FactRow, ...]:
    """The rows of one file. Raises UsageError."""
    return _parse(file)[1]


def _replaced(
    rows: tuple[FactRow, ...], columns: Sequence[str], over: Path, key: Sequence[str]
) -> tuple[FactRow, ...]:
    own_columns, mine = _parse(over)
    for column in own_columns:
        if column not in columns:
            raise UsageError(f"{over}:1: unknown column {column!r}{did_you_mean(column, columns)}")
    for row in mine:
        for column in (*key[:1], "source", "as_of"):
            if not row.text(column):
                raise row.wrong(column, "is empty; every row needs it")
    replaced = {_key(row, key) for row in mine}
    return (*(row for row in rows if _key(row, key) not in replaced), *mine)


def _key(row: FactRow, key: Iterable[str]) -> tuple[str, ...]:
    return tuple(row.text(column).lower() for column in key)


def _parse(file: Path) -> tuple[list[str], tuple[FactRow, ...]]:
    try:
        with given_files.open_text(file, encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines, strict=True)
            columns = [column or "" for column in reader.fieldnames or ()]
            return columns, tuple(_row(file, reader.line_num, cells) for cells in reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(
            f"{file}: cannot be read as a CSV table ({error}); correct or remove it"
        ) from None


def _row(file: Path, line: int, cells: dict[str | None, str | list[str] | None]) -> FactRow:
    if None in cells:
        raise UsageError(
            f"{file}:{line}: more cells than columns; put text with a comma in double quotes"
        )
    return FactRow(file, line, {str(k): v.strip() for k, v in cells.items() if isinstance(v, str)})
