"""What a forward pass keeps for the backward pass, counted tensor by tensor.

The counts are those of autograd on the classes of transformers and peft (a test repeats the count
with saved-tensor hooks); docs/reference/formulas-training.md, section Kept activations. Symbols: h
hidden size, q width of all query heads, kv of all key heads, f width of the MLP a token passes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from advisor.core.errors import UsageError
from advisor.core.facts import Model
from advisor.core.training import TrainingRun
from advisor.estimate.training import experts, frameworks
from advisor.estimate.training.frameworks import Kernels
from advisor.estimate.training.params import Linear, targeted
from advisor.estimate.training.shape import Shape

QUANTIZED = frozenset({"nf4", "gptq4", "awq4", "mxfp4", "nvfp4", "other", "int8", "fp8"})
"""Storage of frozen weights that is not computed with as it is."""


LOW_PRECISION = frozenset({"fp8", "mxfp4", "nvfp4"})
"""Matrix products below 16 bits; all else of such a run computes as under autocast."""


class Precision(StrEnum):
    """In which width tensors are kept."""

    HALF = "half"  # weights and computation in 16 bits
    MIXED = "mixed"  # autocast: 16-bit products, fp32 where values or weights are
    SINGLE = "single"  # fp32 throughout


def precision(run: TrainingRun) -> Precision:
    """How a run computes: fp32 weights without autocast compute in fp32, whatever the GPU could.

    Adapters of 16-bit models are kept in fp32 by peft and then need autocast.
    """
    mixed = _autocasts(run)
    if gathers_half(run):
        return Precision.HALF
    if run.dtype == "fp32":
        half = mixed or run.compute_dtype in ("bf16", "fp16")
        return Precision.MIXED if half else Precision.SINGLE
    if mixed:
        return Precision.MIXED
    stack = frameworks.of(run)
    casts = stack.autocast and run.method != "full" and stack.adapters_in_fp32
    return Precision.MIXED if casts else Precision.HALF


def _autocasts(run: TrainingRun) -> bool:
    return run.compute_dtype.startswith("mixed") or run.compute_dtype in LOW_PRECISION


def trained_dtype(method: str, dtype: str, compute_dtype: str, sharding: str) -> str:
    """The dtype of the weights of a run: fp32 where fp16 is trained whole under autocast, since
    gradients in fp16 are refused (torch.amp.GradScaler, "Attempting to unscale FP16 gradients");
    DeepSpeed has masters of its own.
    """
    refused = method == "full" and dtype == "fp16" and compute_dtype == "mixed-fp16"
    return "fp32" if refused and not sharding.startswith("zero") else dtype


def gathers_half(run: TrainingRun) -> bool:
    """Whether FSDP keeps fp32 shards and gathers them in 16 bits, so that the forward pass is one
    of 16-bit weights (torch.distributed.fsdp, MixedPrecision.param_dtype).
    """
    mixed = _autocasts(run)
    return mixed and run.dtype == "fp32" and run.sharding == "fsdp" and run.method == "full"


def _residual(run: TrainingRun) -> float:
    """Bytes per value of the residual stream, which has the width of the embeddings."""
    return 4.0 if run.dtype == "fp32" and not gathers_half(run) else 2.0


@dataclass(frozen=True, slots=True)
class AdapterWidths:
    """Σ of widths over the adapted modules of a layer."""

    inputs: float  # every module counted by itself
    shared: float  # modules that read the same tensor counted once, what is kept anyway not at all
    outputs: float
    modules: float  # adapted modules of a layer, on average over the layers


DROPOUT_MASKS = 2.0
"""Bytes per hidden value that encoders keep for dropout on a GPU, where masks are bytes: two per
layer. On a CPU they are as wide as values, 8 to 10 counted.
"""

NO_ADAPTERS = AdapterWidths(0.0, 0.0, 0.0, 0.0)


def adapter_widths(run: TrainingRun, shape: Shape) -> AdapterWidths:
    """The widths that adapters of a run read and write; zero for prompts and whole models."""
    if run.method in ("full", "soft-prompt", "prefix") or not run.targets:
        return NO_ADAPTERS
    return _widths(run.model, shape, run.targets)


@lru_cache(maxsize=4096)
def _widths(model: Model | None, shape: Shape, targets: str) -> AdapterWidths:
    if model is None:
        return typical_widths(shape, targets)
    try:
        modules = targeted(model, targets)
    except UsageError:
        return typical_widths(shape, targets)
    return AdapterWidths(
        inputs=sum(m.share * m.inputs for m in modules),
        shared=_read_once(modules),
        outputs=sum(m.share * m.outputs for m in modules),
        modules=sum(m.share for m in modules),
    )


def _read_once(modules: tuple[Linear, ...]) -> float:
    """Widths read by query, key and value together, by gate and up together, by what projects into
    a recurrence, and by down; the input of the output projection is kept by the attention itself,
    as a recurrence keeps its own.
    """
    own = ("o_proj", "dense", "c_proj")
    attention = [m for m in modules if m.attention and not m.name.endswith(own)]
    recurrent = [m for m in modules if m.recurrent]
    mlp = [m for m in modules if not m.attention and not m.recurrent]
    downs = [m for m in mlp if m.inputs > m.outputs]
    ups = [m for m in mlp if m not in downs]
    firsts = (attention[:1], recurrent[:1], ups[:1], downs)
    return sum(m.share * m.inputs for group in firsts for m in group)


def typical_widths(shape: Shape, targets: str) -> AdapterWidths:
    """For architectures that are known by size only, or in other words than transformers'."""
    q = float(shape.query)
    kv = float(shape.key_value)
    h = float(shape.hidden)
    if targets in ("qv", "q_proj+v_proj", "q_proj,v_proj"):
        return AdapterWidths(2.0 * h, h, q + kv, 2.0)
    attention = AdapterWidths(3.0 * h + q, h, q + 2.0 * kv + h, 4.0)
    if targets == "attention" or shape.moe:
        return attention
    f = shape.mlp
    return AdapterWidths(
        attention.inputs + 2.0 * h + f,
        attention.shared + h + f,
        attention.outputs + 2.0 * f + h,
        attention.modules + 3.0,
    )


