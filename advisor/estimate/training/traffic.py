"""Memory traffic of all that is not a matrix product, in bytes per position.

Counted kernel by kernel as transformers and peft run a layer: each reads its inputs and writes
its output. docs/reference/formulas-training.md, section Traffic. Symbols: h hidden size, q and kv
widths of query and key heads, f width of the MLP.
"""

from __future__ import annotations

from advisor.core.training import TrainingRun
from advisor.estimate.training import frameworks, objectives
from advisor.estimate.training.activations import (
    Precision,
    adapter_widths,
    precision,
    upcasts_embeddings,
)
from advisor.estimate.training.frameworks import Kernels
from advisor.estimate.training.shape import Shape

BACKWARD = 2.0
"""Traffic of the backward pass over that of the forward pass: gradients of inputs, and values."""

ADAPTER_BACKWARD = 1.5
EAGER_BYTES = 26.0
"""Per head and pair of positions: scores, scale, mask, softmax in fp32, cast, product."""

RELATIVE_POSITIONS = frozenset({"DebertaV2ForSequenceClassification"})
RELATIVE_BYTES = 40.0
"""The same of two more products by distance, their gathering by 8-byte numbers, and the sums."""

READ_AND_WRITTEN = 4.0
"""Bytes that each value around a scan moves: once to memory and once back, in 16 bits."""

LOSS = {"no": 40.0, "kernel": 12.0, "projection": 8.0, "yes": 10.0}
"""Bytes per vocabulary entry that the loss moves: copies in fp32 both ways, or one pass."""


def again(run: TrainingRun) -> float:
    """Share of the forward pass that checkpointing computes again."""
    if run.checkpointing == "selective":
        return frameworks.of(run).selective_again
    return 1.0 if run.checkpointing == "full" else 0.0


def fuses(run: TrainingRun) -> bool:
    """Whether the small operations of a layer run in few kernels."""
    kernels = frameworks.of(run).kernels
    return run.compile or kernels in (Kernels.FUSED, Kernels.VENDOR)


def layer_bytes(run: TrainingRun, shape: Shape, length: float) -> float:
    """Bytes per position and layer, forward, backward and what checkpointing repeats."""
    repeated = again(run)
    passes = 1.0 + BACKWARD + repeated
    moved = passes * _forward(run, shape)
    if run.attention == "eager":
        moved += passes * _score_bytes(run) * shape.heads * length
    if run.method != "full":
        moved += (1.0 + ADAPTER_BACKWARD + repeated) * _adapters(run, shape)
    return moved


def _score_bytes(run: TrainingRun) -> float:
    """Bytes that eager attention moves forward per head and pair of positions."""
    relative = run.model is not None and run.model.hf_class in RELATIVE_POSITIONS
    return EAGER_BYTES + (RELATIVE_BYTES if relative else 0.0)


def _forward(run: TrainingRun, shape: Shape) -> float:
    h = float(shape.hidden)
    heads = shape.attending * (shape.query + shape.key_value)
    mlp = shape.with_mlp * shape.mlp
    scanned = shape.recurrent * READ_AND_WRITTEN * shape.kept_by_recurrence
    wide = precision(run) is Precision.SINGLE or upcasts_embeddings(run)
    width = 2.0 if wide else 1.0
    if fuses(run):
        return width * (shape.norms * 10.0 * h + 6.0 * heads + 8.0 * mlp + scanned)
    norm = 10.0 * h if shape.layer_norms else 38.0 * h
    rotation = 20.0 * heads + (38.0 * heads if shape.head_norms else 0.0)
    return shape.norms * norm + width * (12.0 * h + rotation + 10.0 * mlp + scanned)


def _adapters(run: TrainingRun, shape: Shape) -> float:
    """Inputs are cast and read by the first factor, outputs are scaled and added."""
    widths = adapter_widths(run, shape)
    if fuses(run) and not run.compile:
        return 2.0 * widths.inputs + 4.0 * widths.outputs
    casts = precision(run) is Precision.MIXED and frameworks.of(run).adapters_in_fp32
    moved = (14.0 if casts else 2.0) * widths.inputs + 12.0 * widths.outputs
    return moved + (12.0 * widths.outputs if run.method == "dora" else 0.0)


def loss_bytes(run: TrainingRun, shape: Shape) -> float:
    """Bytes per position that the loss moves; none without a vocabulary head."""
    if shape.encoder or not (shape.has_logits and objectives.of(run).has_logits):
        return 0.0
    return LOSS.get(run.fused_loss, 30.0) * shape.vocabulary
