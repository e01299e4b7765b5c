"""Plans throughput runs, and sums up what their trials measured: speeds, and whole models from
slices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from advisor.calibrate import depths
from advisor.calibrate.statistics import depth_fit, quantile
from advisor.calibrate.throughput_records import ThroughputResult, ThroughputSpec
from advisor.core.errors import UsageError
from advisor.core.experiment import (
    DepthFit,
    ExperimentPlan,
    JsonObject,
    Status,
    Trial,
    TrialOutcome,
    digest,
)
from advisor.core.facts import Model


@dataclass(frozen=True, slots=True)
class MeasuredTrial:
    """A finished throughput trial: what was asked and what was measured."""

    label: str
    spec: ThroughputSpec
    result: ThroughputResult

    @classmethod
    def of(cls, trial: Trial, outcome: TrialOutcome) -> MeasuredTrial:
        """The trial with its outcome, read from their JSON."""
        spec = ThroughputSpec.from_json(trial.spec)
        return cls(trial.label, spec, ThroughputResult.from_json(outcome.result))


def measured_trials(
    plan: ExperimentPlan, outcomes: Sequence[TrialOutcome]
) -> tuple[MeasuredTrial, ...]:
    """The finished trials of a plan, in its order."""
    done = {o.digest: o for o in outcomes if o.status is Status.DONE}
    pairs = ((trial, done.get(plan.trial_digest(trial))) for trial in plan.trials)
    return tuple(MeasuredTrial.of(trial, outcome) for trial, outcome in pairs if outcome)


Length = int | Sequence[int]
"""Tokens of a row, or those of its prompt and its answer."""

METHODS = ("full", "lora", "dora", "qlora", "soft-prompt")
MOST_LENGTHS = 512
DEFAULT_LENGTHS = (512,)

HEADS = ("auto", "causal", "classification", "masked", "seq2seq")
SHARDINGS = ("ddp", "fsdp")


def architecture_of(model: Model) -> JsonObject:
    """The sizes of a model in our tables."""
    return {"profile": {k: v for k, v in asdict(model).items() if k != "cited"}}


def plan(
    setups: Sequence[ThroughputSpec],
    lengths: Sequence[Length] = (),
    *,
    slices: Sequence[int] = (),
    device: str = "auto",
    machine: str = "",
    seed: int = 0,
) -> ExperimentPlan:
    """One trial per setup and depth; `lengths` are the tokens of the user's rows, `machine` the
    name of GPU or CPU.

    An encoder with a decoder reads (prompt, answer) lengths apart; a whole length is its prompt.
    Raises UsageError.
    """
    trials = tuple(
        _trial(s, depth, seed, count=not number)
        for s in setups
        for number, depth in enumerate(_depths(s, slices) or (0,))
    )
    name = ", ".join(dict.fromkeys(f"{s.model_name} {s.method}" for s in setups))
    return ExperimentPlan(
        "throughput", name, trials, {"lengths": sampled(lengths), "machine": machine}, device, seed
    )


def sampled(lengths: Sequence[Length]) -> list[Any]:
    """At most `MOST_LENGTHS` lengths of the same distribution (evenly spaced order statistics); of
    none: 512.
    """
    usable = sorted((n for n in lengths if whole_length(n) >= 2), key=whole_length) or list(
        DEFAULT_LENGTHS
    )
    if len(usable) <= MOST_LENGTHS:
        return [_plain(n) for n in usable]
    if all(isinstance(n, int) for n in usable):
        whole = [float(whole_length(n)) for n in usable]
        return [round(quantile(whole, (i + 0.5) / MOST_LENGTHS)) for i in range(MOST_LENGTHS)]
    return [
        _plain(usable[int((i + 0.5) / MOST_LENGTHS * len(usable))]) for i in range(MOST_LENGTHS)
    ]


def whole_length(length: Length) -> int:
    """Tokens of a row, prompt and answer together."""
    return length if isinstance(length, int) else sum(length)


def _plain(length: Length) -> int | list[int]:
    return int(length) if isinstance(length, int) else list(length)


def _depths(setup: ThroughputSpec, slices: Sequence[int]) -> tuple[int, ...]:
    if not slices:
        return ()
    layers = depths.layers_of(setup.architecture)
    chosen = tuple(sorted(set(slices)))
    if len(chosen) < 2 or chosen[0] < 1:
        raise UsageError("--slices: name at least two depths from 1 up, such as 2,4,6")
    if layers is not None and chosen[-1] > layers:
        raise UsageError(
            f"--slices {chosen[-1]}: {setup.model_name} has {layers} layers; name smaller depths"
        )
    first, every = depths.pattern(setup.architecture)
    if first == layers:
        raise UsageError(
            f"--slices: no two layers of {setup.model_name} follow the same pattern; "
            "measure the whole model"
        )
    if chosen[0] <= first or any((d - first) % every for d in chosen):
        usual = ",".join(map(str, depths.usual(setup.architecture)))
        raise UsageError(
            f"--slices {','.join(map(str, chosen))}: layers of {setup.model_name} repeat every "
            f"{every} after the first "
            f"{first}; name depths such as {usual}"
        )
    return chosen


def _trial(setup: ThroughputSpec, layers: int, seed: int, *, count: bool) -> Trial:
    if setup.method not in METHODS:
        raise UsageError(f"--method {setup.method}: not measured; use one of {', '.join(METHODS)}")
    if setup.head not in HEADS:
        raise UsageError(f"--head {setup.head}: one of {', '.join(HEADS)}")
    _check_processes(setup)
    spec = replace(setup, layers=layers, seed=seed, count=count).to_json()
    if not setup.dtype:
        del spec["dtype"]
    return Trial("throughput", _label(setup, layers), spec)


def _label(setup: ThroughputSpec, layers: int) -> str:
    """Model, method and shape of a step, then what is not usual about it."""
    usual = ThroughputSpec()
    parts = [
        f"{setup.model_name} {setup.method}, {setup.micro_batch} × {setup.seq_len}",
        f"{layers} layers" if layers else "",
        f"{setup.processes} × {setup.sharding}" if setup.sharding != usual.sharding else "",
        f"rank {setup.rank}" if setup.rank != usual.rank and setup.method != "full" else "",
        setup.targets if setup.targets != usual.targets and setup.method != "full" else "",
        setup.optimizer if setup.optimizer != usual.optimizer else "",
        "full checkpointing" if setup.checkpointing == "full" else "",
        f"{setup.attention} attention" if setup.attention != usual.attention else "",
        setup.dtype,
    ]
    return ", ".join(part for part in parts if part)


def _check_processes(setup: ThroughputSpec) -> None:
    if setup.sharding not in ("none", *SHARDINGS):
        raise UsageError(f"--sharding {setup.sharding}: one of {', '.join(SHARDINGS)}")
    if setup.processes > 1 and setup.sharding == "none":
        raise UsageError("--sharding none: several processes spread a model by ddp or fsdp")
    if setup.sharding != "none" and setup.search:
        raise UsageError(
            "--search: works with one process; pass the --micro-batch it finds to the run of "
            "several"
        )
    if setup.sharding == "fsdp" and setup.method == "qlora":
        raise UsageError(
            "--method qlora: is not measured with a sharded model; use --sharding ddp, or lora"
        )


@dataclass(frozen=True, slots=True)
class WholeModel:
    """The whole model from slices: seconds of a step, tokens a second, memory (GiB); None where not
    measured.
    """

    label: str
    step: DepthFit
    memory: DepthFit | None
    tokens_per_second: float
    positions_per_second: float

    @classmethod
    def from_json(cls, document: JsonObject) -> WholeModel:
        """The whole model in a run's result."""
        memory = document.get("memory")
        return cls(
            document["label"],
            DepthFit(**document["step"]),
            DepthFit(**memory) if memory else None,
            document["tokens_per_second"],
            document["positions_per_second"],
        )


