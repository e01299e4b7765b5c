"""A plan before it runs: what, where, how long, its price, and what is answered already."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from textual.content import Content

from advisor.core import format as fmt
from advisor.core.quantity import Range
from advisor.tui.model.run_progress import RunProgress
from advisor.tui.model.run_request import in_words
from advisor.tui.views.trials import trial_lines

if TYPE_CHECKING:
    from advisor.experiments import Prepared

_LABEL = 10


def plan_lines(prepared: Prepared, missing: str, width: int) -> Content:
    """What would run, how long and for how much; what an earlier run has answered already."""
    return Content("\n").join(_plan(prepared, missing, width))


def _plan(prepared: Prepared, missing: str, width: int) -> Iterator[Content]:
    plan = prepared.plan
    done = len(plan.trials) - prepared.left
    if missing:
        yield Content.styled(f"! {missing}", "$text-warning")
    yield _labelled("measures", plan.name, "bold")
    yield _labelled("on", prepared.machine.name)
    if prepared.left:
        yield _labelled(
            "takes", duration(prepared.forecast.seconds) + _cut(prepared.forecast.capped)
        )
        yield _labelled("costs", price(prepared.forecast.usd))
    if prepared.machine.device == "endpoint":
        yield _leaves(prepared)
    if done and prepared.earlier is not None:
        yield _labelled(
            "answered", f"{done} of {len(plan.trials)} by run {prepared.earlier.summary.id}"
        )
    yield Content("")
    progress = RunProgress.of_plan(
        plan, prepared.earlier.outcomes if prepared.earlier is not None else ()
    )
    yield Content.styled(fmt.plural(len(plan.trials), "trial"), "bold $text-primary")
    yield from trial_lines(progress.trials, width)


def _leaves(prepared: Prepared) -> Content:
    """What would leave this machine, with its bytes."""
    from advisor.experiments.leaving import leaving

    first, *rest = leaving(prepared.plan)
    sent = first.removeprefix("leaves this machine: ")
    return _labelled("leaves", "; ".join([sent, *rest, f"to {prepared.machine.name}"]))


def _labelled(label: str, text: str, style: str = "") -> Content:
    return Content.assemble((f"{label:<{_LABEL}}", "dim"), (fmt.clean(text), style))


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
        return "unknown: fill in what an hour (or a token) costs"
    if not interval.p90:
        return "nothing"
    low = fmt.money(interval.p50, cents=True)
    high = fmt.money(interval.p90, cents=True)
    return f"{low} – {high} (P50 – P90)" if low != high else low


def _cut(capped: str) -> str:
    return f", cut by {in_words(capped)}" if capped else ""
