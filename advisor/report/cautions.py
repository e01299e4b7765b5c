"""Warnings in the order of what they bear on: the option on top, everything, other options."""

from __future__ import annotations

from advisor.core.verdict import Verdict
from advisor.report.terms import skill_of

MOST_IN_SUMMARY = 6
"""Warnings that the summary lists; the others stand in the appendix."""


def cautions(verdict: Verdict) -> tuple[str, ...]:
    """Limits that the option on top breaks, what else is about it, what names no option, others."""
    return tuple(sorted(verdict.warnings, key=lambda text: _rank(text, verdict)))


def _rank(text: str, verdict: Verdict) -> int:
    chosen = verdict.chosen
    if text.startswith("The pick"):
        return -1
    if chosen is not None and _names(text, chosen.id):
        return 0
    return 2 if any(_names(text, option.id) for option in verdict.arms) else 1


def _names(text: str, option_id: str) -> bool:
    return option_id in text or skill_of(option_id) in text
