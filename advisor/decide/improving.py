"""Steps that make an option better: more labels, and a search for a better prompt.

They are worth what the better option saves; that is not information, and not bounded by the regret.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from advisor.core import format as fmt
from advisor.core.brief import Brief
from advisor.core.constants import WEEKS_PER_MONTH
from advisor.core.verdict import NextStep
from advisor.decide.endings import is_ending
from advisor.decide.information import rows_of
from advisor.decide.ranking import Matrix, Ranking
from advisor.decide.situation import Situation, label_goal

SEARCH_CALLS = 3200.0
"""Requests of a usual prompt search: optimisers report 1,000 to 10,000."""

SEARCH_HOURS = 8.0
"""A day of one engineer, to set the search up and to read what it finds."""

SEARCH_DAYS = 2.0


def improvements(situation: Situation) -> Iterator[NextStep]:
    """Every improvement with its price and worth, whether or not it pays."""
    yield from _labels(situation)
    yield from _searches(situation)


def fresh_share(brief: Brief, weeks: float) -> float:
    """Part of the labels that is still true when the last one is made: facts that change age them,
    on average for half of the time.
    """
    monthly = brief.task.factual_share.likely * brief.task.knowledge_change_per_month.likely
    return max(0.0, 1.0 - monthly * weeks / WEEKS_PER_MONTH / 2)


def _labels(situation: Situation) -> Iterator[NextStep]:
    """Labels up to the point at which a tuned option becomes the best, or reaches the target."""
    goal = label_goal(situation)
    if goal is None or any(
        is_ending(e) for e in situation.estimates if goal.option in (e.option.id, e.option.skill)
    ):
        return
    brief = situation.brief
    ranking = situation.ranking
    pick = ranking.pick
    cost = goal.missing * brief.data.label_usd.likely + brief.data.label_setup_usd.likely
    below = float(ranking.cost[0, pick]) * max(0.0, 1.0 - float(ranking.p_meets[pick]))
    action = (
        f"label {fmt.count(round(goal.missing, -1))} more examples: from {fmt.count(goal.labels)} "
        f"on {goal.option} is the better choice"
    )
    worth = below * fresh_share(brief, goal.weeks)
    command = f"advisor recommend BRIEF --set data.examples={goal.labels:.0f}"
    yield NextStep(action, cost, goal.days, worth, "improvement", None, command)


def _searches(situation: Situation) -> Iterator[NextStep]:
    """Search the prompt of a model that lasts (instructions × examples) and score what is found on
    the test items in hand.
    """
    ranking = situation.ranking
    hourly = situation.brief.team.hourly_usd.likely
    for model, score in situation.searched.items():
        plain = [
            i
            for i, option in enumerate(ranking.options)
            if option.traits.is_plain
            and option.model == model
            and ranking.rankable[i]
            and not is_ending(situation.estimates[i])
        ]
        if not plain:
            continue
        base = min(plain, key=lambda i: float(ranking.cost[0, i]))
        request = situation.estimates[base].figures.get("run.request")
        calls = SEARCH_CALLS * request.value if request is not None else 0.0
        gain = search_gain(ranking, base, rows_of(score), situation.brief.quality.target)
        yield NextStep(
            f"search the prompt of {model} for better instructions and examples",
            calls + SEARCH_HOURS * hourly,
            SEARCH_DAYS,
            gain.usd,
            "improvement",
            None,
            f"advisor calibrate prompts --search --url URL --model {model} --brief BRIEF",
            _odds(gain),
        )


@dataclass(frozen=True, slots=True)
class Gain:
    """What a better option saves on average, USD, and in what share of the draws it saves."""

    usd: float
    share: float


def _odds(gain: Gain) -> str:
    """Why a search that seldom helps may be worth its price: what it saves where it does."""
    if gain.share <= 0:
        return ""
    return (
        f"A search pays in {fmt.of_hundred(gain.share)} of 100 draws, and then saves "
        f"{fmt.money(gain.usd / gain.share)} on average"
    )


def _errors(ranking: Ranking, base: int, score: Matrix) -> Matrix:
    """Price of the wrong answers at these scores, USD: that of option `base`, in proportion."""
    priced = ranking.cost[:, base] - ranking.cash[:, base]
    share = (1.0 - score) / np.maximum(1e-9, 1.0 - ranking.quality[:, base])
    return np.asarray(priced * np.maximum(0.0, share))


def search_gain(ranking: Ranking, base: int, score: Matrix, target: float) -> Gain:
    """What an option is worth that costs as much as option `base` and scores `score` (a row per
    draw, row 0 likely).

    In draws in which some option meets every limit: what the new option saves by taking its place
    there. In the others, where the new one reaches the target: the pick's whole cost, which would
    go to an option below it.
    """
    meets = (score >= target) & ranking.meets_money[:, base] & ranking.meets_weeks[:, base]
    if ranking.meets_latency is not None:
        meets = meets & ranking.meets_latency[:, base]
    meets = meets[1:]
    opened = ranking.open[1:]
    errors = _errors(ranking, base, score)[1:]
    cost = ranking.cash[1:, base] + errors
    wrong = ranking.cost[1:, ranking.pick] - ranking.cash[1:, ranking.pick]
    spent = ranking.cash[1:, ranking.pick] + np.maximum(0.0, wrong - errors)
    saved = np.where(meets & ~opened, spent, 0.0)
    if opened.any():
        without = ranking.effective[:, ranking.pick]
        saved[opened] = np.where(meets[opened], np.maximum(0.0, without - cost[opened]), 0.0)
    return Gain(float(saved.mean()), float((saved > 0).mean()))
