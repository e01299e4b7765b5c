"""What a test set of that size can tell: intervals of scores, and of differences on the same
items.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import lru_cache
from statistics import fmean, pvariance, stdev
from typing import TYPE_CHECKING, Any

from advisor.calibrate.metrics.labels import Marks, macro_f1
from advisor.calibrate.quality_records import Comparison, OptionComparison, QualityResult
from advisor.core.constants import Z80

if TYPE_CHECKING:
    import numpy as np

Z_POWER = 0.8416212335729143
"""The 80th percentile: with it, a difference of (1.2816 + 0.8416) × its standard error is seen at
80 % power.
"""

RESAMPLES = 2000


def score_interval(
    item_scores: Sequence[float], item_labels: Marks | None = None
) -> tuple[float, float]:
    """80 % interval of an option's score: by its items, or by `item_labels` where the score is one
    of the whole set.
    """
    if item_labels:
        return _macro_interval(item_labels)
    return interval(item_scores)


def interval(scores: Sequence[float]) -> tuple[float, float]:
    """80 % interval of a mean of scores from 0 to 1: Wilson's of shares, else Student's, never
    outside 0 and 1.
    """
    if set(scores) <= {0.0, 1.0}:
        return _wilson(scores)
    n = len(scores)
    error = max(stdev(scores) / math.sqrt(n) if n > 1 else 1.0, 0.5 / n)
    half = student(n - 1) * error
    return max(fmean(scores) - half, 0.0), min(fmean(scores) + half, 1.0)


def student(freedom: int) -> float:
    """The 90th percentile of Student's t by its expansion around the normal (Abramowitz and Stegun
    26.7.5).

    To a thousandth from 4 degrees of freedom; fewer are taken as 4.
    """
    z = Z80
    v = float(max(freedom, 4))
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / v + second / v**2 + third / v**3


def _wilson(scores: Sequence[float]) -> tuple[float, float]:
    """Of a share (Wilson 1927): stays inside 0 and 1 and is honest at both ends."""
    n = len(scores)
    share = fmean(scores)
    middle = (share + Z80**2 / (2 * n)) / (1 + Z80**2 / n)
    half = Z80 / (1 + Z80**2 / n) * math.sqrt(share * (1 - share) / n + Z80**2 / (4 * n * n))
    return max(middle - half, 0.0), min(middle + half, 1.0)


def paired(a: Sequence[float], b: Sequence[float]) -> Comparison:
    """b − a on the same items: mean, 80 % interval, and the smallest difference such a test could
    show.

    The smallest difference is (1.2816 + 0.8416) × the standard error: seen at 80 % power on the 80
    % interval.
    """
    differences = [y - x for x, y in zip(a, b, strict=True)]
    n = len(differences)
    error = math.sqrt(pvariance(differences) / n) if n > 1 else float("nan")
    floor = math.sqrt(0.25 / n / n)  # one item that changes sides: no test is surer than that
    error = max(error, floor)
    mean = fmean(differences)
    low = mean - Z80 * error
    high = mean + Z80 * error
    return _comparison(mean, error, low, high, n)


def paired_macro_f1(a: Marks, b: Marks) -> Comparison:
    """Macro F1 of b − a on the same items, as `paired`, by resampling items: both options lose
    and gain the same ones.
    """
    import numpy as np

    counts = _resampled(len(a))
    error = max(float(np.std(macro_f1(b, counts) - macro_f1(a, counts), ddof=1)), 0.5 / len(a))
    mean = float(macro_f1(b)[0] - macro_f1(a)[0])
    return _comparison(mean, error, mean - Z80 * error, mean + Z80 * error, len(a))


def _comparison(mean: float, error: float, low: float, high: float, items: int) -> Comparison:
    return Comparison(
        difference=mean,
        interval=[low, high],
        smallest=(Z80 + Z_POWER) * error,
        decided=low > 0.0 or high < 0.0,
        items=items,
    )


def _macro_interval(pairs: Marks) -> tuple[float, float]:
    """By the spread over resamples around the score itself: their mean is low, because rare labels
    drop out.
    """
    import numpy as np

    score = float(macro_f1(pairs)[0])
    half = Z80 * max(
        float(np.std(macro_f1(pairs, _resampled(len(pairs))), ddof=1)), 0.5 / len(pairs)
    )
    return max(score - half, 0.0), min(score + half, 1.0)


@lru_cache(maxsize=4)
def _resampled(items: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """How often each item is drawn, resamples × items; the same for the same number of items."""
    import numpy as np

    return np.random.default_rng(0).multinomial(items, [1.0 / items] * items, size=RESAMPLES)


def comparisons(results: Mapping[str, QualityResult]) -> list[OptionComparison]:
    """Every option compared with the best prompt on the same items; results by label."""
    prompts = {label: r for label, r in results.items() if r.approach == "prompt"}
    if not prompts:
        return []
    best = max(prompts, key=lambda label: prompts[label].score or 0.0)
    return [
        OptionComparison(**asdict(_between(results[best], result)), arm=label, against=best)
        for label, result in results.items()
        if label != best and len(result.item_scores or ()) == len(results[best].item_scores or ())
    ]


def _between(a: QualityResult, b: QualityResult) -> Comparison:
    if a.item_labels and b.item_labels:
        return paired_macro_f1(a.item_labels, b.item_labels)
    return paired(a.item_scores or (), b.item_scores or ())
