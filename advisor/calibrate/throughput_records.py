"""What a throughput trial is asked to measure, and what it measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from advisor.core.experiment import JsonObject
from advisor.core.records import JsonRecord, known_fields


@dataclass(frozen=True, slots=True)
class ThroughputSpec(JsonRecord):
    """What to measure in one trial. `dtype` empty: the usual one of the device.

    `architecture` is `{"profile": sizes}` or `{"config": config.json}`. `head` says what is
    trained: auto is the usual one. `micro_batch` is per process; `sharding` ddp or fsdp where
    there are several `processes`, one per GPU, else none. Of a plan's settings `plan` sets the last
    three: `layers` 0 means all, `count` asks for the parameters of the whole model.
    """

    model_name: str = ""
    architecture: JsonObject = field(default_factory=dict)
    method: str = "lora"
    rank: int = 16
    targets: str = "all-linear"
    dtype: str = ""
    optimizer: str = "adamw"
    checkpointing: str = "none"
    attention: str = "sdpa"
    micro_batch: int = 1
    grad_accum: int = 1
    seq_len: int = 2048
    packed: bool = False
    search: bool = False
    steps: int = 40
    seconds: float = 90.0
    memory_limit_gib: float = 0.0
    head: str = "auto"
    processes: int = 1
    sharding: str = "none"
    layers: int = 0
    seed: int = 0
    count: bool = True


@dataclass(frozen=True, slots=True)
class PeakMemory(JsonRecord):
    """Highest memory of a trial in GiB, and what was in use before it (`idle_gib`).

    `process_gib` is None where nothing was read; the allocator's two are of a GPU only.
    """

    process_gib: float | None = None
    allocated_gib: float | None = None
    reserved_gib: float | None = None
    idle_gib: float | None = None


@dataclass(frozen=True, slots=True)
class StepLaw(JsonRecord):
    """Seconds of a step = fixed_seconds + seconds_per_position × positions, with its R²."""

    fixed_seconds: float
    seconds_per_position: float
    r2: float


@dataclass(frozen=True, slots=True)
class MicroBatchSearch(JsonRecord):
    """The largest micro-batch that fits; `tries` are peaks in GiB by rows, None: out of memory."""

    largest: int
    limit_gib: float = 0.0
    tries: Mapping[str, float | None] = field(default_factory=dict)
    out_of_time: bool = False


@dataclass(frozen=True, slots=True)
class ThroughputResult(JsonRecord):
    """What a trial measured, also partly; None is not measured. Times in seconds.

    Tokens are real ones, positions include padding; of several processes all together.
    """

    label: str | None = None
    device: str = ""
    layers: int | None = None
    full_layers: int | None = None
    dtype: str = ""
    attention: str = ""
    head: str | None = None
    params: int | None = None
    trainable_params: int | None = None
    architecture_differs: str | None = None
    seq_len: int | None = None
    processes: int | None = None
    sharding: str | None = None
    micro_batch: int | None = None
    search: MicroBatchSearch | None = None
    memory: PeakMemory | None = None
    memory_of_each: Sequence[PeakMemory] | None = None
    clock: str | None = None
    steps: int | None = None
    dropped_steps: int | None = None
    steady: bool | None = None
    steady_why: str | None = None
    relative_error: float | None = None
    step_seconds: Mapping[str, float] | None = None
    mean_step_seconds: float | None = None
    tokens_per_second: float | None = None
    positions_per_second: float | None = None
    padding_share: float | None = None
    tokens_per_step: float | None = None
    positions_per_step: float | None = None
    law: StepLaw | None = None
    law_why: str | None = None
    first_loss: float | None = None
    last_loss: float | None = None
    warm_up_seconds: float | None = None
    watts: float | None = None
    watts_why: str | None = None
    gpu_mhz: float | None = None
    joules_per_token: float | None = None
    start_seconds: float | None = None
    evaluation_seconds_per_position: float | None = None
    save_seconds: float | None = None
    saved_bytes: int | None = None

    @classmethod
    def from_json(cls, document: JsonObject) -> ThroughputResult:
        """The result in a trial's JSON object; keys that it does not know are left out."""
        values = known_fields(cls, document)
        nested: dict[str, type[JsonRecord]] = {
            "search": MicroBatchSearch,
            "memory": PeakMemory,
            "law": StepLaw,
        }
        for key, record in nested.items():
            if isinstance(values.get(key), Mapping):
                values[key] = record.from_json(values[key])
        if values.get("memory_of_each"):
            values["memory_of_each"] = [PeakMemory.from_json(m) for m in values["memory_of_each"]]
        return cls(**values)
