"""The range of a plug-in's prediction, against the normal distribution of the standard library."""

from __future__ import annotations

import math
from statistics import NormalDist

import pytest

from advisor.core.plugins import Estimator, Prediction
from advisor.estimate.training import plugged
from advisor.estimate.training.plugged import quantity


@pytest.mark.parametrize("error", [0.05, 0.2, 0.8])
def test_half_of_the_errors_are_within_the_stated_one_and_eighty_percent_in_the_range(
    error: float,
) -> None:
    estimator = Estimator("theirs", "a page", "2026-01-01", error, lambda run: None)
    found = quantity(estimator, 200.0, "GiB").range
    assert found.p50 == 200.0
    assert found.p10 is not None
    assert found.p90 is not None
    assert found.p90 / 200.0 == pytest.approx(200.0 / found.p10)
    errors = NormalDist(0.0, math.log(found.p90 / 200.0) / NormalDist().inv_cdf(0.9))
    within = errors.cdf(math.log1p(error)) - errors.cdf(-math.log1p(error))
    assert within == pytest.approx(0.5, abs=1e-9)


@pytest.mark.parametrize(
    ("prediction", "is_sound"),
    [
        (Prediction(tokens_per_second=5.0, memory_gib=None), True),
        (Prediction(tokens_per_second=None, memory_gib=7), True),
        (Prediction(tokens_per_second=0.0, memory_gib=None), False),
        (Prediction(tokens_per_second=5.0, memory_gib=-1.0), False),
        (Prediction(tokens_per_second=1e12, memory_gib=None), False),
        (Prediction(tokens_per_second=math.nan, memory_gib=None), False),
        (Prediction(tokens_per_second="5", memory_gib=None), False),
        ({"tokens_per_second": 5.0}, False),
        (5.0, False),
    ],
)
def test_a_prediction_is_sound_where_it_is_a_positive_number(
    prediction: Prediction, is_sound: bool
) -> None:
    assert plugged._is_sound(prediction) is is_sound
