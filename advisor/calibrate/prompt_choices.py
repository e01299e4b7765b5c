"""Which prompts to measure, as a person states them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from advisor.core.errors import UsageError

SEARCH_BUDGET = 1000
"""Answers of a search: the lower end of what optimisers report."""


@dataclass(frozen=True, slots=True)
class PromptChoices:
    """The options of `advisor calibrate prompts` that say which prompts are measured and how
    answers are marked, each by its name.

    Empty and None: left out. `shots` are numbers with commas between; paths are relative to the
    folder that `prompt_options` is given. `*_usd` are USD per million tokens.
    """

    techniques: tuple[str, ...] = ()
    shots: str = "0,3"
    instructions: str = ""
    prompts: tuple[str, ...] = ()
    documents: str = ""
    structured: bool = False
    repeats: int = 0
    paraphrases: int = 0
    search: bool = False
    search_calls: int = SEARCH_BUDGET
    proposals: int = 0
    optimiser: str = ""
    judge_model: str = ""
    judge_url: str = ""
    judge_key_env: str = "OPENAI_API_KEY"
    judge_input_usd: float | None = None
    judge_output_usd: float | None = None
    rubric: str = ""
    pairwise: bool = False
    judge_labels: str = ""
    embedding_model: str = ""
    embedding_url: str = ""
    embedding_key_env: str = "OPENAI_API_KEY"
    embedding_usd: float | None = None

    @property
    def searches(self) -> bool:
        """Whether a search is asked for, which then always runs."""
        return self.search or bool(self.optimiser)


def shot_counts(text: str) -> list[int]:
    """The numbers of examples in `0,3`. Raises UsageError."""
    try:
        counts = [int(part) for part in text.split(",")]
    except ValueError:
        counts = [-1]
    if min(counts) < 0:
        raise UsageError(f"--shots {text}: not numbers; write them as 0,3")
    return counts


def techniques_by_shots(shots: Sequence[int]) -> tuple[str, ...]:
    """What numbers of examples mean, where no technique is named."""
    names = ("zero-shot", "one-shot", "few-shot")
    meant = (0 in shots, 1 in shots, any(n > 1 for n in shots))
    return tuple(name for name, is_meant in zip(names, meant, strict=True) if is_meant)
