"""Plans throughput runs, and reads what their trials showed: speeds, the law of a step, and the
whole from slices.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from advisor.calibrate import depths
from advisor.calibrate.statistics import depth_fit, quantile
from advisor.core.constants import Z80
from advisor.core.errors import UsageError
from advisor.core.experiment import DepthFit, ExperimentPlan, Status, Trial, TrialOutcome, digest
from advisor.core.facts import Model
from advisor.core.quantity import Range

Pairs = Sequence[tuple[Trial, TrialOutcome]]
"""Trials with what became of them."""

Length = int | Sequence[int]
"""Tokens of a row, or those of its prompt and its answer."""

METHODS = ("full", "lora", "dora", "qlora", "soft-prompt")
MOST_LENGTHS = 512
DEFAULT_LENGTHS = (512,)
STEPS = 40
SECONDS = 90.0

HEADS = ("auto", "causal", "classification", "masked", "seq2seq")
SHARDINGS = ("ddp", "fsdp")


@dataclass(frozen=True, slots=True)
class Setup:
    """What to measure. `architecture` is `{"profile": sizes}` or `{"config": config.json}`.

    `head` says what is trained: auto is the usual one. `micro_batch` is per process; `sharding` ddp
    or fsdp where there are several `processes`, one a card, else none.
    """

    model_name: str
    architecture: Mapping[str, Any]
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
    steps: int = STEPS
    seconds: float = SECONDS
    memory_limit_gib: float = 0.0
    head: str = "auto"
    processes: int = 1
    sharding: str = "none"


def architecture_of(model: Model) -> dict[str, Any]:
    """The sizes of a model in our tables."""
    return {"profile": {k: v for k, v in asdict(model).items() if k != "cited"}}


def plan(
    setups: Sequence[Setup],
    lengths: Sequence[Length] = (),
    *,
    slices: Sequence[int] = (),
    device: str = "auto",
    machine: str = "",
    seed: int = 0,
) -> ExperimentPlan:
    """One trial per setup and depth; `lengths` are the tokens of the user's rows, `machine` the
    name of card or CPU.

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
    usable = sorted((n for n in lengths if _whole(n) >= 2), key=_whole) or list(DEFAULT_LENGTHS)
    if len(usable) <= MOST_LENGTHS:
        return [_plain(n) for n in usable]
    if all(isinstance(n, int) for n in usable):
        whole = [float(_whole(n)) for n in usable]
        return [round(quantile(whole, (i + 0.5) / MOST_LENGTHS)) for i in range(MOST_LENGTHS)]
    return [
        _plain(usable[int((i + 0.5) / MOST_LENGTHS * len(usable))]) for i in range(MOST_LENGTHS)
    ]


def _whole(length: Length) -> int:
    """Tokens of a row, prompt and answer together."""
    return length if isinstance(length, int) else sum(length)


def _plain(length: Length) -> int | list[int]:
    return int(length) if isinstance(length, int) else list(length)


def _depths(setup: Setup, slices: Sequence[int]) -> tuple[int, ...]:
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


def _trial(setup: Setup, layers: int, seed: int, *, count: bool) -> Trial:
    if setup.method not in METHODS:
        raise UsageError(f"--method {setup.method}: not measured; use one of {', '.join(METHODS)}")
    if setup.head not in HEADS:
        raise UsageError(f"--head {setup.head}: one of {', '.join(HEADS)}")
    _check_processes(setup)
    spec = asdict(setup) | {"layers": layers, "seed": seed, "count": count}
    spec["dtype"] = setup.dtype or None
    if spec["dtype"] is None:
        del spec["dtype"]
    depth = f", {layers} layers" if layers else ""
    spread = f", {setup.processes} × {setup.sharding}" if setup.sharding != "none" else ""
    label = (
        f"{setup.model_name} {setup.method}, {setup.micro_batch} × {setup.seq_len}{depth}{spread}"
    )
    return Trial("throughput", label, spec)


def _check_processes(setup: Setup) -> None:
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


