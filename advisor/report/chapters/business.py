"""The business case: what is invested, what it costs to run, what errors cost, when it pays."""

from __future__ import annotations

from collections.abc import Iterator

from advisor.core import format as fmt
from advisor.core.quantity import UNKNOWN, Range
from advisor.core.verdict import OptionRecord, Verdict
from advisor.report import extract
from advisor.report.charts import costs
from advisor.report.headline import as_is, horizon
from advisor.report.page import Block, Bullets, Cell, Heading, Paragraph, Table, TableColumn
from advisor.report.phrases import break_even_sentences
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
    yield Paragraph(
        f"Cash and the cost of errors are kept apart. Sums over {horizon(verdict)} are discounted "
        "as the brief asks. Money already spent is not counted."
    )
    yield _table(verdict, options, terms)
    yield from _returns(verdict, terms)
    months = verdict.horizon_months
    if months:
        chart = costs.stacked(options, months, terms)
        if chart is not None:
            yield chart
    flow = costs.cash_by_month(verdict, terms)
    if flow is not None:
        yield flow


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
    """Payback, saving and return against the runner-up and against today."""
    items = [f"{sentence[0].upper()}{sentence[1:]}." for sentence in
             break_even_sentences(verdict.break_even)]  # fmt: skip
    for other in (extract.runner_up(verdict), as_is(verdict)):
        if other is not None and verdict.chosen is not None and other.id != verdict.arm:
            items += _against(verdict, verdict.chosen, other, terms)
    if verdict.chosen is not None:
        items += _against_by_hand(verdict, verdict.chosen)
    if items:
        yield Heading("What it returns")
        if verdict.alternative:
            yield Paragraph(f"Break-even is against: {terms.option(verdict.alternative)}.")
        yield Bullets(tuple(dict.fromkeys(items)))


def _against_by_hand(verdict: Verdict, chosen: OptionRecord) -> Iterator[str]:
    """Payback and return against the process without a model."""
    by_hand = extract.number(verdict, "baseline.monthly_usd")
    once = chosen.one_off_usd.p50
    month = chosen.monthly_usd.p50
    if by_hand is None or once is None or month is None:
        return
    saved = by_hand - month
    if saved <= 0:
        yield f"It costs {fmt.money_rate(-saved)} more than today's process."
        return
    yield (
        f"Against today's process it saves {fmt.money_rate(saved)} and pays back after "
        f"{fmt.months(once / saved)}."
    )
    paid = extract.cash(chosen).p50
    if paid is not None:
        net = by_hand * extract.level_months(verdict) - paid
        word = "saves" if net >= 0 else "costs"
        yield f"Over {horizon(verdict)} it {word} {fmt.money(abs(net))} in net present value."


def _against(
    verdict: Verdict, chosen: OptionRecord, other: OptionRecord, terms: Terms
) -> Iterator[str]:
    saved = extract.cash_saved(verdict, other)
    if saved is None:
        return
    word = "saves" if saved >= 0 else "costs"
    more = "" if saved >= 0 else " more"
    name = terms.option(other.id)
    yield f"In net present value it {word} {fmt.money(abs(saved))}{more}, compared with: {name}."
    once = chosen.one_off_usd.p50
    if once and saved > 0 and once > (other.one_off_usd.p50 or 0.0):
        extra = once - (other.one_off_usd.p50 or 0.0)
        yield f"Each dollar invested beyond that option returns {fmt.money(1 + saved / extra)}."
