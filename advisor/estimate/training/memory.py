"""Peak memory of a training run by term, in bytes per card, from sizes and a few fitted constants.

Formulas and sources: docs/reference/formulas-training.md, section Memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from advisor.core.training import TrainingRun
from advisor.estimate.training import params as counts
from advisor.estimate.training.shape import Shape

GIB = 1024.0**3

WIDTH = {"fp32": 4.0, "bf16": 2.0, "fp16": 2.0}
"""Bytes per element."""

QUANTIZED = {"nf4": 0.5625, "gptq4": 0.52, "awq4": 0.52, "other": 0.5625, "int8": 1.03, "fp8": 1.0}
"""Bytes per quantised weight with its scales: 4 bits + 32-bit scale per 64 (QLoRA, Dettmers et al. 2023)."""

MOMENTS = {"adamw": 2.0, "paged-adamw": 0.0, "adamw8bit": 1.0, "paged-adamw8bit": 0.0, "sgd": 0.0, "adafactor": 0.1}
"""Optimiser state in multiples of the trained values; 8 bit as 1-byte pairs is handled by width, paged ones may leave."""

LEAN = frozenset({"litgpt", "torchtune", "fsdp_qlora", "llm-foundry"})
"""Frameworks that keep adapters in the dtype of the weights instead of fp32."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How a run is spread: sharding degree of the states, of the weights within a layer, and positions per card."""

    shard: int
    tensor: int
    pipeline: int
    positions: float
    sharded_weights: bool
    sharded_gradients: bool
    sharded_states: bool