def summary(plan: ExperimentPlan, outcomes: Sequence[TrialOutcome]) -> dict[str, Any]:
    """What the run showed, as plain data: a line a configuration, and the whole model where slices
    were measured.
    """
    done = {o.digest: o for o in outcomes if o.status is Status.DONE}
    pairs = [(t, done[plan.trial_digest(t)]) for t in plan.trials if plan.trial_digest(t) in done]
    wholes = [
        asdict(whole) for group in _sliced(pairs) if (whole := from_slices(group)) is not None
    ]
    lines = [_line(trial, outcome) for trial, outcome in pairs]
    return {
        "trials": lines,
        "whole_models": wholes,
        "scaling": scaling(pairs),
        "carries_over": carries_over(pairs),
    }


def scaling(pairs: Pairs) -> list[dict[str, Any]]:
    """Speed of n processes ÷ (n × that of one), where the same run measured both: 1 is without
    loss.
    """
    alone = {_apart(t): o.result for t, o in pairs if t.spec.get("processes", 1) == 1}
    gains = []
    for trial, outcome in pairs:
        one = alone.get(_apart(trial))
        count = int(trial.spec.get("processes", 1))
        if one is not None and count > 1:
            speed = float(outcome.result["tokens_per_second"])
            single = float(one["tokens_per_second"])
            steady = bool(one["steady"] and outcome.result["steady"])
            gain = {"processes": count, "efficiency": speed / (count * single), "steady": steady}
            gains.append({"label": trial.label} | gain)
    return gains


def _apart(trial: Trial) -> str:
    """The name of a configuration without its number of processes."""
    return digest(
        {k: v for k, v in trial.spec.items() if k not in ("processes", "sharding", "count")}
    )


def carries_over(pairs: Pairs) -> str:
    """What these figures say about other machines."""
    kinds = {str(o.result.get("device", "")) for _, o in pairs}
    if not kinds:
        return ""
    if kinds <= {"cuda"}:
        return (
            "this GPU, this software, these lengths; estimates of other runs on this GPU are "
            "corrected by it"
        )
    return (
        "a CPU: the procedure, parameter counts, padding and the shape of the law carry over to a "
        "GPU; seconds, tokens "
        "per second and memory do not, and never enter an estimate for a GPU"
    )


