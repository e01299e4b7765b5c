"""How a quality run trains a model: the methods, their learning rates, and what they need."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

from advisor.calibrate.quality_records import ModelWeights
from advisor.core.errors import MissingExtra, UsageError

if TYPE_CHECKING:
    from advisor.calibrate.quality import EvaluationTask

METHODS = ("full", "lora", "dora", "qlora", "soft-prompt")
ENCODER = "encoder"
"""The method of a model that reads only: a classification head on top, all weights trained."""

DEFAULT = ("lora",)

SMALL_RATES = {"full": 5e-4, "lora": 2e-3, "dora": 2e-3, "qlora": 2e-3, "soft-prompt": 3e-2}
"""Learning rates of models below `LARGE_BYTES`, for few examples."""

LARGE_RATES = {"full": 1e-5, "lora": 2e-4, "dora": 2e-4, "qlora": 2e-4, "soft-prompt": 3e-2}
"""Of larger ones: QLoRA's 2e-4 up to 13 B (Dettmers et al.

2023, table 9), the 1e-5 to 2e-5 usual in full tuning.
"""

PREFERENCE_RATES = {"full": 5e-7, "lora": 5e-6, "dora": 5e-6, "qlora": 5e-6}
"""Of preference tuning (DPO): the recipes of zephyr-7b-beta in huggingface/alignment-handbook."""

LARGE_BYTES = 6e8
"""Weights of 0.3 billion parameters in 16 bits."""

ENCODER_RATE = 5e-5
"""Of BERT and its like (Devlin et al. 2019, appendix A.3: 2e-5 to 5e-5)."""

TINY_ENCODER_RATE = 1e-3
TINY_BYTES = 1e8
"""Below 25 million parameters in 32 bits an encoder takes a higher rate."""


def usual_rate(method: str, weights_bytes: float, objective: str = "sft") -> float:
    """The learning rate where none is asked for: that of the method and the size of the model;
    preference tuning takes a fortieth of it.
    """
    if objective == "dpo":
        return PREFERENCE_RATES.get(method, PREFERENCE_RATES["lora"])
    if method == ENCODER:
        return ENCODER_RATE if weights_bytes >= TINY_BYTES else TINY_ENCODER_RATE
    return (LARGE_RATES if weights_bytes >= LARGE_BYTES else SMALL_RATES)[method]


def check_method(method: str) -> None:
    """Raises UsageError for a method that does not train a model that writes, MissingExtra."""
    if method == ENCODER:
        raise UsageError(
            "--method encoder: the model writes text; give an encoder, such as a BERT, or another "
            "method"
        )
    if method not in METHODS:
        raise UsageError(f"--method {method}: not trained here; use one of {', '.join(METHODS)}")
    if method == "qlora" and find_spec("bitsandbytes") is None:
        raise MissingExtra("--method qlora needs bitsandbytes: pip install 'prompt-or-tune[qlora]'")


def check_classifier(task: EvaluationTask, weights: ModelWeights, methods: Sequence[str]) -> None:
    """Raises UsageError where an encoder cannot be tuned: other methods, or answers that are no
    labels.
    """
    named = f"--model {weights.hub or weights.folder}"
    if tuple(methods) not in (DEFAULT, (ENCODER,)):
        raise UsageError(f"{named}: an encoder is tuned as a whole; leave --method out")
    if not task.scorer.labels:
        raise UsageError(
            f"{named}: an encoder gives labels, and the answers are free text; give a model that "
            "writes"
        )
