"""Words that several tables share: task types, approaches, techniques and sources of defaults."""

from __future__ import annotations

from enum import StrEnum

from advisor.core import techniques

TASK_TYPES = (
    "classification",
    "extraction",
    "qa",
    "summarisation",
    "translation",
    "generation",
    "dialogue",
    "code",
    "reasoning",
)


class Approach(StrEnum):
    """What is changed to make the model do the task: the prompt, the weights, or both."""

    PROMPT = "prompt"
    TUNE = "tune"
    HYBRID = "hybrid"


APPROACHES = tuple(approach.value for approach in Approach)
TECHNIQUES = techniques.NAMES

PLANNING = "planning range, no survey"
UNPRICED = "not priced unless stated"