def layer_bytes_per_token(run: TrainingRun, shape: Shape) -> float:
    """What one layer keeps for its backward pass, bytes per position."""
    kind = precision(run)
    kernels = frameworks.of(run).kernels
    fused = run.compile or kernels in (Kernels.FUSED, Kernels.VENDOR)
    width = 4.0 if kind is Precision.SINGLE else 2.0
    return (
        _norms(run, shape, kind, fused)
        + shape.attending * _attention(run, shape, 4.0 if attends_in_fp32(run) else width)
        + shape.recurrent * width * shape.kept_by_recurrence
        + shape.with_mlp * _mlp(run, shape, _mlp_width(run, shape, width), fused)
        + _adapters(run, shape, kind, width)
    )


def _mlp_width(run: TrainingRun, shape: Shape, width: float) -> float:
    """Bytes per value: fp32 behind norms that were cast, but for experts in 16 bits."""
    wide = upcasts_embeddings(run) and not experts.in_16_bits(run, shape)
    return 4.0 if wide else width


def _norms(run: TrainingRun, shape: Shape, kind: Precision, fused: bool) -> float:
    """The fp32 input of each norm; where it is trained also its output, read by the matrices.

    Layer norms and fused kernels keep the input as it is. Under autocast with fp32 weights each
    matrix casts its own copy of its input.
    """
    h = float(shape.hidden)
    full = run.method == "full"
    residual = _residual(run)
    if shape.layer_norms:
        dropout = DROPOUT_MASKS * h if shape.encoder else 0.0
        outputs = 2.0 * residual * h if full else 0.0
        return shape.norms * residual * h + outputs + dropout
    inputs = shape.norms * h * (residual if fused else 4.0)
    heads = float(shape.query + shape.key_value) if shape.head_norms else 0.0
    inputs += heads * (2.0 if fused else 4.0)
    if not full:
        return inputs
    if kind is Precision.MIXED and run.dtype == "fp32":
        return inputs + shape.norms * 4.0 * h + 10.0 * h + 2.0 * heads
    normalised = 0.0 if fused else shape.norms * residual * h
    return inputs + normalised + 2.0 * residual * h + 2.0 * heads


SCORE_BYTES = {
    "GptOssForCausalLM": 2.0,
    "Gemma2ForCausalLM": 8.0,
    "DebertaV2ForSequenceClassification": 9.0,
    "MPNetForSequenceClassification": 7.0,
}
"""Bytes that eager attention keeps per score where it is not 6, the softmax in fp32 and in 16 bits:
a softmax in 16 bits, caps, relative positions, masks of dropout.
"""


