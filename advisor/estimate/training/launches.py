"""Kernels that a layer launches, its adapters and experts with it: what a small batch waits for.

Formulas and sources: docs/reference/formulas-training.md, section Throughput.
"""

from __future__ import annotations

import math

from advisor.core.training import TrainingRun
from advisor.estimate.training import frameworks
from advisor.estimate.training.activations import adapter_widths
from advisor.estimate.training.coefficients import Coefficients
from advisor.estimate.training.frameworks import Kernels
from advisor.estimate.training.memory import layout
from advisor.estimate.training.shape import Shape
from advisor.estimate.training.traffic import again

PROMPTS = frozenset({"soft-prompt", "prefix"})
"""Methods that add positions to the input instead of operations to each layer."""


def launch_seconds(run: TrainingRun, shape: Shape, k: Coefficients) -> float:
    """Time to issue the kernels of all layers forward and backward, which a small batch does not
    hide.
    """
    each = 1.0 + _adapter_launches(run, shape, k)
    if layout(run).sharded_weights:
        each *= math.exp(k.launch_sharded)
    if shape.moe:
        each += _expert_launches(run, shape, k)
    fused = 0.5 if run.compile or frameworks.of(run).kernels is Kernels.VENDOR else 1.0
    passes = 1.0 + again(run) / 3.0
    return fused * math.exp(k.launch_per_layer) * each * shape.layers * passes


EXPERT_LAUNCHES = 1.0 / 3.0
"""Kernels of one expert over the 37 of a layer, forward: where, gather, three products, activation,
two products with gates, scatter (transformers, MixtralSparseMoeBlock and its kin), about 12.
"""


def _expert_launches(run: TrainingRun, shape: Shape, k: Coefficients) -> float:
    """Launches of the experts of a layer over those of the layer itself."""
    if not loops_over_experts(run, shape):
        return math.exp(k.launch_moe_fused)
    return math.exp(k.launch_moe) if run.model is None else EXPERT_LAUNCHES * run.model.experts


def _adapter_launches(run: TrainingRun, shape: Shape, k: Coefficients) -> float:
    """Kernels of the adapters of a layer over those of the layer itself: casts, two factors, scale
    and sum for each adapted module.
    """
    if run.method == "full" or run.method in PROMPTS:
        return 0.0
    stack = frameworks.of(run)
    each = k.launch_adapter
    if stack.kernels is Kernels.FUSED:
        each *= 0.3
    elif not stack.adapters_in_fp32:
        each *= 0.6
    if run.method == "dora":
        each *= 2.0
    return each * adapter_modules(run, shape)


def adapter_modules(run: TrainingRun, shape: Shape) -> float:
    """Adapted modules of a layer, typical ones where what is adapted is not known."""
    return adapter_widths(run, shape).modules or 2.0


def loops_over_experts(run: TrainingRun, shape: Shape) -> bool:
    """Whether a mixture may go through its experts one by one, as plain PyTorch does, and not in
    grouped products.
    """
    return shape.moe and frameworks.of(run).kernels is not Kernels.VENDOR
