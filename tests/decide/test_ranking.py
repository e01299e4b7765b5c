"""Who is best: against closed forms and counting by hand."""

from __future__ import annotations

from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from advisor.core.option import Option
from advisor.decide.information import (
    conditional_costs,
    items_needed,
    smallest_difference,
    told_apart,
    worth,
)
from advisor.decide.ranking import Ranking

N = 40_001


def ranking(
    cost: NDArray[np.float64], quality: NDArray[np.float64] | None = None, target: float = 0.0
) -> Ranking:
    """A ranking of nameless arms, half of each cost paid once."""
    score = np.full_like(cost, 0.9) if quality is None else quality
    good = score >= target
    options = tuple(
        Option("prompt" if i == 0 else "tune", f"t{i}", "m") for i in range(cost.shape[1])
    )
    every = np.ones_like(good)
    return Ranking(options, cost, cost / 2, score, good, good, every, every)


def normal(mean: float, sd: float, seed: int) -> NDArray[np.float64]:
    rows = np.random.default_rng(seed).normal(mean, sd, N)
    rows[0] = mean
    return rows


def known(ranking: Ranking, rows: NDArray[np.float64], variance_share: float = 1.0) -> float:
    """What knowing an input is worth: EVPPI, or EVSI of a test that removes a share of its
    variance.
    """
    return worth(conditional_costs(ranking, rows), variance_share).usd


def test_p_best_of_two_normal_costs() -> None:
    found = ranking(np.column_stack([normal(100, 10, 1), normal(110, 20, 2)]))
    assert found.p_best[0] == pytest.approx(NormalDist().cdf(10 / np.hypot(10, 20)), abs=0.01)
    assert found.p_best.sum() == pytest.approx(1)


@pytest.mark.parametrize(("meeting", "is_likely"), [(0, False), (1, False), (2, True), (4, True)])
def test_as_likely_as_not_is_likely_and_the_likely_case_is_no_draw(
    meeting: int, is_likely: bool
) -> None:
    """Of four draws so many reach the target of 0.9; row 0 does in any case."""
    quality = np.array([[0.95, 0.95], *([0.92 if i < meeting else 0.8, 0.1] for i in range(4))])
    ranked = ranking(np.full((5, 2), 100.0), quality, 0.9)
    assert ranked.likely.tolist() == [is_likely, False]
    assert ranked.pick == 0


def test_evpi_of_two_normal_costs_is_the_unit_normal_loss() -> None:
    """E[max(0, d)] of the pick's disadvantage d ~ N(−10, σ): σ·(φ(u) − u·(1 − Φ(u))), u = 10/σ."""
    found = ranking(np.column_stack([normal(100, 10, 1), normal(110, 20, 2)]))
    sd, u = np.hypot(10, 20), 10 / np.hypot(10, 20)
    loss = sd * (NormalDist().pdf(u) - u * (1 - NormalDist().cdf(u)))
    assert found.regret(found.pick) == pytest.approx(loss, rel=0.03)


def test_evppi_of_one_input_matches_the_closed_form_and_never_exceeds_evpi() -> None:
    """The second cost is 110 + x + noise; knowing x alone is worth the unit normal loss with σ =
    sd(x).
    """
    x, noise = normal(0, 20, 3), normal(0, 10, 4)
    found = ranking(np.column_stack([np.full(N, 100.0), 110 + x + noise]))
    u = 10 / 20
    loss = 20 * (NormalDist().pdf(u) - u * (1 - NormalDist().cdf(u)))
    assert known(found, x) == pytest.approx(loss, rel=0.05)
    assert known(found, x) <= found.regret(found.pick)
    assert known(found, normal(0, 1, 9)) < 0.15


def test_evsi_shrinks_the_conditional_mean_as_the_closed_form_does() -> None:
    x = normal(0, 20, 3)
    found = ranking(np.column_stack([np.full(N, 100.0), 110 + x]))
    sd = 20 * np.sqrt(0.5)
    u = 10 / sd
    loss = sd * (NormalDist().pdf(u) - u * (1 - NormalDist().cdf(u)))
    assert known(found, x, 0.5) == pytest.approx(loss, rel=0.06)
    assert known(found, x, 0.5) < known(found, x)


