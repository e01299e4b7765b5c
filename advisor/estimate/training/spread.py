"""How far an estimate may be off: causes of error and their standard deviations, as variances.

A term that makes up a share s of an estimate adds (s d)² with its own doubt d; circumstances add
theirs where they are present. The figures are fitted on errors of sources, stacks and GPUs that
were left out (tools/fit_training.py).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from advisor.core.training import TrainingRun
from advisor.estimate.training import alternatives, basis, frameworks, lengths
from advisor.estimate.training.activations import QUANTIZED
from advisor.estimate.training.coefficients import Coefficients

TERM_CAUSES = {
    "memory": {
        "standing": ("weights", "adapter", "optimizer", "gradients"),
        "moving": ("activations",),
        "logits": ("logits",),
        "extra": ("buffers", "allocator and context"),
    },
    "speed": {
        "matrix": ("matrix",),
        "attention": ("attention",),
        "traffic": ("traffic",),
        "launch": ("launch",),
        "link": ("link", "tensor"),
        "rest": ("dequantize", "optimizer"),
    },
}
"""Which terms of an estimate share a doubt."""

CIRCUMSTANCES = (
    "base",
    "lengths",
    "batch",
    "settings",
    "model",
    "shared",
    "machines",
    "stack",
    "gpu",
    "moves",
    "rare",
    "quantized",
    "loss",
    "mixture",
    "basis",
    "varying",
    "fragments",
)
"""base: always; lengths, batch, settings: not stated; model: only its size known; shared: several
GPUs; machines: doublings beyond one machine; stack, gpu: never measured, by the share of what
depends on them (`exposures`); moves: how far the
estimate would move if open settings were otherwise; rare: offload, methods and
optimisers few have measured; quantized: weights of 4 or 8 bits, whose copies differ by library and
version; loss: fused in a way that is not stated; mixture: of experts; basis: whose memory is meant
is not stated; varying: the share of what depends on the longest batch, where batches differ and
nobody looked at the data; fragments: that share where the allocator may keep blocks of earlier
batches.
"""

LENGTHS = frozenset({"seq_len", "mean_tokens"})
SETTINGS = frozenset(
    {"checkpointing", "fused_loss", "quantization", "sharding", "framework", "dtype", "optimizer"}
)
USUAL_METHODS = ("full", "lora", "qlora")
RARE_OPTIMIZERS = frozenset({"other", "lion", "lion8bit", "muon", "adamw4bit"})
MACHINE = 8
Predict = Callable[[TrainingRun], float | None]
"""An estimate of memory or speed; None where it is unknown."""


def cause_names(what: str) -> tuple[str, ...]:
    """All causes of error of `what` = memory or speed."""
    return (*CIRCUMSTANCES, *TERM_CAUSES[what])


def causes(
    run: TrainingRun, what: str, shares: Mapping[str, float], k: Coefficients, predict: Predict
) -> dict[str, float]:
    """By how much each cause counts: the square of its share, 1, or how often it is present.

    `predict` is the estimate itself, of any run.
    """
    assumed = set(run.assumed)
    exposed = exposures(run, what, shares)
    unusual = run.method not in USUAL_METHODS or run.optimizer in RARE_OPTIMIZERS
    present = {
        "base": 1.0,
        "lengths": float(bool(assumed & LENGTHS)),
        "batch": float("micro_batch" in assumed),
        "settings": float(len(assumed & SETTINGS)),
        "model": float(run.model is None),
        "shared": float(run.gpus > 1),
        "machines": math.log2(max(run.gpus / MACHINE, 1.0)),
        "stack": exposed["stack"]
        * (bool(k.frameworks) and frameworks.kin(run.framework) not in k.frameworks),
        "gpu": exposed["gpu"] * (bool(k.gpus) and run.gpu_name not in k.gpus),
        "moves": alternatives.moves(run, predict),
        "rare": float(unusual or run.offload != "none"),
        "quantized": float(run.quantization in QUANTIZED),
        "loss": float(run.fused_loss == "yes"),
        "mixture": float(run.model is not None and run.model.experts > 0),
        "basis": float(what == "memory" and run.memory_basis == "unstated"),
        "varying": 0.0,
        "fragments": 0.0,
    }
    if what == "memory":
        present |= _of_batches(run, shares)
    for cause, terms in TERM_CAUSES[what].items():
        present[cause] = sum(shares.get(term, 0.0) for term in terms) ** 2
    return present


def exposures(run: TrainingRun, what: str, shares: Mapping[str, float]) -> dict[str, float]:
    """How much of an estimate depends on the stack and on the GPU: squares of shares of memory, all
    of speed.

    No stack changes what frozen weights take. A GPU changes what its driver and libraries take, and
    no tensor.
    """
    if what == "speed":
        return {"stack": 1.0, "gpu": 1.0}
    frozen = 0.0 if run.method == "full" else shares.get("weights", 0.0)
    beside = sum(shares.get(term, 0.0) for term in TERM_CAUSES["memory"]["extra"])
    return {"stack": (1.0 - frozen) ** 2, "gpu": beside**2}


def _of_batches(run: TrainingRun, shares: Mapping[str, float]) -> dict[str, float]:
    """What an unknown length or batch makes doubtful of memory: the share that comes and goes."""
    assumed = set(run.assumed)
    moving = sum(shares.get(term, 0.0) for term in basis.MOVING) ** 2
    keeps = run.memory_basis in basis.WITH_FRAGMENTS and basis.keeps_blocks(run)
    return {
        "lengths": moving * bool(assumed & LENGTHS),
        "batch": moving * ("micro_batch" in assumed),
        "varying": moving * (lengths.vary(run) and run.longest_tokens is None),
        "fragments": moving * keeps,
    }


def log_sd(
    run: TrainingRun, what: str, shares: Mapping[str, float], k: Coefficients, predict: Predict
) -> float:
    """Standard deviation of the logarithm of an estimate made up of `shares` of its terms."""
    spread = k.spread(what)
    present = causes(run, what, shares, k, predict)
    return math.sqrt(sum(count * spread[cause] ** 2 for cause, count in present.items() if count))
