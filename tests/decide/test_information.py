"""What knowing more is worth: sizes of tests and variances by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.figure import Figure
from advisor.decide.information import (
    BINS,
    Conditional,
    conditional_costs,
    costs_beside_pick,
    items_needed,
    rows_of,
    smallest_difference,
    told_apart,
    variance_removed,
    worth,
)
from advisor.decide.tornado import variance_share
from tests.decide.test_ranking import ranking


@pytest.mark.parametrize(
    ("difference", "items"), [(0.1, 160), (0.05, 640), (0.02, 4000), (0.04, 1000), (1.0, 2)]
)
def test_items_of_a_paired_test_by_hand(difference: float, items: int) -> None:
    """8 · 0.2 ÷ Δ², rounded up."""
    assert items_needed(difference) == items
    assert smallest_difference(1.6 / difference**2) == pytest.approx(difference)


@given(st.integers(1, 100_000))
def test_the_smallest_difference_is_one_that_so_many_items_show(items: int) -> None:
    assert items_needed(smallest_difference(items)) in (items, items + 1)


@pytest.mark.parametrize(
    ("difference", "items", "sd", "expected"),
    [
        (0.0876, 100.0, math.sqrt(0.2), False),  # 1.96 · √0.2 ÷ 10 = 0.08765
        (0.0877, 100.0, math.sqrt(0.2), True),
        (-0.0877, 100.0, math.sqrt(0.2), True),
        (0.0391, 100.0, 0.2, False),  # 1.96 · 0.2 ÷ 10 = 0.0392
        (0.0393, 100.0, 0.2, True),
        (0.5, 0.0, 0.2, False),
        (0.0, 1e9, 0.2, False),
    ],
)
def test_two_scores_are_told_apart_at_the_five_percent_level(
    difference: float, items: float, sd: float, expected: bool
) -> None:
    assert told_apart(difference, items, sd) is expected


@pytest.mark.parametrize(("items", "share"), [(0.0, 0.0), (15.0, 0.5), (45.0, 0.75)])
def test_a_test_removes_its_share_of_the_variance(items: float, share: float) -> None:
    """q = 0.5 with a variance of 0.1² · 5 ÷ 3: n₀ = 0.25 ÷ 0.016667 = 15."""
    spread = 0.1 * math.sqrt(5 / 3)
    rows = np.array([0.5, 0.5 - spread, 0.5 + spread])
    assert variance_removed(Figure(rows, "score", "q"), items) == pytest.approx(share)


def test_a_score_without_spread_has_nothing_to_learn() -> None:
    assert variance_removed(Figure(0.9, "score", "q"), 100.0) == 0.0
    assert rows_of(Figure(0.9, "score", "q")).tolist() == [0.0, 0.0]


@pytest.mark.parametrize(("draws", "is_enough"), [(79, False), (80, True)])
def test_twenty_bins_need_two_draws_of_either_half(draws: int, is_enough: bool) -> None:
    rows = np.arange(draws + 1.0)
    cases = ranking(np.column_stack([rows, rows[::-1]]))
    assert (conditional_costs(cases, rows) is not None) is is_enough
    assert conditional_costs(cases, np.ones(draws + 1)) is None  # no spread


@pytest.mark.parametrize(("slope", "noise", "share"), [(1.0, 0.0, 1.0), (1.0, 1.0, 0.5)])
def test_the_share_of_variance_of_a_straight_line(slope: float, noise: float, share: float) -> None:
    """slope² ÷ (slope² + noise²), up to what bins blur."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=8000)
    assert variance_share(slope * x + noise * rng.normal(size=8000), x) == pytest.approx(
        share, abs=0.03
    )


@pytest.mark.parametrize("rows", [np.ones(400), np.arange(39.0)], ids=["no spread", "few draws"])
def test_without_spread_or_draws_no_variance_is_explained(rows: np.ndarray) -> None:
    assert variance_share(np.arange(float(len(rows))), rows) == 0.0


