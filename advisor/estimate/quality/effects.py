"""What prompting and tuning do beside the score: variation, overfitting, forgetting, reasoning.

Each effect is a row of profiles/quality_effects.csv, measured on published studies by
tools/quality_effects.py or quoted from one.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from advisor import shipped
from advisor.core.quantity import Basis, Quantity, Range


class EffectKind(StrEnum):
    """An effect; its unit is a score (0 to 1), or a share of decisions or of the score."""

    WORDING = "wording_spread"  # standard deviation over wordings of one prompt
    REPEATS = "repeat_spread"  # over draws of demonstrations, or over training runs
    BELOW_PROMPT = "below_prompt"  # how often tuning fell below the best prompt
    FORGETTING = "forgetting"  # score lost on general tests
    REASONING = "reasoning_gain"  # chain of thought, over the same prompt without
    QUANTISATION = "quantisation_loss"  # share of the score lost by weights in fewer bits
    VOTING = "voting_gain"  # several answers and a vote, over one chain of thought


@dataclass(frozen=True, slots=True)
class SideEffect:
    """One row: an effect on what it applies to, for `examples` in [at_least, below)."""

    kind: EffectKind
    applies_to: str
    at_least: float
    below: float
    size: Quantity


@cache
def load() -> tuple[SideEffect, ...]:
    """The shipped effects, profiles/quality_effects.csv."""
    path = shipped.folder("profiles") / "quality_effects.csv"
    with path.open(newline="", encoding="utf-8") as file:
        return tuple(_effect(row) for row in csv.DictReader(file))


def _effect(row: dict[str, str]) -> SideEffect:
    size = Range(float(row["p10"]), float(row["p50"]), float(row["p90"]))
    return SideEffect(
        EffectKind(row["effect"]),
        row["applies_to"],
        float(row["examples_from"] or 0),
        float(row["examples_below"] or "inf"),
        Quantity(size, row["unit"], Basis.PUBLISHED, row["source"], row["as_of"]),
    )


def effect(kind: EffectKind, applies_to: str, examples: float = 0.0) -> Quantity | None:
    """The size of an effect on an approach, a technique or a kind of weights; None where no study
    measured it.
    """
    return next(
        (
            e.size
            for e in load()
            if e.kind is kind and e.applies_to == applies_to and e.at_least <= examples < e.below
        ),
        None,
    )
