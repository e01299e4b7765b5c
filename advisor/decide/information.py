"""What it is worth to know more.

EVPI = E[cost of the pick] − E[cost of the best option of each draw], the pick's expected regret.
EVPPI of an input conditions the expected costs on it, by bins of equal size (Strong, Oakley,
Brennan 2014 discuss the bias: it shrinks with the draws per bin). EVSI of a test of n items
shrinks those conditional expectations by the share of variance that n items remove (the
moment-matching approximation of Jalal and Alarid-Escudero 2018).
"""

from __future__ import annotations

import math

import numpy as np

from advisor.core.figure import Figure
from advisor.decide.ranking import Matrix, Ranking

BINS = 20
DETECTABLE = 0.10
"""A first test set should show a difference of ten points."""

DISCORDANT = 0.2
"""Share of items on which two options typically disagree; used for paired tests before anything is
measured.
"""


def worth(means: Matrix | None, variance_share: float = 1.0) -> float:
    """USD that knowing an input is worth, from its conditional expectations: EVPPI, or EVSI of a
    share of its variance.

    Expectations are shrunk to the share of variance that is removed (0 to 1); 0 without any.
    """
    if means is None:
        return 0.0
    centre = means.mean(axis=0)
    informed = centre + math.sqrt(variance_share) * (means - centre)
    return max(0.0, float(informed.mean(axis=0).min() - informed.min(axis=1).mean()))


def conditional_means(ranking: Ranking, rows: Matrix) -> Matrix | None:
    """Expected cost of each option that is ever best, and of the pick, within bins of the input.

    Shape (bins, options).
    """
    if not ranking.rankable.any():
        return None
    values = rows[1:][ranking.open[1:]] if ranking.open[1:].any() else rows[1:]
    per_bin = len(values) // BINS
    if per_bin < 2 or np.ptp(values) == 0:
        return None
    order = np.argsort(values)[: per_bin * BINS]
    cost = ranking.contenders[order]
    return np.asarray(cost.reshape(BINS, per_bin, -1).mean(axis=1))


def smallest_difference(items: float) -> float:
    """Smallest difference of two scores that a paired test of `items` items shows with 80 % power:
    √(8·(b+c)/n).
    """
    return math.sqrt(8.0 * DISCORDANT / items) if items > 0 else 1.0


def told_apart(difference: float, items: float, sd: float = math.sqrt(DISCORDANT)) -> bool:
    """Whether a paired test of `items` items shows this difference at the 5 % level: |Δ| >
    1.96·sd/√n.

    `sd` is that of the difference per item; where it was not measured √(b+c), b+c the share on
    which two disagree.
    """
    return items > 0 and abs(difference) > 1.96 * sd / math.sqrt(items)


def items_needed(difference: float) -> int:
    """Items of a paired test that show this difference with 80 % power: 8·(b+c)/Δ²."""
    return math.ceil(8.0 * DISCORDANT / difference**2 - 1e-9)


def rows_of(figure: Figure) -> Matrix:
    """The rows of a figure as an array."""
    return (
        np.asarray(figure.rows, dtype=float) if not isinstance(figure.rows, float) else np.zeros(2)
    )


def variance_removed(quality: Figure, items: int) -> float:
    """Variance removed by a test of n items: n / (n + n₀), n₀ = q(1−q) ÷ prior variance."""
    rows = rows_of(quality)
    variance = float(np.var(rows[1:]))
    mean = float(np.mean(rows[1:]))
    return items / (items + mean * (1 - mean) / variance) if variance > 0 else 0.0
