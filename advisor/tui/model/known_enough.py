"""Whether a brief says enough for a verdict, and what it should say next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from advisor.core.brief import Brief, questions

if TYPE_CHECKING:
    from advisor.core.verdict import Verdict

WINNER_NEEDS = (
    ("task.type",),
    ("traffic.requests_per_month",),
    ("quality.target", "quality.error_cost_usd", "quality.measured", "data.eval_path"),
)
"""Without one of each, every figure would rest on defaults: no winner is shown."""

HELPS = (
    ("data.path", "data.examples"),
    ("data.eval_path", "data.eval_examples"),
    ("policy.data_may_leave",),
    ("current.model",),
)
"""What makes the verdict better, in this order, where sensitivity says nothing else."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A question without an answer: its key, its text, and whether a winner needs it."""

    key: str
    text: str
    needed: bool


def gaps(brief: Brief) -> tuple[Gap, ...]:
    """What the brief leaves out that matters, needed answers first."""
    needed = [Gap(keys[0], questions()[keys[0]].text, True) for keys in _open(brief, WINNER_NEEDS)]
    helpful = [Gap(keys[0], questions()[keys[0]].text, False) for keys in _open(brief, HELPS)]
    return (*needed, *helpful)


def shows_winner(brief: Brief) -> bool:
    """Whether the brief says enough to show a winner."""
    return not _open(brief, WINNER_NEEDS)


def most_important_gap(brief: Brief, verdict: Verdict | None) -> Gap | None:
    """The single answer that would help most: needed ones first, then by sensitivity."""
    every = gaps(brief)
    if (first := next(iter(every), None)) is not None and first.needed:
        return first
    for row in verdict.sensitivity if verdict is not None else ():
        if row.input in questions() and row.input not in brief.origins:
            return Gap(row.input, questions()[row.input].text, False)
    return first


def _open(brief: Brief, needs: tuple[tuple[str, ...], ...]) -> list[tuple[str, ...]]:
    return [keys for keys in needs if not any(_answered(brief, key) for key in keys)]


def _answered(brief: Brief, key: str) -> bool:
    if key == "quality.measured":
        return bool(brief.quality.measured)
    return key in brief.origins