def _attention(run: TrainingRun, shape: Shape, width: float) -> float:
    """Query, key, value and the output; keys and values are repeated for each head where a mask
    keeps the kernel from sharing them.
    """
    q = float(shape.query)
    kv = float(shape.key_value)
    if run.attention == "eager":
        by_class = SCORE_BYTES.get(run.model.hf_class, 6.0) if run.model is not None else 6.0
        scores = by_class * shape.heads * run.seq_len
        return width * (2.0 * q + 2.0 * q) + scores
    return width * (2.0 * q + 2.0 * kv)


def _mlp(run: TrainingRun, shape: Shape, width: float, fused: bool) -> float:
    """Gate, activation and up; the product, which the down projection reads, where it is trained.

    A mixture also keeps a copy of the input for each expert that a token is sent to.
    """
    tensors = 3.0 if shape.gated else 1.0
    if fused and shape.gated:
        tensors = 2.0
    if run.method == "full":
        tensors += 1.0
    return width * (tensors * shape.mlp + 2.0 * shape.routed * shape.hidden)


def _adapters(run: TrainingRun, shape: Shape, kind: Precision, width: float) -> float:
    """The inputs of adapted modules, and what magnitudes of DoRA keep of their outputs.

    peft casts the input of an fp32 adapter for each module; under autocast the cast ends in 16
    bits. Adapters in the dtype of the weights read the shared tensor, as products with quantised
    weights do, adapted or not.
    """
    if run.method == "full":
        return 0.0
    widths = adapter_widths(run, shape)
    apart = 4.0 * widths.outputs if run.method == "dora" else 0.0
    stack = frameworks.of(run)
    if stack.adapter_dropout:
        return _dropped(run, shape, kind, widths) + apart
    shares = not stack.adapters_in_fp32 or stack.kernels is Kernels.FUSED
    if run.quantization in QUANTIZED:
        every = 2.0 * shape.hidden + shape.mlp
        return width * max(widths.shared, every) + apart
    if kind is Precision.SINGLE or shares:
        return width * widths.shared + apart
    if kind is Precision.MIXED:
        return 2.0 * widths.inputs + apart
    return 4.0 * widths.inputs + apart


def _dropped(run: TrainingRun, shape: Shape, kind: Precision, widths: AdapterWidths) -> float:
    """What adapters keep that drop a share of their inputs: a masked copy for each module, in the
    width that its product reads, and a mask of one byte; inputs of quantised weights stand beside.
    """
    fp32 = kind is Precision.SINGLE or (
        kind is Precision.HALF and frameworks.of(run).adapters_in_fp32
    )
    quantized = 2.0 * (2.0 * shape.hidden + shape.mlp) if run.quantization in QUANTIZED else 0.0
    return ((4.0 if fp32 else 2.0) + 1.0) * widths.inputs + quantized


def eager_bytes_per_token(run: TrainingRun, shape: Shape) -> float:
    """Scores of eager attention in one layer while its backward pass runs: the softmax in fp32 and
    16 bits, and gradients of both, 12 bytes per head and pair of positions.
    """
    return 12.0 * shape.heads * run.seq_len if run.attention == "eager" else 0.0


def boundary_bytes_per_token(run: TrainingRun, shape: Shape) -> float:
    """What full checkpointing keeps of a layer: its input, fp32 where the residual stream is."""
    return (4.0 if upcasts_embeddings(run) else _residual(run)) * shape.hidden


def upcasts_embeddings(run: TrainingRun) -> bool:
    """Whether peft's preparation for k-bit training has cast embeddings, norms and head to fp32."""
    kbit = run.quantization in ("nf4", "int8") and run.method != "full"
    return kbit and frameworks.of(run).kbit_upcast


def attends_in_fp32(run: TrainingRun) -> bool:
    """Whether queries, keys and values are fp32: quantised matrices return the width of their input
    (bitsandbytes, Linear4bit.forward), which is that of the fp32 norms, and nothing casts them
    where a run is stated to compute in 16 bits without autocast.
    """
    return upcasts_embeddings(run) and run.compute_dtype in ("bf16", "fp16")
