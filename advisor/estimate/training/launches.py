"""Operations that a layer issues, its adapters and experts with it: what a small batch waits for.

Formulas and sources: docs/reference/formulas-training.md, section Throughput. The counts are those
of PyTorch's dispatcher on the classes of transformers and peft (a test repeats them).
"""

from __future__ import annotations

import math

from advisor.core.training import TrainingRun
from advisor.estimate.training import experts, frameworks
from advisor.estimate.training.activations import QUANTIZED, adapter_widths
from advisor.estimate.training.coefficients import Coefficients
from advisor.estimate.training.frameworks import Kernels
from advisor.estimate.training.memory import layout
from advisor.estimate.training.shape import Shape
from advisor.estimate.training.traffic import again

PROMPTS = frozenset({"soft-prompt", "prefix"})
"""Methods that add positions to the input instead of operations to each layer."""

GATED_LAYER = 61.0
"""Operations of a trained layer of Llama's kind without its norms, forward and backward."""

RMS_NORM = 24.0
"""The same of a norm whose steps are operations of their own: cast, square, mean, root, scale."""

LAYER_NORM_LAYER = 72.0
"""The same of a whole layer with layer norms, each one operation: 64 to 92 in families of GPT, 65
and 77 in encoders.
"""

FROZEN = 0.9
"""What is left of the operations of a layer whose weights have no gradients: 98 of 109."""

ADAPTED_MODULE = 18.0
"""Operations of an adapted module: casts, two factors, scale and sum, forward and backward."""

DORA_MODULE = 46.0
"""The same with a magnitude: the norm of the merged weights is computed in each step."""

QUANTIZED_MODULE = 6.0
"""Operations that unpack a quantised matrix, forward and backward, and its scales with it."""

EAGER_ATTENTION = 35.0
"""Operations of attention in products and a softmax over those of one fused kernel."""

GROUPED_EXPERTS = 40.0
"""Operations that route the tokens of a layer to its experts and compute these as one product."""

LOOPED_EXPERT = 37.0
"""Operations of one expert where they are gone through one by one."""

OUTSIDE_LAYERS = 50.0
"""Operations of embedding, rotation tables, last norm, head and loss, forward and backward."""

FORWARD_FULL = 1.0 / 3.0
FORWARD_ADAPTERS = 0.4
"""Share of the operations of a step that its forward pass issues."""


def launch_seconds(run: TrainingRun, shape: Shape, k: Coefficients) -> float:
    """Time to issue the operations of all layers forward and backward, which a small batch does not
    hide.
    """
    stack = frameworks.of(run)
    each = _layer(run, shape)
    if layout(run).sharded_weights:
        each *= math.exp(k.launch_sharded)
    each += _adapters(run, shape)
    if shape.moe:
        each += _experts(run, shape, k)
    fused = 0.5 if run.compile or stack.kernels is Kernels.VENDOR else 1.0
    forward = FORWARD_FULL if run.method == "full" else FORWARD_ADAPTERS
    passes = 1.0 + again(run) * forward
    operations = OUTSIDE_LAYERS + each * shape.layers * passes
    return fused * math.exp(k.launch_operation) * operations


def _layer(run: TrainingRun, shape: Shape) -> float:
    """Operations of a layer itself."""
    norms = shape.norms + (2 if shape.head_norms else 0)
    whole = LAYER_NORM_LAYER if shape.layer_norms else GATED_LAYER + norms * RMS_NORM
    if run.attention == "eager":
        whole += EAGER_ATTENTION
    return whole if run.method == "full" else FROZEN * whole


def _experts(run: TrainingRun, shape: Shape, k: Coefficients) -> float:
    """Operations of the experts of a layer."""
    if not experts.are_looped_over(run, shape):
        return GROUPED_EXPERTS
    return LOOPED_EXPERT * (k.experts_unstated if run.model is None else run.model.experts)


def _adapters(run: TrainingRun, shape: Shape) -> float:
    """Operations of the adapters of a layer, and of unpacking the matrices beside them."""
    if run.method == "full" or run.method in PROMPTS:
        return 0.0
    stack = frameworks.of(run)
    each = DORA_MODULE if run.method == "dora" else ADAPTED_MODULE
    if stack.kernels is Kernels.FUSED:
        each *= 0.3
    elif not stack.adapters_in_fp32:
        each *= 0.6
    if run.quantization in QUANTIZED:
        each += QUANTIZED_MODULE
    return each * adapter_modules(run, shape)


def adapter_modules(run: TrainingRun, shape: Shape) -> float:
    """Adapted modules of a layer, typical ones where what is adapted is not known."""
    return adapter_widths(run, shape).modules or 2.0