def layout(run: TrainingRun) -> Layout:
    """Degrees from the sharding word; data-parallel degree = cards ÷ (tensor × pipeline)."""
    model_parallel = run.tensor_parallel * run.pipeline_parallel
    tensor, pipeline = run.tensor_parallel, run.pipeline_parallel
    if run.sharding in ("mp", "pp") and model_parallel == 1:
        pipeline = run.gpus
    if run.sharding == "tp" and model_parallel == 1:
        tensor = run.gpus
    shard = max(run.gpus // (tensor * pipeline), 1)
    gathers = run.sharding in ("fsdp", "zero3")
    return Layout(
        shard=shard,
        tensor=tensor,
        pipeline=pipeline,
        positions=run.micro_batch * run.seq_len / run.context_parallel,
        sharded_weights=gathers,
        sharded_gradients=run.sharding in ("zero2", "zero3")
        or (run.sharding == "fsdp" and (run.grad_accum == 1 or run.framework not in ("hf", "trl"))),
        sharded_states=run.sharding in ("zero1", "zero2", "zero3", "fsdp"),
    )


def terms(run: TrainingRun, shape: Shape, k: Mapping[str, float]) -> dict[str, float]:
    """Allocated peak by term, in bytes per card; `k` are the fitted constants of profiles/training.toml."""
    where = layout(run)
    trained = trained_params(run, shape)
    frozen = run.method != "full"
    split = where.tensor * where.pipeline
    weights = _weights(run, shape)
    precision = _state_width(run)
    master = precision.master * trained
    shard_w = where.shard if where.sharded_weights else 1
    shard_g = where.shard if where.sharded_gradients else 1
    shard_s = where.shard if where.sharded_states else 1
    found = {
        "weights": weights / split / shard_w,
        "adapter": precision.weight * trained / split / shard_w if frozen else 0.0,
        "gradients": precision.gradient * trained / split / shard_g,
        "optimizer": (precision.moments * trained + master) / split / shard_s,
    }
    if run.offload in ("optimizer", "full"):
        found["optimizer"] = 0.0
    if run.offload == "full":
        found["weights"] *= k["offload_kept"]
        found["gradients"] *= k["offload_kept"]
    kept, work = _activations(run, shape, where, k)
    logits = _logits(run, shape, where, k)
    found["activations"] = kept + max(work, logits) - logits + k["overlap"] * min(work, logits)
    found["logits"] = logits
    found["buffers"] = k["constant_gib"] * GIB + _buffers(run, shape, where, trained, k)
    return found


def trained_params(run: TrainingRun, shape: Shape) -> float:
    """Trained parameters as stated, else by formula."""
    if run.method == "full":
        return shape.params
    if run.trainable_params is not None:
        return run.trainable_params
    if run.model is not None:
        try:
            return float(counts.trainable_params(run.model, run.method, run.rank, run.targets))
        except counts.UsageError:
            pass
    return counts.typical_trainable_params(shape.params, run.method, run.rank)


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
        elif run.sharding in ("zero1", "zero2", "zero3") or (run.framework in ("megatron", "nemo") and width == 2.0):
            master = 4.0
    elif run.framework not in LEAN:
        width = 4.0
    moments = 2.0 * width + (4.0 if master else 0.0)
    if "8bit" in run.optimizer:
        moments = 2.0
    elif run.optimizer == "sgd":
        moments = 0.0
    elif run.optimizer == "adafactor":
        moments = 0.1
    return _Widths(width, width, moments, master)


def _weights(run: TrainingRun, shape: Shape) -> float:
    width = WIDTH.get(run.dtype, 2.0)
    if run.method == "full":
        return _state_width(run).weight * shape.params
    if run.quantization in QUANTIZED:
        inner = shape.params - shape.embedding_params
        return QUANTIZED[run.quantization] * inner + width * shape.embedding_params
    return width * shape.params


def layer_bytes_per_token(run: TrainingRun, shape: Shape, k: Mapping[str, float]) -> float:
    """What one layer keeps for its backward pass, per position: norms, projections, MLP, inputs of adapters."""
    mlp = (6.0 if shape.gated else 2.0) + (2.0 if run.method == "full" else 0.0)
    adapters = 0.0
    if run.method != "full":
        adapters = k["adapter_input"] * counts.adapter_inputs(run.model, shape.hidden, shape.mlp, run.targets)
    return k["norm"] * shape.hidden + 2.0 * (shape.projections + shape.query) + k["mlp"] * mlp * shape.mlp + adapters


def _activations(run: TrainingRun, shape: Shape, where: Layout, k: Mapping[str, float]) -> tuple[float, float]:
    """(kept over the whole forward pass, working set of one layer), in bytes per card."""
    t, layers = where.positions, shape.layers / where.pipeline
    layer = t * layer_bytes_per_token(run, shape, k) / where.tensor
    scores = 0.0
    if run.attention == "eager":
        scores = 6.0 * shape.heads * run.seq_len * run.seq_len * run.micro_batch / where.tensor
    if run.checkpointing == "none":
        return k["stored"] * (layer + scores) * layers, k["work"] * layer * 0.0
    kept = 2.0 * t * shape.hidden * layers * (k["unsloth_kept"] if run.framework == "unsloth" else 1.0)
    if run.checkpointing == "selective":
        kept = k["selective"] * k["stored"] * layer * layers
    return kept, k["work"] * (layer + scores)


def _logits(run: TrainingRun, shape: Shape, where: Layout, k: Mapping[str, float]) -> float:
    if shape.encoder:
        return 0.0
    per_entry = k[f"logits_{run.fused_loss}"]
    return per_entry * where.positions * shape.vocabulary / where.tensor


def _buffers(run: TrainingRun, shape: Shape, where: Layout, trained: float, k: Mapping[str, float]) -> float:
    """Gathered layers of sharded weights, dequantised weights, temporaries of the optimiser."""
    layer_params = (shape.params - shape.embedding_params) / shape.layers / where.tensor
    found = 0.0
    if where.sharded_weights and where.shard > 1:
        found += k["gathered"] * 2.0 * (layer_params + shape.vocabulary * shape.hidden)
    if run.quantization in QUANTIZED:
        found += 2.0 * shape.hidden * max(shape.mlp, shape.hidden)
    if run.method == "full" and run.offload == "none":
        found += k["optimizer_temporary"] * 2.0 * trained / where.shard
    return found


def on_basis(allocated_gib: float, basis: str, k: Mapping[str, float]) -> float:
    """Allocated memory as another basis shows it, in GiB."""
    if basis == "active":
        return allocated_gib * k["active"]
    if basis == "reserved":
        return allocated_gib * k["reserved"]
    if basis == "process":
        return allocated_gib * k["reserved"] + k["context_gib"]
    if basis == "unstated":
        return allocated_gib * k["unstated"]
    return allocated_gib
