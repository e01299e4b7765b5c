"""Forecast against actual: which way the forecasts of a figure err, and how often the interval
held.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean, stdev

from advisor.core.constants import Z80
from advisor.core.experiment import Actual, Bias
from advisor.core.quantity import Basis, Quantity, Range


def biases(actuals: Sequence[Actual]) -> tuple[Bias, ...]:
    """One per figure, in order of first appearance: the geometric mean of actual ÷ predicted, and
    its spread.

    The range is that of a further run: exp(mean ± z·sd·√(1 + 1/n)) of the log ratios; exact for a
    single run. Rows with a forecast or an actual of 0 or less have no ratio and are left out.
    """
    return tuple(
        b
        for what in dict.fromkeys(a.what for a in actuals)
        if (b := _bias(what, actuals)) is not None
    )


def _bias(what: str, actuals: Sequence[Actual]) -> Bias | None:
    usable = [
        a for a in actuals if a.what == what and a.actual > 0.0 and (a.forecast.p50 or 0.0) > 0.0
    ]
    if not usable:
        return None
    logs = [math.log(a.actual / a.forecast.likely) for a in usable]
    middle = fmean(logs)
    spread = Z80 * stdev(logs) * math.sqrt(1.0 + 1.0 / len(logs)) if len(logs) > 1 else 0.0
    ratio = Range(math.exp(middle - spread), math.exp(middle), math.exp(middle + spread))
    scored = [
        (low, a.actual, high)
        for a in usable
        if (low := a.forecast.p10) is not None
        and (high := a.forecast.p90) is not None
        and not a.forecast.is_exact
    ]
    inside = sum(low <= actual <= high for low, actual, high in scored)
    source = f"{len(usable)} recorded actuals"
    quantity = Quantity(
        ratio, "actual ÷ predicted", Basis.MEASURED, source, usable[-1].recorded_at[:10]
    )
    return Bias(what, quantity, len(usable), inside if scored else None, len(scored))
