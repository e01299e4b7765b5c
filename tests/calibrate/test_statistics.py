from __future__ import annotations

import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.calibrate.scoring import comparisons, interval, labels_of, normalised, paired, said_label, score
from advisor.calibrate.statistics import depth_fit, line, quantile, steadiness, warm_up

NUMBERS = st.floats(0.01, 100.0)


@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=3, max_size=40))
def test_the_line_is_that_of_least_squares(points: list[tuple[float, float]]) -> None:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    found = line(xs, ys)
    if max(xs) <= 1.05 * min(xs):
        assert found is None
        return
    slope, fixed = np.polyfit(xs, ys, 1)
    assert found is not None
    assert math.isclose(found.per_unit, slope, rel_tol=1e-5, abs_tol=1e-6)
    assert math.isclose(found.fixed, fixed, rel_tol=1e-5, abs_tol=1e-4)
    assert found.r2 <= 1.0 + 1e-9


@given(st.lists(NUMBERS, min_size=1, max_size=30), st.floats(0.0, 1.0))
def test_quantiles_are_those_of_numpy(values: list[float], share: float) -> None:
    assert math.isclose(quantile(values, share), float(np.quantile(values, share)), rel_tol=1e-9)


@given(st.floats(0.0, 5.0), st.floats(0.001, 5.0), st.lists(st.integers(1, 30), min_size=2, max_size=4, unique=True))
def test_depth_extrapolates_a_line_exactly(base: float, per_layer: float, depths: list[int]) -> None:
    found = depth_fit([(d, base + per_layer * d) for d in depths], 80)
    assert found is not None
    assert math.isclose(found.at_full_depth, base + per_layer * 80, rel_tol=1e-6, abs_tol=1e-6)
    assert found.error is None if len(depths) == 2 else math.isclose(found.error or 0.0, 0.0, abs_tol=1e-6)


def test_the_error_in_depth_is_that_of_a_depth_not_used() -> None:
    found = depth_fit([(2, 2.0), (4, 4.0), (6, 5.0)], 12)
    assert found is not None
    assert found.error == pytest.approx(6.0 / 5.0 - 1.0)
    assert depth_fit([(2, 2.0)], 12) is None


def test_a_peak_is_told_from_its_steepest_moment() -> None:
    """Memory as the larger of two lines: the deep one decides."""
    points = [(d, max(5.0 + 0.1 * d, 1.0 + 1.5 * d)) for d in (2, 4, 6)]
    convex, straight = depth_fit(points, 40, convex=True), depth_fit(points, 40)
    assert convex is not None
    assert straight is not None
    assert convex.at_full_depth == pytest.approx(61.0)
    assert straight.at_full_depth < 61.0
    assert (convex.error or 0.0) < 0.0


def test_warm_up_steps_are_dropped_and_only_those() -> None:
    assert warm_up([9.0, 5.0, 3.0] + [1.0] * 20) == 3
    assert warm_up([1.0] * 20) == 2
    assert warm_up([5.0] * 3) == 0
    assert warm_up([100.0] * 9 + [1.0] * 12) == 7  # never more than a third


def test_steady_is_told_from_drift_and_scatter() -> None:
    rng = random.Random(1)
    positions = [float(rng.randint(100, 1000)) for _ in range(40)]
    law = [0.01 + 1e-4 * p for p in positions]
    assert steadiness(positions, [s * rng.uniform(0.99, 1.01) for s in law]).steady
    slower = steadiness(positions, [s * (1.0 + 0.01 * i) for i, s in enumerate(law)])
    assert not slower.steady
    assert "second half" in slower.why
    wild = steadiness([100.0] * 12, [0.1, 1.0, 0.2, 0.9, 0.1, 1.0] * 2)
    assert not wild.steady
    assert "few" not in wild.why
    assert "only 3 steps" in steadiness(positions[:3], law[:3]).why


@pytest.mark.parametrize(
    ("said", "label"),
    [
        ("Billing", "billing"),
        ("  billing. ", "billing"),
        ("The label is: shipping", "shipping"),
        ("billing or shipping", ""),
        ("late shipping", "late shipping"),
        ("rebilling", ""),
        ("", ""),
    ],
)
def test_a_label_is_found_where_it_alone_is_said(said: str, label: str) -> None:
    assert said_label(said, ["Billing", "shipping", "late shipping"]) == label


def test_scores_and_labels() -> None:
    assert score("exact match", "\n The Answer! \nmore", "the  answer", ()) == 1.0
    assert score("exact match", "another", "answer", ()) == 0.0
    assert score("accuracy", "A", "a", ["a", "b"]) == 1.0
    with pytest.raises(ValueError, match="BLEU"):
        score("BLEU", "a", "a", ())
    assert labels_of(["yes", "no", "yes", "no"]) == ("yes", "no")
    assert labels_of(["one", "two", "three", "four"]) == ()
    assert labels_of(["a very long answer of many words"] * 4 + ["no"] * 4) == ()


@given(st.text(max_size=40))
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normalised(normalised(text)) == normalised(text)


@given(st.lists(st.sampled_from([0.0, 1.0]), min_size=1, max_size=300))
def test_the_interval_holds_the_share_and_stays_within_bounds(scores: list[float]) -> None:
    low, high = interval(scores)
    assert 0.0 <= low <= sum(scores) / len(scores) + 1e-9
    assert sum(scores) / len(scores) - 1e-9 <= high <= 1.0
    assert low < high


def test_the_interval_is_wilsons() -> None:
    """Against the closed form worked out by hand for 7 of 10 at z = 1.2816: (0.7 + z²/20 ± ...) ÷ (1 + z²/10)."""
    z2 = 1.2815515655446004**2
    half = math.sqrt(z2) * math.sqrt(0.7 * 0.3 / 10 + z2 / 400)
    expected = [(0.7 + z2 / 20 + sign * half) / (1 + z2 / 10) for sign in (-1, 1)]
    assert interval([1.0] * 7 + [0.0] * 3) == pytest.approx(expected)


def test_pairs_see_more_than_two_separate_scores() -> None:
    a = [1.0] * 50 + [0.0] * 50
    b = [1.0] * 60 + [0.0] * 40
    told = paired(a, b)
    assert told["difference"] == pytest.approx(0.1)
    assert told["decided"]
    assert told["smallest"] == pytest.approx(2.1231728 * math.sqrt(0.09 / 100), rel=1e-4)
    same = paired(a, a)
    assert not same["decided"]
    assert same["interval"][0] < 0.0 < same["interval"][1]


def test_every_arm_is_held_against_the_best_prompt() -> None:
    arms = {
        "zero": {"approach": "prompt", "score": 0.2, "item_scores": [0.0, 0.0]},
        "few": {"approach": "prompt", "score": 0.5, "item_scores": [1.0, 0.0]},
        "tuned": {"approach": "tune", "score": 1.0, "item_scores": [1.0, 1.0]},
        "partial": {"approach": "tune", "score": 1.0, "item_scores": [1.0]},
    }
    told = comparisons(arms)
    assert [(c["arm"], c["against"], c["difference"]) for c in told] == [("zero", "few", -0.5), ("tuned", "few", 0.5)]
    assert comparisons({"tuned": arms["tuned"]}) == []
