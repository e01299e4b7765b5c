"""A training run as a user describes it, and the inputs of the estimator that it stands for."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from advisor.core.errors import UsageError, did_you_mean
from advisor.core.facts import Gpu, Model
from advisor.core.run_words import WORDS, canonical, layout_and_offload, storage_of
from advisor.core.training import TrainingRun
from advisor.estimate.training import frameworks
from advisor.estimate.training.activations import trained_dtype
from advisor.estimate.training.frameworks import Framework, Kernels
from advisor.estimate.training.params import trainable_params
from advisor.estimate.training.rates import lacks_bf16

SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([bm])(?:-a\d+(?:\.\d+)?[bm])?", re.IGNORECASE)
BATCHES = {"plain": False, "sorted": True, "padding-free": True}
"""Whether batches hold no padding, by how they are made up."""

SHARDS_WEIGHTS = ("fsdp", "zero3")
ADAPTED_BY_TARGETS = ("lora", "qlora", "dora", "ia3")


@dataclass(frozen=True, slots=True)
class RunRequest:
    """The flags of `advisor estimate`; None is what the user left open.

    Lengths in tokens, `deadline_hours` in hours, `free_memory_gib` in GiB.
    """

    model: str
    method: str = "lora"
    rank: int = 16
    targets: str = "all-linear"
    quantization: str | None = None
    dtype: str | None = None
    compute: str = ""
    optimizer: str | None = None
    micro_batch: int = 1
    grad_accum: int = 1
    seq_len: int = 2048
    packed: bool | None = None
    batches: str | None = None
    mean_tokens: float | None = None
    longest_tokens: float | None = None
    checkpointing: str | None = None
    attention: str | None = None
    fused_loss: str | None = None
    offload: str | None = None
    compiled: bool = False
    gpu: str | None = None
    deadline_hours: float | None = None
    gpus: int = 1
    free_memory_gib: float | None = None
    sharding: str = "none"
    tp: int = 1
    pp: int = 1
    cp: int = 1
    framework: str = "hf"
    examples: float | None = None
    epochs: float = 1.0
    usd_per_hour: float | None = None
    provider: str = ""
    electricity_usd_per_kwh: float | None = None
    own_runs: bool = True
    objective: str = "sft"
    eval_examples: float | None = None
    evaluations: float = 1.0


def size_of(name: str) -> float | None:
    """Parameters where the name is a size such as 7B, 350M or, of a mixture, 30B-A3B; else None."""
    size = SIZE.fullmatch(name.strip())
    if size is None:
        return None
    return float(size[1]) * (1e9 if size[2].lower() == "b" else 1e6)


def to_run(
    request: RunRequest, model: Model | None, params: float | None, gpu: Gpu | None
) -> TrainingRun:
    """The inputs of the estimator; what is left open is what the framework does by default.

    Raises UsageError on an unknown word or target, or flags that clash.
    """
    request = _in_our_words(request)
    _check(request, model)
    stack = frameworks.by_name(request.framework)
    packed = stack.packed if request.packed is None else request.packed
    replicated = request.gpus > 1 and request.tp * request.pp == 1
    sharding = request.sharding
    if sharding == "none" and replicated:
        sharding = "ddp"
    return TrainingRun(
        model_name=request.model,
        model=model,
        params=params,
        gpu_name=gpu.name if gpu is not None else "",
        gpu=gpu,
        gpus=request.gpus,
        method=request.method,
        rank=request.rank,
        targets=request.targets if request.method in ADAPTED_BY_TARGETS else "",
        quantization=request.quantization or "none",
        dtype=trained_dtype(
            request.method, request.dtype or _usual_dtype(gpu), request.compute, sharding
        ),
        compute_dtype=request.compute,
        optimizer=request.optimizer or stack.optimizer,
        micro_batch=request.micro_batch,
        grad_accum=request.grad_accum,
        seq_len=request.seq_len,
        mean_tokens=request.mean_tokens,
        longest_tokens=request.longest_tokens,
        packed=packed,
        padding_free=None if request.batches is None else BATCHES[request.batches],
        sorted_by_length=None if request.batches is None else request.batches == "sorted",
        checkpointing=request.checkpointing or _usual_checkpointing(request, stack),
        attention=request.attention or _usual_attention(stack, gpu, model),
        fused_loss=request.fused_loss or stack.loss(request.compiled),
        compile=request.compiled,
        offload=request.offload or (stack.offload if sharding in SHARDS_WEIGHTS else "none"),
        sharding=sharding,
        tensor_parallel=request.tp,
        pipeline_parallel=request.pp,
        context_parallel=request.cp,
        framework=request.framework,
        examples=request.examples,
        epochs=request.epochs,
        free_memory_gib=request.free_memory_gib,
        objective=request.objective,
        eval_examples=request.eval_examples,
        evaluations=request.evaluations,
        assumed=_assumed(request, packed),
    )


WORDED = {
    **{name: name for name in ("quantization", "optimizer", "checkpointing", "attention")},
    **{name: name for name in ("fused_loss", "offload", "sharding", "objective")},
    "dtype": "weights_dtype",
    "compute": "compute_dtype",
}
"""Fields of a request that hold words, and the column of `core.run_words` with theirs."""


def _in_our_words(request: RunRequest) -> RunRequest:
    """With the settings that libraries spell in another way as we do; a method that is not known
    stays. Raises UsageError on other words.
    """
    request = _laid_out(request)
    words: dict[str, str | None] = {
        "method": canonical("method", request.method) or request.method,
        "quantization": request.quantization or storage_of(request.method) or None,
    }
    for name, column in WORDED.items():
        stated = getattr(request, name)
        if not stated:
            continue
        word = canonical(column, stated)
        if word is None:
            flag = name.replace("_", "-")
            raise UsageError(f"--{flag} {stated}: not known{did_you_mean(stated, WORDS[column])}")
        if word != stated:
            words[name] = word
    return replace(request, **words)  # type: ignore[arg-type]


def _laid_out(request: RunRequest) -> RunRequest:
    """With what a layout in one word says of offload and of the positions of a sequence."""
    sharding, offload = layout_and_offload(request.sharding)
    if canonical("sharding", sharding) == "cp":
        return replace(request, sharding="none", cp=max(request.cp, request.gpus))
    return replace(request, sharding=sharding, offload=request.offload or offload)


def _assumed(request: RunRequest, packed: bool) -> tuple[str, ...]:
    """What a framework with defaults of its own was taken to do, and lengths left open.

    Plain transformers does what its documentation says; other stacks differ by version and recipe,
    so that their defaults widen the ranges.
    """
    names = [] if packed or request.mean_tokens else ["mean_tokens"]
    if request.framework != "hf":
        stated = {
            "checkpointing": request.checkpointing,
            "fused_loss": request.fused_loss,
            "optimizer": request.optimizer,
        }
        names += [name for name, value in stated.items() if value is None]
    return tuple(names)


def _usual_checkpointing(request: RunRequest, stack: Framework) -> str:
    """The framework's default; whoever looks for a GPU turns it on, as practice does."""
    if request.gpu is None and stack.checkpointing == "none":
        return "full"
    return stack.checkpointing