def summary(plan: ExperimentPlan, outcomes: Sequence[TrialOutcome]) -> JsonObject:
    """What the run measured, as plain data: a line per configuration, and whole models from
    slices.
    """
    trials = measured_trials(plan, outcomes)
    wholes = [from_slices(group) for group in sliced(trials)]
    return {
        "trials": [_line(trial) for trial in trials],
        "whole_models": [asdict(whole) for whole in wholes if whole is not None],
        "scaling": [asdict(gain) for gain in scaling(trials)],
        "carries_over": carries_over(trials),
    }


@dataclass(frozen=True, slots=True)
class Scaling:
    """Speed of n processes ÷ (n × that of one): 1 is without loss."""

    label: str
    processes: int
    efficiency: float
    steady: bool


def scaling(trials: Sequence[MeasuredTrial]) -> list[Scaling]:
    """How well several processes share the work, where the same run measured one process too."""
    alone = {_configuration(t.spec): t.result for t in trials if t.spec.processes == 1}
    gains = []
    for trial in trials:
        single = alone.get(_configuration(trial.spec))
        count = trial.spec.processes
        if count <= 1 or single is None or not single.tokens_per_second:
            continue
        if trial.result.tokens_per_second is None:
            continue
        efficiency = trial.result.tokens_per_second / (count * single.tokens_per_second)
        steady = bool(single.steady and trial.result.steady)
        gains.append(Scaling(trial.label, count, efficiency, steady))
    return gains


