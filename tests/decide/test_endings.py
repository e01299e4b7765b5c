"""When the end of a model bears on the choice, on a ranking of two options by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from advisor.core.brief import Score
from advisor.core.figure import Figure
from advisor.core.option import Estimate, Option
from advisor.core.verdict import Excluded
from advisor.decide.endings import ended, shut_out, succession
from advisor.decide.ranking import Ranking
from tests.options import SONNET, brief, prompt, setting

LASTING = Option("prompt", "few-shot", "lasting")
ENDING = Option("prompt", "few-shot", "ending")
PRICES = {
    "lasting": replace(SONNET, model="lasting"),
    "ending": replace(SONNET, model="ending", ends=date(2027, 1, 14)),
}


def told(costs: tuple[float, float], move: float, end: str = "ending") -> str:
    """The sentence where the two options cost so much, of the second so much for its move."""
    cost = np.tile(np.array(costs), (11, 1))
    every = np.ones(cost.shape, dtype=bool)
    options = (LASTING, replace(ENDING, model=end))
    ranking = Ranking(options, cost, cost, cost * 0 + 0.9, every, every, every, every)
    figures = {k: Figure(move, "USD", k) for k in ("once.move", "horizon.move") if move}
    estimates = (Estimate(options[0], {}), Estimate(options[1], figures))
    return ended(ranking, estimates, brief(), replace(setting(), prices=PRICES))


def test_an_end_that_moves_the_choice_is_named_with_its_day_and_its_price() -> None:
    assert told((2000.0, 7000.0), move=6117.0) == (
        "ending ends 2027-01-14, in 55 days; the move to another model costs $6,117. "
        "If it did not end, prompt/few-shot@ending would be chosen."
    )


@pytest.mark.parametrize("costs", [(2000.0, 9000.0), (500.0, 7000.0)])
def test_an_end_that_moves_nothing_is_no_reason(costs: tuple[float, float]) -> None:
    assert told(costs, move=6117.0) == ""


def test_the_choice_itself_says_what_its_end_costs() -> None:
    assert told((9000.0, 7000.0), move=6117.0).endswith("costs $6,117: it is included in the cost.")


@pytest.mark.parametrize(("end", "costs"), [("ending", (9e3, 7e3)), ("lasting", (9e3, 7e3))])
def test_a_pick_that_ends_asks_for_the_score_of_a_successor(
    end: str, costs: tuple[float, float]
) -> None:
    cost = np.tile(np.array(costs), (11, 1))
    every = np.ones(cost.shape, dtype=bool)
    options = (LASTING, replace(ENDING, model=end))
    ranking = Ranking(options, cost, cost, cost * 0 + 0.9, every, every, every, every)
    figures = {
        k: Figure(6117.0, "USD", k) for k in ("once.move", "horizon.move") if end == "ending"
    }
    estimates = (Estimate(options[0], {}), Estimate(options[1], figures))
    step = succession(ranking, estimates, brief(), replace(setting(), prices=PRICES))
    if end == "lasting":
        assert step is None
        return
    assert step is not None
    assert step.action.startswith("decide now, and score a successor of ending on the 600 test")
    assert "2027-01-14, and the $6,117 of the move" in step.action
    assert (step.cost_usd, step.worth_usd) == (0.0, 0.0)


def test_without_an_end_there_is_nothing_to_say() -> None:
    assert told((2000.0, 7000.0), move=0.0, end="lasting") == ""
    assert told((9000.0, 7000.0), move=6117.0, end="lasting") == ""
    assert told((2000.0, 7000.0), move=6117.0, end="lasting") == ""


@pytest.mark.parametrize(
    ("lost", "left", "chance", "words"),
    [
        (
            0.95,
            0.90,
            1.0,
            "tune/hosted@gpt-4.1-mini scored 0.95 and is ruled out by lifecycle.",
        ),
        (0.95, 0.96, 1.0, ""),  # a better one is left, and it keeps the limits
        (0.95, 0.96, 0.5, ""),  # as likely as not is likely
        (0.95, 0.96, 0.4, "tune/hosted@gpt-4.1-mini scored 0.95"),  # but here it does not
        (0.89, 0.80, 0.0, ""),  # below the target itself
    ],
)
def test_the_best_score_that_a_rule_excludes_is_a_reason(
    lost: float, left: float, chance: float, words: str
) -> None:
    option = prompt("uncached")
    kept = np.arange(101)[:, None] < 100 * chance + 1
    every = np.ones_like(kept)
    cost = np.full(kept.shape, 100.0)
    found = Ranking((option,), cost, cost, cost / 200, kept, kept, every, every)
    measured = (
        Score(option.approach, option.technique, option.model, left, 400),
        Score("tune", "hosted", "gpt-4.1-mini", lost, 400),
    )
    out = Excluded("tune/hosted@gpt-4.1-mini+hosted", "lifecycle.closed", "closed since May")
    assert shut_out(found, 0.9, measured, (out,)).startswith(words)
    assert bool(shut_out(found, 0.9, measured, (out,))) is bool(words)
    assert shut_out(found, 0.9, measured, ()) == ""


def test_the_score_on_the_most_examples_counts_where_a_rule_excludes_a_curve() -> None:
    option = prompt("uncached")
    every = np.ones((11, 1), dtype=bool)
    cost = np.full(every.shape, 100.0)
    found = Ranking((option,), cost, cost, cost / 200, every, every, every, every)
    measured = (
        Score(option.approach, option.technique, option.model, 0.895, 800),
        Score("tune", "hosted", "gpt-4.1-mini", 0.918, 800, train_examples=4000),
        Score("tune", "hosted", "gpt-4.1-mini", 0.889, 800, train_examples=1000),
    )
    out = Excluded("tune/hosted@gpt-4.1-mini+hosted", "lifecycle.closed", "closed since May")
    assert "scored 0.918 and is ruled out" in shut_out(found, 0.88, measured, (out,))
