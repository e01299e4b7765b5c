"""Experts of a mixture: how they are computed, and whether quantising a model takes them in.

Formulas and sources: docs/reference/formulas-training.md, sections Memory and Throughput.
"""

from __future__ import annotations

from advisor.core.training import TrainingRun
from advisor.estimate.training import frameworks
from advisor.estimate.training.frameworks import Experts
from advisor.estimate.training.shape import Shape

BITSANDBYTES = frozenset({"nf4", "int8"})
"""Formats into which a model is quantised as it is loaded, matrix by matrix."""


def in_16_bits(run: TrainingRun, shape: Shape) -> float:
    """Parameters of experts that stay in 16 bits in a model that is quantised for training."""
    if not shape.moe or run.quantization not in BITSANDBYTES or run.method == "full":
        return 0.0
    quantized = frameworks.of(run).quantizes_experts(run.software_date)
    return 0.0 if quantized else shape.expert_params


def are_looped_over(run: TrainingRun, shape: Shape) -> bool:
    """Whether a mixture goes through its experts one by one, and not in grouped products, of which
    PyTorch has none for quantised weights.
    """
    stack = frameworks.of(run)
    is_quantized = run.quantization != "none" and not in_16_bits(run, shape)
    ungrouped = is_quantized and stack.experts is Experts.TRANSFORMERS
    return shape.moe and (stack.loops_over_experts(run.software_date) or ungrouped)


def are_grouped_by_pytorch(run: TrainingRun, shape: Shape) -> bool:
    """Whether experts are computed by the grouped product of PyTorch, as in transformers 5."""
    by_transformers = frameworks.of(run).experts is Experts.TRANSFORMERS
    return shape.moe and by_transformers and not are_looped_over(run, shape)
