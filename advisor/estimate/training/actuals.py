"""What recorded actual values say to a later prediction of the same figure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from statistics import stdev

from advisor.core.constants import Z80
from advisor.core.quantity import Quantity, Range

USUAL_SCATTER = 0.15
"""How far the actual values of alike runs lie apart, as a log standard deviation, where fewer than
two are recorded.
"""

LEAST_SCATTER = 0.02


def corrected(predicted: Quantity, log_ratios: Sequence[float]) -> Quantity:
    """A prediction after log ratios of actual to predicted values; as it is where there are none.

    They are taken as a common error, about which the prediction's own range is the prior, and a
    scatter of each run: the normal update of a mean (Gelman et al., Bayesian Data Analysis, 2013,
    section 2.5).
    """
    ranged = predicted.range
    if not log_ratios or not ranged.p10 or not ranged.p50 or not ranged.p90:
        return predicted
    if ranged.p90 <= ranged.p10:
        return predicted
    prior = math.log(ranged.p90 / ranged.p10) / (2.0 * Z80)
    scatter = stdev(log_ratios) if len(log_ratios) > 2 else USUAL_SCATTER
    scatter = max(scatter, LEAST_SCATTER)
    weight = 1.0 / prior**2 + len(log_ratios) / scatter**2
    shift = sum(log_ratios) / scatter**2 / weight
    factor = math.exp(Z80 * math.sqrt(1.0 / weight + scatter**2))
    middle = ranged.p50 * math.exp(shift)
    values = "value" if len(log_ratios) == 1 else "values"
    source = f"{predicted.source}; corrected by {len(log_ratios)} recorded actual {values}"
    return replace(predicted, range=Range(middle / factor, middle, middle * factor), source=source)