def test_an_arm_that_misses_the_target_is_replaced_and_loses_its_one_off_cost() -> None:
    cost = np.tile([100.0, 60.0], (5, 1))
    quality = np.array([[0.9, 0.9], [0.9, 0.9], [0.9, 0.9], [0.9, 0.7], [0.9, 0.7]])
    found = ranking(cost, quality, 0.8)
    assert found.effective[:, 1].tolist() == [60, 60, 130, 130]
    assert found.pick == 1
    assert found.regret(1) == pytest.approx((0 + 0 + 30 + 30) / 4)
    assert found.best.tolist() == [1, 1, 1, 0, 0]


def test_where_none_meets_the_target_the_best_score_counts_then_money() -> None:
    cost = np.tile([100.0, 60.0, 10.0], (3, 1))
    quality = np.tile([0.75, 0.745, 0.6], (3, 1))
    found = ranking(cost, quality, 0.9)
    assert not found.open.any()
    assert found.best.tolist() == [1, 1, 1]


def test_an_arm_of_unknown_cost_is_never_best() -> None:
    found = ranking(np.tile([100.0, np.nan], (3, 1)))
    assert found.best.tolist() == [0, 0, 0]
    assert found.pick == 0
    assert found.rankable.tolist() == [True, False]


@given(st.lists(st.floats(1, 1e6), min_size=2, max_size=6), st.floats(1, 1e6))
def test_a_useless_arm_changes_nothing_for_the_others(costs: list[float], extra: float) -> None:
    rows = np.tile(costs, (4, 1))
    useless = np.column_stack([rows, np.full(4, max(costs) + extra)])
    assert ranking(useless).best.tolist() == ranking(rows).best.tolist()
    assert ranking(useless).pick == ranking(rows).pick


def test_test_sizes_by_the_textbook() -> None:
    assert smallest_difference(25) == pytest.approx(0.253, abs=0.001)
    assert items_needed(0.1) == 160
    assert not told_apart(0.912 - 0.905, 600)
    assert told_apart(0.1, 600)


def test_a_hard_budget_is_a_constraint_and_a_soft_one_is_not() -> None:
    from advisor.core.quantity import Range
    from advisor.decide.ranking import rank
    from tests.options import brief, estimated, prompt, rented

    held = brief(budget__one_off_usd=1000)
    pair = [
        estimated(prompt("batch"), held, rows=3, seed=1),
        estimated(rented(), held, rows=3, seed=1),
    ]
    assert rank(pair, held, 3).meets.all()
    hard = replace(held, budget=replace(held.budget, hard=True, one_off_usd=Range.exact(1000.0)))
    assert rank(pair, hard, 3).meets[0].tolist() == [True, False]


def test_a_score_at_the_target_meets_it_and_one_below_does_not() -> None:
    from advisor.decide.ranking import rank
    from tests.options import brief, estimated, prompt

    least = brief(quality__target=0.0)
    options = [estimated(prompt("batch"), least, rows=3, seed=1)]
    scores = rank(options, least, 3).quality[:, 0]
    held = replace(least, quality=replace(least.quality, target=float(scores[0])))
    assert rank(options, held, 3).meets[:, 0].tolist() == [bool(s >= scores[0]) for s in scores]
    above = replace(held, quality=replace(held.quality, target=float(np.nextafter(scores[0], 1))))
    assert not rank(options, above, 3).meets[0, 0]


def test_evsi_agrees_with_a_brute_force_preposterior() -> None:
    """Prior N(−10, 20²) on the advantage, a test with error sd 20: simulate posterior means and
    decide on each.
    """
    rng = np.random.default_rng(8)
    x = rng.normal(0, 20, N)
    x[0] = 0
    found = ranking(np.column_stack([np.full(N, 100.0), 110 + x]))
    signal = x[1:] + rng.normal(0, 20, N - 1)
    posterior = 110 + 0.5 * signal  # precision-weighted: equal variances
    brute = 100.0 - np.minimum(100.0, posterior).mean()
    assert known(found, x, 0.5) == pytest.approx(brute, rel=0.06)


