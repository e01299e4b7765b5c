"""For which numbers of examples a measured score speaks: ratios worked out by hand."""

from __future__ import annotations

import pytest

from advisor.estimate.quality.carrying import holds_at, is_same_point, nearest_number, reach_text


@pytest.mark.parametrize(
    ("n", "measured", "holds"),
    [
        (400.0, [1000.0], True),  # 2.5 times fewer
        (399.0, [1000.0], False),
        (2500.0, [1000.0], True),
        (2501.0, [1000.0], False),
        (40.0, [100.0, 10_000.0], True),
        (39.0, [100.0, 10_000.0], False),
        (1000.0, [100.0, 10_000.0], True),  # between two
        (25_000.0, [100.0, 10_000.0], True),
        (25_001.0, [100.0, 10_000.0], False),
        (39.0, [0.0, 100.0], False),  # what is not stated says nothing
        (7.0, [0.0], True),
        (7.0, [], True),
        (0.0, [1000.0], True),
    ],
)
def test_a_score_holds_within_two_and_a_half_times_its_examples(
    n: float, measured: list[float], holds: bool
) -> None:
    assert holds_at(n, measured) is holds


@pytest.mark.parametrize(
    ("n", "measured", "same"),
    [
        (1019.0, 1000.0, True),
        (1021.0, 1000.0, False),
        (981.0, 1000.0, True),
        (979.0, 1000.0, False),
        (0.0, 1000.0, True),
        (1000.0, 0.0, True),
    ],
)
def test_points_within_two_percent_are_one(n: float, measured: float, same: bool) -> None:
    assert is_same_point(n, measured) is same


@pytest.mark.parametrize(
    ("n", "measured", "nearest"),
    [
        (90.0, [10.0, 1000.0], 10.0),  # 9 times more against 11 times fewer
        (110.0, [10.0, 1000.0], 1000.0),
        (3.0, [0.0, 10.0], 0.0),  # not stated is one example
        (4.0, [0.0, 10.0], 10.0),
        (0.0, [10.0, 20.0], 10.0),
        (0.0, [0.0, 10.0], 0.0),
    ],
)
def test_the_nearest_number_is_so_by_ratio(n: float, measured: list[float], nearest: float) -> None:
    assert nearest_number(n, measured) == nearest


@pytest.mark.parametrize(
    ("n", "words"),
    [
        (50.0, "50 examples lie below the first point at 100"),
        (8000.0, "extrapolated 8.0 x beyond the last point at 1,000 examples"),
        (8001.0, "extrapolated 8.0 x beyond the last point at 1,000 examples, more than 8 x: far"),
    ],
)
def test_where_a_number_lies_is_said(n: float, words: str) -> None:
    assert reach_text(n, [1000.0, 100.0]) == words
