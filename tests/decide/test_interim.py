"""What to do until the answer is known: every case by its sentence."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from advisor.core.brief import Baseline, Current
from advisor.core.figure import Figure
from advisor.core.option import Estimate, Option
from advisor.core.quantity import UNKNOWN, Range
from advisor.core.verdict import BaselineErrors, Excluded
from advisor.decide.interim import ByHand, Interim, Leaving, by_hand, interim, leaving, nearest
from advisor.decide.ranking import Ranking
from tests.options import DAY, SONNET, brief, setting

FIRST = Option("prompt", "few-shot", "m")
SECOND = Option("tune", "lora", "n")
ENDS = date(2027, 1, 14)


def chances(first: float, second: float, **changes: object) -> Ranking:
    """The two options keep the limits in so many of 100 draws; the first costs less."""
    rows = np.arange(-1, 100)[:, None]
    meets = rows < np.array([round(100 * first), round(100 * second)])
    every = np.ones_like(meets)
    cost = np.tile([100.0, 200.0], (101, 1))
    quality = np.tile([0.6, 0.7], (101, 1))
    ranking = Ranking((FIRST, SECOND), cost, cost, quality, meets, meets, every, every, named=0)
    return replace(ranking, **changes)


HAND = ByHand(50.0, 100.0, 12)


@pytest.mark.parametrize(
    ("ranking", "reason", "hand", "words", "near"),
    [
        (chances(0.8, 0.9), None, None, "Meanwhile use prompt/few-shot@m.", None),
        (chances(0.5, 0.9), None, None, "Meanwhile use prompt/few-shot@m.", None),
        (chances(0.49, 0.9), None, None, "whose chance to keep the limits is 49", None),
        (chances(0.05, 0.9), None, None, "whose chance to keep the limits is 5", None),
        (chances(0.04, 0.9), None, None, "tune/lora@n comes nearest", 1),
        (chances(0.0, 0.0), None, None, "tune/lora@n comes nearest", 1),  # by its score
        (chances(0.8, 0.9), None, HAND, "stay with the work by hand: it costs $50 over", 0),
        (chances(0.04, 0.9), None, HAND, "stay with the work by hand", 1),
        (chances(0.05, 0.9), None, HAND, "stay with the work by hand", 0),
        (chances(0.8, 0.9), None, replace(HAND, usd=100.0), "Meanwhile use", None),
        (chances(0.8, 0.9), Leaving("it ends"), HAND, "cannot stay: it ends. Meanwhile move", None),
        (chances(0.05, 0.9), Leaving("it ends"), None, "Meanwhile move to prompt", None),
        (chances(0.04, 0.9), Leaving("it ends"), None, "Meanwhile move to prompt", 1),
        (chances(0.8, 0.9), Leaving("it ends", ENDS), None, "which works until 2027-01-14", 0),
        (chances(0.04, 0.9), Leaving("it ends", ENDS), None, "which works until 2027-01-14", 1),
        (chances(0.05, 0.9), Leaving("it ends", ENDS), None, "which works until 2027-01-14", 0),
    ],
)
def test_what_to_do_meanwhile(
    ranking: Ranking, reason: Leaving | None, hand: ByHand | None, words: str, near: int | None
) -> None:
    meanwhile = interim(ranking, reason, hand)
    assert words in meanwhile.sentence
    assert meanwhile.nearest == near


def test_what_is_in_place_stays() -> None:
    ranking = replace(chances(0.0, 0.9), options=(replace(FIRST, as_is=True), SECOND))
    assert interim(ranking, Leaving("it ends")) == Interim(
        f"Meanwhile stay with {ranking.options[0].id}."
    )


def test_chances_within_two_points_are_equal_and_unknown_costs_never_near() -> None:
    assert nearest(chances(0.88, 0.9)) == 0  # the cheaper one
    assert nearest(chances(0.87, 0.9)) == 1
    cost = np.tile([100.0, np.nan], (101, 1))
    assert nearest(chances(0.1, 0.9, cost=cost, once=cost)) == 0
    cost = np.tile([np.nan, 100.0], (101, 1))
    assert nearest(chances(0.9, 0.1, cost=cost, once=cost)) == 1
    assert nearest(chances(0.9, 0.0, cost=cost, once=cost)) == 1


@pytest.mark.parametrize(("days", "is_long"), [(14, True), (13, False)])
def test_what_has_to_go_works_for_long_enough_or_not(days: int, is_long: bool) -> None:
    """By the day that the brief states, else by that of the price list."""
    end = DAY + timedelta(days=days)
    current = Current(model="claude-sonnet-5", ends=end)
    out = (Excluded("as-is/now@x", "lifecycle.ends", "its model ends"),)
    expected = Leaving("its model ends", end if is_long else None)
    assert leaving(replace(brief(), current=current), setting(), out) == expected
    listed = setting({"claude-sonnet-5": replace(SONNET, ends=end)})
    assert leaving(replace(brief(), current=replace(current, ends=None)), listed, out) == expected
    later = replace(current, ends=end + timedelta(days=400))
    until = leaving(replace(brief(), current=later), listed, out)
    assert until is not None
    assert until.until == later.ends


def test_nothing_has_to_go_where_nothing_is_in_place_or_no_rule_says_so() -> None:
    out = (Excluded("as-is/now@x", "lifecycle.ends", "its model ends"),)
    assert leaving(brief(), setting(), out) is None
    in_place = replace(brief(), current=Current(model="claude-sonnet-5"))
    assert leaving(in_place, setting(), ()) is None
    assert leaving(in_place, setting(), (replace(out[0], id="prompt/x@y"),)) is None
    assert leaving(in_place, setting(), out) == Leaving("its model ends")


@pytest.mark.parametrize(
    ("monthly", "errors", "wrong", "usd"),
    [
        (500.0, 30.0, Range.exact(70.0), 500 * 12 + 70),
        (500.0, 0.0, UNKNOWN, 500 * 12),  # wrong answers cost nothing
        (500.0, 30.0, UNKNOWN, None),
        (None, 30.0, Range.exact(70.0), None),
    ],
)
def test_the_work_by_hand_is_its_months_and_its_wrong_answers(
    monthly: float | None, errors: float, wrong: Range, usd: float | None
) -> None:
    values = {"horizon.total": 900.0, "horizon.errors": errors, "horizon.months_level": 12.0}
    pick = Estimate(FIRST, {key: Figure(value, "", key) for key, value in values.items()})
    paid = None if monthly is None else Range.exact(monthly)
    case = replace(brief(), baseline=Baseline(monthly_usd=paid))
    meanwhile = by_hand(case, pick, BaselineErrors(cost_usd=wrong))
    assert meanwhile == (None if usd is None else ByHand(usd, 900.0, case.budget.horizon_months))
    assert by_hand(brief(), pick, BaselineErrors(cost_usd=wrong)) is None
    unknown = Figure(float("nan"), "", "horizon.total")
    open_cost = Estimate(FIRST, {**pick.figures, "horizon.total": unknown})
    assert by_hand(case, open_cost, BaselineErrors(cost_usd=wrong)) is None


@pytest.mark.parametrize(
    ("ranking", "reason", "sentence"),
    [
        (
            chances(0.49, 0.9),
            None,
            "Meanwhile use prompt/few-shot@m, whose chance to keep the limits is 49 %.",
        ),
        (
            chances(0.02, 0.04),
            None,
            "Meanwhile stay as you are: tune/lora@n comes nearest, and its chance to keep the "
            "limits is 4.0 %.",
        ),
        (
            chances(0.8, 0.9),
            Leaving("it ends"),
            "What is in place cannot stay: it ends. Meanwhile move to prompt/few-shot@m, whose "
            "chance to keep the limits is 80.0 %.",
        ),
        (
            chances(0.8, 0.9),
            Leaving("it ends", ENDS),
            "Meanwhile stay with what is in place, which works until 2027-01-14: "
            "prompt/few-shot@m may follow it, and its chance to keep the limits is 80.0 %.",
        ),
    ],
)
def test_the_sentence_with_its_chance(
    ranking: Ranking, reason: Leaving | None, sentence: str
) -> None:
    assert interim(ranking, reason).sentence == sentence
