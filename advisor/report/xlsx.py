"""The report as a workbook whose formulas live: change an input and every total follows.

Sheets: Summary, Inputs (named cells), Options, Model (every figure of every option), Cash flow,
Sensitivity, Draws, Sources. No text of a user ever becomes a formula: text is written as text, and
formulas are made of cell references, numbers and functions only. Needs the extra `report`.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from advisor.core import format as fmt
from advisor.core.errors import MissingExtra
from advisor.core.verdict import Verdict
from advisor.report import extract
from advisor.report.chapters.summary import recommendation
from advisor.report.headline import horizon
from advisor.report.look import PLAIN, Currency, Look
from advisor.report.phrases import widest_first
from advisor.report.terms import Terms
from advisor.report.workbook import FIRST_ROW, FigureModel, SheetWriter, Styles

if TYPE_CHECKING:
    import xlsxwriter

SHEETS = (
    "Summary",
    "Inputs",
    "Options",
    "Model",
    "Cash flow",
    "Sensitivity",
    "Draws",
    "Sources",
)
"""The sheets, in order; their names are part of formulas and stay English."""

MONEY = (
    ("Invest, once", "once.total"),
    ("Run, per month", "run.total"),
    ("Cost of errors, per month", "run.errors"),
    ("Cash over the horizon", "horizon.cash"),
    ("Cost of errors over the horizon", "horizon.errors"),
)
"""The amounts that are shown in another currency too."""

SUMMARY = (
    ("Invest, once (USD)", "once.total"),
    ("Run, per month (USD)", "run.total"),
    ("Cost of errors, per month (USD)", "run.errors"),
    ("Cash over the horizon (USD)", "horizon.cash"),
    ("Cost of errors over the horizon (USD)", "horizon.errors"),
    ("Quality (score)", "quality.score"),
    ("Weeks until it runs", "time.weeks"),
)


def render(verdict: Verdict, look: Look = PLAIN) -> bytes:
    """The workbook; the same record gives the same bytes. Raises MissingExtra."""
    try:
        import xlsxwriter
    except ImportError:
        raise MissingExtra(
            "XLSX needs an extra that is not installed; run: pip install 'prompt-or-tune[report]'"
        ) from None
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(buffer, options)
    _fill(book, verdict, look)
    book.close()
    return buffer.getvalue()


def _fill(book: xlsxwriter.Workbook, verdict: Verdict, look: Look) -> None:
    book.set_properties(
        {"title": fmt.clean(verdict.name)[:250], "author": "advisor", "created": _day(verdict)}
    )
    styles = Styles(book)
    terms = Terms.of(verdict)
    say = _words(verdict, look, terms)
    sheets = {name: SheetWriter(book, name, styles, say) for name in SHEETS}
    model = FigureModel(verdict, terms)
    model.write_inputs(sheets["Inputs"])
    model.write_figures(sheets["Model"])
    _summary(sheets["Summary"], verdict, terms, model)
    _in_currency(sheets["Summary"], verdict, model, look.currency)
    _options(sheets["Options"], verdict, terms, model)
    _cash_flow(sheets["Cash flow"], verdict, terms, model)
    _sensitivity(sheets["Sensitivity"], verdict)
    _draws(sheets["Draws"], verdict, terms)
    _sources(sheets["Sources"], verdict)


def _words(verdict: Verdict, look: Look, terms: Terms) -> Callable[[str], str]:
    """How titles and labels are said; numbers and formulas are written by the spreadsheet."""
    if look.language == "en":
        return str
    from advisor.report.speech import Speech

    return Speech.of(verdict, look, terms).word


def _in_currency(
    sheet: SheetWriter, verdict: Verdict, model: FigureModel, currency: Currency
) -> None:
    """The money of the summary once more, at a rate that can be changed in its cell."""
    if currency.code == "USD":
        return
    row = 11 + len(SUMMARY)
    sheet.text(row, 0, f"{currency.code} for one US dollar, {currency.as_of}")
    sheet.number(row, 1, currency.rate, "input")
    sheet.book.define_name("report.rate", f"=Summary!$B${row + 1}")
    for place, (label, figure_id) in enumerate(MONEY, row + 1):
        sheet.text(place, 0, f"{label}, {currency.code}")
        for column, option in enumerate(extract.compared(verdict), 1):
            reference = model.cell(option.id, figure_id)
            if reference is not None:
                value = model.value(option.id, figure_id) * currency.rate
                sheet.formula(place, column, f"{reference}*report.rate", value, "cents")


def _draws(sheet: SheetWriter, verdict: Verdict, terms: Terms) -> None:
    """The first draws of the compared options, a row each, with live quantiles above."""
    columns = [
        (f"{terms.option(drawn.option)}: {title}", values, style)
        for drawn in verdict.drawn
        for title, values, style in (
            ("once", drawn.once_usd, "cents"),
            ("per month", drawn.monthly_usd, "cents"),
            ("cash", drawn.cash_usd, "cents"),
            ("cost of errors", drawn.errors_usd, "cents"),
            ("quality", drawn.quality, "score"),
        )
        if values
    ]
    sheet.widths(10, *(22,) * len(columns))
    count = max((len(values) for _, values, _ in columns), default=0)
    sheet.title(f"The first {count} of {fmt.count(verdict.draws)} draws, USD over the horizon")
    sheet.header(2, ["draw", *(title for title, _, _ in columns)])
    if not count:
        return
    for place, share in enumerate((0.1, 0.5, 0.9)):
        sheet.text(FIRST_ROW + place, 0, f"P{share * 100:.0f}")
    first = FIRST_ROW + 3
    for number in range(count):
        sheet.number(first + number, 0, float(number + 1), "money")
    for column, (_, values, style) in enumerate(columns, 1):
        for number, value in enumerate(values):
            sheet.number(first + number, column, value, style)
        cells = sheet.range(first, first + len(values) - 1, column)
        for place, share in enumerate((0.1, 0.5, 0.9)):
            expression = f"PERCENTILE({cells},{share:g})"
            sheet.formula(FIRST_ROW + place, column, expression, _quantile(values, share), style)


def _quantile(values: Sequence[float], share: float) -> float:
    """As PERCENTILE has it: interpolated between neighbours."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def _day(verdict: Verdict) -> datetime:
    try:
        return datetime.fromisoformat(verdict.as_of)
    except ValueError:
        return datetime(2000, 1, 1)


