"""Where two arms cost the same: months, price multiple and uplift by closed forms, with intervals over the draws."""

from __future__ import annotations

import numpy as np

from advisor.core.arm import Estimate
from advisor.core.figure import Figure
from advisor.core.quantity import UNKNOWN, Range
from advisor.core.verdict import BreakEven
from advisor.decide.evaluator import Cases
from advisor.decide.quantiles import quantiles
from advisor.decide.ranking import Matrix, full

NEVER = 1e12
"""Stands for infinitely many months or prices among draws."""


def break_even(cases: Cases, pick: int, other: int | None, requests_per_month: float | None) -> BreakEven:
    """Where the chosen arm and the cheapest arm of another approach cost the same; None where they never do.

    `requests_per_month` is the root that a sweep has found.
    """
    if other is None:
        return BreakEven()
    a, b = cases.estimates[pick], cases.estimates[other]
    once = a["once.total"].value - b["once.total"].value
    run = _bill(b).value - _bill(a).value
    months = once / run if run and once / run > 0 else None
    multiples = _price_multiples(cases, pick, other)
    multiple = float(multiples[0]) if multiples is not None and multiples[0] > 0 else None
    return BreakEven(
        months,
        requests_per_month,
        multiple,
        _uplift(cases, pick, other),
        _payback_range(cases, pick, other),
        UNKNOWN if multiples is None else spread(multiples[1:]),
    )


def _bill(estimate: Estimate) -> Figure:
    """A month's cost, errors included."""
    return estimate["run.total"] + estimate["run.errors"]


def _payback_range(cases: Cases, pick: int, other: int) -> Range:
    """Months to pay back, over the draws; a draw in which it never does counts as infinite."""
    a, b = cases.estimates[pick], cases.estimates[other]
    once = full(a["once.total"] - b["once.total"], cases.size)[1:]
    run = full(_bill(b) - _bill(a), cases.size)[1:]
    if not len(run):
        return UNKNOWN
    months = np.full_like(run, np.inf)
    np.divide(once, run, out=months, where=run != 0)
    return spread(np.where(months > 0, months, np.inf))


def spread(rows: Matrix) -> Range:
    """P10, P50 and P90 of draws; unknown where one of them is infinite: in a tenth of the draws it never happens."""
    found = quantiles(np.minimum(rows, NEVER)) if len(rows) else UNKNOWN
    return found if found.p90 is not None and found.p90 < NEVER else UNKNOWN


def _price_multiples(cases: Cases, pick: int, other: int) -> Matrix | None:
    """Multiple of the prompted model's token prices at which both cost the same; the total is linear in it."""
    pair = [cases.estimates[pick], cases.estimates[other]]
    prompted = next((e for e in pair if e.arm.approach == "prompt"), None)
    if prompted is None or not prompted["run.inference"].value > 0:
        return None
    rival = pair[1] if prompted is pair[0] else pair[0]
    dated = prompted.figures.get("horizon.inference")  # where token prices change inside the horizon
    charges = dated if dated is not None else prompted["run.inference"] * prompted["horizon.months_growing"]
    return full(1.0 + (rival["horizon.total"] - prompted["horizon.total"]) / charges, cases.size)


def _uplift(cases: Cases, pick: int, other: int) -> float | None:
    """Extra score that pays for the dearer arm: difference without errors ÷ price of all errors of the horizon."""
    a, b = cases.estimates[pick], cases.estimates[other]
    price = cases.inputs.get("quality.error_cost_usd")
    requests = cases.inputs.get("traffic.requests_per_month")
    if price is None or requests is None or not price.value * requests.value > 0:
        return None
    months = a["horizon.months_growing"].value
    bare = [e["horizon.total"].value - e["run.errors"].value * months for e in (a, b)]
    return abs(bare[0] - bare[1]) / (requests.value * months * price.value)