def _line(trial: Trial, outcome: TrialOutcome) -> dict[str, Any]:
    wanted = (
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
    return {"label": trial.label} | {k: outcome.result[k] for k in wanted if k in outcome.result}


def _sliced(pairs: Pairs) -> list[Pairs]:
    """Trials that differ in their depth alone."""
    groups: dict[str, list[tuple[Trial, TrialOutcome]]] = {}
    for trial, outcome in pairs:
        if trial.spec["layers"]:
            key = Trial(
                "", "", {k: v for k, v in trial.spec.items() if k not in ("layers", "count")}
            ).digest
            groups.setdefault(key, []).append((trial, outcome))
    return [g for g in groups.values() if len(g) > 1]


def from_slices(group: Pairs) -> WholeModel | None:
    """The whole model from slices of it that ran the same batches, hence by their means; None below
    two depths.
    """
    results = [o.result for _, o in group]
    layers = int(results[0]["full_layers"])
    step = depth_fit([(int(r["layers"]), float(r["mean_step_seconds"])) for r in results], layers)
    if step is None or step.at_full_depth <= 0.0:
        return None
    per_step = float(results[-1]["tokens_per_step"])
    positions = float(results[-1]["positions_per_step"])
    trial = group[0][0]
    model = trial.spec["model_name"]
    method = trial.spec["method"]
    return WholeModel(
        label=f"{model} {method}, {layers} layers from {len(group)} depths",
        step=step,
        memory=_memory(results, layers),
        tokens_per_second=per_step / step.at_full_depth,
        positions_per_second=positions / step.at_full_depth,
    )


def _memory(results: Sequence[Mapping[str, Any]], layers: int) -> DepthFit | None:
    """Of the most telling reading all slices have: allocated on a card, the process on a CPU.

    What a process holds before a trial differs with what ran before it: each peak is taken above
    that, and the least of them stands for all.
    """
    for reading in ("allocated_gib", "process_gib"):
        peaks = [
            (int(r["layers"]), r["memory"].get(reading), float(r["memory"].get("idle_gib") or 0.0))
            for r in results
        ]
        if all(peak is not None for _, peak, _ in peaks):
            least = min(idle for _, _, idle in peaks)
            return depth_fit(
                [(depth, float(peak) - idle + least) for depth, peak, idle in peaks],
                layers,
                convex=True,
            )
    return None


@dataclass(frozen=True, slots=True)
class Projection:
    """How long a whole run takes by what was measured.

    `steps` are optimiser steps; `left_out` is not in the hours.
    """

    label: str
    steps: int
    hours: Range
    left_out: str


def project(
    plan: ExperimentPlan, outcomes: Sequence[TrialOutcome], examples: int, epochs: float
) -> tuple[Projection, ...]:
    """Start + steps × mean step + one save, for every whole configuration and every one told from
    slices.

    The range is that of the mean step (its standard error), and for slices the error in depth
    beside it. Only steady trials are projected.
    """
    done = {o.digest: o for o in outcomes if o.status is Status.DONE and o.result.get("steady")}
    pairs = [(t, done[plan.trial_digest(t)]) for t in plan.trials if plan.trial_digest(t) in done]
    projections = []
    for trial, outcome in pairs:
        if not trial.spec["layers"]:
            result = outcome.result
            error = float(result.get("relative_error") or 0.0)
            step = usual_step_seconds(
                result, expected_positions(trial, result, plan.shared["lengths"])
            )
            projections.append(
                _projection(trial, trial.label, result, step, error, examples, epochs)
            )
    for group in _sliced(pairs):
        whole = from_slices(group)
        if whole is not None:
            trial = group[-1][0]
            last = group[-1][1].result
            error = max(
                abs(whole.step.error or 0.0) / Z80, float(last.get("relative_error") or 0.0)
            )
            projections.append(
                _projection(
                    trial, whole.label, last, whole.step.at_full_depth, error, examples, epochs
                )
            )
    return tuple(projections)


def usual_step_seconds(result: Mapping[str, Any], positions: float | None) -> float:
    """Seconds of a step of so many positions: few steps may have met longer or shorter rows than
    the data hold.

    The measured mean, moved along the law of a step to the expected positions (a regression
    estimate: Cochran, Sampling Techniques, 1977, section 7.2). Without a law, the mean itself.
    """
    mean = float(result["mean_step_seconds"])
    law = result.get("law")
    if positions is None or not law or law["seconds_per_position"] <= 0.0:
        return mean
    moved = mean + law["seconds_per_position"] * (positions - float(result["positions_per_step"]))
    return float(max(moved, 0.5 * mean))


def expected_positions(
    trial: Trial, result: Mapping[str, Any], lengths: Sequence[Length]
) -> float | None:
    """Mean positions of a step: rows × the mean of the longest of so many rows drawn from
    `lengths`, cut at the length.

    The mean of the largest of m independent draws from n sorted values is Σ x_i ((i/n)^m −
    ((i−1)/n)^m). None for several processes, and for models that read both sides of a row apart.
    """
    rows = int(result["micro_batch"])
    accumulated = int(trial.spec["grad_accum"])
    longest = int(trial.spec["seq_len"])
    if int(trial.spec.get("processes", 1)) > 1 or result.get("head") == "seq2seq":
        return None
    if trial.spec["packed"]:
        return float(rows * accumulated * longest)
    cut = sorted(max(min(_whole(n), longest), 2) for n in lengths)
    n = len(cut)
    mean = sum(x * ((i / n) ** rows - ((i - 1) / n) ** rows) for i, x in enumerate(cut, 1))
    return rows * accumulated * mean


def _projection(
    trial: Trial,
    label: str,
    result: Mapping[str, Any],
    step: float,
    error: float,
    examples: int,
    epochs: float,
) -> Projection:
    rows = (
        int(result["micro_batch"])
        * int(trial.spec["grad_accum"])
        * int(trial.spec.get("processes", 1))
    )
    steps = math.ceil(math.ceil(examples / rows) * epochs)
    fixed = float(result["start_seconds"]) + float(result.get("save_seconds") or 0.0)
    hours = [
        (fixed + steps * step * (1.0 + sign * Z80 * error)) / 3600.0 for sign in (-1.0, 0.0, 1.0)
    ]
    left_out = "evaluation"
    if result["clock"] != "wall":
        left_out += ", waiting for other programs on this CPU"
    return Projection(
        label, steps, Range(max(hours[0], fixed / 3600.0), hours[1], hours[2]), left_out
    )
