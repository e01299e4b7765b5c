"""Scenarios that are pinned to be compared: verdicts, each under a name."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from advisor.core.naming import input_name

if TYPE_CHECKING:
    from advisor.core.verdict import Verdict

MOST = 4
"""More columns than this fit no screen; the oldest pin makes room."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A verdict under a name; its record holds the answers, what-ifs included."""

    name: str
    verdict: Verdict


@dataclass(slots=True)
class Pins:
    """The pinned scenarios, in order of pinning."""

    scenarios: list[Scenario] = field(default_factory=list)
    _count: int = 0

    def pin(self, verdict: Verdict, name: str = "") -> Scenario:
        """Keep a scenario under its name, else under the next letter."""
        scenario = Scenario(name or chr(ord("A") + self._count % 26), verdict)
        self._count += not name
        self.scenarios.append(scenario)
        del self.scenarios[:-MOST]
        return scenario

    def unpin(self) -> None:
        """Drop the newest pin."""
        if self.scenarios:
            self.scenarios.pop()


def differing_answers(scenarios: list[Scenario]) -> list[tuple[str, list[str]]]:
    """Label and answers of every question that the scenarios answer differently."""
    stated = [{answer.key: answer.value for answer in s.verdict.answers} for s in scenarios]
    keys = dict.fromkeys(key for answers in stated for key in answers)
    rows = []
    for key in keys:
        texts = [answers.get(key, "") or "left out" for answers in stated]
        if len(set(texts)) > 1:
            rows.append((input_name(key), texts))
    return rows
