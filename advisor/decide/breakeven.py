"""Where two options cost the same: months, volume, price multiple and uplift, with intervals over
the draws.

Months, price and uplift have closed forms; a volume is a root, found draw by draw. An end of an
interval that is never reached is None. Formulas: docs/reference/formulas.md#break-even.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from advisor.core.figure import Figure
from advisor.core.option import Estimate
from advisor.core.quantity import UNKNOWN, Range
from advisor.core.verdict import BreakEven
from advisor.decide.crossing import VOLUME
from advisor.decide.evaluator import Cases, Evaluator
from advisor.decide.quantiles import quantiles
from advisor.decide.ranking import Flags, Matrix, full

NEVER = 1e12
"""Stands for infinitely many months, prices or requests among draws."""

VOLUME_DRAWS = 1000
"""Draws in which the volume of equal cost is looked for: its P10 and P90 come out within some 5 %
of the spread.
"""

VOLUMES = np.logspace(-3, 3, 5)
"""Multiples of the likely root between which that of a draw is bracketed."""

ROOT_STEPS = 4
"""Steps of regula falsi (Illinois): costs are nearly straight in the volume."""


def break_even(
    evaluator: Evaluator,
    cases: Cases,
    pick: int,
    other: int | None,
    requests_per_month: float | None,
) -> BreakEven:
    """Where the chosen option and the cheapest option of another approach cost the same; None
    where they never do.

    `requests_per_month` is the root that a sweep at the likely values has found.
    """
    if other is None:
        return BreakEven()
    a = cases.estimates[pick]
    b = cases.estimates[other]
    once = a["once.total"].value - b["once.total"].value
    run = _bill(b).value - _bill(a).value
    months = once / run if run and once / run > 0 else None
    price = _price_multiple(cases, pick, other)
    return BreakEven(
        months,
        requests_per_month,
        price.multiple,
        _uplift(cases, pick, other),
        UNKNOWN
        if months is None
        else _payback_range(cases, *((pick, other) if once > 0 else (other, pick))),
        price.over_draws,
        UNKNOWN
        if requests_per_month is None
        else _volume_range(evaluator, cases, (pick, other), requests_per_month),
    )


def _bill(estimate: Estimate) -> Figure:
    """A month's cost, errors included."""
    return estimate["run.total"] + estimate["run.errors"]


def _payback_range(cases: Cases, dearer: int, other: int) -> Range:
    """Months until the dearer option's one-off cost is earned back, over the draws.

    0 in a draw in which it is not dearer; infinite where its month is not cheaper.
    """
    a = cases.estimates[dearer]
    b = cases.estimates[other]
    once = full(a["once.total"] - b["once.total"], cases.size)[1:]
    run = full(_bill(b) - _bill(a), cases.size)[1:]
    months = np.full_like(run, np.inf)
    np.divide(once, run, out=months, where=run > 0)
    return spread(np.where(once > 0, months, 0.0))


def _volume_range(evaluator: Evaluator, cases: Cases, pair: tuple[int, int], root: float) -> Range:
    """Requests a month at which the pair costs the same, draw by draw.

    0 in a draw in which the option that is cheaper above the likely root is so at every volume,
    infinite where at none.
    """
    size = min(cases.size, VOLUME_DRAWS + 1)

    def gap(volumes: Matrix) -> Matrix:
        a, b = (full(e["horizon.total"], size) for e in evaluator.at(cases, pair, VOLUME, volumes))
        return np.asarray(b - a)

    grid = root * VOLUMES
    table = np.array([gap(np.full(size, volume)) for volume in grid])
    sign = np.sign(
        table[-1, 0]
    )  # positive: the option that wins at high volumes at the likely values is cheaper
    low, high, turns = _brackets(grid, table * sign)
    roots = _false_position(lambda volumes: gap(volumes) * sign, low, high)
    roots = np.where(turns, roots, np.where(table[-1] * sign > 0, 0.0, np.inf))
    return spread(roots[1:])