@st.composite
def rivals(draw: st.DrawFn) -> Ranking:
    """Two prompts and two tuned arms in eight draws: running and one-off costs, scores on either
    side of the target.
    """
    cell = st.floats(1, 1000)
    rows = [[draw(cell) for _ in range(4)] for _ in range(9)]
    once = np.tile([draw(cell) for _ in range(4)], (9, 1))
    score = np.array(
        [[draw(st.sampled_from([0.6, 0.85, 0.95])) for _ in range(4)] for _ in range(9)]
    )
    good, every = score >= draw(st.sampled_from([0.0, 0.8, 0.99])), np.ones((9, 4), dtype=bool)
    options = tuple(
        Option(approach, f"t{i}", "m")
        for i, approach in enumerate(("prompt", "prompt", "tune", "tune"))
    )
    return Ranking(options, np.array(rows) + once, once, score, good, good, every, every)


def approach(found: Ranking) -> str:
    return found.options[found.pick].approach


@given(rivals(), st.floats(0, 0.999))
def test_cheaper_prompts_never_move_the_verdict_to_tuning(now: Ranking, multiple: float) -> None:
    """All running costs of prompts times a number below one: whoever started with a prompt still
    does.
    """
    run = (now.cost - now.once) * np.array([multiple, multiple, 1.0, 1.0])
    cheaper = replace(now, cost=now.once + run)
    assert approach(now) != "prompt" or approach(cheaper) == "prompt"
    assert cheaper.p_approach("prompt") >= now.p_approach("prompt")


@given(rivals(), st.floats(0, 1000))
def test_dearer_tuning_never_moves_the_verdict_to_tuning(now: Ranking, more: float) -> None:
    """So many dollars more to start with a tuned model, such as more hours or runs."""
    extra = np.array([0.0, 0.0, more, more])
    dearer = replace(now, cost=now.cost + extra, once=now.once + extra)
    assert approach(now) != "prompt" or approach(dearer) == "prompt"
    assert dearer.p_approach("tune") <= now.p_approach("tune")


def test_what_replaces_an_option_that_misses_is_not_chosen_by_hindsight() -> None:
    """The first misses in both draws. Of the others the second costs 30 on average and the third
    40, though the third is the cheaper one in the second draw.
    """
    cost = np.array([[4.0, 30.0, 40.0], [4.0, 20.0, 60.0], [4.0, 40.0, 20.0]])
    quality = np.tile([0.5, 0.9, 0.9], (3, 1))
    found = ranking(cost, quality, 0.8)
    assert found.effective[:, 0].tolist() == [2.0 + 20.0, 2.0 + 40.0]
    assert found.regret(1) == pytest.approx((0 + 20) / 2)
    assert found.regret(0) == pytest.approx((2 + 22) / 2)


def test_an_option_of_unknown_cost_does_not_set_the_score_that_others_must_reach() -> None:
    """Where none meets the target, the cheapest near the best score of known cost is best."""
    cost = np.array([[np.nan, 5.0, 3.0], [np.nan, 5.0, 3.0]])
    quality = np.array([[0.99, 0.8, 0.5], [0.99, 0.8, 0.5]])
    found = ranking(cost, quality, target=0.999)
    assert found.best.tolist() == [1, 1]


@pytest.mark.parametrize(("meets", "pick"), [(195, 0), (205, 1)])
def test_where_none_is_likely_to_meet_the_target_ten_points_less_will_do(
    meets: int, pick: int
) -> None:
    """The likeliest option meets it in 300 of 1,000 draws; a cheaper one in `meets`."""
    quality = np.zeros((1001, 2))
    quality[1:301, 0] = 1.0
    quality[-meets:, 1] = 1.0
    assert ranking(np.tile([100.0, 1.0], (1001, 1)), quality, 0.9).pick == pick


def test_naming_another_option_works_nothing_out_again_and_changes_what_is_named_alone() -> None:
    world = ranking(np.column_stack([normal(mean, 1.0, i) for i, mean in enumerate((5.0, 6.0))]))
    assert world.pick == 0
    other = world.naming(1)
    assert (other.pick, other.leader) == (1, 0)
    assert other.effective is world.effective
    fresh = replace(world, named=1)
    assert other.contenders == pytest.approx(fresh.contenders)


def test_dearer_errors_add_to_what_is_paid() -> None:
    world = replace(ranking(np.full((2, 2), 10.0)), errors=np.array([[4.0, 0.0]] * 2))
    free, dearer = world.with_errors_at(0.0), world.with_errors_at(3.0)
    assert free.cost.tolist() == [[6.0, 10.0]] * 2
    assert dearer.cost.tolist() == [[18.0, 10.0]] * 2
    assert dearer.cash.tolist() == free.cash.tolist()
