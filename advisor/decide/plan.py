"""A staged plan, where stages beat a single choice: start with one option, collect labels, change
over at a gate.
"""

from __future__ import annotations

from collections.abc import Mapping

from advisor.core import format as fmt
from advisor.core.brief import Brief
from advisor.core.constants import WORKING_HOURS_PER_WEEK
from advisor.core.quantity import UNKNOWN, Quantity, Range
from advisor.core.verdict import LabelsNeeded, PlanStage
from advisor.decide.information import DETECTABLE, items_needed
from advisor.decide.ranking import Ranking
from advisor.decide.situation import LabelGoal

TRIAL_WEEKS = 1.0
"""A training run and its paired test on fresh items."""


def plan(brief: Brief, ranking: Ranking, goal: LabelGoal | None) -> tuple[PlanStage, ...]:
    """Three stages where more labels change the answer within reach: start, try, change over; else
    none.

    The gates are counts and scores that can be measured; every stage takes time.
    """
    chosen = ranking.options[ranking.pick]
    if goal is None or chosen.approach != "prompt":
        return ()
    items = max(items_needed(DETECTABLE / 2), int(brief.data.eval_examples.likely))
    collected = (
        f"{fmt.count(round(goal.missing, -1))} more labels ({fmt.count(goal.labels)} in all) "
        "collected in production"
    )
    passed = f"{goal.option} not worse in a paired test on {items:,} fresh items"
    if brief.quality.target > 0:
        passed += f"; its score at {brief.quality.target:g} or more"
    roll_out = brief.team.tuning_hours.likely / WORKING_HOURS_PER_WEEK
    return (
        PlanStage(1, chosen.id, collected, round(goal.weeks, 1)),
        PlanStage(2, chosen.id, passed, TRIAL_WEEKS),
        PlanStage(3, goal.option, "", round(roll_out, 1)),
    )


def labels_needed(brief: Brief, needed: Mapping[str, Quantity]) -> tuple[LabelsNeeded, ...]:
    """What the labels still missing cost, and how many weeks they take, at the likely price and
    pace.

    `needed` is for one tuned model; each of several segments needs as many of its own.
    """
    return tuple(_labels_needed(brief, skill, quantity) for skill, quantity in needed.items())


def _labels_needed(brief: Brief, skill: str, labels: Quantity) -> LabelsNeeded:
    price = brief.data.label_usd.likely
    pace = brief.data.labels_per_week.likely
    points = [p for p in (labels.range.p10, labels.range.p50, labels.range.p90) if p is not None]
    if len(points) < 3:
        return LabelsNeeded(skill, UNKNOWN, UNKNOWN, UNKNOWN, labels.reason)
    in_hand = [(s.count, s.examples.likely) for s in brief.segments] or [
        (1, brief.data.examples.likely)
    ]
    missing = [sum(count * max(0.0, p - own) for count, own in in_hand) for p in points]
    setup = brief.data.label_setup_usd.likely
    cost = Range(*(m * price + (setup if m else 0.0) for m in missing))
    whole = Range(*(p * sum(count for count, _ in in_hand) for p in points))
    return LabelsNeeded(skill, whole, cost, Range(*(m / pace for m in missing)), labels.reason)
