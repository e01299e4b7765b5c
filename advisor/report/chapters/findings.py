"""What to find out, and what to improve: at most three steps of each that are worth their price.

A worth below its own standard error says nothing and is not shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from advisor.core import format as fmt
from advisor.core.naming import sentence_start
from advisor.core.verdict import NextStep, Verdict
from advisor.report.page import Block, Bullets, Cell, Code, Heading, Paragraph, Table, TableColumn
from advisor.report.terms import Terms

MOST = 3


def blocks(verdict: Verdict, terms: Terms) -> Iterator[Block]:
    """Steps that tell more, steps that make an option better; else the one thing to do."""
    information = paying(verdict.steps)
    improvements = paying(verdict.improvements)
    if information:
        yield Paragraph("Worth is what the result saves on average, before its price.")
        yield _table("steps", information, terms)
    if improvements:
        yield Heading("What would make an option better")
        yield _table("improvements", improvements, terms)
    if not information and not improvements and verdict.next_step.action:
        yield Paragraph(_sentence(terms.sentence(verdict.next_step.action)))
    yield from _commands((*information, *improvements))


def paying(steps: Sequence[NextStep]) -> list[NextStep]:
    """The steps worth more than they cost, and more than the error of that worth."""
    return [
        step
        for step in steps
        if step.worth_usd > step.cost_usd and step.worth_usd >= (step.worth_standard_error_usd or 0)
    ][:MOST]


def _table(name: str, steps: Sequence[NextStep], terms: Terms) -> Table:
    titles = ("costs", "takes", "is worth")
    columns = (TableColumn("step"), *(TableColumn(title, right=True) for title in titles))
    return Table(name, columns, tuple(_row(step, terms) for step in steps))


def _row(step: NextStep, terms: Terms) -> tuple[Cell, ...]:
    error = step.worth_standard_error_usd
    spread = f" ± {fmt.money(error)}" if error else ""
    detail = f". {step.detail}." if step.detail else ""
    return (
        terms.sentence(f"{step.action}{detail}"),
        fmt.money(step.cost_usd),
        fmt.days(step.days),
        f"{fmt.money(step.worth_usd)}{spread}",
    )


def _commands(steps: Sequence[NextStep]) -> Iterator[Block]:
    commands = dict.fromkeys(step.command for step in steps if step.command)
    if commands:
        yield Heading("How to do it")
        yield Bullets(tuple(Code(fmt.clean(command)) for command in commands))


def _sentence(text: str) -> str:
    return sentence_start(text).rstrip(".") + "."
