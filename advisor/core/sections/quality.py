"""How good it must be, and the scores that are already measured."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.core.quantity import Range
from advisor.core.question import ask, exactly
from advisor.core.sections.words import APPROACHES, TECHNIQUES


@dataclass(frozen=True, slots=True)
class Score:
    """A score the user has already measured."""

    approach: str = ask(
        "Which approach was measured?",
        "prompt, tune or hybrid.",
        "choice",
        "prompt",
        "",
        choices=APPROACHES,
        required=True,
    )
    technique: str = ask(
        "Which technique was measured?",
        "As in the name of an option.",
        "choice",
        "few-shot",
        "",
        choices=TECHNIQUES,
        required=True,
    )
    model: str = ask(
        "Which model was measured?",
        "As in the name of an option.",
        "text",
        "",
        "",
        required=True,
    )
    score: float = ask(
        "What did it score?", "0 to 1, higher is better.", "score", 0.0, "", required=True
    )
    items: int = ask(
        "On how many test items?",
        "The size of the test set: it limits how far the score can be trusted.",
        "whole",
        0,
        "",
        unit="items",
        low=1,
        high=10**8,
        required=True,
    )
    sd: float = ask(
        "Standard deviation between repeated runs?",
        "If there were several runs. 0: one run.",
        "score",
        0.0,
        "one run",
        registered=False,
    )
    train_examples: int = ask(
        "How many examples was it tuned on, or shown?",
        "Several rows of one option form a curve.",
        "whole",
        0,
        "not stated",
        unit="examples",
        low=0,
        high=10**10,
        registered=False,
    )
    static_tokens: Range | None = ask(
        "How long was its static prompt?",
        "Left out: as in traffic or tuning.",
        "number",
        None,
        "as in traffic or tuning",
        unit="tokens/request",
        low=0,
        high=1e7,
        registered=False,
    )
    output_tokens: Range | None = ask(
        "How many tokens did it write per request, including reasoning?",
        "A reasoning model writes many times what a tuned one does. Left out: as in traffic.",
        "number",
        None,
        "as in traffic",
        unit="tokens/request",
        low=0,
        high=1e7,
        registered=False,
    )
    segment: str = ask(
        "On which segment was it measured?",
        "The name of a segment. Left out: the whole traffic.",
        "text",
        "",
        "whole traffic",
        registered=False,
    )
    search_usd: Range | None = ask(
        "What did the search of this prompt cost?",
        "Counted once, as cost of a searched prompt. Left out: estimated.",
        "number",
        None,
        "estimated from published searches",
        unit="USD",
        low=0,
        high=1e9,
        registered=False,
    )
    passed_on: float | None = ask(
        "Which share of the requests did this cascade pass on?",
        "To the larger model. Left out: estimated.",
        "score",
        None,
        "estimated from published cascades",
        unit="share",
        low=0,
        high=1,
        registered=False,
    )
    source: str = ""  # no key of the file: the run that measured it; empty: the brief states it
    as_of: str = ""

    @property
    def skill(self) -> str:
        """What was measured, as `Option.skill` in lower case."""
        return f"{self.approach}/{self.technique}@{self.model}".lower()


@dataclass(frozen=True, slots=True)
class Quality:
    """How good it must be, and what is known about it."""

    metric: str = ask(
        "How is quality measured?",
        "The share of answers that pass by this measure.",
        "text",
        "accuracy",
        "the share of correct answers",
        registered=False,
    )
    target: float = ask(
        "Which score is good enough?",
        "Options with less than a 5 % chance to reach it are excluded. 0: no target.",
        "score",
        0.0,
        "no target",
        basic=True,
    )
    human_ceiling: float | None = ask(
        "How often do two annotators agree?",
        "No option is promised more than this.",
        "score",
        None,
        "no ceiling: not measured",
    )
    error_cost_usd: Range = ask(
        "What does one wrong answer cost?",
        "In money: rework, refunds, risk.",
        "number",
        exactly(0.0),
        "errors are not priced, unless stated",
        unit="USD/error",
        low=0,
        high=1e9,
        basic=True,
    )
    expected_uplift: Range | None = ask(
        "What should tuning add over the best prompt?",
        "In score, from -1 to 1. Left out: the evidence base.",
        "number",
        None,
        "the evidence base",
        unit="score",
        low=-1,
        high=1,
    )
    results: str = ask(
        "Is there a file of scores per item?",
        "CSV: item, then a column per approach/technique@model, scores from 0 to 1.",
        "path",
        "",
        "no file",
        registered=False,
    )
    measured: tuple[Score, ...] = ()
