"""Scenarios that are pinned to be compared: a brief with its verdict, under a name."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from advisor.core.brief import Brief, questions
from advisor.tui.model.question_text import as_typed, full_label

if TYPE_CHECKING:
    from advisor.core.verdict import Verdict

MOST = 4
"""More columns than this fit no screen; the oldest pin makes room."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A brief, what-ifs included, and the verdict on it."""

    name: str
    brief: Brief
    verdict: Verdict


@dataclass(slots=True)
class Pins:
    """The pinned scenarios, in order of pinning."""

    scenarios: list[Scenario] = field(default_factory=list)
    _count: int = 0

    def pin(self, brief: Brief, verdict: Verdict) -> Scenario:
        """Keep a scenario under the next letter."""
        scenario = Scenario(chr(ord("A") + self._count % 26), brief, verdict)
        self._count += 1
        self.scenarios.append(scenario)
        del self.scenarios[:-MOST]
        return scenario

    def unpin(self) -> None:
        """Drop the newest pin."""
        if self.scenarios:
            self.scenarios.pop()


def differing_answers(scenarios: list[Scenario]) -> list[tuple[str, list[str]]]:
    """Label and answers of every question that the scenarios answer differently."""
    rows = []
    for key, question in questions().items():
        if "[" in key:
            continue
        answers = [
            as_typed(question, s.brief.get(key)) if key in s.brief.origins else ""
            for s in scenarios
        ]
        if len(set(answers)) > 1:
            rows.append((full_label(key), [answer or "left out" for answer in answers]))
    return rows
