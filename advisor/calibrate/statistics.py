"""Plain statistics of measured steps: is it steady, what does a token cost, what follows for more
layers. No torch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median, stdev

from advisor.core import format as fmt
from advisor.core.experiment import DepthFit

FEWEST_STEPS = 8
"""Below this many steps after warm-up nothing is said about steadiness."""

MOST_DRIFT = 0.05
MOST_ERROR = 0.03
"""Steady: the halves differ by at most 5 % (medians), and the mean is known to 3 % (one standard
error).
"""


@dataclass(frozen=True, slots=True)
class Steadiness:
    """`drift` is second half ÷ first half − 1, `error` the relative standard error of the mean;
    None: too few steps.
    """

    steady: bool
    why: str
    drift: float | None = None
    error: float | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """y = fixed + per_unit × x by least squares; `r2` is the share of the variance it explains."""

    fixed: float
    per_unit: float
    r2: float

    def at(self, x: float) -> float:
        return self.fixed + self.per_unit * x


def warm_up(seconds: Sequence[float]) -> int:
    """How many first steps to drop: at least 2, and on to the first within 10 % of the median of
    the second half.

    Never more than a third of the steps.
    """
    if len(seconds) < 4:
        return 0
    settled = median(seconds[len(seconds) // 2 :])
    most = max(len(seconds) // 3, 1)
    dropped = min(2, most)
    while dropped < most and seconds[dropped] > 1.1 * settled:
        dropped += 1
    return dropped


def line(xs: Sequence[float], ys: Sequence[float]) -> Line | None:
    """Least squares; None where the x do not differ by at least 5 %, or fewer than three points."""
    if len(xs) < 3 or max(xs) <= 1.05 * min(xs):
        return None
    return _through(xs, ys)


def _through(xs: Sequence[float], ys: Sequence[float]) -> Line:
    mx = fmean(xs)
    my = fmean(ys)
    sxx = sum((x - mx) ** 2 for x in xs)
    syy = sum((y - my) ** 2 for y in ys)
    slope = sum((x - mx) * (y - my) for x, y in zip(xs, ys, strict=True)) / sxx
    left = sum((y - my - slope * (x - mx)) ** 2 for x, y in zip(xs, ys, strict=True))
    return Line(my - slope * mx, slope, 1.0 - left / syy if syy > 0.0 else 1.0)


def steadiness(positions: Sequence[float], seconds: Sequence[float]) -> Steadiness:
    """Whether the time of a step, for what it had to do, keeps still.

    Warm-up is already dropped.
    """
    if len(seconds) < FEWEST_STEPS:
        return Steadiness(
            False, f"only {len(seconds)} steps after warm-up, {FEWEST_STEPS} are needed"
        )
    law = line(positions, seconds)
    expected = [law.at(x) if law and law.at(x) > 0.0 else median(seconds) for x in positions]
    ratios = [s / e for s, e in zip(seconds, expected, strict=True)]
    half = len(ratios) // 2
    drift = median(ratios[half:]) / median(ratios[:half]) - 1.0
    error = stdev(ratios) / fmean(ratios) / math.sqrt(len(ratios))
    if abs(drift) > MOST_DRIFT:
        return Steadiness(
            False, f"the second half of the steps took {100 * drift:+.0f} %", drift, error
        )
    if error > MOST_ERROR:
        return Steadiness(
            False, f"the steps scatter: the mean is known to ±{fmt.share(error)} only", drift, error
        )
    return Steadiness(True, "steady", drift, error)


BEND_SHARE = 0.01
"""Peaks of memory scatter by about this much from run to run: a smaller bend is none, and two
points alone would carry their scatter five times over to twice the depth.
"""


def depth_fit(
    points: Sequence[tuple[int, float]], layers: int, *, convex: bool = False
) -> DepthFit | None:
    """A quantity measured at several depths, as a line; None below two depths.

    Least squares; or, where the quantity is `convex` in depth and seen to bend, the line through
    the two deepest points: a peak of memory is the largest of several moments, each a line of its
    own, and the steepest wins in the end. The error is that of the deepest point, told from the
    line through the two shallowest: how well it extrapolates.
    """
    by_depth = sorted(dict(points).items())
    if len(by_depth) < 2:
        return None
    (l0, y0), (l1, y1) = by_depth[:2]
    slope = (y1 - y0) / (l1 - l0)
    fixed = y0 - slope * l0
    error = None
    if len(by_depth) > 2:
        deepest, measured = by_depth[-1]
        error = (fixed + slope * deepest) / measured - 1.0
        chosen = by_depth[-2:] if convex and error < -BEND_SHARE else by_depth
        through = _through([float(d) for d, _ in chosen], [y for _, y in chosen])
        fixed = through.fixed
        slope = through.per_unit
    depths = tuple(d for d, _ in by_depth)
    return DepthFit(fixed, slope, layers, fixed + slope * layers, depths, error)


def quantile(values: Sequence[float], share: float) -> float:
    """Linear interpolation between order statistics (Hyndman and Fan, type 7).

    Raises ValueError on no values.
    """
    if not values:
        raise ValueError("no values")
    ranked = sorted(values)
    place = share * (len(ranked) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ranked) - 1)
    return ranked[low] + (ranked[high] - ranked[low]) * (place - low)
