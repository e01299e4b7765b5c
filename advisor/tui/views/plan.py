"""A plan before it runs: what, where, how long, its price, and what is answered already."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.content import Content

from advisor.core import format as fmt
from advisor.core.quantity import Range
from advisor.report import layout
from advisor.tui.model.run_progress import RunProgress
from advisor.tui.model.run_questions import in_words
from advisor.tui.views.trials import trial_lines

if TYPE_CHECKING:
    from advisor.experiments import Prepared

UNKNOWN_PRICE = "unknown: fill in what an hour (or a token) costs"
NO_PRICE = "nothing"
_COSTS = {UNKNOWN_PRICE: "price unknown", NO_PRICE: "costs nothing"}
_LABEL = 10


@dataclass(frozen=True, slots=True)
class PlanNotes:
    """What stands beside a plan: what is `missing` to run it, the `command` that does the same, and
    what `leaves` this machine.
    """

    missing: str = ""
    command: str = ""
    leaves: Sequence[str] = ()


def plan_lines(prepared: Prepared, notes: PlanNotes, width: int) -> Content:
    """What would run, how long and for how much; what an earlier run has answered already."""
    return Content("\n").join(_plan(prepared, notes, width))


def in_short(prepared: Prepared) -> Content:
    """How many trials, how long and for how much: one line."""
    trials = fmt.plural(prepared.left, "trial")
    if not prepared.left:
        return Content.styled("every trial has its answer", "dim")
    cost = _COSTS.get(price(prepared.forecast.usd), price(prepared.forecast.usd))
    took = duration(prepared.forecast.seconds)
    parts = [trials, took, cost]
    line = " · ".join(part.replace(" (P50 – P90)", "") for part in parts)
    return Content(re.sub(r" (h)ours?| (min)utes?| (s)econds?", _short_unit, line))


def _short_unit(unit: re.Match[str]) -> str:
    return f" {unit[unit.lastindex or 0]}"


def _plan(prepared: Prepared, notes: PlanNotes, width: int) -> Iterator[Content]:
    plan = prepared.plan
    done = len(plan.trials) - prepared.left
    if notes.missing:
        yield Content.styled(f"! {notes.missing}", "$text-warning")
    yield _labelled("measures", plan.name, width, "bold")
    yield _labelled("on", prepared.machine.name, width)
    if prepared.left:
        yield _labelled(
            "takes", duration(prepared.forecast.seconds) + _cut(prepared.forecast.capped), width
        )
        yield _labelled("costs", price(prepared.forecast.usd), width)
    if notes.leaves:
        yield _labelled("leaves", "; ".join(notes.leaves), width)
    if done and prepared.earlier is not None:
        yield _labelled(
            "answered", f"{done} of {len(plan.trials)} by run {prepared.earlier.summary.id}", width
        )
    if notes.command:
        yield _labelled("command", notes.command, width, "$text-accent")
    yield Content("")
    progress = RunProgress.of_plan(
        plan, prepared.earlier.outcomes if prepared.earlier is not None else ()
    )
    yield Content.styled(fmt.plural(len(plan.trials), "trial"), "bold $text-primary")
    yield from trial_lines(progress.trials, width)


def _labelled(label: str, text: str, width: int, style: str = "") -> Content:
    """The text beside its label, its further lines set in below."""
    wrapped = layout.wrap(fmt.clean(text), max(width - _LABEL, _LABEL))
    below = f"\n{' ' * _LABEL}".join(wrapped)
    return Content.assemble((f"{label:<{_LABEL}}", "dim"), (below, style))


def duration(interval: Range) -> str:
    """`2.1 – 7.5 minutes (P50 – P90)`."""
    if interval.p50 is None or interval.p90 is None:
        return fmt.UNKNOWN_WORD
    unit, scale = _time_unit(interval.p90)
    low, high = (
        fmt.number(float(f"{value / scale:.2g}")) for value in (interval.p50, interval.p90)
    )
    return f"{low} – {high} {unit} (P50 – P90)" if low != high else f"{low} {unit}"


def _time_unit(seconds: float) -> tuple[str, float]:
    """The unit in which a duration reads well, and its seconds."""
    if seconds >= 5400.0:
        return "hours", 3600.0
    return ("minutes", 60.0) if seconds >= 90.0 else ("seconds", 1.0)


def price(interval: Range) -> str:
    """Dollars from P50 to P90."""
    if interval.p50 is None or interval.p90 is None:
        return UNKNOWN_PRICE
    if not interval.p90:
        return NO_PRICE
    low = fmt.money(interval.p50, cents=True)
    high = fmt.money(interval.p90, cents=True)
    return f"{low} – {high} (P50 – P90)" if low != high else low


def _cut(capped: str) -> str:
    return f", cut by {in_words(capped)}" if capped else ""
