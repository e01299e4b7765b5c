from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.calibrate.intervals import (
    clustered,
    comparisons,
    interval,
    items_to_settle,
    mcnemar,
    paired,
    paired_macro_f1,
    score_interval,
    student,
)
from advisor.calibrate.metrics.labels import macro_f1
from advisor.calibrate.quality_records import QualityResult
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
    assert math.isclose(found.at(7.0), np.polyval((slope, fixed), 7.0), rel_tol=1e-5, abs_tol=1e-4)


@given(st.lists(NUMBERS, min_size=1, max_size=30), st.floats(0.0, 1.0))
def test_quantiles_are_those_of_numpy(values: list[float], share: float) -> None:
    assert math.isclose(quantile(values, share), float(np.quantile(values, share)), rel_tol=1e-9)


@given(
    st.floats(0.0, 5.0),
    st.floats(0.001, 5.0),
    st.lists(st.integers(1, 30), min_size=2, max_size=4, unique=True),
)
def test_depth_extrapolates_a_line_exactly(
    base: float, per_layer: float, depths: list[int]
) -> None:
    found = depth_fit([(d, base + per_layer * d) for d in depths], 80)
    assert found is not None
    assert math.isclose(found.at_full_depth, base + per_layer * 80, rel_tol=1e-6, abs_tol=1e-6)
    assert (
        found.error is None
        if len(depths) == 2
        else math.isclose(found.error or 0.0, 0.0, abs_tol=1e-6)
    )


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


def test_a_bend_within_the_scatter_of_readings_is_none() -> None:
    """Peaks of five equal runs at 2, 4 and 6 layers scattered by 1 %; the line through all stays
    within 1 % at 12.
    """
    points = [(2, 0.4942), (4, 0.5493), (6, 0.6103)]
    convex, straight = depth_fit(points, 12, convex=True), depth_fit(points, 12)
    assert convex == straight
    assert convex is not None
    assert convex.at_full_depth == pytest.approx(0.7797, rel=0.01)


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
    assert "only 7 steps" in steadiness(positions[:7], law[:7]).why
    assert steadiness(positions[:8], law[:8]).steady


@given(st.lists(st.sampled_from([0.0, 1.0]), min_size=1, max_size=300))
def test_the_interval_holds_the_share_and_stays_within_bounds(scores: list[float]) -> None:
    low, high = interval(scores)
    assert 0.0 <= low <= sum(scores) / len(scores) + 1e-9
    assert sum(scores) / len(scores) - 1e-9 <= high <= 1.0
    assert low < high


def test_the_interval_is_wilsons() -> None:
    """Against the closed form worked out by hand for 7 of 10 at z = 1.2816: (0.7 + z²/20 ± ...) ÷
    (1 + z²/10).
    """
    z2 = 1.2815515655446004**2
    half = math.sqrt(z2) * math.sqrt(0.7 * 0.3 / 10 + z2 / 400)
    expected = [(0.7 + z2 / 20 + sign * half) / (1 + z2 / 10) for sign in (-1, 1)]
    assert interval([1.0] * 7 + [0.0] * 3) == pytest.approx(expected)


def test_pairs_see_more_than_two_separate_scores() -> None:
    a = [1.0] * 50 + [0.0] * 50
    b = [1.0] * 60 + [0.0] * 40
    told = paired(a, b)
    assert told.difference == pytest.approx(0.1)
    assert told.decided
    assert told.smallest == pytest.approx(2.1231728 * math.sqrt(0.09 / 100), rel=1e-4)
    same = paired(a, a)
    assert not same.decided
    assert same.interval[0] < 0.0 < same.interval[1]


def test_every_arm_is_held_against_the_best_prompt() -> None:
    options = {
        "zero": QualityResult(approach="prompt", score=0.2, item_scores=[0.0, 0.0]),
        "few": QualityResult(approach="prompt", score=0.5, item_scores=[1.0, 0.0]),
        "tuned": QualityResult(approach="tune", score=1.0, item_scores=[1.0, 1.0]),
        "partial": QualityResult(approach="tune", score=1.0, item_scores=[1.0]),
    }
    told = comparisons(options)
    assert [(c.arm, c.against, c.difference) for c in told] == [
        ("zero", "few", -0.5),
        ("tuned", "few", 0.5),
    ]
    assert comparisons({"tuned": options["tuned"]}) == []


@pytest.mark.parametrize(
    ("freedom", "quantile90"), [(4, 1.5332), (9, 1.3830), (29, 1.3114), (499, 1.2832)]
)
def test_students_quantile_is_that_of_the_tables(freedom: int, quantile90: float) -> None:
    assert student(freedom) == pytest.approx(quantile90, abs=1e-3)


