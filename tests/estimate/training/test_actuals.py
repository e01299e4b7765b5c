"""A figure after recorded actual values, against Bayes' rule on a grid."""

from __future__ import annotations

import math
from statistics import stdev

import numpy as np
import pytest

from advisor.core.quantity import Basis, Quantity, Range
from advisor.estimate.training.actuals import LEAST_SCATTER, USUAL_SCATTER, corrected

Z = 1.2815515655446004


def figure(p10: float | None, p50: float | None, p90: float | None) -> Quantity:
    return Quantity(Range(p10, p50, p90), "h", Basis.MODELLED, "the formula", "2026")


@pytest.mark.parametrize(
    ("ratios", "scatter"),
    [
        ([0.3], USUAL_SCATTER),
        ([0.3, 0.1], USUAL_SCATTER),  # two say too little about their scatter
        ([0.3, 0.1, -0.2], stdev([0.3, 0.1, -0.2])),
        ([0.2, 0.2, 0.2], LEAST_SCATTER),
    ],
)
def test_the_range_is_that_of_the_next_run_by_bayes(ratios: list[float], scatter: float) -> None:
    prior = 0.4
    spread = math.exp(Z * prior)
    error = np.linspace(-3, 3, 60_001)
    weight = np.exp(-0.5 * (error / prior) ** 2)
    for ratio in ratios:
        weight *= np.exp(-0.5 * ((ratio - error) / scatter) ** 2)
    weight /= weight.sum()
    mean = float(weight @ error)
    next_sd = math.sqrt(float(weight @ (error - mean) ** 2) + scatter**2)
    updated = corrected(figure(10 / spread, 10.0, 10 * spread), ratios)
    assert updated.range.p50 == pytest.approx(10 * math.exp(mean), rel=1e-4)
    assert updated.range.p90 == pytest.approx(10 * math.exp(mean + Z * next_sd), rel=1e-4)
    assert updated.range.p10 == pytest.approx(10 * math.exp(mean - Z * next_sd), rel=1e-4)
    assert f"{len(ratios)} recorded actual value" in updated.source
    assert updated.source.endswith("values") is (len(ratios) > 1)


@pytest.mark.parametrize(
    "predicted",
    [
        figure(None, 1.0, 2.0),
        figure(1.0, None, 2.0),
        figure(1.0, 1.5, None),
        figure(0.0, 1.0, 2.0),
        figure(1.0, 1.0, 1.0),
    ],
)
def test_what_has_no_range_stays(predicted: Quantity) -> None:
    assert corrected(predicted, [0.3]) is predicted


def test_no_actual_value_changes_nothing() -> None:
    predicted = figure(1.0, 2.0, 4.0)
    assert corrected(predicted, []) is predicted
    assert predicted.range == Range(1.0, 2.0, 4.0)
