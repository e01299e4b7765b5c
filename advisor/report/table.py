"""Tables in plain text.

Where all columns do not fit side by side, the first stands on a line of its own above the others;
where these do not fit either, every cell has its own line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from advisor.report import layout
from advisor.report.page import Cell, Ranged, Table, TableColumn

_GAP = 2
_INDENT = 2
_NARROWEST = 8

Style = Callable[[str], str]


def draw(table: Table, width: int, strong: Style, faint: Style) -> Iterator[str]:
    """Lines of at most `width` cells; rows of `table.strong` are marked ▸ and drawn `strong`, the
    head `faint`.
    """
    if _natural(table.columns, table.rows) <= width - _INDENT:
        yield from _flat(table, width, strong, faint)
    elif _least(table) <= width - 2 * _INDENT:
        yield from _stacked(table, width, strong, faint)
    else:
        yield from _listed(table, width, strong)


def _flat(table: Table, width: int, strong: Style, faint: Style) -> Iterator[str]:
    widths = _widths(table.columns, table.rows, width - _INDENT)
    yield from _row([c.title for c in table.columns], table.columns, widths, " " * _INDENT, faint)
    for place, row in enumerate(table.rows):
        yield from _row(
            row,
            table.columns,
            widths,
            _mark(table, place),
            strong if place in table.strong else str,
        )


def _stacked(table: Table, width: int, strong: Style, faint: Style) -> Iterator[str]:
    columns = table.columns[1:]
    rest = [row[1:] for row in table.rows]
    widths = _widths(columns, rest, width - 2 * _INDENT)
    indent = " " * 2 * _INDENT
    yield faint(" " * _INDENT + table.columns[0].title)
    yield from _row([c.title for c in columns], columns, widths, indent, faint)
    for place, row in enumerate(table.rows):
        style = strong if place in table.strong else str
        yield from (style(line) for line in _marked(_mark(table, place), row[0], width))
        yield from _row(row[1:], columns, widths, indent, str)


def _listed(table: Table, width: int, strong: Style) -> Iterator[str]:
    titles = max(layout.cells(c.title) for c in table.columns[1:])
    for place, row in enumerate(table.rows):
        style = strong if place in table.strong else str
        yield from (style(line) for line in _marked(_mark(table, place), row[0], width))
        for column, cell in zip(table.columns[1:], row[1:], strict=True):
            yield from _marked(
                f"{' ' * 2 * _INDENT}{layout.pad(column.title, titles)}  ", cell, width
            )


def _marked(mark: str, cell: Cell, width: int) -> Iterator[str]:
    """The text of a cell behind `mark`, its further lines below its first letter."""
    indent = layout.cells(mark)
    for place, line in enumerate(layout.wrap(_text(cell), width - indent)):
        yield (mark if place == 0 else " " * indent) + line


def _row(
    row: Sequence[Cell], columns: Sequence[TableColumn], widths: list[int], mark: str, style: Style
) -> Iterator[str]:
    """One line for each line of the tallest cell; intervals stand below their figures."""
    cells = [_cell_lines(cell, width) for cell, width in zip(row, widths, strict=True)]
    for turn in range(max(map(len, cells), default=0)):
        parts = [lines[turn] if turn < len(lines) else "" for lines in cells]
        yield style(
            ((mark if turn == 0 else " " * len(mark)) + _line(parts, columns, widths)).rstrip()
        )


def _line(parts: Sequence[str], columns: Sequence[TableColumn], widths: list[int]) -> str:
    fitted = (
        layout.pad(p, w, "right" if c.right else "left")
        for p, c, w in zip(parts, columns, widths, strict=True)
    )
    return (" " * _GAP).join(fitted).rstrip()


def _cell_lines(cell: Cell, width: int) -> list[str]:
    if isinstance(cell, Ranged):
        return [
            *layout.wrap(cell.value, width),
            *(layout.wrap(cell.span, width) if cell.span else []),
        ]
    return layout.wrap(cell, width)


def _text(cell: Cell) -> str:
    return (
        f"{cell.value} ({cell.span})" if isinstance(cell, Ranged) and cell.span else _parts(cell)[0]
    )


def _parts(cell: Cell) -> list[str]:
    return [cell.value, cell.span] if isinstance(cell, Ranged) else [cell]


def _mark(table: Table, place: int) -> str:
    return "▸ " if place in table.strong else "  "


def _natural(columns: Sequence[TableColumn], rows: Sequence[Sequence[Cell]]) -> int:
    return sum(_wanted(columns, rows)) + _GAP * (len(columns) - 1)


def _least(table: Table) -> int:
    """The narrowest the columns after the first can be."""
    wanted = _wanted(table.columns[1:], [row[1:] for row in table.rows])
    return sum(min(w, _NARROWEST) for w in wanted) + _GAP * (len(wanted) - 1)


def _wanted(columns: Sequence[TableColumn], rows: Sequence[Sequence[Cell]]) -> list[int]:
    """The width of each column with nothing wrapped."""
    return [
        max(
            layout.cells(text)
            for text in (column.title, *(t for row in rows for t in _parts(row[place])))
        )
        for place, column in enumerate(columns)
    ]


def _widths(
    columns: Sequence[TableColumn], rows: Sequence[Sequence[Cell]], width: int
) -> list[int]:
    """Widths that fit: the widest column gives way first, as long as it is not narrower than a
    word.
    """
    widths = _wanted(columns, rows)
    while sum(widths) + _GAP * (len(widths) - 1) > width and max(widths) > _NARROWEST:
        widths[widths.index(max(widths))] -= 1
    return widths
