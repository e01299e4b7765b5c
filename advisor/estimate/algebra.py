"""Functions on figures beyond + - × ÷; each keeps its operands, so formulas stay readable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from advisor.core.figure import Figure, add, combine, lift


def exp(x: Figure) -> Figure:
    """The exponential of each case."""
    return combine("exp", np.exp(x.rows), x)


def ceil(x: Figure) -> Figure:
    """Rounded up to whole units."""
    return combine("ceil", np.ceil(x.rows), x)


def lowest(a: Figure | float, b: Figure | float) -> Figure:
    """The smaller of two, case by case."""
    return combine("min", np.minimum(lift(a).rows, lift(b).rows), a, b)


def highest(a: Figure | float, b: Figure | float) -> Figure:
    """The larger of two, case by case."""
    return combine("max", np.maximum(lift(a).rows, lift(b).rows), a, b)


def annuity(months: int, growth: Figure, rate: Figure) -> Figure:
    """Months of today's cost that a horizon is worth: Σ (1+growth)^(t−1) ÷ (1+rate)^(t÷12) for t = 1 … months.

    `growth` a month, `rate` a year. Source: net present value with month-end payments.
    """
    g, d = np.asarray(growth.rows, float), np.asarray(rate.rows, float)
    total = sum(((1 + g) ** (t - 1) / (1 + d) ** (t / 12) for t in range(1, months + 1)), np.zeros(()))
    return combine("annuity", total if total.ndim else float(total), float(months), growth, rate)


def total(id: str, unit: str, parts: Sequence[Figure], anchor: str) -> Figure:
    """The sum of named parts. Where some are unknown the sum is unknown, with the known part and the missing ids."""
    missing = tuple(m for p in parts for m in (p.missing or (() if p.is_known else (p.id,))))
    known = sum(p.value if p.is_known else p.at_least or 0.0 for p in parts)
    summed = add(*parts).named(id, unit, anchor)
    return replace(summed, at_least=known if missing else None, missing=missing)
