"""What to find out: at most three measurements or improvements that are worth their price."""

from __future__ import annotations

from collections.abc import Iterator

from advisor.core import format as fmt
from advisor.core.verdict import NextStep, Verdict
from advisor.report.page import Block, Cell, Paragraph, Table, TableColumn
from advisor.report.terms import Terms

MOST = 3


def blocks(verdict: Verdict, terms: Terms) -> Iterator[Block]:
    """The next steps with price, duration and worth; else the one thing to do."""
    paying = [step for step in verdict.steps if step.worth_usd > step.cost_usd][:MOST]
    if paying:
        yield Paragraph("Worth is what the result saves on average, before its price.")
        titles = ("costs", "takes", "is worth")
        columns = (TableColumn("step"), *(TableColumn(title, right=True) for title in titles))
        yield Table("steps", columns, tuple(_row(step, terms) for step in paying))
    elif verdict.next_step.action:
        yield Paragraph(f"{_sentence(terms.sentence(verdict.next_step.action))}")


def _row(step: NextStep, terms: Terms) -> tuple[Cell, ...]:
    return (
        terms.sentence(step.action),
        fmt.money(step.cost_usd),
        fmt.days(step.days),
        fmt.money(step.worth_usd),
    )


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}".rstrip(".") + "."
