"""What is done today without a model: by hand, by rules, by a supplier."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.core.quantity import Range
from advisor.core.question import ask


@dataclass(frozen=True, slots=True)
class Baseline:
    """Today's process, which every option is compared with in the report; no estimate rests on
    it.
    """

    process: str = ask(
        "How is the task done today, without a model?",
        "A few words, such as: two clerks type it in.",
        "text",
        "",
        "not stated",
        registered=False,
    )
    monthly_usd: Range | None = ask(
        "What does that process cost per month?",
        "Wages and tools. What the options save is counted against it.",
        "number",
        None,
        "not stated",
        unit="USD/month",
        low=0,
        registered=False,
    )
    score: float | None = ask(
        "What does that process score?",
        "By the same metric as the options. Left out: not known.",
        "score",
        None,
        "not stated",
        unit="score",
        low=0,
        high=1,
        registered=False,
    )
