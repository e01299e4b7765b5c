"""The business case: what is invested, what it costs to run, what errors cost, when it pays."""

from __future__ import annotations

from collections.abc import Iterator

from advisor.core import format as fmt
from advisor.core.constants import WEEKS_PER_MONTH
from advisor.core.naming import sentence_start
from advisor.core.quantity import UNKNOWN, Range
from advisor.core.verdict import OptionRecord, Verdict
from advisor.report import extract
from advisor.report.charts import costs
from advisor.report.even import break_even_sentences
from advisor.report.headline import as_is, horizon
from advisor.report.page import Block, Bullets, Cell, Heading, Paragraph, Table, TableColumn
from advisor.report.returns import Return, lacks_baseline_score, returns
from advisor.report.terms import Terms

LINES = (
    ("Invest, once", "once.total"),
    ("  labels", "once.labels"),
    ("  training", "once.training"),
    ("  people", "once.people"),
    ("  evaluation", "once.evaluation"),
    ("  integration", "once.integration"),
    ("Run, per month", "run.total"),
    ("  tokens", "run.inference"),
    ("  GPUs and hosting", "run.hosting"),
    ("  of it depreciation of own GPUs", "run.depreciation"),
    ("  people", "run.people"),
    ("  retraining", "run.retraining"),
    ("Cost of errors, per month", "run.errors"),
    ("Cash over the horizon", "horizon.cash"),
    ("Cost of errors over the horizon", "horizon.errors"),
)
"""The lines of the table; an indented part is left out where no option has it."""


def blocks(verdict: Verdict, terms: Terms) -> Iterator[Block]:
    """The money side by side, what pays back when, and two pictures."""
    options = extract.compared(verdict)
    if not options:
        return
    yield Paragraph(" ".join(_what_sums_hold(verdict)))
    yield _table(verdict, options, terms)
    yield from _returns(verdict, terms)
    yield from _sunk(verdict)
    months = verdict.horizon_months
    if months:
        chart = costs.stacked(options, months, terms)
        if chart is not None:
            yield chart
    flow = costs.cash_by_month(verdict, terms)
    if flow is not None:
        yield flow


def _what_sums_hold(verdict: Verdict) -> Iterator[str]:
    """What a sum over the horizon is: discounted or not, and from which day it counts."""
    rate = extract.number(verdict, "budget.discount_rate") or 0.0
    worth = f"discounted at {fmt.share(rate)} per year" if rate else "not discounted"
    yield "Cash and the cost of errors are kept apart."
    yield f"Sums over {horizon(verdict)} are {worth}, and begin when the option runs."
    chosen = verdict.chosen
    today = as_is(verdict)
    weeks = chosen.weeks.p50 if chosen is not None else None
    bill = today.monthly_usd.p50 if today is not None and today is not chosen else None
    if weeks and bill:
        until = bill * weeks / WEEKS_PER_MONTH
        yield (
            f"Until then today's bill goes on: {fmt.money(until)} in {fmt.weeks_long(weeks)}, "
            "which no sum contains."
        )


def _table(verdict: Verdict, options: list[OptionRecord], terms: Terms) -> Table:
    titles = [terms.option(option.id) for option in options]
    columns = (TableColumn("USD"), *(TableColumn(title, right=True) for title in titles))
    rows: list[tuple[Cell, ...]] = []
    strong = set()
    for label, figure_id in LINES:
        amounts = [_amount(option, figure_id) for option in options]
        if label.startswith(" ") and not any(amount.p50 for amount in amounts):
            continue
        if not label.startswith(" "):
            strong.add(len(rows))
        cells: tuple[Cell, ...] = tuple(_cell(label, amount) for amount in amounts)
        rows.append((label.strip() if not label.startswith(" ") else f"· {label.strip()}", *cells))
    return Table("business", columns, tuple(rows), frozenset(strong))


def _cell(label: str, amount: Range) -> Cell:
    """An amount; a cost of errors that is nowhere priced is not shown as zero."""
    if "depreciation" in label and not amount.is_known:
        return "–"
    if "errors" in label and not amount.p90:
        return "not priced"
    return extract.money(amount)