def test_a_score_beside_a_scored_pick_is_worth_what_switching_to_it_saves() -> None:
    """The scored pick costs 100. The other costs 60 where it keeps the limits, in half of the
    draws, else its one-off 30 are lost: known beforehand, that saves 40 in half of them. What a
    third option saves, which nobody has scored either, does not count.
    """
    size = 4001
    quality = np.where(np.arange(size) % 2 == 0, 0.9, 0.7)
    scores = np.column_stack([np.full(size, 0.9), quality, np.full(size, 0.9)])
    found = ranking(np.tile([100.0, 60.0, 10.0], (size, 1)), scores, 0.8)
    found = replace(found, named=0, scored=np.array([True, False, False]))
    noise = np.random.default_rng(1).normal(0.0, 0.001, size)
    of_second = np.array([False, True, False])
    known = worth(costs_beside_pick(found, quality + noise, of_second))
    assert known.usd == pytest.approx(0.5 * 40.0, abs=1.0)
    unrelated = worth(costs_beside_pick(found, noise, of_second))
    assert unrelated.usd == pytest.approx(100.0 - (0.5 * 60.0 + 0.5 * 130.0), abs=5.5)


@pytest.mark.parametrize("dear_draw", [1, 2, 40, 80])
def test_the_cheapest_of_several_forms_is_so_over_every_draw(dear_draw: int) -> None:
    """The second option costs 60, but 10,000 in one draw, 184 on average: the third, at 90, stands
    for the two, and saves 10 beside the pick at 100 where its score lets it.
    """
    cost = np.tile([100.0, 60.0, 90.0], (81, 1))
    cost[dear_draw, 1] = 10_000.0
    cost[0, 1] = 1e9  # the likely case is no draw
    quality = np.where(np.arange(81) % 2 == 0, 0.9, 0.7)
    cases = ranking(cost, np.column_stack([np.full(81, 0.9), quality, quality]), 0.8)
    cases = replace(cases, named=0, scored=np.array([True, False, False]))
    of_both = np.array([False, True, True])
    assert worth(costs_beside_pick(cases, quality, of_both)).usd == pytest.approx(0.5 * 10.0)


def by_hand(
    costs: np.ndarray, values: np.ndarray, share: float, default: int | None = None
) -> tuple[float, float]:
    """Worth and standard error, option by option and bin by bin, as the module describes them."""
    per_half = len(values) // (2 * BINS)
    order = sorted(range(len(values)), key=lambda i: values[i])
    bins = [order[2 * per_half * b : 2 * per_half * (b + 1)] for b in range(BINS)]
    halves = [[[costs[i] for i in rows[half::2]] for rows in bins] for half in (0, 1)]
    means = [[np.mean(rows, axis=0) for rows in half] for half in halves]
    centre = np.mean([mean for half in means for mean in half], axis=0)
    best = int(np.argmin(centre))
    usual = best if default is None else default
    saved, variances = [], []
    for chooser, payer in ((0, 1), (1, 0)):
        for b in range(BINS):
            choosing, paying = (
                centre + math.sqrt(share) * (means[half][b] - centre) for half in (chooser, payer)
            )
            taken = int(np.argmin(choosing))
            saved.append(paying[usual] - paying[taken])
            rows = np.array(halves[payer][b])
            variances.append(np.var(rows[:, taken] - rows[:, best]) / per_half)
    error = math.sqrt(share * sum(variances)) / len(saved)
    return max(0.0, float(np.mean(saved))), error


@pytest.mark.parametrize("draws", [80, 200, 219])
@pytest.mark.parametrize("share", [1.0, 0.3])
def test_worth_is_what_bins_of_two_halves_say(draws: int, share: float) -> None:
    """Draws beyond the last whole bin are left out; the likely case is no draw."""
    rng = np.random.default_rng(draws)
    x = rng.normal(size=draws + 1)
    cost = np.column_stack([np.full(draws + 1, 100.0), 100 + 40 * x, 105 - 30 * x])
    cost += rng.normal(scale=10.0, size=cost.shape)
    x[0] = 1e9
    cases = ranking(cost)
    found = worth(conditional_costs(cases, x), share)
    usd, error = by_hand(cost[1:], x[1:], share)
    assert found.usd == pytest.approx(min(usd, cases.regret(cases.pick)))
    assert found.standard_error == pytest.approx(error)
    assert usd > 0


