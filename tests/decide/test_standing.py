"""One row per option, its best form, and the approaches by how often they are best."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from advisor.core.brief import Baseline, Segment
from advisor.core.figure import Figure
from advisor.core.option import Mode, Option, Place, Serving
from advisor.core.quantity import Range
from advisor.core.verdict import BaselineErrors, BreakEven, Sensitivity
from advisor.decide.ranking import Ranking, rank
from advisor.decide.record import Recorder
from advisor.decide.segments import scaled, segment_brief
from advisor.decide.standing import (
    advantage,
    approaches,
    baseline_errors,
    best_forms,
    group_of,
)
from advisor.decide.tornado import unexplained, variance_share
from advisor.decide.why import Case, reasons
from tests.options import brief, estimated, prompt, rented

DRAWS = 100
CACHED = Option("prompt", "few-shot", "m", "p", Serving(mode=Mode.CACHED))
BATCH = replace(CACHED, serving=Serving(mode=Mode.BATCH))
OWN = replace(CACHED, serving=Serving(Place.OWNED))
TUNED = Option("tune", "lora", "n", "", Serving(Place.RENTED))


def ranking(*columns: tuple[Option, object]) -> Ranking:
    cost = np.column_stack(
        [np.broadcast_to(np.asarray(c, dtype=float), (DRAWS + 1,)) for _, c in columns]
    )
    every = np.ones(cost.shape, dtype=bool)
    options = tuple(o for o, _ in columns)
    return Ranking(options, cost, cost / 2, cost * 0 + 0.9, every, every, every, every)


def test_forms_of_an_option_only_differ_in_how_a_provider_serves_them() -> None:
    assert group_of(CACHED) == group_of(BATCH)
    assert group_of(CACHED) != group_of(OWN)
    assert group_of(CACHED) != group_of(replace(CACHED, as_is=True))


def test_the_cheapest_form_stands_for_its_option_unless_another_is_named() -> None:
    cases = ranking((CACHED, 10.0), (BATCH, 8.0), (TUNED, 5.0))
    assert best_forms(cases)[group_of(CACHED)] == 1
    named = replace(cases, named=0)
    assert best_forms(named)[group_of(CACHED)] == 0
    for pick in (0, 1):
        dear_later = ranking((CACHED, 8.0), (BATCH, 10.0), (TUNED, 5.0))
        assert best_forms(replace(dear_later, named=pick))[group_of(CACHED)] == pick


def test_forms_count_together_and_the_longest_bar_comes_first() -> None:
    """Cached is best in 30 draws, batched in 25, tuned in 45: prompting leads with 55."""
    rows = np.arange(DRAWS + 1)
    cached = np.where((rows > 0) & (rows <= 30), 1.0, 9.0)
    batch = np.where((rows > 30) & (rows <= 55), 1.0, 9.5)
    cases = ranking((CACHED, cached), (BATCH, batch), (TUNED, 5.0))
    first, second = approaches(cases)
    assert (first.approach, first.p_best, first.option_p_best) == ("prompt", 0.55, 0.55)
    assert (second.approach, second.p_best) == ("tune", 0.45)


def test_an_approach_is_shown_by_its_option_with_the_longest_bar() -> None:
    """The owned model is best in 30 draws, the cached one in 10: 40 of prompting in all."""
    rows = np.arange(DRAWS + 1)
    cached = np.where((rows > 0) & (rows <= 10), 1.0, 9.0)
    own = np.where((rows > 10) & (rows <= 40), 1.0, 9.5)
    for columns in (((CACHED, cached), (OWN, own)), ((OWN, own), (CACHED, cached))):
        first, second = approaches(ranking((TUNED, 5.0), *columns))
        assert (first.approach, first.p_best) == ("tune", 0.6)
        assert (second.p_best, second.option, second.option_p_best) == (0.4, OWN.id, 0.3)
    even = ranking((CACHED, 9.0), (OWN, 9.0), (TUNED, 5.0))
    named = approaches(replace(even, named=1))
    assert [r.option for r in named] == [TUNED.id, OWN.id]  # of equals the named one


def test_the_advantage_is_the_median_difference_and_keeps_cash_and_errors_apart() -> None:
    held = brief(quality__error_cost_usd=0.01)
    pick = estimated(rented(), held, quality=0.92, rows=101, seed=3)
    rival = estimated(prompt("batch"), held, quality=0.9, rows=101, seed=3)
    found = advantage(Recorder(), pick, rival)
    difference = np.asarray(rival["horizon.cash"].rows) - np.asarray(pick["horizon.cash"].rows)
    assert found.cash_usd.p50 == pytest.approx(
        float(np.median(np.broadcast_to(difference, 101)[1:]))
    )
    # 0.02 more answers are wrong, of 36 million, at a cent each
    assert found.errors_usd.p50 == pytest.approx(0.02 * 36e6 * 0.01, rel=1e-6)
    assert advantage(Recorder(), pick, None).cash_usd.p50 is None


def test_wrong_answers_of_todays_process_are_charged_by_its_score() -> None:
    """By hand: 36 million answers at a cent each, 0.03 of them wrong, against 0.08 of the pick."""
    priced = brief(quality__error_cost_usd=0.01)
    pick = estimated(rented(), priced, quality=0.92, rows=101, seed=3)
    inputs = {
        "traffic.requests_per_month": Figure(3e6, "requests/month", "traffic.requests_per_month"),
        "quality.error_cost_usd": Figure(0.01, "USD/error", "quality.error_cost_usd"),
    }
    by_hand = replace(priced, baseline=Baseline("two clerks", Range.exact(9_000.0), 0.97))
    errors = baseline_errors(Recorder(), pick, inputs, by_hand)
    assert errors.cost_usd.p50 == pytest.approx(0.03 * 36e6 * 0.01)
    assert errors.saved_usd.p50 == pytest.approx((0.03 - 0.08) * 36e6 * 0.01)
    unscored = replace(by_hand, baseline=Baseline("two clerks", Range.exact(9_000.0)))
    for other in (unscored, priced):
        assert baseline_errors(Recorder(), pick, inputs, other) == BaselineErrors()


def test_segments_scale_each_end_of_a_range() -> None:
    assert scaled(Range(1.0, 2.0, 4.0), 3.0) == Range(3.0, 6.0, 12.0)
    assert scaled(Range(None, None, None), 3.0) == Range(None, None, None)
    segment = Segment("new", 2, Range.exact(0.25), Range.exact(40.0), Range.exact(10.0))
    part = segment_brief(replace(brief(), segments=(segment,)), segment)
    assert part.traffic.requests_per_month.likely == 750_000
    assert part.data.examples.likely == 80
    assert (part.data.sample, part.data.path, part.data.eval_path) == (True, "", "")


def test_what_no_row_explains_alone_is_stated() -> None:
    x = np.random.default_rng(1).normal(size=4000)
    assert variance_share(2 * x, x) == pytest.approx(1, abs=0.03)
    assert variance_share(np.random.default_rng(2).normal(size=4000), x) < 0.02
    rows = [
        Sensitivity("a", 0, 1, 1, variance_share=0.6),
        Sensitivity("b", 0, 1, 1, variance_share=0.25),
    ]
    assert unexplained(rows) == pytest.approx(0.15)
    assert unexplained([]) == 1.0


@pytest.mark.parametrize(
    ("hard", "words"),
    [(False, "the target of 0.9 is"), (True, "the target of 0.9 and the deadline is")],
)
def test_only_limits_that_are_judged_are_named(hard: bool, words: str) -> None:
    held = brief(budget__weeks=12.0)
    budget = replace(held.budget, hard=hard, one_off_usd=None, monthly_usd=None)
    held = replace(held, budget=budget)
    pair = (
        estimated(rented(), held, rows=101, seed=1),
        estimated(prompt("batch"), held, rows=101, seed=1),
    )
    case = Case(held, rank(pair, held, 101), pair[0], pair[1], BreakEven())
    assert any(words in sentence for sentence in reasons(case))
