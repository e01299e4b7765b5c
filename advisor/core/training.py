"""A training run to be estimated, what was measured of one, and the estimate of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from advisor.core.facts import Gpu, Model
from advisor.core.quantity import Quantity


@dataclass(frozen=True, slots=True)
class TrainingRun:
    """The inputs of one training run; names and values as the flags of `advisor estimate`.

    `seq_len` is the longest length a batch is padded or packed to, `mean_tokens` the mean real
    tokens of an example. `micro_batch` is per GPU. `model` may be known by its size only
    (`params`), `gpu` by its name only: then `fits` is unknown. `longest_tokens` is the longest
    example where the data were looked at; without it the longest batch is a multiple of the mean,
    at most `seq_len`. `dtype` is that of the weights; `compute_dtype` is empty (as the weights),
    mixed-bf16, mixed-fp16 (autocast) or fp8. `memory_basis` says what is meant by memory:
    allocated, active, reserved, process (as nvidia-smi shows) or unstated. `assumed` names the
    inputs that are guesses because they were not stated: they widen the ranges.
    """

    model_name: str
    model: Model | None
    params: float | None
    gpu_name: str
    gpu: Gpu | None
    gpus: int = 1
    method: str = "lora"
    rank: int = 16
    targets: str = "all-linear"
    trainable_params: float | None = None
    active_params: float | None = None  # of a mixture known by its size only
    quantization: str = "none"
    dtype: str = "bf16"
    optimizer: str = "adamw"
    micro_batch: int = 1
    grad_accum: int = 1
    seq_len: int = 2048
    mean_tokens: float | None = None
    packed: bool = False
    padding_free: bool | None = (
        None  # batches without padding, or sorted by length; None: not stated
    )
    sorted_by_length: bool | None = None
    """Whether batches that hold no padding do so because alike lengths stand together."""
    checkpointing: str = "none"
    attention: str = "sdpa"
    fused_loss: str = "no"
    compile: bool = False
    offload: str = "none"
    sharding: str = "none"
    tensor_parallel: int = 1
    pipeline_parallel: int = 1
    context_parallel: int = 1
    framework: str = "hf"
    software_date: str = ""  # of the framework: year, year-month or a day; empty: today
    examples: float | None = None
    epochs: float = 1.0
    free_memory_gib: float | None = None  # measured on the GPU; None: all of it
    longest_tokens: float | None = None
    compute_dtype: str = ""
    objective: str = "sft"
    """sft, or dpo: pairs of answers and a reference model beside the trained one."""
    eval_examples: float | None = None  # of one evaluation beside training
    evaluations: float = 1.0  # per epoch
    memory_basis: str = "process"
    tokens_basis: str = "real"  # or padded: positions, whether they carry data or not
    assumed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TrainingMeasurement:
    """What one run of the same kind measured on the user's own machine; None: not measured.

    `unstated` names settings of `run` that its source leaves open; the doubts are what such
    settings may change, as log standard deviations.
    """

    run: TrainingRun
    memory_gib: float | None = None
    tokens_per_second: float | None = None
    unstated: tuple[str, ...] = ()
    memory_doubt: float = 0.0
    speed_doubt: float = 0.0


@dataclass(frozen=True, slots=True)
class TrainingEstimate:
    """Memory per GPU (GiB), speed of the whole machine (real tokens/s), times and the verdict on
    fitting.

    `terms` are GiB by term at the median; they add up to the median of `memory_gib`. `fits` is
    fits, tight, no or unknown, judged on the memory of the process against the free memory of the
    GPU.
    """

    run: TrainingRun
    fits: str
    memory_gib: Quantity
    tokens_per_second: Quantity
    step_seconds: Quantity
    train_hours: Quantity
    terms: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WayToFit:
    """A change of the inputs that makes a run fit.

    `slowdown` is its time over that of the run as asked.
    """

    change: str
    run: TrainingRun
    memory_gib: float
    slowdown: float
