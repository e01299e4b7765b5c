"""The sections of a report, each a function from the record to blocks, in reading order.

To add a section, write a module with `blocks(verdict, terms)` and add a row here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from advisor.core.verdict import Verdict
from advisor.report.chapters import (
    appendix,
    business,
    findings,
    options,
    plan,
    quality,
    risks,
    robustness,
    situation,
    summary,
)
from advisor.report.page import Block
from advisor.report.terms import Terms

Chapter: TypeAlias = Callable[[Verdict, Terms], Iterator[Block]]

CHAPTERS: tuple[tuple[str, str, Chapter], ...] = (
    ("summary", "Executive summary", summary.blocks),
    ("situation", "Situation", situation.blocks),
    ("options", "Options", options.blocks),
    ("business-case", "Business case", business.blocks),
    ("quality", "Quality", quality.blocks),
    ("robustness", "Robustness", robustness.blocks),
    ("risks", "Risks", risks.blocks),
    ("plan", "Plan", plan.blocks),
    ("find-out", "What to find out", findings.blocks),
    ("appendix", "Appendix", appendix.blocks),
)
