"""Words that several tables share: kinds of task, approaches, techniques, and where a default comes
from.
"""

from __future__ import annotations

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
APPROACHES = ("prompt", "tune", "hybrid")
TECHNIQUES = (
    "zero-shot",
    "one-shot",
    "few-shot",
    "many-shot",
    "retrieved-examples",
    "chain-of-thought",
    "searched",
    "retrieval",
    "lora",
    "qlora",
    "dora",
    "full",
    "soft-prompt",
    "encoder",
    "hosted",
    "tuned-few-shot",
    "tuned-retrieval",
    "cascade",
)

PLANNING = "planning range, no survey"
UNPRICED = "not priced unless told"
