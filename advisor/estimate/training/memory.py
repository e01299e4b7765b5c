"""Peak memory of a training run by term, in bytes per GPU: what stands, what comes and goes.

Formulas and sources: docs/reference/formulas-training.md, section Memory.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from advisor.core.constants import GIB
from advisor.core.errors import UsageError
from advisor.core.training import TrainingRun
from advisor.estimate.training import activations, experts, frameworks, objectives
from advisor.estimate.training import params as counts
from advisor.estimate.training.activations import Precision, precision
from advisor.estimate.training.basis import MOVING, usable_gib
from advisor.estimate.training.coefficients import Coefficients
from advisor.estimate.training.lengths import longest_batch
from advisor.estimate.training.shape import Shape

FILL = 0.82
"""Share of a GPU that a run takes whose batch is not stated."""

WIDTH = {"fp32": 4.0, "bf16": 2.0, "fp16": 2.0}
"""Bytes per element."""

QUANTIZED = {"nf4": 0.5625, "gptq4": 0.52, "awq4": 0.52, "other": 0.5625, "int8": 1.03, "fp8": 1.0}
QUANTIZED |= {"mxfp4": 0.5 + 1 / 32, "nvfp4": 0.5 + 1 / 16}
"""Bytes per quantised weight with its scales: NF4 4 bits and an fp32 scale for 64 (Dettmers et al.
2023, section 3), MXFP4 4 bits and a byte for 32 (OCP Microscaling Formats 1.0, section 5), NVFP4 4
bits and an FP8 scale for 16 (NVIDIA Transformer Engine, nvfp4 recipe).
"""

DOUBLY_QUANTIZED = 0.5 + 1 / 64 + 4 / (64 * 256)
"""The same of NF4 whose scales take 8 bits, and an fp32 scale 256 of them (Dettmers et al. 2023,
section 3).
"""

EXPERT_GROUP = 8
"""GPUs that share one set of experts: those of a machine."""

MOSTLY_TRAINED = 0.3
"""Share of the model above which trained parameters are its own weights and not adapters."""


MOMENTS = {"adamw8bit": 2.0, "adamw4bit": 1.0, "lion8bit": 1.0, "sgd": 0.0, "adafactor": 0.1}
"""Bytes of an optimiser's states per trained parameter, where they are not as wide as it: 8 bits
(Dettmers et al. 2022) or 4 (Li et al. 2023) for each moment, a row and a column for each matrix
(Shazeer and Stern 2018).
"""

ONE_MOMENT = frozenset({"lion", "muon"})
"""Optimisers with one moment in place of two (Chen et al. 2023; Jordan et al. 2024)."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How a run is spread: sharding degree of the states, of the weights within a layer, and
    positions per GPU.
    """

    shard: int
    tensor: int
    pipeline: int
    positions: float
    sharded_weights: bool
    sharded_gradients: bool
    sharded_states: bool


def sequences(run: TrainingRun) -> int:
    """Sequences of an example that are learnt from."""
    return objectives.of(run).sequences


def layout(run: TrainingRun, longest: float = 0.0) -> Layout:
    """Degrees from the sharding word; data-parallel degree = GPUs ÷ (tensor × pipeline)."""
    model_parallel = run.tensor_parallel * run.pipeline_parallel
    tensor = run.tensor_parallel
    pipeline = run.pipeline_parallel
    by_loader = not frameworks.of(run).is_training_stack and model_parallel == 1
    if run.sharding in ("mp", "pp") and by_loader:
        pipeline = run.gpus
    if run.sharding == "tp" and model_parallel == 1:
        tensor = run.gpus
    shard = max(run.gpus // (tensor * pipeline), 1)
    gathers = run.sharding in ("fsdp", "zero3")
    return Layout(
        shard=shard,
        tensor=tensor,
        pipeline=pipeline,
        positions=run.micro_batch * sequences(run) * longest / run.context_parallel,
        sharded_weights=gathers,
        sharded_gradients=run.sharding in ("zero2", "zero3")
        or (
            run.sharding == "fsdp"
            and (run.grad_accum == 1 or frameworks.kin(run.framework) not in ("hf", "trl"))
        ),
        sharded_states=run.sharding in ("zero1", "zero2", "zero3", "fsdp")
        or frameworks.of(run).parallel_experts,
    )


def terms(run: TrainingRun, shape: Shape, k: Coefficients) -> dict[str, float]:
    """Allocated memory by term at the moment of the peak, in bytes per GPU; `k` are the fitted
    constants.

    The peak is the largest of three moments: the loss (all kept activations and the logits), the
    backward pass of one layer (kept activations and that layer's own), and the optimiser step (all
    gradients and its temporaries).
    """
    where = layout(run, longest_batch(run))
    trained = trained_params(run, shape)
    sizes = _static(run, shape, where, trained, k)
    gradients = 0.0 if steps_in_backward(run) else sizes["gradients"]
    temporary = _optimizer_temporary(run, where, trained, k)
    persistent, transient = _activations(run, shape, where, k)
    persistent += _cast_weights(run, shape, where)
    loss, logits = _loss(run, shape, where, k)
    standing = gradients if run.method != "full" or run.grad_accum > 1 else 0.0
    at_loss = standing + persistent + loss + logits
    at_layer = standing + persistent + transient
    at_step = gradients + temporary
    sizes |= {"gradients": standing, "activations": persistent + loss, "logits": logits}
    if at_layer > at_loss:
        logits_kept = min(logits, transient)
        sizes |= {"activations": persistent + transient - logits_kept, "logits": logits_kept}
    if at_step > max(at_loss, at_layer):
        sizes |= {"gradients": gradients, "activations": 0.0, "logits": 0.0}
        sizes["buffers"] += temporary
    return _filled(run, sizes, k)


def _filled(run: TrainingRun, sizes: dict[str, float], k: Coefficients) -> dict[str, float]:
    """Where nobody stated batch or length, the run has one that fits: activations are at most what
    the GPU leaves.
    """
    usable = usable_gib(run.gpu, k) if run.gpu is not None else None
    if not {"micro_batch", "checkpointing", "seq_len"} & set(run.assumed) or usable is None:
        return sizes
    moving = sum(sizes[term] for term in MOVING)
    room = usable * GIB * FILL - (sum(sizes.values()) - moving)
    if moving > room > 0.0:
        sizes |= {term: sizes[term] * room / moving for term in MOVING}
    return sizes


def _static(
    run: TrainingRun, shape: Shape, where: Layout, trained: float, k: Coefficients
) -> dict[str, float]:
    """What stands during the whole step, and the gradients: states divided by their sharding
    degrees.
    """
    split = where.tensor * where.pipeline
    width = _state_width(run)
    saved = counts.trained_whole(shape.vocabulary * shape.hidden, run.method, run.targets)
    shard_w = where.shard if where.sharded_weights else 1
    shard_g = where.shard if where.sharded_gradients else 1
    shard_s = where.shard if where.sharded_states else 1
    apart = _expert_parallel(run, shape, where)
    sizes = {
        "weights": (_weights(run, shape) + _reference(run, shape)) * apart / split / shard_w,
        "adapter": _adapter(run, shape, trained, saved) / split / shard_w,
        "optimizer": ((width.moments + width.master) * trained + 6.0 * saved) / split / shard_s,
        "gradients": (width.gradient * trained * apart + 4.0 * saved) / split / shard_g,
        "buffers": k.constant_gib * GIB + _buffers(run, shape, where, k),
    }
    if run.offload in ("optimizer", "full"):
        sizes["optimizer"] = 0.0
    if run.offload == "full":
        sizes["weights"] *= k.offload_kept
        sizes["gradients"] *= k.offload_kept
    return sizes


def _adapter(run: TrainingRun, shape: Shape, trained: float, saved: float) -> float:
    """Weights that are added to the model; parts of the model that are trained add none."""
    if run.method == "full" or trained > MOSTLY_TRAINED * shape.params:
        return 0.0
    return _state_width(run).weight * trained + 2.0 * saved


def _expert_parallel(run: TrainingRun, shape: Shape, where: Layout) -> float:
    """Share of the parameters a GPU holds where a training stack spreads experts over the data-
    parallel GPUs.
    """
    if not shape.moe or not frameworks.of(run).parallel_experts or where.shard == 1:
        return 1.0
    degree = min(where.shard, EXPERT_GROUP)
    return 1.0 - shape.expert_params / shape.params * (1.0 - 1.0 / degree)


def trained_params(run: TrainingRun, shape: Shape) -> float:
    """Trained parameters as stated, else by formula."""
    if run.method == "full":
        return shape.params
    if run.trainable_params is not None:
        return run.trainable_params
    if run.model is not None:
        try:
            return float(counts.trainable_params(run.model, run.method, run.rank, run.targets))
        except UsageError:
            pass
    return typical_trained_params(shape, run.method, run.rank, run.targets)


def typical_trained_params(shape: Shape, method: str, rank: int, targets: str) -> float:
    """For a model known by its sizes only: adapters of the targeted modules of a typical layer, of
    attention alone in mixtures, whose experts are no modules.
    """
    if method == "full":
        return shape.params
    if method in ("soft-prompt", "prefix", "ia3", "adapter"):
        layers = 1 if method == "soft-prompt" else shape.layers
        return float(counts.VIRTUAL_TOKENS * shape.hidden * layers)
    widths = activations.typical_widths(shape, targets)
    return rank * shape.layers * (widths.inputs + widths.outputs)


@dataclass(frozen=True, slots=True)
class _Widths:
    """Bytes per trained parameter of each kind of state."""

    weight: float
    gradient: float
    moments: float
    master: float


def _state_width(run: TrainingRun) -> _Widths:
    """Bytes per trained parameter; the hidden rules of precision are in the formulas page."""
    width = WIDTH.get(run.dtype, 2.0)
    master = 0.0
    if run.method == "full":
        if run.sharding == "fsdp" and run.compute_dtype.startswith("mixed"):
            width = 4.0
        elif run.sharding in ("zero1", "zero2", "zero3") or (
            frameworks.of(run).parallel_experts and width == 2.0
        ):
            master = 4.0
    elif frameworks.of(run).adapters_in_fp32 and not mostly_trained(run):
        width = 4.0
    moments = 2.0 * width + (4.0 if master else 0.0)
    if run.optimizer.startswith("paged") or steps_in_backward(run):
        moments = 0.0
    elif run.optimizer in ONE_MOMENT:
        moments *= 0.5
    else:
        moments = MOMENTS.get(run.optimizer, moments)
    return _Widths(width, width, moments, master)


def mostly_trained(run: TrainingRun) -> bool:
    """Whether a method without a name trains so much that it must be the model's own weights."""
    params = float(run.model.params) if run.model is not None else run.params or math.inf
    return (run.trainable_params or 0.0) > MOSTLY_TRAINED * params


