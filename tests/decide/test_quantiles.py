"""Quantiles and medians of draws, against numpy's."""

from __future__ import annotations

import numpy as np
import pytest

from advisor.core.figure import Figure
from advisor.core.quantity import UNKNOWN
from advisor.decide.quantiles import middle, quantiles


@pytest.mark.parametrize("count", [1, 2, 3, 10, 11, 101])
def test_they_are_those_of_numpy_at_any_number_of_draws(count: int) -> None:
    rows = np.random.default_rng(count).normal(size=count)
    found = quantiles(rows)
    ends = [found.p10, found.p50, found.p90]
    assert ends == pytest.approx(np.quantile(rows, [0.1, 0.5, 0.9]).tolist())
    assert quantiles(np.append(rows, np.nan)) == UNKNOWN


def test_the_middle_leaves_the_likely_case_out() -> None:
    assert middle(Figure(np.array([99.0, 1.0, 3.0, 2.0]), "USD", "x")) == 2.0
    assert middle(Figure(np.array([99.0, 1.0]), "USD", "x")) == 1.0
    assert middle(Figure(np.array([99.0]), "USD", "x")) == 99.0
    assert middle(Figure(7.0, "USD", "x")) == 7.0
    unknown = middle(Figure(np.array([5.0, np.nan]), "USD", "x"))
    assert unknown == 5.0