EAGER_CLASSES = frozenset(
    f"{name}ForCausalLM"
    for name in ("Bloom", "GPTJ", "GPTNeo", "Gemma2", "GptOss", "Mpt", "DeepseekV4", "MiMoV2Flash")
) | {"DebertaV2ForSequenceClassification", "MPNetForSequenceClassification"}
"""Classes of transformers 5.23 whose attention is no fused kernel of PyTorch (`_supports_sdpa`):
sinks, caps and relative positions need the scores.
"""


def _usual_attention(stack: Framework, gpu: Gpu | None, model: Model | None) -> str:
    """Flash kernels need Ampere or newer, so other GPUs run PyTorch's own, where the class of a
    model can.
    """
    plain = stack.attention == "sdpa" and stack.kernels is Kernels.PLAIN
    if plain and model is not None and model.hf_class in EAGER_CLASSES:
        return "eager"
    old = gpu is not None and lacks_bf16(gpu)
    return "sdpa" if old and stack.attention == "flash" else stack.attention


def _usual_dtype(gpu: Gpu | None) -> str:
    """bf16, or fp16 where the GPU has no matrix units for bf16."""
    return "fp16" if gpu is not None and lacks_bf16(gpu) else "bf16"


def _check(request: RunRequest, model: Model | None) -> None:
    """Raises UsageError where flags clash or a target is unknown."""
    if request.method == "full" and request.quantization not in (None, "none"):
        raise UsageError(
            f"--quantization {request.quantization}: weights that are trained cannot be quantised; "
            "use qlora"
        )
    if request.tp * request.pp * request.cp > request.gpus:
        raise UsageError("--tp × --pp × --cp: more than --gpus; raise --gpus or lower a degree")
    if request.mean_tokens and request.mean_tokens > request.seq_len:
        raise UsageError(
            f"--mean-tokens {request.mean_tokens:,.0f}: above --seq-len {request.seq_len:,}, the "
            "longest sequence; raise --seq-len"
        )
    if model is not None and request.method != "full":
        trainable_params(model, request.method, request.rank, request.targets)
