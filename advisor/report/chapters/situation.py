"""The situation: task, measure of success, volume, limits, and what today's process costs."""

from __future__ import annotations

from collections.abc import Iterator

from advisor.core import format as fmt
from advisor.core.naming import model_name
from advisor.core.verdict import Verdict
from advisor.report import extract
from advisor.report.headline import as_is
from advisor.report.page import Block, Bullets, Heading, Paragraph, Table, TableColumn
from advisor.report.terms import Terms

ROWS = (
    ("Task", "task.type"),
    ("Domain", "task.domain"),
    ("Output", "task.output"),
    ("Metric", "quality.metric"),
    ("Target", "quality.target"),
    ("Agreement of two annotators", "quality.human_ceiling"),
    ("Volume", "traffic.requests_per_month"),
    ("Growth", "traffic.growth_per_month"),
    ("Labelled examples", "data.examples"),
    ("Test items", "data.eval_examples"),
    ("Budget, once", "budget.one_off_usd"),
    ("Budget, per month", "budget.monthly_usd"),
    ("Deadline", "budget.weeks"),
    ("Horizon", "budget.horizon_months"),
    ("Results may wait a day", "traffic.can_wait_24h"),
    ("Data may leave", "policy.data_may_leave"),
    ("Residency", "policy.residency"),
    ("Cost of a wrong answer", "quality.error_cost_usd"),
)
"""What a client should recognise as their own, with the key of the brief that states it."""


def blocks(verdict: Verdict, terms: Terms) -> Iterator[Block]:
    """What the brief states; what it leaves out stands in the assumption register."""
    metric = extract.answer(verdict, "quality.metric")
    if metric:
        yield Paragraph(f"An answer counts as right by this metric: {metric}.")
    rows = [(label, extract.answer(verdict, key)) for label, key in ROWS]
    today = as_is(verdict)
    if today is not None:
        name = terms.option(today.id).removeprefix("Today: ")
        rows.append(("In place today", f"{name}: {fmt.money_rate(today.monthly_usd.p50)}"))
    model = extract.answer(verdict, "current.model")
    if today is None and model:
        bill = extract.number(verdict, "current.monthly_usd")
        paid = f": {fmt.money_rate(bill)}" if bill is not None else ""
        rows.append(("In place today", f"{model_name(model)}{paid}; it cannot stay"))
    by_hand = extract.number(verdict, "baseline.monthly_usd")
    process = extract.answer(verdict, "baseline.process") or "today's process"
    if by_hand is not None:
        rows.append(("Done without a model", f"{process}: {fmt.money_rate(by_hand)}"))
    if today is None and not model and by_hand is None and verdict.answers:
        rows.append(("In place today", "not stated in the brief"))
    stated = tuple((label, text) for label, text in rows if text)
    if stated:
        yield Table("situation", (TableColumn("what"), TableColumn("as stated")), stated)
    if verdict.considerations:
        yield Heading("Questions that teams ask")
        yield Bullets(
            tuple(f"{c.question} {terms.sentence(c.answer)}." for c in verdict.considerations)
        )
