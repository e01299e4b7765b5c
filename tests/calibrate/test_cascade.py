"""A threshold by brute force, and who answers which item with it."""

from __future__ import annotations

import math
import random
from statistics import fmean

import pytest

from advisor.calibrate.cascade import best_threshold, cascade_scores

Row = tuple[float, float, float]


@pytest.mark.parametrize(
    ("rows", "threshold"),
    [
        ([(0.5, 1.0, 0.0)], 0.0),  # the small model is always better
        ([(0.5, 0.0, 1.0)], 1.5),  # never: above all
        ([(0.5, 1.0, 1.0)], 0.0),  # of equals the one that passes on least
        ([(0.25, 0.0, 1.0), (0.5, 1.0, 0.0), (0.75, 1.0, 0.0)], 0.5),
        ([(0.25, 0.0, 1.0), (0.5, 0.0, 1.0), (0.75, 1.0, 0.0)], 0.75),
    ],
)
def test_a_threshold_by_hand(rows: list[Row], threshold: float) -> None:
    assert best_threshold(rows) == threshold


def test_no_threshold_of_a_grid_does_better() -> None:
    rng = random.Random(4)
    for _ in range(20):
        rows = [
            (rng.random(), float(rng.random() < 0.6), float(rng.random() < 0.7)) for _ in "x" * 9
        ]

        def mean(threshold: float, rows: list[Row] = rows) -> float:
            return fmean(small if sure >= threshold else large for sure, small, large in rows)

        best = best_threshold(rows)
        grid = [i / 200 for i in range(202)] + [2.0]
        assert mean(best) == pytest.approx(max(map(mean, grid)))
        equal = [t for t in grid if math.isclose(mean(t), mean(best))]
        passed_on = [sum(sure < t for sure, _, _ in rows) for t in (best, min(equal))]
        assert passed_on[0] == passed_on[1]


def test_each_half_of_the_items_sets_the_threshold_of_the_other() -> None:
    """Items with even numbers: the small model is right from 0.5 on; with odd ones always wrong."""
    sure = [0.25, 0.25, 0.5, 0.5, 0.75, 0.75]
    small = [0.0, 0.0, 1.0, 0.0, 1.0, 0.0]
    large = [1.0, 1.0, 0.0, 1.0, 0.0, 1.0]
    found = cascade_scores(sure, small, large)
    assert found.thresholds == (1.75, 0.5)
    assert found.item_scores == [1.0, 1.0, 0.0, 0.0, 0.0, 0.0]
    assert found.passed_on == 4 / 6


@pytest.mark.parametrize("count", [0, 1])
def test_two_items_are_the_fewest(count: int) -> None:
    with pytest.raises(ValueError, match="at least two items"):
        cascade_scores([0.5] * count, [1.0] * count, [1.0] * count)
    assert cascade_scores([0.5] * 2, [1.0] * 2, [0.0] * 2).passed_on == 0.0