def steps_in_backward(run: TrainingRun) -> bool:
    """Whether each gradient is used and freed as soon as it is there.

    torchtune's full recipe for one GPU does so, with a paged 8-bit optimiser.
    """
    paged = run.optimizer.startswith("paged") or run.optimizer == "other"
    alone = run.method == "full" and run.gpus == 1 and run.grad_accum == 1
    return run.framework == "torchtune" and alone and paged


def _weights(run: TrainingRun, shape: Shape) -> float:
    """Weights as stored; embeddings and head stay unquantised, in fp32 after k-bit preparation."""
    width = WIDTH.get(run.dtype, 2.0)
    if run.method == "full":
        return _state_width(run).weight * shape.params
    if run.quantization not in QUANTIZED:
        return width * shape.params
    apart = 4.0 if activations.upcasts_embeddings(run) else width
    wide = experts.in_16_bits(run, shape)
    inner = shape.params - shape.embedding_params - wide
    return stored_bytes(run) * inner + apart * shape.embedding_params + width * wide


def stored_bytes(run: TrainingRun) -> float:
    """Bytes per weight as stored, 2 where it is not quantised."""
    if run.quantization == "nf4" and frameworks.of(run).double_quantization:
        return DOUBLY_QUANTIZED
    return QUANTIZED.get(run.quantization, 2.0)


