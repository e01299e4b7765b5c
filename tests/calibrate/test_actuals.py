"""Which way forecasts err: against the prediction interval of a normal sample, by scipy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from advisor.calibrate.actuals import biases
from advisor.core.experiment import Actual
from advisor.core.quantity import Range


def actual(
    value: float, forecast: Range, what: str = "train.hours", day: str = "2026-11-02"
) -> Actual:
    return Actual(None, what, "h", forecast, value, f"{day}T10:00:00")


def test_the_ratio_of_a_further_run_has_the_spread_of_the_logs() -> None:
    pairs = [(2.0, 1.0), (3.0, 4.0), (8.0, 2.0)]
    (found,) = biases([actual(real, Range.exact(predicted)) for real, predicted in pairs])
    logs = np.log([real / predicted for real, predicted in pairs])
    spread = logs.std(ddof=1) * math.sqrt(1 + 1 / 3)
    ends = np.exp(stats.norm(logs.mean(), spread).ppf([0.1, 0.5, 0.9]))
    ratio = found.ratio.range
    assert [ratio.p10, ratio.p50, ratio.p90] == pytest.approx(ends.tolist())
    assert ratio.p50 == pytest.approx(stats.gmean([2.0, 0.75, 4.0]))
    assert (found.count, found.inside, found.scored) == (3, None, 0)
    assert found.ratio.source == "3 recorded actuals"
    assert found.ratio.as_of == "2026-11-02"


def test_a_single_run_is_exact() -> None:
    (found,) = biases([actual(3.0, Range(1.0, 2.0, 4.0))])
    ratio = found.ratio.range
    assert ratio.p10 == ratio.p50 == ratio.p90 == pytest.approx(1.5)


@pytest.mark.parametrize(
    ("value", "forecast", "inside", "scored"),
    [
        (1.0, Range(1.0, 2.0, 4.0), 1, 1),
        (4.0, Range(1.0, 2.0, 4.0), 1, 1),
        (0.99, Range(1.0, 2.0, 4.0), 0, 1),
        (4.01, Range(1.0, 2.0, 4.0), 0, 1),
        (2.0, Range.exact(2.0), None, 0),
        (2.0, Range(None, 2.0, 4.0), None, 0),
        (2.0, Range(1.0, 2.0, None), None, 0),
    ],
)
def test_only_intervals_with_both_ends_are_counted(
    value: float, forecast: Range, inside: int | None, scored: int
) -> None:
    (found,) = biases([actual(value, forecast)])
    assert (found.inside, found.scored) == (inside, scored)


def test_figures_stay_apart_and_nothing_has_no_ratio() -> None:
    rows = [
        actual(0.0, Range.exact(1.0), "a"),
        actual(2.0, Range.exact(1.0), "b"),
        actual(1.0, Range.exact(0.0), "a"),
        actual(1.0, Range(None, None, None), "c"),
        actual(4.0, Range.exact(1.0), "a", "2026-11-05"),
        actual(8.0, Range.exact(1.0), "b"),
    ]
    first, second = biases(rows)
    assert (first.what, first.count, first.ratio.range.p50) == ("a", 1, pytest.approx(4.0))
    assert (second.what, second.count, second.ratio.range.p50) == ("b", 2, pytest.approx(4.0))
    assert first.ratio.as_of == "2026-11-05"
    spread = stats.norm.ppf(0.9) * np.log(4) / math.sqrt(2) * math.sqrt(1.5)
    assert second.ratio.range.p90 == pytest.approx(4.0 * math.exp(spread))
    assert biases([]) == ()
    (small,) = biases([actual(1e-3, Range.exact(2e-3), "seconds")])
    assert small.ratio.range.p50 == pytest.approx(0.5)