def test_worth_is_at_most_the_regret_and_at_least_nothing() -> None:
    means = np.zeros((2, BINS, 2))
    means[0, :, 1] = -5.0
    means[1, :, 1] = 7.0  # each half contradicts the other
    flat = np.zeros_like(means)
    assert worth(Conditional(means, flat, 100.0)).usd == 0.0
    sure = np.zeros((2, BINS, 2))
    sure[:, ::2, 1] = -30.0
    sure[:, 1::2, 1] = 10.0
    assert worth(Conditional(sure, flat, 100.0)).usd == pytest.approx(5.0)  # 10 in half of them
    assert worth(Conditional(sure, flat, 100.0, 0)).usd == pytest.approx(15.0)  # 30 in half
    assert worth(Conditional(sure, flat, 2.0)).usd == 2.0


def test_only_draws_in_which_something_keeps_the_limits_tell_anything() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=401)
    cost = np.column_stack([np.full(401, 100.0), 100 + 40 * x])
    opened = np.arange(401) % 2 == 0
    cases = replace(ranking(cost), meets=np.column_stack([opened, opened]), named=0)
    found = worth(conditional_costs(cases, x))
    usd, _ = by_hand(cost[1:][opened[1:]], x[1:][opened[1:]], 1.0)
    assert found.usd == pytest.approx(min(usd, cases.regret(0)))
    nobody = replace(cases, meets=np.zeros((401, 2), dtype=bool))
    usd, _ = by_hand(cost[1:], x[1:], 1.0)
    assert worth(conditional_costs(nobody, x)).usd == pytest.approx(min(usd, nobody.regret(0)))
    assert costs_beside_pick(nobody, x, np.array([False, True])) is None
    unknown = replace(cases, cost=np.full_like(cost, np.nan))
    assert conditional_costs(unknown, x) is None
    beside = np.column_stack([cost, np.full(401, np.nan)])
    flags = {name: np.ones((401, 3), dtype=bool) for name in ("meets_quality", "meets_money")}
    third = replace(
        cases,
        options=(*cases.options, cases.options[0]),
        cost=beside,
        once=beside / 2,
        quality=np.full((401, 3), 0.9),
        meets=np.column_stack([cases.meets, opened]),
        **flags,
    )
    assert worth(conditional_costs(third, x)) == found
    half = replace(cases, cost=np.column_stack([cost[:, 0], np.full(401, np.nan)]))
    assert costs_beside_pick(half, x, np.array([False, True])) is None


def test_beside_a_scored_pick_one_stays_with_it_until_the_score_is_known() -> None:
    """The other costs 60, or 30 are lost on the way back: against the pick draw by draw."""
    rng = np.random.default_rng(5)
    score = rng.normal(0.8, 0.05, 401)
    cost = np.column_stack([np.full(401, 100.0), np.full(401, 60.0) + rng.normal(0, 5, 401)])
    quality = np.column_stack([np.full(401, 0.9), score])
    cases = ranking(cost, quality, 0.8)
    cases = replace(cases, named=0, scored=np.array([True, False]))
    keeps = score >= 0.8
    beside = np.where(keeps, cost[:, 1], cost[:, 1] / 2 + 100.0)
    usd, error = by_hand(np.column_stack([cost[:, 0], beside])[1:], score[1:], 1.0, default=0)
    found = worth(costs_beside_pick(cases, score, np.array([False, True])))
    assert found.usd == pytest.approx(min(usd, cases.regret(0)))
    assert found.standard_error == pytest.approx(error)


@pytest.mark.parametrize(("items", "smallest"), [(160.0, 0.1), (1.6, 1.0), (0.0, 1.0), (640, 0.05)])
def test_no_items_show_no_difference(items: float, smallest: float) -> None:
    assert smallest_difference(items) == pytest.approx(smallest)
