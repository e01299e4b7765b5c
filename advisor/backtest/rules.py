"""Simple rules that predict the gain of tuning, to compare our predictions with.

Every rule sees the same as we do, the scored study left out: the best prompt's score, the task type
and the decisions of the other studies.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from advisor.backtest.outcome_records import Quantiles
from advisor.core.constants import QUANTILES
from advisor.estimate.quality.nearest import (
    LEAST_HEADROOM,
    DecisionTraits,
    PublishedDecision,
    weighted_quantiles,
)

Array = NDArray[np.float64]

RULES = ("constant band", "share of headroom", "40 nearest rows")
NEAREST = 40
OTHER_TYPE = 0.2  # added to the distance of prompt scores for another task type
OTHER_SCOPE = 0.1  # and for one base model where any may be used, or the reverse


def gains_by_rule(
    about: DecisionTraits, others: Sequence[PublishedDecision]
) -> dict[str, Quantiles]:
    """P10, P50 and P90 of tuned minus best prompted score by rule, 0 to 1."""
    prompt = np.array([d.about.prompt for d in others])
    gains = np.array([d.tuned for d in others]) - prompt
    count = Counter(d.study for d in others)
    weights = np.array([1 / count[d.study] for d in others])
    shares = gains / np.maximum(1 - prompt, LEAST_HEADROOM)
    distance = np.array([_distance(about, d.about) for d in others])
    near = np.argsort(distance, kind="stable")[:NEAREST]
    return {
        "constant band": _triple(_quantiles(gains, weights)),
        "share of headroom": _triple(_quantiles(shares, weights) * (1 - about.prompt)),
        "40 nearest rows": _triple(np.quantile(gains[near], QUANTILES)),
    }


def _triple(values: Array) -> Quantiles:
    p10, p50, p90 = (float(v) for v in values)
    return p10, p50, p90


def _distance(one: DecisionTraits, other: DecisionTraits) -> float:
    far = abs(one.prompt - other.prompt)
    far += OTHER_TYPE * (one.type != other.type)
    return far + OTHER_SCOPE * (one.same_base != other.same_base)


def _quantiles(values: Array, weights: Array) -> Array:
    order = np.argsort(values)
    return weighted_quantiles(values[order], weights[order], np.array(QUANTILES))