def _summary(sheet: SheetWriter, verdict: Verdict, terms: Terms, model: FigureModel) -> None:
    sheet.widths(38, 30, 30, 30)
    sheet.quote(fmt.clean(verdict.name) or "Untitled")
    sheet.wrapped(1, recommendation(verdict, terms))
    compared = extract.compared(verdict)
    sheet.header(
        3, ["At the likely value of every input", *(terms.option(option.id) for option in compared)]
    )
    for place, (label, figure_id) in enumerate(SUMMARY, 4):
        sheet.text(place, 0, label)
        for column, option in enumerate(compared, 1):
            reference = model.cell(option.id, figure_id)
            if reference is not None:
                style = "score" if figure_id == "quality.score" else "money"
                sheet.formula(place, column, reference, model.value(option.id, figure_id), style)
    row = 5 + len(SUMMARY)
    sheet.text(row, 0, "Best in so many of 100 simulated futures")
    for column, option in enumerate(compared, 1):
        sheet.number(row, column, 100 * option.p_best, "money")
    sheet.wrapped(
        row + 2,
        "Change a blue cell on the sheet Inputs: totals follow. Ranges and chances stay as "
        "simulated; run advisor again for new ones.",
    )


def _options(sheet: SheetWriter, verdict: Verdict, terms: Terms, model: FigureModel) -> None:
    """Every option with its totals, which are formulas, and its ranges, which were simulated."""
    sheet.widths(56, *(14,) * 10, 44)
    titles = ["option", "once", "per month", "errors per month", "cash", "errors", "total"]
    titles += ["total P10", "total P90", "quality", "best of 100", "id"]
    sheet.title(f"Options, USD; sums over {horizon(verdict)}")
    sheet.header(2, titles)
    ids = ("once.total", "run.total", "run.errors", "horizon.cash", "horizon.errors")
    for row, option in enumerate(extract.ranked(verdict), FIRST_ROW):
        sheet.text(row, 0, terms.option(option.id))
        for column, figure_id in enumerate((*ids, "horizon.total"), 1):
            reference = model.cell(option.id, figure_id)
            if reference is None:
                sheet.text(row, column, fmt.UNKNOWN_WORD)
            else:
                sheet.formula(row, column, reference, model.value(option.id, figure_id), "cents")
        sheet.number(row, 7, option.horizon_usd.p10, "money")
        sheet.number(row, 8, option.horizon_usd.p90, "money")
        sheet.number(row, 9, option.quality.p50, "score")
        sheet.number(row, 10, 100 * option.p_best, "money")
        sheet.text(row, 11, option.id)


def _cash_flow(sheet: SheetWriter, verdict: Verdict, terms: Terms, model: FigureModel) -> None:
    """Cash paid by the end of each month, discounted, so that the last row is the total."""
    compared = [o for o in extract.compared(verdict) if model.has_months(o.id)]
    months = int(verdict.horizon_months or 0)
    sheet.widths(10, *(30,) * len(compared))
    sheet.title("Cash paid by the end of each month, discounted, USD")
    if not compared or not months:
        return
    sheet.header(2, ["month", *(terms.option(option.id) for option in compared)])
    for month in range(months + 1):
        sheet.number(FIRST_ROW + month, 0, float(month), "money")
    for column, option in enumerate(compared, 1):
        for month, (formula, value) in enumerate(model.cash_by_month(option.id, months, column)):
            sheet.formula(FIRST_ROW + month, column, formula, value, "cents")
    sheet.line_chart("Cash paid by month", months + 1, len(compared))


def _sensitivity(sheet: SheetWriter, verdict: Verdict) -> None:
    sheet.widths(46, 18, 18, 18, 18)
    sheet.title("Advantage of the option on top, USD, as each input moves")
    sheet.header(2, ["input", "at its P10", "at its P90", "swing", "share of variance"])
    for row, entry in enumerate(widest_first(verdict), FIRST_ROW):
        sheet.text(row, 0, entry.input)
        sheet.number(row, 1, entry.low, "money")
        sheet.number(row, 2, entry.high, "money")
        sheet.number(row, 3, entry.swing_usd, "money")
        sheet.number(row, 4, entry.variance_share, "share")


def _sources(sheet: SheetWriter, verdict: Verdict) -> None:
    sheet.widths(70, 12, 14, 60)
    sheet.title("Sources")
    sheet.header(2, ["source", "basis", "as of", "used for"])
    for row, record in enumerate(verdict.sources, FIRST_ROW):
        cells = (record.source, record.basis, record.as_of, ", ".join(record.used_for))
        for column, text in enumerate(cells):
            sheet.text(row, column, text)