def _amount(option: OptionRecord, figure_id: str) -> Range:
    headline = {"once.total": option.one_off_usd, "run.total": option.monthly_usd}
    if figure_id in headline:
        return headline[figure_id]
    figure = option.figure(figure_id)
    return extract.interval(option, figure_id) if figure is not None else UNKNOWN


def _returns(verdict: Verdict, terms: Terms) -> Iterator[Block]:
    """Payback, net present value and return on the investment, against each other way."""
    items = [f"{sentence_start(sentence)}." for sentence in break_even_sentences(verdict)]
    rows = tuple(_return(entry, verdict) for entry in returns(verdict, terms))
    if not items and not rows:
        return
    yield Heading("What it returns")
    if rows:
        titles = ("net present value", "errors saved", "invests more", "saves per month")
        columns = (
            TableColumn("the option on top against"),
            *(TableColumn(title, right=True) for title in (*titles, "payback", "ROI")),
        )
        yield Table("returns", columns, rows)
        yield Paragraph(
            "Net present value is cash saved over the horizon; ROI divides it by what is invested "
            "beyond the other. A minus means that the option costs more."
        )
        if lacks_baseline_score(verdict):
            yield Paragraph(
                "Wrong answers have a price, but how often today's process errs is not stated: "
                "without baseline.score its return is in cash alone."
            )
    if items:
        if verdict.alternative:
            yield Paragraph(f"Break-even is against: {terms.option(verdict.alternative)}.")
        yield Bullets(tuple(dict.fromkeys(items)))


def _return(entry: Return, verdict: Verdict) -> tuple[Cell, ...]:
    payback = entry.payback_months
    roi = entry.on_investment
    return (
        entry.against,
        extract.money(entry.cash_usd),
        _errors_saved(entry, verdict),
        fmt.money(entry.invest_usd),
        fmt.money(entry.monthly_usd),
        _payback(entry, payback),
        "–" if roi is None else fmt.times(roi),
    )


def _errors_saved(entry: Return, verdict: Verdict) -> Cell:
    """What is saved in wrong answers, or why that is not known."""
    if entry.errors_usd.is_known and (entry.errors_usd.p90 or entry.errors_usd.p10):
        return extract.money(entry.errors_usd)
    chosen = verdict.chosen
    is_priced = chosen is not None and extract.has_errors(chosen)
    return "not known" if is_priced and not entry.errors_usd.is_known else "not priced"


def _payback(entry: Return, months: float | None) -> str:
    if entry.is_outweighed:
        return "errors outweigh it"
    if months is None:
        return "unknown" if entry.monthly_usd is None else "never"
    return "at once" if months == 0 else fmt.months(months)


def _sunk(verdict: Verdict) -> Iterator[Block]:
    """What is already spent, apart from everything else: no decision gets it back."""
    items = []
    labels = extract.number(verdict, "data.examples")
    price = extract.number(verdict, "data.label_usd")
    if labels and price:
        items.append(f"Labels in hand, at the stated price: {fmt.money(labels * price)}.")
    graded = verdict.chosen.figure("once.sunk") if verdict.chosen is not None else None
    if graded is not None and graded.p50:
        items.append(
            f"Test items in hand: {fmt.money(graded.p50)} ({graded.basis}). What is invested once "
            "contains it, the sums over the horizon do not."
        )
    purchase = extract.number(verdict, "hardware.purchase_usd")
    if purchase:
        count = extract.number(verdict, "hardware.count") or 1.0
        items.append(
            f"Purchase of own GPUs: {fmt.money(purchase * count)}, of which the totals contain the "
            "depreciation."
        )
    yield Heading("Already spent")
    counted = (
        "of it only the depreciation of own GPUs is counted" if purchase else "it is not counted"
    )
    yield Paragraph(f"No decision gets this money back: {counted} again.")
    if items:
        yield Bullets(tuple(items))
    else:
        yield Paragraph("The brief states nothing that is already spent.")
