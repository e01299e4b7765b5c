"""The plan: effort apart from calendar time, stages, and gates with owners and dates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from advisor.core import format as fmt
from advisor.core.constants import WEEKS_PER_MONTH
from advisor.core.verdict import OptionRecord, Verdict
from advisor.report import extract
from advisor.report.charts import maps
from advisor.report.page import (
    Block,
    Bullets,
    Cell,
    Heading,
    Paragraph,
    Stated,
    Table,
    TableColumn,
)
from advisor.report.terms import Terms

WORKING_HOURS_PER_WEEK = 40.0
VISIBLE_WEEKS = 0.05
PILOT_WEEKS = 1.0
"""A pilot ends this long before go-live, so that there is time to read it; what takes less has
none ...
"""

PILOT_SHARE = 0.75
"""... or after this share of a shorter time."""


@dataclass(frozen=True, slots=True)
class PlannedGate:
    """A gate: what opens it, what stops there, who decides, and after how many weeks."""

    name: str
    accept: str
    stop: str
    owner: str
    weeks: float | None


def blocks(verdict: Verdict, terms: Terms) -> Iterator[Block]:
    """How long it takes, who works how much, and what must be true before each step."""
    chosen = verdict.chosen
    if chosen is None:
        return
    yield Paragraph(_duration(verdict, chosen))
    yield from _stages(verdict, terms)
    gates = list(planned_gates(verdict, chosen))
    dated = [(gate.name, gate.weeks) for gate in gates if gate.weeks is not None]
    chart = maps.timeline(list(_bars(verdict, chosen, terms)), dated)
    if chart is not None:
        yield chart
    yield Heading("Gates")
    titles = ("gate", "accept when", "stop when", "owner", "by")
    rows = tuple(_row(verdict, gate) for gate in gates)
    yield Table("gates", tuple(TableColumn(title) for title in titles), rows)
    yield from _team(verdict, chosen)
    if verdict.segments:
        yield Bullets(("Segments may start one by one; the options above name each one's choice.",))


def _stages(verdict: Verdict, terms: Terms) -> Iterator[Block]:
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


def _duration(verdict: Verdict, chosen: OptionRecord) -> str:
    weeks = fmt.weeks_long(chosen.weeks.p50)
    span = fmt.short_span(chosen.weeks, fmt.weeks)
    effort = chosen.figure("work.hours")
    first = extract.start(verdict)
    begins = f"Start: {first.isoformat()}. " if first is not None else ""
    calendar = f"{begins}Calendar time until it runs: {weeks}{f' ({span})' if span else ''}."
    if effort is None or not effort.value:
        return calendar
    return f"{calendar} Effort of your team: {fmt.count(effort.value)} hours."


def _bars(
    verdict: Verdict, chosen: OptionRecord, terms: Terms
) -> Iterator[tuple[str, float, float]]:
    """The stages of the plan, else test, work and training of the recommended option, in order."""
    if verdict.plan:
        begun = 0.0
        for stage in verdict.plan:
            yield f"{stage.stage}. {terms.option(stage.arm)}", begun, begun + stage.weeks
            begun += stage.weeks
        return
    time = chosen.figure("time.weeks")
    if time is None or not time.value:
        return
    test = next((i.value for i in time.inputs if i.id == "team.evaluation_hours"), None) or 0.0
    work = chosen.figure("work.hours")
    hours = work.value if work is not None and work.value is not None else 0.0
    parts = (
        ("Set up the test", test / WORKING_HOURS_PER_WEEK),
        ("Build it", hours / WORKING_HOURS_PER_WEEK),
        ("Labels and training", time.value - (test + hours) / WORKING_HOURS_PER_WEEK),
    )
    begun = 0.0
    for name, weeks in parts:
        if weeks > VISIBLE_WEEKS:
            yield name, begun, begun + weeks
            begun += weeks


def planned_gates(verdict: Verdict, chosen: OptionRecord) -> Iterator[PlannedGate]:
    """The gates of the brief as stated; else legal and procurement, pilot, go-live."""
    stated = extract.rows_of(verdict, "plan.gates")
    ready = chosen.weeks.p50 or 0.0
    for place, row in enumerate(stated):
        weeks = extract.number(verdict, f"plan.gates[{place}].weeks")
        spread = ready * (place + 1) / len(stated)
        yield PlannedGate(
            Stated(row.get("name", "")),
            Stated(row.get("accept", "–")),
            Stated(row.get("stop", "–")),
            Stated(row["owner"]) if "owner" in row else "to be named",
            spread if weeks is None else weeks,
        )
    if not stated:
        yield from _usual_gates(verdict, chosen, ready)


def _usual_gates(verdict: Verdict, chosen: OptionRecord, ready: float) -> Iterator[PlannedGate]:
    terms = f"{_whose_terms(chosen)} allow the data and the use"
    yield PlannedGate(
        "Legal and procurement", terms, "a term forbids it", "legal (proposed)", ready / 2
    )
    target = extract.number(verdict, "quality.target")
    items = extract.number(verdict, "data.eval_examples")
    test = f" on {fmt.count(items)} test items" if items else " on the test set"
    accept = f"score at least {target:g}{test}" if target else f"not worse than today{test}"
    stop = f"score below {target:g}{test}" if target else f"worse than today{test}"
    owner = "product owner (proposed)"
    if ready < PILOT_WEEKS:
        yield PlannedGate("Go-live", accept, stop, owner, ready)
    else:
        pilot = max(ready - PILOT_WEEKS, PILOT_SHARE * ready)
        yield PlannedGate("Pilot", accept, stop, "engineering (proposed)", pilot)
        yield _go_live(verdict, chosen, owner, ready)
    ends = chosen.figure("time.model_ends")
    if ends is not None and ends.value is not None:
        yield PlannedGate(
            "Successor",
            f"a model that lasts: {accept}",
            "none does by then: the service ends",
            "engineering (proposed)",
            ends.value * WEEKS_PER_MONTH,
        )


def _go_live(verdict: Verdict, chosen: OptionRecord, owner: str, ready: float) -> PlannedGate:
    """What the pilot has cost is known on the day of go-live; what a month costs is not."""
    limit = extract.number(verdict, "budget.monthly_usd")
    upper = fmt.money(chosen.monthly_usd.p90 if limit is None else limit)
    accept = f"what the pilot costs comes to at most {upper} per month"
    return PlannedGate("Go-live", accept, f"it comes to more than {upper}", owner, ready)


def _row(verdict: Verdict, gate: PlannedGate) -> tuple[Cell, ...]:
    by = "" if gate.weeks is None else extract.day_after(verdict, gate.weeks)
    return gate.name, gate.accept, gate.stop, gate.owner, by


def _team(verdict: Verdict, chosen: OptionRecord) -> Iterator[Block]:
    """Hours and money of each role, where the brief names roles."""
    roles = extract.rows_of(verdict, "team.roles")
    work = chosen.figure("work.hours")
    if not roles or work is None or work.value is None:
        return
    yield Heading("Team")
    titles = ("share", "hours", "USD per hour", "USD")
    columns = (TableColumn("role"), *(TableColumn(title, right=True) for title in titles))
    rows = []
    for place, role in enumerate(roles):
        share = extract.number(verdict, f"team.roles[{place}].share") or 0.0
        rate = extract.number(verdict, f"team.roles[{place}].hourly_usd")
        hours = share * work.value
        cost = None if rate is None else hours * rate
        cells = (fmt.share(share), fmt.count(hours), fmt.money(rate), fmt.money(cost))
        rows.append((Stated(role.get("name", "")), *cells))
    yield Table("team", columns, tuple(rows))


def _whose_terms(chosen: OptionRecord) -> str:
    """Whom the lawyers talk to: the provider by name, or whoever rents the GPUs out; on own
    machines there is only the licence.
    """
    if chosen.id.endswith(("+owned", "+own-cpu")):
        return "the terms of the model's licence"
    on_gpus = any(chosen.id.endswith(end) for end in ("+rented", "+owned", "+cpu"))
    if on_gpus or not chosen.runs_on:
        return "licences of the model and of the GPUs' provider"
    return f"the terms of {fmt.clean(chosen.runs_on)}"
