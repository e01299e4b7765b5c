"""Test items that belong together, such as the turns of a conversation or the tickets of one
customer: groups are resampled whole, since items of one group tell less than as many of others.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

RESAMPLES = 2000

MOST_EXACT = 12
FLIPS = 20_000
"""All signs of up to 12 groups are tried, else so many random ones."""


@lru_cache(maxsize=4)
def resampled(
    items: int, groups: tuple[int, ...] | None = None
) -> np.ndarray[Any, np.dtype[np.int64]]:
    """How often each item is drawn, resamples × items; the same for the same items.

    With `groups`, the number of each item's group, whole groups are drawn (cluster bootstrap;
    Davison and Hinkley 1997, section 3.8).
    """
    import numpy as np

    units = len(set(groups)) if groups else items
    drawn = np.random.default_rng(0).multinomial(units, [1.0 / units] * units, size=RESAMPLES)
    return drawn[:, np.unique(groups, return_inverse=True)[1]] if groups else drawn


def error_of_mean(scores: Sequence[float], groups: Sequence[int]) -> float:
    """Standard error of the mean of all items when at least two groups are drawn."""
    import numpy as np

    weights = resampled(len(scores), tuple(groups))
    return spread(weights @ np.asarray(scores, dtype=float) / weights.sum(axis=1), groups)


def spread(values: np.ndarray[Any, np.dtype[np.float64]], groups: Sequence[int]) -> float:
    """Standard deviation over resamples; √(G ÷ (G − 1)) makes up for the low variance of a
    bootstrap of G groups.
    """
    import numpy as np

    count = len(set(groups))
    few = math.sqrt(count / (count - 1)) if count > 1 else 1.0
    return float(np.std(values, ddof=1)) * few


def sign_flip(differences: Sequence[float], groups: Sequence[int]) -> float:
    """Two-sided p-value of a difference on the same items: each group's sum may as well have had
    the other sign (Fisher's randomisation test; exact up to 12 groups).
    """
    import numpy as np

    codes = np.unique(groups, return_inverse=True)[1]
    sums = np.bincount(codes, weights=np.asarray(differences, dtype=float))
    exact = len(sums) <= MOST_EXACT
    if exact:
        bits = np.arange(2 ** len(sums))[:, None] >> np.arange(len(sums)) & 1
    else:
        bits = np.random.default_rng(0).integers(0, 2, size=(FLIPS, len(sums)), dtype=np.int8)
    flipped = np.abs((2.0 * bits - 1.0) @ sums)
    as_large = int(np.count_nonzero(flipped >= abs(float(sums.sum())) - 1e-9))
    return as_large / len(flipped) if exact else (as_large + 1) / (len(flipped) + 1)
