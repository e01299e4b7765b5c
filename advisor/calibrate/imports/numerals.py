"""Numbers in tables as spreadsheets of any country write them: 1,234.5 or 1.234,5 or 1 234,5."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence

from advisor.core.errors import UsageError

_NUMERAL = re.compile(r"[-+]?\d[\d.,' \u00a0\u202f\u2019]*(?:[eE][-+]?\d+)?%?$")
_BLANKS = re.compile(r"(?<=\d)[' \u00a0\u202f\u2019](?=\d{3}(?!\d))")
_GROUPED = r"\d{{1,3}}(?:{0}\d{{3}})+"
_COMMA_GROUPS = re.compile(rf"[-+]?{_GROUPED.format(',')}(?:\.\d*)?$")
_POINT_GROUPS = re.compile(rf"[-+]?{_GROUPED.format('[.]')}(?:,\d*)?$")
_COMMA_DECIMAL = re.compile(r"[-+]?\d+(?:,\d*)?(?:[eE][-+]?\d+)?%?$")
_EITHER = re.compile(r"[-+]?[1-9]\d{0,2},\d{3}$")


def table_rows(text: str, place: str) -> tuple[list[str], list[list[str]]]:
    """(columns, rows) of a table with commas, semicolons or tabs between its cells, its numbers
    with a point and without separators of thousands; columns of the same name get a number.

    Raises UsageError for what is not a table, or a number that may be read in two ways.
    """
    csv.field_size_limit(1_000_000)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    head = text.lstrip("\n").partition("\n")[0]
    delimiter = max(",;\t", key=lambda each: len(next(csv.reader([head], delimiter=each), [])))
    try:
        lines = [line for line in csv.reader(io.StringIO(text), delimiter=delimiter) if line]
    except csv.Error as error:
        raise UsageError(
            f"{place}: not CSV: {error}; export the table again as CSV in UTF-8"
        ) from None
    if not lines:
        return [], []
    names, *rows = lines
    for number, row in enumerate(rows, 2):
        if len(row) > len(names):
            raise UsageError(
                f"{place}: row {number}: more cells than columns; quote a cell that has commas"
            )
    return _numbered(names), _plain(rows, delimiter, place)


def _numbered(names: Sequence[str]) -> list[str]:
    """Names of columns, a second `run - loss` as `run (2) - loss`."""
    columns: list[str] = []
    for name in map(str.strip, names):
        count = 1
        unique = name
        while unique and unique in columns:
            count += 1
            run, dash, metric = name.rpartition(" - ")
            unique = f"{run} ({count}){dash}{metric}" if dash else f"{name} ({count})"
        columns.append(unique)
    return columns


def _plain(rows: list[list[str]], delimiter: str, place: str) -> list[list[str]]:
    """Rows whose numbers are written as Python reads them."""
    cells = [_unspaced(cell) for row in rows for cell in row if _is_numeral(cell)]
    if not any("," in cell for cell in cells) and not any(cell.count(".") > 1 for cell in cells):
        return [[_unspaced(c) if _is_numeral(c) else c.strip() for c in row] for row in rows]
    comma = any(_shows_decimal_comma(cell) for cell in cells)
    point = any(_shows_decimal_point(cell) for cell in cells)
    if comma and point:
        raise UsageError(
            f"{place}: numbers with a decimal comma and others with a decimal point; "
            "write all of them alike"
        )
    if not comma and not point:
        unclear = next((cell for cell in cells if _EITHER.match(cell)), "")
        if unclear and delimiter != ",":
            raise UsageError(
                f"{place}: {unclear!r} is {unclear.replace(',', '.')} or "
                f"{unclear.replace(',', '')}; write it with a point, without separators"
            )
    return [[_number(c, comma) if _is_numeral(c) else c.strip() for c in row] for row in rows]


def _is_numeral(cell: str) -> bool:
    return bool(_NUMERAL.match(cell.strip()))


def _unspaced(cell: str) -> str:
    return _BLANKS.sub("", cell.strip())


def _shows_decimal_comma(cell: str) -> bool:
    """1,5 and 0,123 and 1.234,5: a comma that no separator of thousands can be."""
    if "," not in cell:
        return cell.count(".") > 1 and bool(_POINT_GROUPS.match(cell))
    return (cell.count(",") == 1 and not _COMMA_GROUPS.match(cell)) or cell.startswith("0,")


def _shows_decimal_point(cell: str) -> bool:
    """1,234.5 and 1,234,567 and 0.5 and 1.25."""
    if "," in cell:
        return bool(_COMMA_GROUPS.match(cell)) and ("." in cell or cell.count(",") > 1)
    return cell.count(".") == 1 and (not _POINT_GROUPS.match(cell) or cell.startswith("0."))


def _number(cell: str, decimal_comma: bool) -> str:
    plain = _unspaced(cell)
    if decimal_comma:
        is_number = _POINT_GROUPS.match(plain) or _COMMA_DECIMAL.match(plain)
        return plain.replace(".", "").replace(",", ".") if is_number else plain
    return plain.replace(",", "") if _COMMA_GROUPS.match(plain) else plain
