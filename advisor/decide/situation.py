"""What the next step is chosen from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from advisor.core.brief import Brief
from advisor.core.constants import WEEKS_PER_MONTH
from advisor.core.figure import Figure
from advisor.core.option import Estimate
from advisor.core.quantity import Quantity
from advisor.core.verdict import FlipPoint, Readiness
from advisor.decide.flips import LABELS
from advisor.decide.information import (
    Conditional,
    Worth,
    conditional_costs,
    costs_beside_pick,
    worth,
)
from advisor.decide.ranking import Ranking, full

DAYS_PER_WEEK = 7.0


@dataclass(frozen=True, slots=True)
class Situation:
    """The ranking, the drawn inputs, the flip points and the readiness rules.

    `quality` and `labels` (to reach the target) are by skill, `searched` is the score of a searched
    prompt by model.
    """

    brief: Brief
    ranking: Ranking
    inputs: Mapping[str, Figure]
    quality: Mapping[str, Figure]
    flips: tuple[FlipPoint, ...] = ()
    readiness: tuple[Readiness, ...] = ()
    estimates: Sequence[Estimate] = ()
    searched: Mapping[str, Figure] = field(default_factory=dict)
    labels: Mapping[str, Quantity] = field(default_factory=dict)
    conditionals: dict[int, tuple[Figure, Conditional | None]] = field(default_factory=dict)

    def worth(self, figure: Figure, variance_share: float = 1.0) -> Worth:
        """What knowing this share of a figure's variance is worth: EVPPI for all of it, else
        EVSI.
        """
        if id(figure) not in self.conditionals:
            self.conditionals[id(figure)] = (
                figure,
                conditional_costs(self.ranking, full(figure, len(self.ranking.open))),
            )
        return worth(self.conditionals[id(figure)][1], variance_share)

    def worth_of_score(self, skill: str, figure: Figure, variance_share: float) -> Worth:
        """What it is worth to measure this share of the variance of a score. Beside a pick that was
        scored, no option takes its place until it is scored too.
        """
        ranking = self.ranking
        if ranking.scored is None or not ranking.scored[ranking.pick]:
            return self.worth(figure, variance_share)
        options = np.array([option.skill == skill for option in ranking.options])
        rows = full(figure, len(ranking.open))
        return worth(costs_beside_pick(ranking, rows, options), variance_share)

    @property
    def is_likely(self) -> bool:
        """Whether the pick is likely to keep the limits."""
        return bool(self.ranking.likely[self.ranking.pick])

    def is_stopped_by(self, rule: str) -> bool:
        """Whether this readiness rule stops the verdict."""
        return any(r.rule == rule and r.status == "stop" for r in self.readiness)

    def is_open(self, rule: str) -> bool:
        """Whether this readiness rule stops the verdict, or warns of it."""
        return any(r.rule == rule and r.status != "ok" for r in self.readiness)

    @property
    def longest_days(self) -> float:
        """A step that takes longer comes too late: half of the horizon, or the deadline."""
        weeks = self.brief.budget.horizon_months * WEEKS_PER_MONTH / 2
        deadline = self.brief.budget.weeks
        if deadline is not None:
            weeks = min(weeks, deadline.likely)
        return DAYS_PER_WEEK * weeks


@dataclass(frozen=True, slots=True)
class LabelGoal:
    """A number of labels in all at which a tuned option takes over, or reaches the target."""

    labels: float
    missing: float
    option: str
    weeks: float

    @property
    def days(self) -> float:
        return DAYS_PER_WEEK * self.weeks


def label_goal(situation: Situation) -> LabelGoal | None:
    """Where more labels change the answer: at a flip point, else where the target is reached with
    the fewest; None where no number within reach does.
    """
    brief = situation.brief
    in_hand = brief.data.examples.likely
    goals = [
        (f.value, f.arm)
        for f in situation.flips
        if f.input == LABELS and f.value > in_hand and f.verdict_becomes in ("tune", "hybrid")
    ]
    pick = situation.ranking.options[situation.ranking.pick]
    if not goals and pick.approach == "prompt" and not situation.is_likely:
        goals = [
            (quantity.range.p50, skill)
            for skill, quantity in situation.labels.items()
            if quantity.range.p50 is not None and quantity.range.p50 > in_hand
        ]
    if not goals:
        return None
    labels, option = min(goals)
    weeks = (labels - in_hand) / brief.data.labels_per_week.likely
    goal = LabelGoal(labels, labels - in_hand, option, weeks)
    return goal if goal.days <= situation.longest_days else None
