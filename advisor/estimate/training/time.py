"""Wall time of a run: load, warm-up, steps, evaluation and saves, in seconds."""

from __future__ import annotations

import math

from advisor.core.training import TrainingRun
from advisor.estimate.training.coefficients import Coefficients
from advisor.estimate.training.lengths import mean_length
from advisor.estimate.training.memory import layout
from advisor.estimate.training.shape import Shape
from advisor.estimate.training.throughput import trains_weights

DISK_BYTES_PER_SECOND = 1.0e9
"""Reading weights from a local solid-state disk into a GPU: 1 GB/s, as in the loading times of
published runs.
"""


def optimizer_steps(run: TrainingRun) -> float | None:
    """Steps of the whole run; None where the number of examples is unknown."""
    if run.examples is None:
        return None
    where = layout(run)
    replicas = max(run.gpus // (where.tensor * where.pipeline * run.context_parallel), 1)
    return math.ceil(run.examples / (run.micro_batch * run.grad_accum * replicas)) * run.epochs


def evaluation_tokens(run: TrainingRun) -> float:
    """Tokens of a whole run's evaluations as so many tokens of training: a forward pass is a third
    of a step that trains all weights and half of one that trains adapters.
    """
    if not run.eval_examples:
        return 0.0
    share = 1.0 / 3.0 if trains_weights(run) else 0.5
    return share * run.evaluations * run.epochs * run.eval_examples * mean_length(run)


def fixed_seconds(run: TrainingRun, shape: Shape, k: Coefficients) -> float:
    """Start-up, loading of weights, first steps and compilation, one evaluation and one save."""
    width = 0.56 if run.quantization in ("nf4", "gptq4", "awq4") else 2.0
    load = 2.0 * shape.params / DISK_BYTES_PER_SECOND
    save = (shape.params * width if run.method == "full" else 0.0) / DISK_BYTES_PER_SECOND
    return k.start_seconds + load + save + (k.compile_seconds if run.compile else 0.0)
