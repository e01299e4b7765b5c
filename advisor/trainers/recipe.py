"""What a trainer's configuration is written from, and what is read from one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from advisor.core.errors import UsageError
from advisor.core.run_words import canonical
from advisor.core.training import TrainingRun
from advisor.estimate.training.activations import LOW_PRECISION
from advisor.estimate.training.params import targeted
from advisor.estimate.training.request import RunRequest

Flag = str | int | float | bool | None
Flags = dict[str, Flag]
"""Flags of `advisor estimate` by the names of RunRequest's fields; what is absent is not stated."""

Value = object
"""Anything that YAML and JSON can write."""

Config = Mapping[str, Value]
"""A tool's configuration as plain data."""

Settings = dict[str, Value]
"""A configuration that is being written."""

CHAT = "chat"
PAIRS = "pairs"
PREFERENCES = "preferences"


@dataclass(frozen=True, slots=True)
class TrainingRows:
    """The training data: its file and form (chat, pairs or preferences), with the names of fields.

    Of a chat `prompt` names the list of messages.
    """

    path: str = "train.jsonl"
    form: str = PAIRS
    prompt: str = "prompt"
    answer: str = "completion"
    rejected: str = "rejected"


@dataclass(frozen=True, slots=True)
class Recipe:
    """A training run for a tool: the flags of its estimate, the run they stand for, and its data.

    `weights` is the model's name on the hub or its folder. `run` is None for hosted tuning.
    """

    request: RunRequest
    run: TrainingRun | None
    weights: str
    rows: TrainingRows
    learning_rate: float
    seed: int = 42

    @property
    def alpha(self) -> int:
        """The scale of an adapter: twice its rank, as trainers have it in their examples."""
        return 2 * self.request.rank

    @property
    def training(self) -> TrainingRun:
        """The run. Raises UsageError for hosted tuning, which no trainer runs."""
        if self.run is None:
            raise UsageError(
                f"{self.weights}: is tuned by its provider; use --to openai or --to together"
            )
        return self.run

    @property
    def modules(self) -> list[str]:
        """The names of the modules that an adapter is attached to; all-linear where the model's
        are not known.
        """
        run = self.training
        if run.model is None or run.targets == "all-linear":
            return [name.strip() for name in run.targets.split(",")]
        return [module.name for module in targeted(run.model, run.targets)]


def stated_flags(request: RunRequest) -> Flags:
    """The flags of a request that differ from their defaults."""
    return {
        field.name: getattr(request, field.name)
        for field in fields(request)
        if field.name == "model" or getattr(request, field.name) != field.default
    }


def require_one_of(tool: str, what: str, value: str, allowed: Mapping[str, Value]) -> Value:
    """What the tool calls this value. Raises UsageError where it has no such thing."""
    if value not in allowed:
        raise UsageError(
            f"--to {tool}: has no {what} {value}; estimate it with one of {', '.join(allowed)}"
        )
    return allowed[value]


def whole_epochs(tool: str, epochs: float) -> int:
    """The number of epochs. Raises UsageError for a part of one."""
    if epochs != int(epochs) or epochs < 1:
        raise UsageError(f"--to {tool}: counts whole epochs, not {epochs:g}; round them")
    return int(epochs)


def check_plain(tool: str, run: TrainingRun) -> None:
    """Raises UsageError for what no configuration here can state."""
    unwritten = {
        f"--tp {run.tensor_parallel}": run.tensor_parallel > 1,
        f"--pp {run.pipeline_parallel}": run.pipeline_parallel > 1,
        f"--cp {run.context_parallel}": run.context_parallel > 1,
        f"--offload {run.offload}": run.offload != "none",
        f"--compute {run.compute_dtype}": run.compute_dtype in LOW_PRECISION,
        f"--method {run.method}": run.method not in METHODS,
        f"--objective {run.objective}": run.objective not in OBJECTIVES,
    }
    for name, is_set in unwritten.items():
        if is_set:
            raise UsageError(f"--to {tool}: {name} cannot be written for it; estimate it without")


METHODS = ("full", "lora", "dora", "qlora")
OBJECTIVES = ("sft", "dpo")


def objective_of(value: Value) -> str | None:
    """Our name for an objective other than plain tuning; None where it is that, or not known."""
    name = canonical("objective", str(value or ""))
    return name if name and name != "sft" else None


def number(value: Value) -> float | None:
    """A number, also where YAML 1.1 read `2e-4` as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def whole(value: Value) -> int | None:
    """A whole number, None for anything else."""
    read = number(value)
    return int(read) if read is not None and read == int(read) else None


def present(flags: Flags) -> Flags:
    """The flags without those that are not stated."""
    return {name: value for name, value in flags.items() if value is not None}


def named(value: Value, names: Mapping[str, Value]) -> str | None:
    """Our name for a tool's value; None where we have none."""
    return next((ours for ours, theirs in names.items() if theirs == value), None)


def checkpointing_of(value: Value) -> str | None:
    """Full or none by a tool's switch, None where it is not stated."""
    if value is None:
        return None
    return "full" if value else "none"
