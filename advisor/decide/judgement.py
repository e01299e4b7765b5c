"""What a verdict is put together from: its inputs, the ruling on them, a closer look at both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from advisor.core.brief import Brief
from advisor.core.figure import Figure
from advisor.core.quantity import Quantity
from advisor.core.setting import Setting
from advisor.core.verdict import (
    Assumption,
    BreakEven,
    Excluded,
    FlipPoint,
    Information,
    LearningCurve,
    MapCell,
    NextStep,
    Readiness,
    Sensitivity,
)
from advisor.decide.evaluator import Cases, Evaluator
from advisor.decide.interim import Interim
from advisor.decide.ranking import Ranking
from advisor.decide.settling import Ruling
from advisor.decide.situation import LabelGoal


@dataclass(frozen=True, slots=True)
class DecisionInputs:
    """All that the decision looks at: the brief and its setting, drawn cases, and what was excluded
    before.
    """

    brief: Brief
    setting: Setting
    cases: Cases
    evaluator: Evaluator
    quality: Mapping[str, Figure]
    excluded: tuple[Excluded, ...]
    assumptions: tuple[Assumption, ...]
    warnings: tuple[str, ...]
    seed: int
    weights: Mapping[str, float] = field(default_factory=dict)
    searched: Mapping[str, Figure] = field(
        default_factory=dict
    )  # score of a searched prompt, by model
    labels: Mapping[str, Quantity] = field(
        default_factory=dict
    )  # labels to reach the target, by skill


@dataclass(frozen=True, slots=True)
class SecondLook:
    """Break-even, flip points, sensitivity, next steps. Empty for a verdict that must be quick."""

    break_even: BreakEven = BreakEven()
    flips: tuple[FlipPoint, ...] = ()
    sensitivity: tuple[Sensitivity, ...] = ()
    steps: tuple[NextStep, ...] = ()
    improvements: tuple[NextStep, ...] = ()
    next_step: NextStep | None = None
    goal: LabelGoal | None = None
    information: tuple[Information, ...] = ()
    cost_map: tuple[MapCell, ...] = ()
    curve: LearningCurve | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """The ruling with its checks, what to do until it is known, and the ranking that names the
    option to show: the one in use, or the nearest. `other` is the best option of another approach.
    """

    today: Ruling
    checks: tuple[Readiness, ...]
    until: Interim
    subject: Ranking
    other: int | None
