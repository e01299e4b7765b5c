"""Techniques: one row per way to prompt, to tune or to do both.

A row says all that the rest of the program asks of a technique: how many calls and how much more
output a request takes, how many examples a prompt shows, what it reads, how its answers are scored,
and which scores of the evidence base predict it. `Technique` has no defaults: a row that leaves
something out cannot be made, and `check` refuses a row that contradicts itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from advisor.core.plugins import PluggedTechnique, add_fault, records
from advisor.core.quantity import Range


class Scoring(StrEnum):
    """How an answer is scored."""

    TEXT = "text"  # what the model wrote is compared with the reference
    LABEL = "label"  # the most likely class


class Weights(StrEnum):
    """Which weights are trained."""

    NONE = "none"
    ADAPTER = "adapter"
    ALL = "all"
    PROVIDER = "provider"  # what the provider trains, it does not say


@dataclass(frozen=True, slots=True, kw_only=True)
class Technique:
    """One technique.

    `calls` is the number of model calls per request. `reasoning_tokens` (tokens per call) come on
    top of the answer. `shown_examples` stand in the prompt. `retrieves`: reads documents for every
    request. `keeps_prompt`: a tuned model that still gets the whole static prompt. `escalates`: a
    prompted model answers what the tuned one is unsure of. `prompt_share` (0 to 1) is how far its
    score moves with that of the prompted model; `evidence` is the prompt technique, or the way of
    tuning, whose published scores predict it.
    """

    name: str
    approach: str
    calls: float
    reasoning_tokens: Range
    shown_examples: float
    retrieves: bool
    keeps_prompt: bool
    escalates: bool
    weights: Weights
    scoring: Scoring
    prompt_share: float
    evidence: str

    @property
    def is_plain(self) -> bool:
        """Whether it is a prompt of one call that a search could still improve."""
        return self.name in ("zero-shot", "few-shot")

    @property
    def goes_stale(self) -> bool:
        """Whether its knowledge stays as it was on the day of training."""
        return self.weights is not Weights.NONE and not self.retrieves


NO_TOKENS = Range.exact(0.0)

THINKING_TOKENS = Range(50.0, 150.0, 400.0)
"""Tokens of a written chain of thought: published solutions of GSM8K and BBH have 50 to 400."""

SAMPLES = 5.0
"""Answers that self-consistency votes on: most of its gain comes with the first five (Wang et al.
2022, figure 2).
"""

TOOL_CALLS = 2.0
"""A request that uses a tool calls the model once to choose it and once to read its result."""


def prompt(
    name: str,
    example_count: float,
    evidence: str = "",
    *,
    calls: float = 1.0,
    thinks: bool = False,
    retrieves: bool = False,
) -> Technique:
    """A row of the table: a way to prompt."""
    return Technique(
        name=name,
        approach="prompt",
        calls=calls,
        reasoning_tokens=THINKING_TOKENS if thinks else NO_TOKENS,
        shown_examples=example_count,
        retrieves=retrieves,
        keeps_prompt=True,
        escalates=False,
        weights=Weights.NONE,
        scoring=Scoring.TEXT,
        prompt_share=1.0,
        evidence=evidence or name,
    )


def tune(
    name: str, weights: Weights, evidence: str = "", *, scoring: Scoring = Scoring.TEXT
) -> Technique:
    """A row of the table: a way to tune a model that is then given instructions only."""
    return Technique(
        name=name,
        approach="tune",
        calls=1.0,
        reasoning_tokens=NO_TOKENS,
        shown_examples=0.0,
        retrieves=False,
        keeps_prompt=False,
        escalates=False,
        weights=weights,
        scoring=scoring,
        prompt_share=0.0,
        evidence=evidence or name,
    )


def hybrid(
    name: str,
    evidence: str,
    share: float,
    *,
    retrieves: bool = False,
    keeps_prompt: bool = False,
    escalates: bool = False,
) -> Technique:
    """A row of the table: a tuned model that is prompted, or has a prompted one behind it."""
    return Technique(
        name=name,
        approach="hybrid",
        calls=1.0,
        reasoning_tokens=NO_TOKENS,
        shown_examples=0.0,
        retrieves=retrieves,
        keeps_prompt=keeps_prompt,
        escalates=escalates,
        weights=Weights.ADAPTER,
        scoring=Scoring.TEXT,
        prompt_share=share,
        evidence=evidence,
    )


ROWS = (
    prompt("zero-shot", 0),
    prompt("one-shot", 1),
    prompt("few-shot", 5),
    prompt("many-shot", 500),
    prompt("retrieved-examples", 5),
    prompt("chain-of-thought", 0, thinks=True),
    prompt("self-consistency", 0, "chain-of-thought", calls=SAMPLES, thinks=True),
    prompt("searched", 3),
    prompt("retrieval", 0, retrieves=True),
    prompt("tools", 0, "retrieval", calls=TOOL_CALLS, retrieves=True),
    tune("lora", Weights.ADAPTER),
    tune("qlora", Weights.ADAPTER),
    tune("dora", Weights.ADAPTER),
    tune("full", Weights.ALL),
    tune("soft-prompt", Weights.ADAPTER),
    tune("dpo", Weights.ADAPTER, "lora"),
    tune("encoder", Weights.ALL, scoring=Scoring.LABEL),
    tune("hosted", Weights.PROVIDER),
    hybrid("tuned-few-shot", "few-shot", 0.5, keeps_prompt=True),
    hybrid("tuned-retrieval", "retrieval", 0.7, retrieves=True),
    hybrid("cascade", "few-shot", 0.5, escalates=True),
)


def check(rows: Iterable[Technique]) -> Mapping[str, Technique]:
    """The rows by name. Raises ValueError for a row that is incomplete or contradicts itself."""
    table: dict[str, Technique] = {}
    for row in rows:
        fault = _fault(row, table)
        if fault:
            raise ValueError(f"technique {row.name!r}: {fault}")
        table[row.name] = row
    return MappingProxyType(table)


def _fault(row: Technique, table: Mapping[str, Technique]) -> str:
    if not row.name or row.name in table:
        return "a name of its own is missing"
    if row.approach not in ("prompt", "tune", "hybrid"):
        return f"{row.approach!r} is not an approach: prompt, tune or hybrid"
    if row.calls < 1:
        return "calls: a request takes at least one call"
    if not row.evidence or (row.evidence != row.name and row.evidence not in table):
        return f"evidence: {row.evidence!r} is not a technique above this row"
    if (row.approach == "prompt") != (row.weights is Weights.NONE):
        return "weights: a prompt trains none, anything else trains some"
    if not 0 <= row.prompt_share <= 1 or (row.approach == "prompt") != (row.prompt_share == 1):
        return "prompt_share: 1 for a prompt, below 1 for a tuned model"
    return ""


def technique_of(name: str, shown_examples: int = 0) -> Technique:
    """The row of a technique; `many-shot-1000` is a point on the curve of `many-shot`.

    Raises ValueError for a technique that the table does not have.
    """
    base = name.removesuffix(f"-{shown_examples}") if shown_examples else name
    if base not in TABLE:
        raise ValueError(f"technique {base!r} is not in the table: {', '.join(NAMES)}")
    return TABLE[base]


def names_of(approach: str) -> tuple[str, ...]:
    """The techniques of an approach, in the order of the table."""
    return tuple(row.name for row in TABLE.values() if row.approach == approach)


def with_plugins(rows: Iterable[Technique]) -> Mapping[str, Technique]:
    """The rows and, behind them, those of plug-ins; one that `check` refuses is left out."""
    table = check(rows)
    for plugged in records(PluggedTechnique):
        try:
            table = check((*table.values(), plugged.row))
        except (ValueError, TypeError, AttributeError) as error:
            add_fault(plugged.name, str(error))
    return table


TABLE = with_plugins(ROWS)
NAMES = tuple(TABLE)