def _reference(run: TrainingRun, shape: Shape) -> float:
    """The frozen reference model; with adapters it is the model without them."""
    if not objectives.of(run).reference or run.method != "full":
        return 0.0
    return WIDTH.get(run.dtype, 2.0) * shape.params


def _cast_weights(run: TrainingRun, shape: Shape, where: Layout) -> float:
    """16-bit copies of fp32 weights that autocast makes and keeps until the backward pass has used
    them; sharded weights are cast as they are gathered.
    """
    if run.dtype != "fp32" or precision(run) is not Precision.MIXED or where.sharded_weights:
        return 0.0
    return 2.0 * (shape.params - shape.embedding_params)


def _activations(
    run: TrainingRun, shape: Shape, where: Layout, k: Coefficients
) -> tuple[float, float]:
    """(kept over the whole forward pass, working set of one layer), in bytes per GPU."""
    t = where.positions
    layers = shape.layers / where.pipeline
    layer = t * activations.layer_bytes_per_token(run, shape) / where.tensor
    eager = t * activations.eager_bytes_per_token(run, shape) / where.tensor
    transient = k.work * layer + 0.5 * eager
    if where.sharded_weights and run.method != "full":
        transient *= k.work_fsdp_adapter
    if run.checkpointing == "none":
        return k.stored * layer * layers, transient
    if run.checkpointing == "selective":
        return k.selective * k.stored * layer * layers, transient
    boundary = t * activations.boundary_bytes_per_token(run, shape) * layers / where.tensor
    if run.framework == "unsloth":
        boundary *= k.unsloth_kept
    return boundary, transient


