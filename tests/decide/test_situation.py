"""What knowing a score is worth beside a pick that was scored or not, and how far steps may go."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from advisor.core.figure import Figure
from advisor.core.option import Option
from advisor.core.quantity import Basis, Quantity, Range
from advisor.core.verdict import FlipPoint, Readiness
from advisor.decide.information import (
    NOTHING,
    conditional_costs,
    costs_beside_pick,
    rows_of,
    worth,
)
from advisor.decide.situation import LabelGoal, Situation, label_goal
from tests.decide.test_ranking import ranking
from tests.options import brief

DRAWS = 2000
OPEN = np.random.default_rng(1).normal(1000.0, 500.0, DRAWS + 1)
SCORE = Figure(0.8 + OPEN / 1e5, "score", "q")
OPTIONS = (Option("prompt", "few-shot", "large"), Option("tune", "lora", "small"))


def situation(scored: tuple[bool, bool] | None = None, **changes: Any) -> Situation:
    """A prompt at 1,000 beside a tuned option whose cost is open; the prompt is named."""
    cost = np.column_stack([np.full(DRAWS + 1, 1000.0), OPEN])
    flags = None if scored is None else np.array(scored)
    base = replace(ranking(cost), options=OPTIONS, named=0, scored=flags)
    return replace(Situation(brief(), base, {}, {}), **changes)


def test_what_a_figure_is_worth_is_worked_out_once_and_shrinks_with_its_share() -> None:
    case = situation()
    known = conditional_costs(case.ranking, rows_of(SCORE))
    assert case.worth(SCORE) == worth(known)
    assert case.worth(SCORE, 0.25) == worth(known, 0.25)
    assert len(case.conditionals) == 1
    assert 0 < case.worth(SCORE, 0.25).usd < case.worth(SCORE).usd


def test_a_figure_that_is_known_is_worth_nothing() -> None:
    exact = Figure(0.8, "score", "q")
    assert situation().worth(exact) == NOTHING
    assert situation((True, False)).worth_of_score(OPTIONS[1].skill, exact, 0.5) == NOTHING


@pytest.mark.parametrize("scored", [None, (False, True), (False, False)])
def test_a_score_beside_a_pick_that_was_not_scored_is_worth_what_any_figure_is(
    scored: tuple[bool, bool] | None,
) -> None:
    case = situation(scored)
    assert case.worth_of_score(OPTIONS[1].skill, SCORE, 0.5) == case.worth(SCORE, 0.5)


def test_beside_a_scored_pick_only_the_option_that_is_scored_can_take_its_place() -> None:
    case = situation((True, False))
    beside = costs_beside_pick(case.ranking, rows_of(SCORE), np.array([False, True]))
    assert case.worth_of_score(OPTIONS[1].skill, SCORE, 0.5) == worth(beside, 0.5)
    assert case.worth_of_score("prompt/of@nobody", SCORE, 0.5).usd == 0.0


@pytest.mark.parametrize(
    ("rule", "status", "stopped", "is_open"),
    [
        ("scores", "stop", True, True),
        ("scores", "warn", False, True),
        ("scores", "ok", False, False),
        ("target", "stop", False, False),
    ],
)
def test_a_rule_stops_or_warns_by_its_own_name(
    rule: str, status: str, stopped: bool, is_open: bool
) -> None:
    case = situation(readiness=(Readiness("target", "ok", ""), Readiness(rule, status, "")))
    assert case.is_stopped_by("scores") is stopped
    assert case.is_open("scores") is is_open


@pytest.mark.parametrize(("chance", "is_likely"), [(0.5, True), (0.499, False)])
def test_a_pick_is_likely_in_half_of_the_draws(chance: float, is_likely: bool) -> None:
    case = situation()
    meets = np.ones_like(case.ranking.meets)
    meets[1:, 0] = np.arange(DRAWS) < chance * DRAWS
    assert replace(case, ranking=replace(case.ranking, meets=meets)).is_likely is is_likely


def flip(value: float, arm: str, input: str = "data.examples", becomes: str = "tune") -> FlipPoint:
    return FlipPoint(input, value, becomes, 1000.0, "rows", arm)


def goal(case: Situation, **changes: Any) -> LabelGoal | None:
    held = brief(data__examples=1000.0, data__labels_per_week=100.0)
    return label_goal(replace(case, brief=replace(held, **changes)))


def test_the_fewest_labels_at_a_flip_are_the_goal() -> None:
    flips = (flip(1800.0, "b"), flip(1500.0, "a"), flip(1200.0, "c", "team.hourly_usd"))
    found = goal(situation(flips=(*flips, flip(1000.0, "d"))))
    assert found == LabelGoal(1500.0, 500.0, "a", 5.0)
    assert found.days == 35.0


@pytest.mark.parametrize(
    ("labels", "is_reached"), [(1000.0 + 2600.0, True), (1000.0 + 2620.0, False)]
)
def test_labels_come_within_half_of_the_horizon(labels: float, is_reached: bool) -> None:
    """Twelve months have 52.18 weeks; half of them at 100 a week are 2,609."""
    assert (goal(situation(flips=(flip(labels, "a"),))) is not None) is is_reached


@pytest.mark.parametrize(
    ("likely", "approach", "needed", "is_goal"),
    [
        (False, "prompt", 1500.0, True),
        (True, "prompt", 1500.0, False),
        (False, "tune", 1500.0, False),
        (False, "prompt", 1000.0, False),
    ],
)
def test_labels_to_the_target_are_a_goal_of_a_prompt_that_is_not_likely_to_keep_the_limits(
    likely: bool, approach: str, needed: float, is_goal: bool
) -> None:
    labels = {"tune/lora@small": Quantity(Range.exact(needed), "labels", Basis.MODELLED, "", "")}
    case = situation(labels=labels)
    meets = np.full(case.ranking.meets.shape, likely)
    named = 0 if approach == "prompt" else 1
    case = replace(case, ranking=replace(case.ranking, meets=meets, named=named))
    assert (goal(case) is not None) is is_goal
