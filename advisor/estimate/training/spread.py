"""How far an estimate may be off: causes of error and their fitted standard deviations, added as
variances.
"""

from __future__ import annotations

import math

from advisor.core.training import TrainingRun
from advisor.estimate.training.coefficients import Coefficients
from advisor.estimate.training.throughput import loops_over_experts

Z80 = 1.2816
"""Half width of an 80 % interval in standard deviations."""

CAUSES = ("base", "assumed", "model", "shared", "rare")
"""base: always; assumed: per input nobody stated; model: only its size known; shared: several
cards.

rare: methods that few have measured, offload, and the speed of mixtures where experts may be
computed one by one.
"""


def causes(run: TrainingRun, what: str) -> dict[str, float]:
    """How often each cause of error is present in a run, for `what` = memory or speed."""
    telling = MATTER[what]
    return {
        "base": 1.0,
        "assumed": float(sum(name in telling for name in run.assumed)),
        "model": float(run.model is None),
        "shared": float(run.gpus > 1),
        "rare": float(
            run.method not in ("full", "lora", "qlora")
            or run.offload != "none"
            or (what == "speed" and loops_over_experts(run))
        ),
    }


MATTER = {
    "memory": frozenset(
        {"seq_len", "micro_batch", "checkpointing", "fused_loss", "quantization", "sharding"}
    ),
    "speed": frozenset(
        {"seq_len", "micro_batch", "checkpointing", "compute_dtype", "sharding", "mean_tokens"}
    ),
}
"""The inputs whose absence widens memory, and those whose absence widens speed."""


def log_sd(run: TrainingRun, what: str, k: Coefficients) -> float:
    """Standard deviation of the logarithm of the estimate."""
    spread = k.spread(what)
    return math.sqrt(sum(count * spread[cause] ** 2 for cause, count in causes(run, what).items()))
