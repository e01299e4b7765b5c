"""The next steps in two lists: what tells more, and what makes an option better."""

from __future__ import annotations

import math
from collections.abc import Iterable

from advisor.core import format as fmt
from advisor.core.brief import Brief
from advisor.core.option import score_input
from advisor.core.verdict import Information, NextStep
from advisor.decide.improving import improvements
from advisor.decide.measuring import (
    answers,
    calibrations,
    collect_test,
    find_prices,
    first_scores,
    is_question,
    is_search,
    larger_test,
    scorings,
    trials,
)
from advisor.decide.ranking import Ranking
from advisor.decide.readiness import EVALUATION, SCORES
from advisor.decide.situation import Situation

LISTED = 8
"""No more steps and inputs than a reader takes in."""

NEGLIGIBLE = 0.001
"""A step that saves less than this share of the money at stake is not worth its trouble."""

NEARLY_AS_MUCH = 0.5
"""Share of the best step's worth, net of its price, from which a cheaper one is tried before it."""

DECIDE_NOW = NextStep("decide now: no measurement is worth its price", 0.0, 0.0, 0.0)


def information_steps(situation: Situation) -> tuple[NextStep, ...]:
    """Every measurement or question that is worth its price, by worth net of cost; where a check
    stops for want of a test or of scores, what lifts it comes first.
    """
    if not situation.ranking.rankable.any():
        return (find_prices(situation),)
    steps = _paying(
        situation,
        [
            *larger_test(situation),
            *scorings(situation),
            *calibrations(situation),
            *answers(situation),
        ],
    )
    first = _first(situation)
    if first is None:
        return steps
    return (first, *(s for s in steps if s.action != first.action))


def improvement_steps(situation: Situation) -> tuple[NextStep, ...]:
    """More labels and prompt searches that are worth their price, by worth net of cost; where no
    option is likely to keep the limits, also scores of those that may, the one to try first in
    front.
    """
    steps = _paying(situation, [*improvements(situation), *trials(situation)])
    return _first_tried(steps) if is_search(situation) else steps


def _first_tried(steps: tuple[NextStep, ...]) -> tuple[NextStep, ...]:
    """The step of a search to take first, then the others: of those that are worth nearly as much
    as the best, net of their price, the one of highest worth per dollar (Weitzman 1979: a search
    begins where the chance per cost is highest).
    """
    most = max((-_net(step) for step in steps), default=0.0)
    worthy = [step for step in steps if -_net(step) >= NEARLY_AS_MUCH * most]
    first = sorted(worthy, key=_per_dollar)[:1]
    return (*first, *(step for step in steps if step not in first))


def _per_dollar(step: NextStep) -> float:
    return step.cost_usd / step.worth_usd if step.worth_usd > 0 else math.inf


def next_step(
    information: tuple[NextStep, ...], improvement: tuple[NextStep, ...], situation: Situation
) -> NextStep | None:
    """The one to take first: what lifts a stop, else the one of highest worth net of its cost.

    Where no option is likely to keep the limits, a question about a price lifts nothing: then it
    is a step that may find one that does.
    """
    if information and (_first(situation) is not None or not situation.ranking.rankable.any()):
        return information[0]
    if situation.is_likely:
        return min((*information, *improvement), key=_net, default=None)
    telling = tuple(step for step in information if not is_question(step))
    return next(iter(improvement or telling), None)


def _first(situation: Situation) -> NextStep | None:
    if situation.is_stopped_by(EVALUATION):
        return collect_test(situation)
    return first_scores(situation) if situation.is_open(SCORES) else None


def _paying(situation: Situation, steps: Iterable[NextStep]) -> tuple[NextStep, ...]:
    cost = float(situation.ranking.cost[0, situation.ranking.pick])
    least = NEGLIGIBLE * cost if cost == cost else 0.0
    paying = [
        s for s in steps if s.worth_usd - s.cost_usd > least and s.days <= situation.longest_days
    ]
    return tuple(sorted(paying, key=_net)[:LISTED])


def _net(step: NextStep) -> float:
    return step.cost_usd - step.worth_usd


def without_measurement(brief: Brief, ranking: Ranking) -> NextStep:
    """What is left to do where the verdict is open and no measurement is worth its price."""
    pick = ranking.pick
    option = ranking.options[pick]
    if ranking.likely[pick]:
        return NextStep(
            f"start with {option.id}: no measurement that could separate the options pays",
            0.0,
            0.0,
            0.0,
        )
    score = fmt.score(float(ranking.quality[0, pick]))
    chances = {
        f"quality.target = {brief.quality.target:g} ({option.id} is expected at {score})": (
            ranking.meets_quality[1:, pick]
        ),
        "the hard limits on money": ranking.meets_money[1:, pick],
        "budget.weeks": ranking.meets_weeks[1:, pick],
    }
    tightest = min(chances, key=lambda name: float(chances[name].mean()))
    return NextStep(
        f"relax {tightest} or name other models: no measurement changes what stops here",
        0.0,
        0.0,
        0.0,
    )


def information(situation: Situation) -> tuple[Information, ...]:
    """EVPPI of every uncertain input and every option's score, those worth a dollar or more and
    more than their noise, the largest first.
    """
    inputs = {
        key: figure
        for key, figure in situation.inputs.items()
        if not isinstance(figure.rows, float)
    }
    scores = {score_input(skill): figure for skill, figure in situation.quality.items()}
    worths = [(name, situation.worth(f)) for name, f in {**inputs, **scores}.items()]
    listed = [
        Information(name, worth.usd, worth.standard_error)
        for name, worth in worths
        if worth.usd >= 1.0 and not worth.is_noise
    ]
    return tuple(sorted(listed, key=lambda i: -i.worth_usd)[:LISTED])
