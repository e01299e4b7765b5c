"""What a better option saves: labels and searched prompts, draw by draw."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from advisor.core.figure import Figure
from advisor.core.option import Estimate, Option
from advisor.core.verdict import FlipPoint
from advisor.decide.improving import Gain, fresh_share, improvements, search_gain
from advisor.decide.ranking import Ranking
from advisor.decide.situation import Situation
from tests.options import brief

PLAIN = Option("prompt", "few-shot", "large")
TUNE = Option("tune", "lora", "small")


def ranking(meets: list[list[bool]], **changes: Any) -> Ranking:
    """A prompt at 60, 20 of them for wrong answers at a score of 0.8, and a tuned option at 100,
    10 of them; half of each is paid once. The first case is the likely one.
    """
    size = len(meets)
    cost = np.tile([60.0, 100.0], (size, 1))
    errors = np.tile([20.0, 10.0], (size, 1))
    every = np.ones((size, 2), dtype=bool)
    kept = np.array(meets)
    quality = np.tile([0.8, 0.9], (size, 1))
    base = Ranking((PLAIN, TUNE), cost, cost / 2, quality, kept, kept, every, every, errors, 1)
    return replace(base, **changes)


OPENED = [[False, True]] * 5
CLOSED = [[False, False]] * 5
MIXED = [[False, True], [False, True], [False, True], [False, False], [False, False]]


@pytest.mark.parametrize(
    ("meets", "scores", "saved"),
    [
        # 40 in cash and 20 of errors, halved at 0.9, none at 1; the pick costs 100
        (OPENED, [0.0, 0.9, 1.0, 0.85, 0.84], [50.0, 60.0, 45.0, 0.0]),
        # the pick's 90 in cash, and its 10 of errors as far as the new one makes fewer
        (CLOSED, [0.0, 0.9, 1.0, 0.95, 0.84], [90.0, 100.0, 95.0, 0.0]),
        (MIXED, [1.0, 0.9, 0.84, 0.9, 0.84], [50.0, 0.0, 90.0, 0.0]),
    ],
)
def test_a_searched_prompt_saves_where_it_reaches_the_target(
    meets: list[list[bool]], scores: list[float], saved: list[float]
) -> None:
    gain = search_gain(ranking(meets), 0, np.array(scores), 0.85)
    assert gain.usd == pytest.approx(np.mean(saved))
    assert gain.share == np.mean(np.array(saved) > 0)


@pytest.mark.parametrize("limit", ["meets_money", "meets_weeks", "meets_latency"])
def test_every_other_limit_is_kept_too(limit: str) -> None:
    kept = np.ones((5, 2), dtype=bool)
    kept[2, 0] = False
    gain = search_gain(ranking(OPENED, **{limit: kept}), 0, np.full(5, 0.9), 0.85)
    assert gain == Gain(3 * 50.0 / 4, 3 / 4)


def test_a_dearer_prompt_saves_nothing() -> None:
    dear = ranking(OPENED, cost=np.tile([200.0, 100.0], (5, 1)))
    assert search_gain(dear, 0, np.full(5, 0.9), 0.85) == Gain(0.0, 0.0)


def test_a_perfect_prompt_has_no_errors_to_save() -> None:
    perfect = ranking(OPENED, quality=np.tile([1.0, 0.9], (5, 1)))
    assert search_gain(perfect, 0, np.full(5, 1.0), 0.85).usd == pytest.approx(100 - 40)


def situation(**changes: Any) -> Situation:
    estimates = (Estimate(PLAIN, {}), Estimate(TUNE, {}))
    searched = {"large": Figure(np.array([0.9, 0.9, 1.0, 0.8, 0.8]), "score", "s")}
    held = brief(quality__target=0.85)
    return replace(
        Situation(held, ranking(OPENED), {}, {}, estimates=estimates, searched=searched), **changes
    )


def test_a_search_says_how_often_it_pays() -> None:
    (step,) = improvements(situation())
    assert step.worth_usd == pytest.approx((50 + 60) / 4)
    assert step.detail == "A search pays in 50 of 100 draws, and then saves $55 on average"
    assert step.cost_usd == 8 * 110
    assert (
        step.command == "advisor calibrate prompts --search --url URL --model large --brief BRIEF"
    )
    never = situation(searched={"large": Figure(np.full(5, 0.8), "score", "s")})
    (hopeless,) = improvements(never)
    assert (hopeless.worth_usd, hopeless.detail) == (0.0, "")


@pytest.mark.parametrize(
    "changes",
    [
        {"searched": {"other": Figure(np.full(5, 0.9), "score", "s")}},
        {"ranking": ranking(OPENED, options=(replace(PLAIN, technique="retrieval"), TUNE))},
        {"ranking": ranking(OPENED, cost=np.tile([np.nan, 100.0], (5, 1)))},
        {
            "estimates": (
                Estimate(PLAIN, {"horizon.move": Figure(1.0, "USD", "horizon.move")}),
                Estimate(TUNE, {}),
            )
        },
    ],
    ids=["another model", "not plain", "no known cost", "it ends"],
)
def test_only_a_plain_prompt_of_a_model_that_lasts_is_searched(changes: dict[str, Any]) -> None:
    assert list(improvements(situation(**changes))) == []


@pytest.mark.parametrize(("kept", "worth"), [(0, 100.0), (1, 75.0), (4, 0.0)])
def test_labels_are_worth_the_pick_where_it_misses_the_limits(kept: int, worth: float) -> None:
    """Of four draws; 1,000 labels at 2 USD and 30 for their set-up, 500 a week."""
    held = brief(data__examples=1000.0, data__label_usd=2.0, data__label_setup_usd=30.0)
    flips = (FlipPoint("data.examples", 2000.0, "tune", 1000.0, "rows", TUNE.id),)
    meets = [
        [True, True],
        *([True, True] for _ in range(kept)),
        *([False, False] for _ in range(4 - kept)),
    ]
    case = situation(brief=held, flips=flips, ranking=ranking(meets), searched={})
    (step,) = improvements(case)
    assert step.worth_usd == pytest.approx(worth)
    assert (step.cost_usd, step.days) == (pytest.approx(2030.0), pytest.approx(14.0))
    assert step.action == (
        f"label 1,000 more examples: from 2,000 on {TUNE.id} is the better choice"
    )


def test_labels_of_facts_that_change_are_worth_their_fresh_share() -> None:
    """Two weeks are 0.46 months; half of the answers change by a tenth a month, for half of it."""
    held = brief(
        data__examples=1000.0, task__factual_share=0.5, task__knowledge_change_per_month=0.1
    )
    flips = (FlipPoint("data.examples", 2000.0, "tune", 1000.0, "rows", TUNE.id),)
    case = situation(brief=held, flips=flips, ranking=ranking(CLOSED), searched={})
    (step,) = improvements(case)
    assert step.worth_usd == pytest.approx(100 * (1 - 0.05 * 2 / (365.25 / 12 / 7) / 2), rel=1e-4)


@pytest.mark.parametrize(
    ("goal", "ends"), [(TUNE.id, True), (TUNE.skill, True), ("tune/other@x", False)]
)
def test_no_labels_for_a_model_that_ends(goal: str, ends: bool) -> None:
    hosted = replace(TUNE, provider="p")
    ending = Estimate(hosted, {"horizon.move": Figure(1.0, "USD", "horizon.move")})
    held = brief(data__examples=1000.0)
    flips = (FlipPoint("data.examples", 2000.0, "tune", 1000.0, "rows", goal),)
    case = situation(brief=held, flips=flips, searched={}, estimates=(Estimate(PLAIN, {}), ending))
    assert (list(improvements(case)) == []) is ends


@pytest.mark.parametrize(
    ("share", "change", "months", "left"),
    [(0.5, 0.2, 2.0, 0.9), (1.0, 0.2, 2.0, 0.8), (1.0, 1.0, 3.0, 0.0), (0.0, 1.0, 3.0, 1.0)],
)
def test_facts_age_for_half_of_the_time(
    share: float, change: float, months: float, left: float
) -> None:
    held = brief(task__factual_share=share, task__knowledge_change_per_month=change)
    assert fresh_share(held, months * 365.25 / 12 / 7) == pytest.approx(left, abs=1e-3)


def test_a_draw_that_saves_cents_counts_too() -> None:
    cents = ranking(OPENED, cost=np.tile([0.6, 1.0], (5, 1)), errors=np.tile([0.2, 0.1], (5, 1)))
    gain = search_gain(cents, 0, np.full(5, 0.9), 0.85)
    assert (gain.usd, gain.share) == (pytest.approx(0.5), 1.0)
