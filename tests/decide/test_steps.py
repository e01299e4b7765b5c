"""The next steps: prices come with worth, and the arithmetic is that of the formulas page."""

from __future__ import annotations

import numpy as np
import pytest

from advisor.decide.improving import search_worth
from advisor.decide.steps import without_measurement
from tests.decide.test_ranking import ranking
from tests.options import brief


def test_a_search_is_worth_what_it_saves_where_something_meets_the_target() -> None:
    """Arm 1 is the pick at 100; a searched prompt at the price of arm 0 (60) saves 40 where it
    reaches the target.
    """
    cost = np.tile([60.0, 100.0], (5, 1))
    quality = np.tile([0.7, 0.9], (5, 1))
    found = ranking(cost, quality, 0.8)
    assert found.pick == 1
    assert search_worth(found, 0, np.array([0.8, 0.9, 0.7, 0.85, 0.1]), 0.8) == pytest.approx(
        2 * 40 / 4
    )


def test_where_nothing_meets_the_target_it_saves_the_money_spent_below_it() -> None:
    cost = np.tile([60.0, 100.0], (5, 1))
    quality = np.tile([0.7, 0.75], (5, 1))
    found = ranking(cost, quality, 0.8)
    spent = cost[0, found.pick]
    assert search_worth(found, 0, np.array([0.8, 0.9, 0.7, 0.7, 0.7]), 0.8) == pytest.approx(
        spent / 4
    )


def test_a_search_that_never_reaches_the_target_is_worth_nothing() -> None:
    found = ranking(np.tile([60.0, 100.0], (5, 1)), np.tile([0.7, 0.9], (5, 1)), 0.8)
    assert search_worth(found, 0, np.full(5, 0.5), 0.8) == 0


def test_where_nothing_reaches_the_target_it_is_the_target_that_stops() -> None:
    held = brief(quality__target=0.9)
    found = ranking(np.tile([60.0, 100.0], (5, 1)), np.tile([0.7, 0.75], (5, 1)), 0.9)
    step = without_measurement(held, found)
    assert step.action.startswith(
        f"relax quality.target = 0.9 ({found.options[found.pick].id} is expected at 0.7"
    )
    assert (step.cost_usd, step.days, step.worth_usd) == (0, 0, 0)


def test_where_nothing_separates_and_nothing_pays_one_starts() -> None:
    found = ranking(np.tile([60.0, 100.0], (5, 1)))
    assert without_measurement(brief(), found).action.startswith(
        f"start with {found.options[0].id}: "
    )
