"""The parts of a workbook: its styles, its sheets, and the model of figures in cells."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from advisor.core import format as fmt
from advisor.core.verdict import FigureInput, FigureRecord, OptionRecord, Verdict
from advisor.report import extract, formula
from advisor.report.terms import Terms

if TYPE_CHECKING:
    import xlsxwriter
    from xlsxwriter.format import Format

FIRST_ROW = 3
"""The row, from 0, below a sheet's title and header."""

CHANGEABLE = "#1f4fd8"
"""The colour of cells that are meant to be changed."""

MOST_LETTERS = 10_000
CENT = 0.005


class Styles:
    """The cell formats of a workbook, each made once."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        base = {"font_name": "Calibri", "font_size": 11, "valign": "top"}
        numbers = {
            "plain": "#,##0.####",
            "money": "#,##0",
            "cents": "#,##0.00",
            "score": "0.000",
            "share": "0 %",
        }
        self._formats: dict[str, Format] = {
            name: book.add_format({**base, "num_format": code}) for name, code in numbers.items()
        }
        self._formats["text"] = book.add_format({**base, "text_wrap": True})
        self._formats["title"] = book.add_format({**base, "bold": True, "font_size": 15})
        header = {**base, "bold": True, "bg_color": "#eef1f0", "bottom": 1, "text_wrap": True}
        self._formats["header"] = book.add_format(header)
        change = {**base, "num_format": "#,##0.########", "font_color": CHANGEABLE}
        self._formats["input"] = book.add_format(change)

    def __getitem__(self, name: str) -> Format:
        return self._formats[name]


class SheetWriter:
    """A sheet that is written cell by cell; text is cleaned and never read as a formula."""

    def __init__(
        self, book: xlsxwriter.Workbook, name: str, styles: Styles, say: Callable[[str], str] = str
    ) -> None:
        self.book = book
        self.say = say
        self.name = name
        self.styles = styles
        self.sheet = book.add_worksheet(name)
        self.sheet.hide_gridlines(2)
        self.sheet.set_paper(9)
        self.sheet.set_landscape()
        self.sheet.fit_to_pages(1, 0)

    def widths(self, *widths: float) -> None:
        """The width of each column, in letters."""
        for column, width in enumerate(widths):
            self.sheet.set_column(column, column, width)

    def title(self, text: str) -> None:
        """The first line."""
        self.sheet.write_string(0, 0, _clean(self.say(text)), self.styles["title"])

    def quote(self, text: str) -> None:
        """A title that people wrote themselves."""
        self.sheet.write_string(0, 0, _clean(text), self.styles["title"])

    def header(self, row: int, titles: list[str]) -> None:
        """The titles of columns; what follows scrolls below them."""
        for column, title in enumerate(titles):
            self.sheet.write_string(row, column, _clean(self.say(title)), self.styles["header"])
        self.sheet.freeze_panes(row + 1, 1)

    def text(self, row: int, column: int, text: str) -> None:
        """A text, whatever it begins with."""
        self.sheet.write_string(row, column, _clean(self.say(text)), self.styles["text"])

    def wrapped(self, row: int, text: str) -> None:
        """A paragraph across the first four columns."""
        self.sheet.merge_range(row, 0, row, 3, "", self.styles["text"])
        self.sheet.write_string(row, 0, _clean(self.say(text)), self.styles["text"])
        self.sheet.set_row(row, 15.0 * (1 + len(text) // 110))

    def number(self, row: int, column: int, value: float | None, style: str) -> None:
        """A number; empty where it is unknown."""
        if value is not None and math.isfinite(value):
            self.sheet.write_number(row, column, value, self.styles[style])

    def formula(self, row: int, column: int, expression: str, value: float, style: str) -> None:
        """A formula with the value that it has now, for readers that do not calculate."""
        self.sheet.write_formula(row, column, f"={expression}", self.styles[style], value)

    def range(self, first: int, last: int, column: int) -> str:
        """The reference of a part of a column."""
        return f"{_address(first, column)}:{_address(last, column)}"

    def line_chart(self, title: str, rows: int, count: int) -> None:
        """A native chart of the columns below the header, beside them."""
        chart = self.book.add_chart({"type": "line"})
        last = FIRST_ROW + rows - 1
        for column in range(1, count + 1):
            chart.add_series(
                {
                    "name": [self.name, FIRST_ROW - 1, column],
                    "categories": [self.name, FIRST_ROW, 0, last, 0],
                    "values": [self.name, FIRST_ROW, column, last, column],
                }
            )
        chart.set_title({"name": title})
        chart.set_x_axis({"name": "month"})
        chart.set_y_axis({"name": "USD", "num_format": "#,##0"})
        self.sheet.insert_chart(FIRST_ROW, count + 2, chart, {"description": title})


@dataclass(frozen=True, slots=True)
class InputCell:
    """An input of the model: its defined name and what stands beside it."""

    name: str
    record: FigureInput
    used_by: list[str]


class FigureModel:
    """Every figure of every option as a cell: a formula where it can be read back exactly."""

    def __init__(self, verdict: Verdict, terms: Terms) -> None:
        self.terms = terms
        self.options = [o for o in extract.ranked(verdict) if o.figures]
        self.inputs: dict[tuple[str, float | None], InputCell] = {}
        self.rows = {
            figure_id: row
            for row, figure_id in enumerate(
                dict.fromkeys(f.id for option in self.options for f in option.figures), FIRST_ROW
            )
        }
        self.columns = {option.id: column for column, option in enumerate(self.options, 2)}
        self._by_id = {option.id: option for option in self.options}
        for option in self.options:
            self._collect(option)

    def cell(self, option_id: str, figure_id: str) -> str | None:
        """The reference of a figure on the sheet Model; None where its value is unknown."""
        option = self._by_id.get(option_id)
        figure = option.figure(figure_id) if option is not None else None
        if figure is None or figure.value is None:
            return None
        return f"Model!{_address(self.rows[figure_id], self.columns[option_id])}"

    def value(self, option_id: str, figure_id: str) -> float:
        """The value of a figure now."""
        figure = self._by_id[option_id].figure(figure_id)
        return figure.value if figure is not None and figure.value is not None else math.nan

    def write_inputs(self, sheet: SheetWriter) -> None:
        """The inputs as named cells, with unit, basis, source and date."""
        sheet.widths(48, 18, 18, 14, 60, 14, 40)
        sheet.title("Inputs: change a blue cell, and the totals follow")
        sheet.header(2, ["name", "value", "unit", "basis", "source", "as of", "used by"])
        for row, entry in enumerate(self.inputs.values(), FIRST_ROW):
            record = entry.record
            sheet.text(row, 0, entry.name)
            sheet.number(row, 1, record.value, "input")
            cells = (record.unit, record.basis, record.source, record.as_of)
            for column, text in enumerate(cells, 2):
                sheet.text(row, column, text)
            used_by = "all options" if len(entry.used_by) == len(self.options) else ""
            names = [self.terms.option(option_id) for option_id in entry.used_by[:3]]
            sheet.text(row, 6, used_by or "; ".join(names))
            sheet.book.define_name(entry.name, f"=Inputs!{_address(row, 1, absolute=True)}")

    def write_figures(self, sheet: SheetWriter) -> None:
        """A row for each figure, a column for each option."""
        sheet.widths(34, 16, *(24,) * len(self.options))
        sheet.title("Model: every figure of every option at the likely value of every input")
        sheet.header(2, ["figure", "unit", *(self.terms.option(o.id) for o in self.options)])
        units = {f.id: f.unit for option in self.options for f in option.figures}
        for figure_id, row in self.rows.items():
            sheet.text(row, 0, figure_id)
            sheet.text(row, 1, units[figure_id])
        for option in self.options:
            for figure in option.figures:
                self._write(sheet, option, figure)

    def has_months(self, option_id: str) -> bool:
        """Whether the cash of an option can be told by month."""
        needed = ("once.total", "horizon.cash", "horizon.months_level", "horizon.months_growing")
        return option_id in self.columns and all(self.cell(option_id, f) for f in needed)

    def cash_by_month(
        self, option_id: str, months: int, column: int
    ) -> Iterator[tuple[str, float]]:
        """Formula and value of the cash paid by the end of month 0, 1, … on its own sheet."""
        from advisor.report.cash import cash_flow

        option = self._by_id[option_id]
        flow = cash_flow(option)
        if flow is None:
            return
        once, cash, level, growing = (
            self.cell(option_id, name) or "0"
            for name in (
                "once.total",
                "horizon.cash",
                "horizon.months_level",
                "horizon.months_growing",
            )
        )
        growth = self._input_name("traffic.growth_per_month")
        rate = self._input_name("budget.discount_rate")
        follows = "+".join(self._following(option)) or "0"
        rest = f"({cash}-{once}-({follows})*{growing})/{level}"
        yield once, flow.cumulative[0]
        for month in range(1, months + 1):
            before = _address(FIRST_ROW + month - 1, column)
            paid = f"(({follows})*(1+{growth})^{month - 1}+{rest})/(1+{rate})^({month}/12)"
            yield f"{before}+{paid}", flow.cumulative[month]

    def _input_name(self, input_id: str) -> str:
        """The name of an input that all options share; 0 where nothing uses it."""
        names = [cell.name for (name, _), cell in self.inputs.items() if name == input_id]
        return names[0] if names else "0"

    def _following(self, option: OptionRecord) -> list[str]:
        """The cells of the monthly parts that grow with traffic, as the formula multiplies them."""
        total = option.figure("horizon.cash")
        text = total.formula if total is not None else ""
        ids = re.findall(r"([\w.]+) × horizon\.months_growing", text)
        return [cell for figure_id in ids if (cell := self.cell(option.id, figure_id))]

    def _collect(self, option: OptionRecord) -> None:
        """The inputs of an option that are not figures of its own, under names that are unique."""
        for figure in option.figures:
            for record in figure.inputs:
                if record.value is None or _is_own_figure(option, figure, record):
                    continue
                key = (record.id, record.value)
                if key not in self.inputs:
                    twins = sum(1 for name, _ in self.inputs if name == record.id)
                    name = _defined_name(record.id) + (f".{twins + 1}" if twins else "")
                    self.inputs[key] = InputCell(name, record, [])
                if option.id not in self.inputs[key].used_by:
                    self.inputs[key].used_by.append(option.id)

    def _write(self, sheet: SheetWriter, option: OptionRecord, figure: FigureRecord) -> None:
        row = self.rows[figure.id]
        column = self.columns[option.id]
        if figure.value is None:
            sheet.text(row, column, fmt.UNKNOWN_WORD)
            return
        style = "cents" if figure.unit.startswith("USD") else "plain"
        expression = self._formula(option, figure)
        if expression is None:
            sheet.number(row, column, figure.value, style)
        else:
            sheet.formula(row, column, expression, figure.value, style)

    def _formula(self, option: OptionRecord, figure: FigureRecord) -> str | None:
        """The figure as a formula of cells; None where reading it back misses its value."""
        values, cells = self._references(option, figure)
        if not values:
            return None
        try:
            expression = formula.parse(figure.formula, list(values))
            computed = formula.value(expression, values)
            text = formula.excel(expression, cells)
        except (formula.Unreadable, KeyError, ArithmeticError, TypeError, ValueError):
            return None
        value = figure.value or 0.0
        return text if math.isclose(computed, value, rel_tol=1e-7, abs_tol=1e-9) else None

    def _references(
        self, option: OptionRecord, figure: FigureRecord
    ) -> tuple[dict[str, float], Mapping[str, str]]:
        """What a figure is computed from: the value and the cell of each id."""
        values: dict[str, float] = {}
        cells: dict[str, str] = {}
        for record in figure.inputs:
            if record.value is None:
                return {}, {}
            values[record.id] = record.value
            if _is_own_figure(option, figure, record):
                cells[record.id] = _address(self.rows[record.id], self.columns[option.id])
            else:
                cells[record.id] = self.inputs[record.id, record.value].name
        return values, cells


def _is_own_figure(option: OptionRecord, figure: FigureRecord, record: FigureInput) -> bool:
    """Whether an input is a figure of the same option, rather than one of its helper's that has
    the same id.
    """
    other = option.figure(record.id)
    if other is None or other.value is None or record.value is None or other.id == figure.id:
        return False
    return math.isclose(other.value, record.value, rel_tol=1e-9, abs_tol=1e-9)


def _defined_name(input_id: str) -> str:
    """An id as a name that a spreadsheet takes: `in.price.input`, never like a cell's address."""
    return "in." + re.sub(r"[^A-Za-z0-9_.]", "_", input_id)[:200]


def _address(row: int, column: int, *, absolute: bool = False) -> str:
    letters = ""
    number = column + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return f"${letters}${row + 1}" if absolute else f"{letters}{row + 1}"


def _clean(text: str) -> str:
    return fmt.clean(text)[:MOST_LETTERS]
