"""What it is worth to know more.

EVPI = E[cost of the pick] − E[cost of the best option of each draw], the pick's expected regret.
EVPPI of an input conditions the expected costs on it, by bins of equal size (Strong, Oakley,
Brennan 2014). Each half of a bin's draws chooses an option that is then paid for in the other half,
so noise is worth nothing on average. EVSI of a test of n items shrinks those conditional
expectations by the share of variance that n items remove (the moment-matching approximation of
Jalal and Alarid-Escudero 2018).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from advisor.core.figure import Figure
from advisor.decide.ranking import Flags, Matrix, Ranking

BINS = 20
DETECTABLE = 0.10
"""A first test set should show a difference of ten points."""

DISCORDANT = 0.2
"""Share of items on which two options typically disagree; used for paired tests before anything is
measured.
"""

NOISE = 2.0
"""Worth below this many standard errors is noise."""


@dataclass(frozen=True, slots=True)
class Worth:
    """What knowing something saves on average, USD, with its standard error."""

    usd: float
    standard_error: float

    @property
    def is_noise(self) -> bool:
        return self.usd <= NOISE * self.standard_error


NOTHING = Worth(0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Conditional:
    """Costs given an input: by half and bin the mean of every option, and the variance of the mean
    difference to the option that is best over all draws. Shapes (2, bins, options).

    `most` is the expected regret: no information is worth more. `default` is the option that one
    stays with where nothing more is known; None: that of lowest expected cost.
    """

    means: Matrix
    variances: Matrix
    most: float
    default: int | None = None


def worth(conditional: Conditional | None, variance_share: float = 1.0) -> Worth:
    """What knowing an input is worth: EVPPI, or EVSI of a share of its variance.

    Expectations are shrunk to the share of variance that is removed (0 to 1); nothing without any.
    """
    if conditional is None or variance_share <= 0:
        return NOTHING
    means = conditional.means
    centre = means.mean(axis=(0, 1))
    usual = int(centre.argmin()) if conditional.default is None else conditional.default
    informed = centre + math.sqrt(variance_share) * (means - centre)
    saved = []
    variances = []
    bins = np.arange(means.shape[1])
    for chooser, payer in ((0, 1), (1, 0)):
        choice = informed[chooser].argmin(axis=1)
        saved.append(informed[payer][:, usual] - informed[payer][bins, choice])
        variances.append(conditional.variances[payer][bins, choice])
    usd = min(max(0.0, float(np.mean(saved))), conditional.most)
    error = math.sqrt(variance_share * float(np.sum(variances))) / np.size(saved)
    return Worth(usd, error)


def conditional_costs(ranking: Ranking, rows: Matrix) -> Conditional | None:
    """Costs of each option that is ever best, and of the pick, within bins of the input."""
    return _within_bins(ranking, rows, ranking.contenders) if ranking.rankable.any() else None


def costs_beside_pick(ranking: Ranking, rows: Matrix, options: Flags) -> Conditional | None:
    """Costs of the pick, which was scored, and of the cheapest of `options` within bins of their
    score: until that is known one stays with the pick, and where they miss a limit one goes back.
    """
    opened = ranking.open[1:]
    able = options & ranking.rankable
    if not able.any() or not opened.any():
        return None
    rival = int(np.where(able, ranking.cost[1:].mean(axis=0), np.inf).argmin())
    pick = ranking.effective[:, ranking.pick]
    missed = ranking.once[1:, rival][opened] + pick
    cost = np.where(ranking.meets[1:, rival][opened], ranking.cost[1:, rival][opened], missed)
    two = _within_bins(ranking, rows, np.column_stack([pick, cost]))
    return None if two is None else replace(two, default=0)


def _within_bins(ranking: Ranking, rows: Matrix, costs: Matrix) -> Conditional | None:
    values = rows[1:][ranking.open[1:]] if ranking.open[1:].any() else rows[1:]
    per_half = len(values) // (2 * BINS)
    if per_half < 2 or np.ptp(values) == 0:
        return None
    order = np.argsort(values, kind="stable")[: 2 * per_half * BINS]
    cost = costs[order].reshape(BINS, per_half, 2, -1).transpose(2, 0, 1, 3)
    means = cost.mean(axis=2)
    usual = int(means.mean(axis=(0, 1)).argmin())
    differences = cost - cost[..., usual : usual + 1]
    variances = differences.var(axis=2) / per_half
    return Conditional(means, variances, ranking.regret(ranking.pick))


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
    if isinstance(figure.rows, float):
        return np.zeros(2)
    return np.asarray(figure.rows, dtype=float)


def variance_removed(quality: Figure, items: float) -> float:
    """Variance removed by a test of n items: n / (n + n₀), n₀ = q(1−q) ÷ prior variance."""
    rows = rows_of(quality)
    variance = float(np.var(rows[1:]))
    mean = float(np.mean(rows[1:]))
    return items / (items + mean * (1 - mean) / variance) if variance > 0 else 0.0