def _configuration(spec: ThroughputSpec) -> str:
    """The name of a configuration without its number of processes."""
    return digest(replace(spec, processes=1, sharding="none", count=False).to_json())


def carries_over(trials: Sequence[MeasuredTrial]) -> str:
    """What these figures say about other machines."""
    devices = {trial.result.device for trial in trials}
    if not devices:
        return ""
    if devices <= {"cuda"}:
        return (
            "this GPU, this software, these lengths; estimates of other runs on this GPU are "
            "corrected by it"
        )
    return (
        "a CPU: the procedure, parameter counts, padding and the shape of the law carry over to a "
        "GPU; seconds, tokens per second and memory do not, and never enter an estimate for a GPU"
    )


LINE_KEYS = (
    "tokens_per_second",
    "positions_per_second",
    "padding_share",
    "steady",
    "steady_why",
    "step_seconds",
    "mean_step_seconds",
    "relative_error",
    "clock",
    "law",
    "memory",
    "watts",
    "gpu_mhz",
    "micro_batch",
    "search",
    "device",
    "architecture_differs",
    "start_seconds",
    "evaluation_seconds_per_position",
    "save_seconds",
    "joules_per_token",
    "processes",
    "sharding",
    "memory_of_each",
    "head",
    "watts_why",
)
"""What a run shows of each trial."""


def _line(trial: MeasuredTrial) -> JsonObject:
    measured = trial.result.to_json()
    return {"label": trial.label} | {key: measured[key] for key in LINE_KEYS if key in measured}


def sliced(trials: Sequence[MeasuredTrial]) -> list[list[MeasuredTrial]]:
    """Groups of trials that differ in their depth alone, of two depths and more."""
    groups: dict[str, list[MeasuredTrial]] = {}
    for trial in trials:
        if trial.spec.layers:
            key = digest(replace(trial.spec, layers=0, count=False).to_json())
            groups.setdefault(key, []).append(trial)
    return [group for group in groups.values() if len(group) > 1]


def from_slices(group: Sequence[MeasuredTrial]) -> WholeModel | None:
    """The whole model from slices of it that ran the same batches, hence by their means; None below
    two depths, or where nobody knows how many layers it has.
    """
    results = [trial.result for trial in group]
    layers = results[0].full_layers
    if layers is None:
        return None
    points = [
        (r.layers, r.mean_step_seconds)
        for r in results
        if r.layers is not None and r.mean_step_seconds is not None
    ]
    step = depth_fit(points, layers)
    last = results[-1]
    if step is None or step.at_full_depth <= 0.0:
        return None
    if last.tokens_per_step is None or last.positions_per_step is None:
        return None
    spec = group[0].spec
    return WholeModel(
        label=f"{spec.model_name} {spec.method}, {layers} layers from {len(group)} depths",
        step=step,
        memory=_memory_at_depth(results, layers),
        tokens_per_second=last.tokens_per_step / step.at_full_depth,
        positions_per_second=last.positions_per_step / step.at_full_depth,
    )


def _memory_at_depth(results: Sequence[ThroughputResult], layers: int) -> DepthFit | None:
    """Of the most telling reading all slices have: allocated on a GPU, the process on a CPU.

    What a process holds before a trial differs with what ran before it: each peak is taken above
    that, and the least of them stands for all.
    """
    for reading in ("allocated_gib", "process_gib"):
        peaks = [
            (r.layers, getattr(r.memory, reading), r.memory.idle_gib or 0.0)
            for r in results
            if r.layers is not None and r.memory is not None
        ]
        if len(peaks) == len(results) and all(peak is not None for _, peak, _ in peaks):
            least = min(idle for _, _, idle in peaks)
            points = [(depth, float(peak) - idle + least) for depth, peak, idle in peaks]
            return depth_fit(points, layers, convex=True)
    return None
