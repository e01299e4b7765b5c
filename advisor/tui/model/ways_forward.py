"""What the user can do next with one key, where the verdict cannot decide yet. No Textual here."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from advisor.core.format import count
from advisor.tui.model.known_enough import most_important_gap, shows_winner

if TYPE_CHECKING:
    from advisor.core.brief import Brief
    from advisor.core.probes import DataReport
    from advisor.core.verdict import Verdict

DECIDE_NOW = "decide now"
FEWEST_ITEMS = 30
"""Fewer test items than this decide nothing, by the rule of the verdict."""


@dataclass(frozen=True, slots=True)
class WayForward:
    """A key and what it does."""

    key: str
    text: str


def ways_forward(verdict: Verdict, brief: Brief, data: DataReport | None) -> tuple[WayForward, ...]:
    """The keys that lead on from a verdict, the most useful first."""
    return tuple(_ways(verdict, brief, data))


def _ways(verdict: Verdict, brief: Brief, data: DataReport | None) -> Iterator[WayForward]:
    if not shows_winner(brief):
        if gap := most_important_gap(brief, verdict):
            yield WayForward("g", f"answer: {gap.text}")
        return
    action = verdict.next_step.action.lower()
    if items := items_to_set_aside(brief, data):
        assert data is not None
        yield WayForward("t", f"set {items} of your {count(data.rows)} rows aside as test items")
    if not (brief.quality.target or brief.quality.error_cost_usd.p90):
        yield WayForward("g", "say which score is good enough: so far cost alone decides")
    if verdict.verdict == "undecided" and not brief.quality.measured:
        yield WayForward("n", "note a score you know: how often is today's prompt right?")
    if prompt_to_measure(verdict) and brief.data.path:
        yield WayForward("c", "measure the prompt on your rows at your endpoint")
    elif "calibrat" in action:
        yield WayForward("c", "calibrate")
    if DECIDE_NOW in action:
        yield WayForward("r", "write the report")


def items_to_set_aside(brief: Brief, data: DataReport | None) -> int:
    """How many rows of the data file would make a test set; 0 where there is one, or too few."""
    from advisor.probe.holdout import SEPARATORS, usual_items

    has_items = brief.data.eval_path or brief.data.eval_examples.likely >= FEWEST_ITEMS
    if has_items or data is None or data.eval_rows or not data.answer_field:
        return 0
    if len(data.files) != 1:
        return 0
    divisible = data.files[0].lower().endswith((*SEPARATORS, ".jsonl"))
    return usual_items(data.rows) if divisible else 0


def prompt_to_measure(verdict: Verdict) -> str:
    """The model whose prompt the next step measures; empty where it is something else."""
    words = shlex.split(verdict.next_step.command)
    if words[:3] != ["advisor", "calibrate", "prompts"] or "--model" not in words[:-1]:
        return ""
    return words[words.index("--model") + 1]
