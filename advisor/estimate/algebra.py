"""Functions on figures beyond + - × ÷; each keeps its operands, so formulas stay readable."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from advisor.core.figure import Figure, add, combine, lift

if TYPE_CHECKING:
    from advisor.core.figure import Rows


def _plain(rows: object) -> Rows:
    """A float for a single number, else the array."""
    array = np.asarray(rows, dtype=float)
    return array if array.ndim else float(array)


def exp(x: Figure) -> Figure:
    """The exponential of each case."""
    return combine("exp", np.exp(x.rows), x)


def ceil(x: Figure) -> Figure:
    """Rounded up to whole units."""
    return combine("ceil", np.ceil(x.rows), x)


def sqrt(x: Figure) -> Figure:
    """The square root of each case."""
    return combine("sqrt", np.sqrt(x.rows), x)


def lowest(a: Figure | float, b: Figure | float) -> Figure:
    """The smaller of two, case by case."""
    one = lift(a)
    other = lift(b)
    return combine("min", np.minimum(one.rows, other.rows), one, other)


def highest(a: Figure | float, b: Figure | float) -> Figure:
    """The larger of two, case by case."""
    one = lift(a)
    other = lift(b)
    return combine("max", np.maximum(one.rows, other.rows), one, other)


def quotient(a: Figure, b: Figure, otherwise: float) -> Figure:
    """a ÷ b, and `otherwise` in the cases in which b is not above zero, or too small to divide
    by.
    """
    top = np.asarray(a.rows, float)
    bottom = np.asarray(b.rows, float)
    with np.errstate(over="ignore"):
        ratio = top / np.where(bottom > 0, bottom, 1.0)
    fair = (bottom > 0) & ~np.isinf(ratio)
    return combine(
        "÷", _plain(np.where(fair, ratio, np.where(np.isnan(bottom), np.nan, otherwise))), a, b
    )


def reaches(x: Figure, limit: float) -> Figure:
    """1 in the cases in which x is at least `limit`, else 0."""
    return combine("reaches", _plain(np.asarray(x.rows, float) >= limit), x, limit)


def either(
    condition: Figure, then: Callable[[], Figure], otherwise: Callable[[], Figure]
) -> Figure:
    """`then` in the cases in which the condition is not 0; where all cases agree, only that side is
    worked out.
    """
    holds = np.asarray(condition.rows) != 0
    if holds.all():
        return then()
    if not holds.any():
        return otherwise()
    a = then()
    b = otherwise()
    return combine("if", np.where(holds, a.rows, b.rows), condition, a, b)


def by_length(tokens: Figure, limits: Sequence[int], prices: Sequence[Figure]) -> Figure:
    """The price of the tier that a request of so many tokens falls in; `limits[i]` is the least
    length above which `prices[i]` holds, ascending from 0. Where all cases fall in one tier, its
    price alone.
    """
    tier = np.searchsorted(
        np.asarray(limits[1:], float), np.asarray(tokens.rows, float), side="left"
    )
    low = int(tier.min())
    high = int(tier.max())
    if low == high:
        return prices[low]
    rows = np.choose(tier, [np.asarray(price.rows, float) for price in prices])
    used = (prices[i] for i in range(low, high + 1) if (tier == i).any())
    return combine("by length", rows, tokens, *used)


def annuity(
    months: int, growth: Figure, rate: Figure, begin: float = 0.0, end: float | None = None
) -> Figure:
    """Months of today's cost that the part of a horizon from `begin` to `end` (in months) is worth.

    Σ w(t) · (1+growth)^(t−1) ÷ (1+rate)^(t÷12) for t = 1 … months, with w(t) the share of month t
    that lies inside. `growth` a month, `rate` a year. Source: net present value with month-end
    payments.
    """
    last = float(months) if end is None else end
    shares = [max(0.0, min(float(t), last) - max(t - 1.0, begin)) for t in range(1, months + 1)]
    total = _discounted(shares, np.asarray(growth.rows, float), np.asarray(rate.rows, float))
    span = (begin, last) if begin > 0 or last < months else (float(months),)
    return combine("annuity", _plain(total), *span, growth, rate)


def _discounted(
    shares: Sequence[float], growth: NDArray[np.float64], rate: NDArray[np.float64]
) -> NDArray[np.float64]:
    factor = np.ones(np.broadcast_shapes(growth.shape, rate.shape))
    step = (1 + rate) ** (-1 / 12)
    grown = 1 + growth
    total = np.zeros_like(factor)
    for share in shares:
        factor *= step
        if share:
            total += share * factor
        factor *= grown
    return total


def discount(months: float, rate: Figure) -> Figure:
    """What a dollar paid after so many months is worth today: (1+rate)^(−months÷12), `rate` a
    year.
    """
    return combine(
        "discount", _plain((1 + np.asarray(rate.rows, float)) ** (-months / 12)), months, rate
    )


def replica_months(months: int, load: Figure, growth: Figure, rate: Figure) -> Figure:
    """Months of one set of GPUs that growing traffic needs, discounted: Σ max(1,
    ⌈load·(1+growth)^(t−1)⌉) ÷ (1+rate)^(t÷12). `load` is the number of sets that today's
    requests would fill.
    """
    g, d, now = (np.asarray(x.rows, float) for x in (growth, rate, load))
    total = np.zeros(np.broadcast_shapes(g.shape, d.shape, now.shape))
    sets = np.empty_like(total)
    for t in range(1, months + 1):
        np.multiply(now, (1 + g) ** (t - 1), out=sets)
        np.maximum(1.0, np.ceil(sets, out=sets), out=sets)
        sets /= (1 + d) ** (t / 12)
        total += sets
    return combine("replica months", _plain(total), float(months), load, growth, rate)


def total(id: str, unit: str, parts: Sequence[Figure], anchor: str) -> Figure:
    """The sum of named parts.

    Where some are unknown the sum is unknown, with the known part and the missing ids.
    """
    missing = tuple(m for p in parts for m in (p.missing or (() if p.is_known else (p.id,))))
    summed = add(*parts).named(id, unit, anchor)
    if not missing:
        return summed
    least = sum(p.value if p.is_known else p.at_least or 0.0 for p in parts)
    return replace(summed, at_least=least, missing=tuple(dict.fromkeys(missing)))
