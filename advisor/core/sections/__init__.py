"""The tables of a brief, one module per part of the form.

Every field carries its question, declared here and nowhere else.

Ranged fields hold a `Range` (P10, P50, P90); an exact answer is a range of equal values. `None`
stands for "left out, derived elsewhere".
"""

from __future__ import annotations

from advisor.core.sections.baseline import Baseline
from advisor.core.sections.data import Data, Tuning
from advisor.core.sections.machines import Hardware
from advisor.core.sections.money import Budget, Team
from advisor.core.sections.plan import PlanGate, Schedule, TeamRole
from advisor.core.sections.policy import Compare, Models, Policy, Prices
from advisor.core.sections.quality import Quality, Score
from advisor.core.sections.task import Current, Task
from advisor.core.sections.traffic import Retrieval, Segment, Traffic
from advisor.core.sections.words import APPROACHES, TASK_TYPES, TECHNIQUES, Approach

__all__ = [
    "APPROACHES",
    "TASK_TYPES",
    "TECHNIQUES",
    "Approach",
    "Baseline",
    "Budget",
    "Compare",
    "Current",
    "Data",
    "Hardware",
    "Models",
    "PlanGate",
    "Policy",
    "Prices",
    "Quality",
    "Retrieval",
    "Schedule",
    "Score",
    "Segment",
    "Task",
    "Team",
    "TeamRole",
    "Traffic",
    "Tuning",
]
