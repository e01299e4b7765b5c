"""Estimators of plug-ins: what they predict of a run, its range made of the error they state."""

from __future__ import annotations

import math

from advisor.core.constants import Z80
from advisor.core.plugins import Estimator, Prediction, add_fault, guarded, records
from advisor.core.quantity import Basis, Quantity, Range
from advisor.core.training import TrainingRun

MEDIAN_OF_ABSOLUTE = 0.6744897501960817
"""The median of the absolute value of a standard normal variable."""


def predicted(run: TrainingRun) -> tuple[Estimator, Prediction] | None:
    """The first plug-in that knows such a run, and what it says; None where there is none."""
    for estimator in records(Estimator):
        prediction = guarded(estimator.name, estimator.predict, run)
        if prediction is None:
            continue
        if _is_sound(prediction):
            return estimator, prediction
        add_fault(estimator.name, "its prediction is not a positive number")
    return None


def quantity(estimator: Estimator, value: float, unit: str) -> Quantity:
    """A prediction as a log-normal range: for an error that is normal in logarithms the median
    absolute error m is 0.674 standard deviations, so its standard deviation is ln(1 + m) ÷ 0.674.
    """
    log_sd = math.log1p(estimator.error) / MEDIAN_OF_ABSOLUTE
    factor = math.exp(Z80 * log_sd)
    error = f"median error {100 * estimator.error:.0f} %"
    source = f"plug-in {estimator.name}: {estimator.source}, {error}"
    span = Range(value / factor, value, value * factor)
    return Quantity(span, unit, Basis.MODELLED, source, estimator.as_of)


def _is_sound(prediction: Prediction) -> bool:
    if not isinstance(prediction, Prediction):
        return False
    values = (prediction.tokens_per_second, prediction.memory_gib)
    return all(v is None or (isinstance(v, int | float) and 0 < v < 1e12) for v in values)
