"""The plan: effort apart from calendar time, stages and the gates between them."""

from __future__ import annotations

from collections.abc import Iterator

from advisor.core import format as fmt
from advisor.core.verdict import OptionRecord, Verdict
from advisor.report import extract
from advisor.report.page import Block, Bullets, Cell, Heading, Paragraph, Table, TableColumn
from advisor.report.terms import Terms


def blocks(verdict: Verdict, terms: Terms) -> Iterator[Block]:
    """How long it takes, who works how much, and what must hold before each step."""
    chosen = verdict.chosen
    if chosen is None:
        return
    yield Paragraph(_duration(chosen))
    if verdict.plan:
        columns = (
            TableColumn("stage"),
            TableColumn("weeks", right=True),
            TableColumn("go on when"),
        )
        rows = tuple(
            (f"{s.stage}. {terms.option(s.arm)}", fmt.weeks(s.weeks), terms.sentence(s.gate))
            for s in verdict.plan
        )
        yield Table("plan", columns, rows)
    yield Heading("Gates")
    columns = (TableColumn("gate"), TableColumn("accept when"), TableColumn("stop when"))
    yield Table("gates", columns, tuple(_gates(verdict, chosen)))
    yield from _segments_note(verdict)


def _duration(chosen: OptionRecord) -> str:
    weeks = fmt.weeks_long(chosen.weeks.p50)
    span = fmt.short_span(chosen.weeks, fmt.weeks)
    effort = chosen.figure("work.hours")
    calendar = f"Calendar time until it runs: {weeks}{f' ({span})' if span else ''}."
    if effort is None or not effort.value:
        return calendar
    return f"{calendar} Effort of your team: {fmt.count(effort.value)} hours."


def _gates(verdict: Verdict, chosen: OptionRecord) -> Iterator[tuple[Cell, ...]]:
    runs_on = _whose_terms(chosen)
    yield (
        "Legal and procurement",
        f"{runs_on} allow the data and the use",
        "a term forbids it",
    )
    target = extract.number(verdict, "quality.target")
    items = extract.number(verdict, "data.eval_examples")
    test = f" on {fmt.count(items)} test items" if items else " on the test set"
    if target:
        yield "Pilot", f"score at least {target:g}{test}", f"score below {target:g}{test}"
    else:
        yield "Pilot", f"not worse than today{test}", f"worse than today{test}"
    limit = extract.number(verdict, "budget.monthly_usd")
    upper = chosen.monthly_usd.p90 if limit is None else limit
    yield (
        "Go-live",
        f"a month of traffic costs at most {fmt.money(upper)}",
        f"it costs more than {fmt.money(upper)}",
    )


def _whose_terms(chosen: OptionRecord) -> str:
    """Whom the lawyers talk to: the provider by name, or whoever rents the GPUs out."""
    on_gpus = any(chosen.id.endswith(end) for end in ("+rented", "+owned", "+cpu"))
    if on_gpus or not chosen.runs_on:
        return "licences of the model and of the GPUs' provider"
    return f"the terms of {fmt.clean(chosen.runs_on)}"


def _segments_note(verdict: Verdict) -> Iterator[Block]:
    if verdict.segments:
        yield Bullets(("Segments may start one by one; the options above name each one's choice.",))