def _loss(run: TrainingRun, shape: Shape, where: Layout, k: Coefficients) -> tuple[float, float]:
    """(activations of the head, logits and their copies), in bytes per GPU."""
    head = k.head * where.positions * shape.hidden / where.tensor
    if shape.encoder or not (shape.has_logits and objectives.of(run).has_logits):
        return head, 0.0
    each = k.logits[run.fused_loss]
    if run.fused_loss == "kernel":
        each = min(each, frameworks.of(run).kernel_loss_bytes)
    return head, each * where.positions * shape.vocabulary / where.tensor


def _buffers(run: TrainingRun, shape: Shape, where: Layout, k: Coefficients) -> float:
    """Gathered layers of sharded weights, and one dequantised weight."""
    sizes = 0.0
    if where.sharded_weights and where.shard > 1:
        inner = shape.params - shape.embedding_params
        stored = stored_bytes(run)
        sizes += k.gathered * stored * inner / shape.layers / where.tensor
        sizes += k.gathered_head * 2.0 * shape.vocabulary * shape.hidden / where.tensor
        if run.method != "full" and frameworks.of(run).keeps_whole:
            sizes += _weights(run, shape) / where.tensor
    if run.sharding in ("zero2", "zero3"):
        sizes += k.zero_buckets_gib * GIB
    if run.quantization in QUANTIZED:
        sizes += 2.0 * shape.hidden * max(shape.mlp, shape.hidden)
    return sizes


def _optimizer_temporary(run: TrainingRun, where: Layout, trained: float, k: Coefficients) -> float:
    """Copies that an optimiser with loops over tensor lists makes of the values it updates."""
    if run.method != "full" or run.offload != "none" or _updates_in_place(run):
        return 0.0
    shard = where.shard if where.sharded_states else 1
    return (
        k.optimizer_temporary
        * _state_width(run).weight
        * trained
        / shard
        / where.tensor
        / where.pipeline
    )


def _updates_in_place(run: TrainingRun) -> bool:
    return "bit" in run.optimizer or run.optimizer.startswith("paged") or steps_in_backward(run)