End = tuple[Matrix, Matrix]
"""One end of a bracket for every draw, and the function there."""


def _brackets(grid: Matrix, table: Matrix) -> tuple[End, End, Flags]:
    """The step of `grid` nearest to its middle in which each column of `table` turns positive, and
    whether one does.
    """
    turns = (table[:-1] <= 0) & (table[1:] > 0)
    far = np.abs(np.arange(len(grid) - 1) - (len(grid) - 2) / 2)
    at = np.where(turns, far[:, None], np.inf).argmin(axis=0)
    draws = np.arange(table.shape[1])
    any_turn = np.asarray(turns.any(axis=0))
    below, above = (np.where(any_turn, table[at + k, draws], 2.0 * k - 1.0) for k in (0, 1))
    return (grid[at], below), (grid[at + 1], above), any_turn


def _false_position(function: Callable[[Matrix], Matrix], low: End, high: End) -> Matrix:
    """Roots of every draw between its two ends: regula falsi, halving the end that stays (Dowell
    and Jarratt 1971).
    """
    (x0, f0) = low
    (x1, f1) = high
    for _ in range(ROOT_STEPS):
        x = x0 - f0 * (x1 - x0) / (f1 - f0)
        f = function(x)
        below = f <= 0
        x0, f0, f1 = np.where(below, x, x0), np.where(below, f, f0 / 2), np.where(below, f1 / 2, f)
        x1 = np.where(below, x1, x)
    return x0 - f0 * (x1 - x0) / (f1 - f0)


def spread(rows: Matrix) -> Range:
    """P10, P50 and P90 of draws; an end is None where it is infinite: so many draws never get
    there.
    """
    if not len(rows):
        return UNKNOWN
    interval = quantiles(np.minimum(rows, NEVER))
    most = rows[rows < NEVER].max(initial=-np.inf)  # beyond, an end leans on an infinite draw
    ends = (
        None if end is None or end > most else end
        for end in (interval.p10, interval.p50, interval.p90)
    )
    return Range(*ends)


class PriceMultiple(NamedTuple):
    """At the likely values, None where no price makes both cost the same; and over the draws."""

    multiple: float | None = None
    over_draws: Range = UNKNOWN


def _price_multiple(cases: Cases, pick: int, other: int) -> PriceMultiple:
    """Multiple of the prompted model's token prices at which both cost the same; the total is
    linear in it.
    """
    pair = [cases.estimates[pick], cases.estimates[other]]
    prompted = next((e for e in pair if e.option.approach == "prompt"), None)
    if prompted is None or not prompted["run.inference"].value > 0:
        return PriceMultiple()
    rival = pair[1] if prompted is pair[0] else pair[0]
    dated = prompted.figures.get(
        "horizon.inference"
    )  # where token prices change inside the horizon
    charges = (
        dated
        if dated is not None
        else prompted["run.inference"] * prompted["horizon.months_growing"]
    )
    multiples = full(
        1.0 + (rival["horizon.total"] - prompted["horizon.total"]) / charges, cases.size
    )
    if not multiples[0] > 0:
        return PriceMultiple()
    return PriceMultiple(float(multiples[0]), spread(np.maximum(multiples[1:], 0.0)))


def _uplift(cases: Cases, pick: int, other: int) -> float | None:
    """Extra score that pays for the dearer option: difference without errors ÷ price of all errors
    of the horizon.
    """
    a = cases.estimates[pick]
    b = cases.estimates[other]
    price = cases.inputs.get("quality.error_cost_usd")
    requests = cases.inputs.get("traffic.requests_per_month")
    if price is None or requests is None or not price.value * requests.value > 0:
        return None
    months = a["horizon.months_growing"].value
    bare = [e["horizon.total"].value - e["run.errors"].value * months for e in (a, b)]
    return abs(bare[0] - bare[1]) / (requests.value * months * price.value)
