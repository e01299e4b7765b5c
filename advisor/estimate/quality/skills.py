"""What a score depends on: the task, and the skill an option brings to it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from advisor.core.quantity import Range
from advisor.estimate.quality.metric_kind import MetricKind

Rows = NDArray[np.float64]

CHANCE_SPECIFICITY = {"low": -1.0, "medium": 0.0, "high": 1.0}
USUAL_CLASSES = 3.0  # of a published classification, the middle one
FEWEST_CLASSES = 2
UNNAMED_RELEASE = 2026.5  # year of a closed model that no pattern knows: taken to be today's

_RELEASES: tuple[tuple[str, float], ...] = (
    (
        r"gpt-?2|^t5|/t5|bart|bert|electra|xlnet|mpnet|setfit|\bpet\b"
        r"|before llms|supervised|state of the art",
        2019.5,
    ),
    (
        r"gpt-3 |^gpt-3$|gpt-3-|gpt-?j|cerebras|opt-|t0-|jurassic|flan|mt0|t5\+lm"
        r"|davinci|text-(ada|babbage|curie)",
        2021.5,
    ),
    (r"gpt-?3\.?5|chatgpt|palmyra|bloomberg", 2022.9),
    (r"llama-?1|llama-\d+b|vicuna|wizardlm|falcon|redpajama|mpt-|chatglm|pmc-|palm-?2", 2023.2),
    (r"gpt-4o|claude 3|claude-3|gemini 1\.5|gemini-1\.5|llama-?3(?!\.2|\.3)|llama-3\.1", 2024.4),
    (
        r"gpt-?4\.1|gpt-4-1-mini|qwen-?3|gemma-?3|gemini-?2|llama-?4|claude-?(sonnet-)?4(?!-5)",
        2025.3,
    ),
    (r"gpt-?5|claude-(sonnet|haiku|opus)-(4-5|5)|gemini-?3", 2026.0),
    (r"gpt-?4", 2023.3),
    (r"llama-?2|mistral|mixtral|zephyr|orca|deepseek-coder|codellama|phi-(?![34])", 2023.6),
    (r"gemma-?2(?!b)|llama-3\.[23]|qwen-?2|phi-?[34]", 2024.7),
    (r"gemma", 2024.1),
)


@dataclass(frozen=True, slots=True)
class Skill:
    """One way to do the task, as far as its score depends on it; options that differ in serving
    share it.

    `params_b` is in billions, None for a closed model. `examples` are those it was tuned on, or
    that the prompt shows; an array holds one number per case, None the technique's usual number.
    `released` is the model's year, None: from its name. `weak` marks tuning without labels of this
    task, such as on raw text or on another distribution. `static_tokens` are those of a prompt that
    has to name the classes in them, None where they come another way.
    """

    id: str
    approach: str
    technique: str
    model: str
    params_b: float | None = None
    examples: float | Rows | None = None
    encoder: bool = False
    released: float | None = None
    weak: bool = False
    static_tokens: float | None = None


@dataclass(frozen=True, slots=True)
class TaskProfile:
    """The task as the prior sees it.

    `expected_uplift` is tuned minus best prompt, in score (0 to 1). `documents` marks a task whose
    answers rest on documents that can be retrieved, `closed_book` that a tuned model was scored
    without them. `labels` is the number of classes, 0 unknown.
    """

    type: str
    specificity: str = "medium"
    labels: int = 0
    output: str = "short-text"
    human_ceiling: float | None = None
    expected_uplift: Range | None = None
    documents: bool = False
    metric: MetricKind = MetricKind.SHARE
    closed_book: bool = False

    @property
    def classes(self) -> float:
        """How many classes there are to tell apart: `USUAL_CLASSES` where nobody says, and for
        tasks without classes.
        """
        stated = self.type == "classification" and self.labels > 0
        return float(max(self.labels, FEWEST_CLASSES)) if stated else USUAL_CLASSES


@cache
def release_year(model: str) -> float:
    """Year of release by the model's name; of a name unknown here, `UNNAMED_RELEASE`."""
    name = model.lower()
    return next((year for pattern, year in _RELEASES if re.search(pattern, name)), UNNAMED_RELEASE)