def test_the_interval_of_graded_scores_holds_the_mean_four_times_in_five() -> None:
    """Scores of which many are 0, some 1 and the rest between, as token F1 gives them: their mean
    is 0.44.
    """
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(600):
        kinds = rng.random(30)
        scores = np.where(kinds < 0.4, 0.0, np.where(kinds < 0.6, 1.0, rng.uniform(0.2, 1.0, 30)))
        low, high = interval(scores.tolist())
        held += low <= 0.2 + 0.4 * 0.6 <= high
    assert held / 600 == pytest.approx(0.8, abs=0.045)
    assert interval([0.5] * 20)[0] < 0.5 < interval([0.5] * 20)[1]


def balanced(rng: np.random.Generator, items: int, skill: float) -> list[list[int]]:
    """Items of three labels, one of them rare; right with probability `skill`, else one of the
    three at random.
    """
    right = rng.choice(3, size=items, p=[0.5, 0.35, 0.15])
    said = np.where(rng.random(items) < skill, right, rng.choice(3, size=items))
    return [[int(r), int(s)] for r, s in zip(right, said, strict=True)]


@given(st.lists(st.floats(0.0, 1.0), min_size=2, max_size=12))
def test_a_score_has_the_interval_of_its_items_or_of_their_groups(scores: list[float]) -> None:
    groups = [i // 2 for i in range(len(scores))]
    assert score_interval(scores) == interval(scores)
    assert score_interval(scores, None, groups) == clustered(scores, groups)


def test_the_interval_of_macro_f1_holds_the_truth_four_times_in_five() -> None:
    rng = np.random.default_rng(5)
    truth = float(macro_f1(balanced(rng, 200_000, 0.6))[0])
    held = 0
    for _ in range(250):
        low, high = score_interval((), balanced(rng, 120, 0.6))
        held += low <= truth <= high
    assert held / 250 == pytest.approx(0.8, abs=0.07)


def test_a_difference_of_macro_f1_is_told_in_pairs() -> None:
    rng = np.random.default_rng(6)
    a = balanced(rng, 150, 0.5)
    b = [[r, r if rng.random() < 0.5 else s] for r, s in a]
    told = paired_macro_f1(a, b)
    assert told.difference == pytest.approx(float(macro_f1(b)[0]) - float(macro_f1(a)[0]))
    assert told.decided
    assert not paired_macro_f1(a, a).decided
    options = {
        "zero": QualityResult(approach="prompt", score=0.5, item_scores=[0.0] * 150, item_labels=a),
        "tuned": QualityResult(approach="tune", score=0.6, item_scores=[0.0] * 150, item_labels=b),
    }
    (held,) = comparisons(options)
    assert held.difference == told.difference


def test_where_one_of_two_has_no_labels_items_are_compared() -> None:
    scores = [1.0, 0.0] * 20
    labels = [[int(s), 1] for s in scores]
    marked = QualityResult(approach="tune", score=0.5, item_scores=scores, item_labels=labels)
    plain = QualityResult(approach="prompt", score=0.4, item_scores=[1.0, 0.0, 0.0, 0.0] * 10)
    by_item = paired(plain.item_scores or (), scores)
    for pair in (
        (plain, marked),
        (replace(marked, approach="prompt"), replace(plain, approach="tune")),
    ):
        (compared,) = comparisons({"a": pair[0], "b": pair[1]})
        assert abs(compared.difference) == pytest.approx(by_item.difference) == pytest.approx(0.25)


@given(st.integers(0, 40), st.integers(0, 40))
def test_mcnemar_is_the_binomial_test_of_one_half(worse: int, better: int) -> None:
    """By counting every way in which coins can fall at least as unevenly."""
    n = worse + better
    chances = [math.comb(n, k) / 2**n for k in range(n + 1)]
    expected = sum(p for p in chances if p <= chances[worse] * (1 + 1e-9))
    assert mcnemar(worse, better) == pytest.approx(min(expected, 1.0))


def test_two_against_none_of_many_items_decide_nothing() -> None:
    a = [0.0] * 120
    told = paired(a, [1.0, 1.0, *a[2:]])
    assert told.p_value == pytest.approx(0.5)
    assert not told.decided


def test_equal_options_are_seldom_told_apart_and_their_intervals_hold() -> None:
    """Six options with the same true score on 40 items, the best prompt chosen on these very items:
    a decided comparison in at most 5 % of runs, and all true differences inside in 80 %.
    """
    rng = np.random.default_rng(11)
    decided = 0
    inside = 0
    for _ in range(300):
        hard = rng.uniform(0.2, 1.0, 40)
        results = {}
        for number in range(6):
            scores = [float(x) for x in rng.random(40) < hard]
            results[f"p{number}"] = QualityResult(
                approach="prompt", score=float(np.mean(scores)), item_scores=scores
            )
        told = comparisons(results)
        decided += any(c.decided for c in told)
        inside += all(c.interval[0] <= 0.0 <= c.interval[1] for c in told)
    assert decided <= 0.05 * 300
    assert inside >= 0.8 * 300


def test_a_true_difference_is_still_seen() -> None:
    a = [0.0] * 30 + [1.0] * 70
    b = [1.0] * 25 + [0.0] * 5 + [1.0] * 70
    assert paired(a, b, pairs=15).decided


def test_the_interval_of_a_few_graded_scores_by_hand() -> None:
    """Mean 0.5, standard error √0.05 ÷ √5 = 0.1, Student's t of four degrees 1.5332."""
    low, high = interval([0.2, 0.4, 0.5, 0.6, 0.8])
    assert (low, high) == pytest.approx((0.34668, 0.65332), abs=2e-4)


def first_settled(seconds: Sequence[float]) -> int:
    """The number of steps to drop, by looking at one after the other."""
    count = len(seconds)
    if count < 4:
        return 0
    settled = float(np.median(seconds[count // 2 :]))
    most = max(count // 3, 1)
    for place in range(min(2, most), most):
        if seconds[place] <= 1.1 * settled:
            return place
    return most


@given(st.lists(st.sampled_from([1.0, 1.05, 1.1, 1.2, 3.0]), max_size=14))
def test_warm_up_ends_at_the_first_settled_step(seconds: list[float]) -> None:
    assert warm_up(seconds) == first_settled(seconds)


@pytest.mark.parametrize(
    ("xs", "is_line"),
    [
        ([100.0, 110.0], False),
        ([100.0, 103.0, 105.0], False),  # 5 % apart
        ([105.1, 100.0, 103.0], True),
    ],
)
def test_a_line_needs_three_points_that_differ(xs: list[float], is_line: bool) -> None:
    ys = [2.0 + 0.5 * x for x in xs]
    found = line(xs, ys)
    assert (found is not None) is is_line
    if found is not None:
        assert (found.fixed, found.per_unit, found.r2) == pytest.approx((2.0, 0.5, 1.0))
        assert found.at(10.0) == pytest.approx(7.0)


def test_a_flat_line_explains_all_that_there_is() -> None:
    found = line([1.0, 2.0, 3.0], [5.0, 5.0, 5.0])
    assert found is not None
    assert (found.fixed, found.per_unit, found.r2) == (5.0, 0.0, 1.0)


@pytest.mark.parametrize("seed", range(12))
def test_drift_and_error_are_those_of_numpy(seed: int) -> None:
    """Of the time of a step over what its line says; of equal steps over their median."""
    rng = np.random.default_rng(seed)
    count = 8 + seed
    positions = rng.integers(50, 150, count).astype(float) if seed % 2 else np.full(count, 100.0)
    seconds = (0.2 + 0.01 * positions) * (
        1 + (0.2 if seed in (3, 4, 8) else 0.01) * rng.uniform(-1, 1, count)
    )
    seconds *= 1 + 0.02 * (seed % 4) * (np.arange(count) >= count // 2)
    if seed % 2:
        slope, fixed = np.polyfit(positions, seconds, 1)
        expected = fixed + slope * positions
    else:
        expected = np.full(count, np.median(seconds))
    ratios = seconds / expected
    half = count // 2
    drift = np.median(ratios[half:]) / np.median(ratios[:half]) - 1
    error = np.std(ratios, ddof=1) / np.mean(ratios) / math.sqrt(count)
    found = steadiness(positions.tolist(), seconds.tolist())
    assert found.drift == pytest.approx(drift)
    assert found.error == pytest.approx(error)
    assert found.steady is bool(abs(drift) <= 0.05 and error <= 0.03)
    if abs(drift) > 0.05:
        assert found.why == f"the second half of the steps took {100 * drift:+.0f} %"
    elif error > 0.03:
        assert f"±{round(100 * error)} % only" in found.why
    else:
        assert found.why == "steady"


def test_where_the_line_says_less_than_nothing_the_median_counts() -> None:
    """8 steps on a line through −1 s at one position."""
    positions = [1.0, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0, 200.0]
    seconds = [0.02, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 5.0]
    slope, fixed = np.polyfit(positions, seconds, 1)
    says = [fixed + slope * x for x in positions]
    assert says[0] < 0
    ratios = np.array([s / (e if e > 0 else 2.0) for s, e in zip(seconds, says, strict=True)])
    drift = np.median(ratios[4:]) / np.median(ratios[:4]) - 1
    assert steadiness(positions, seconds).drift == pytest.approx(drift)


@pytest.mark.parametrize(
    ("difference", "sd", "items"),
    [
        (0.0, 0.5, None),
        (0.1, 0.5, math.ceil(((1.2815515655 + 0.8416212336) * 5) ** 2)),
        (-0.1, 0.5, math.ceil(((1.2815515655 + 0.8416212336) * 5) ** 2)),
        (1.0, 999.9 / 2.1231727991, 999_801),  # 999.9² = 999,800.01
        (1.0, 1000.1 / 2.1231727991, None),  # beyond a million
    ],
)
def test_items_that_settle_a_difference(difference: float, sd: float, items: int | None) -> None:
    assert items_to_settle(difference, sd, 1.2815515655446004) == items
