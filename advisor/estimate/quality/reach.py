"""How many labels a target needs: the learning curve read the other way round."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import log2

import numpy as np

from advisor.core import format as fmt
from advisor.core.brief import Score
from advisor.core.constants import QUANTILES
from advisor.core.quantity import Basis, Quantity, Range
from advisor.estimate.quality import prior as priors
from advisor.estimate.quality.posterior import Normals
from advisor.estimate.quality.prediction import points_of, shares
from advisor.estimate.quality.skills import Rows, Skill, TaskProfile

FEWEST = 8.0  # labels considered where nothing was measured
MOST = 2_000_000.0
FARTHEST = 64.0  # times the largest measured number of labels that a curve is followed
STEPS_PER_DOUBLING = 2
TOO_WIDE = (
    "known to no better than a factor of 100, too wide to plan with; measure a learning curve: "
    "advisor calibrate quality"
)
"""An interval of labels that is too wide for numbers, in words."""

WIDEST = 100.0  # P90 over P10 above which an interval says too little to plan with


def labels_to_reach(
    task: TaskProfile,
    skill: Skill,
    measured: Sequence[Score],
    target: float,
    *,
    normals: Normals,
    size: int,
    prior: priors.Prior | None = None,
) -> Quantity:
    """Labels (P10, P50, P90) at which the skill's score first reaches `target`; unknown where it is
    out of reach.

    A curve is followed to `FARTHEST` times its last point. Where fewer than half of the draws get
    there it is "not within reach of data"; where fewer than nine in ten do, P90 stands at that
    limit and the reason says so.
    """
    prior = prior or priors.load()
    points = points_of([skill], measured, {})
    own = [p.n for p in points if p.skill.id == skill.id]
    limit = FARTHEST * max(own) if own else MOST
    grid = np.exp(np.linspace(np.log(FEWEST), np.log(limit), _steps(limit)))
    curve = shares(
        task, [replace(skill, examples=float(n)) for n in grid], points, prior, normals, size
    )
    if own:
        curve = _not_above_first(curve, grid, min(own))
    if task.human_ceiling is not None:
        curve = np.minimum(curve, task.human_ceiling)
    needed = crossings(curve, grid, target)
    p10, p50, p90 = (float(x) for x in np.quantile(needed, QUANTILES, method="higher"))
    share = float(np.mean(np.isfinite(needed)))
    if not np.isfinite(p50):
        return Quantity.unknown(
            "labels",
            f"not within reach of data: {fmt.share(share)} of draws get there by {limit:,.0f}",
        )
    if min(p90, limit) > WIDEST * p10:
        return Quantity.unknown("labels", _too_wide(own, p50))
    reason = ""
    if not np.isfinite(p90):
        reason = f"{fmt.share(1 - share)} of draws do not get there by {limit:,.0f} labels"
    basis = Basis.MODELLED if own else Basis.PUBLISHED
    return Quantity(
        Range(p10, p50, min(p90, limit)), "labels", basis, prior.source, prior.as_of, reason
    )


def _too_wide(own: Sequence[float], p50: float) -> str:
    """Why the interval says too little, and what would help."""
    if own and p50 <= min(own):
        return f"most draws get there with fewer than {min(own):,.0f} labels, the fewest scored"
    return TOO_WIDE


def _not_above_first(curve: Rows, grid: Rows, first: float) -> Rows:
    """A curve, shape (grid, cases), that is nowhere before its first measured point higher than
    there: fewer labels do not make a better score.
    """
    at = int(np.searchsorted(grid, first))
    return np.vstack([np.minimum(curve[:at], curve[at]), curve[at:]])


def crossings(curve: Rows, grid: Rows, target: float) -> Rows:
    """Where each column of `curve`, shape (grid, cases), first reaches `target`, straight in ln n;
    inf where never.
    """
    best = np.maximum.accumulate(curve, axis=0)
    reached = best >= target
    first = np.argmax(reached, axis=0)
    cases = np.arange(curve.shape[1])
    high = best[first, cases]
    low = best[np.maximum(first - 1, 0), cases]
    part = np.divide(target - low, high - low, out=np.zeros_like(low), where=high > low)
    x = np.log(grid)
    at = np.exp(
        np.where(first == 0, x[0], x[first - 1] + np.clip(part, 0, 1) * (x[first] - x[first - 1]))
    )
    return np.where(reached.any(axis=0), at, np.inf)


def _steps(limit: float) -> int:
    return max(2, round(STEPS_PER_DOUBLING * log2(limit / FEWEST)) + 1)
