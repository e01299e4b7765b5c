"""One throughput trial: builds, warms up, steps until steady, then times evaluation and saving as
own terms.
"""

from __future__ import annotations

import importlib
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import fmean, median
from typing import Any

from advisor.calibrate import statistics
from advisor.calibrate.worker.adapters import adapt, trainable
from advisor.calibrate.worker.architecture import Blueprint, blueprint, most_positions
from advisor.calibrate.worker.batches import Batch, Rows
from advisor.calibrate.worker.device import Device, Power
from advisor.calibrate.worker.loop import StepReport, Trainer
from advisor.calibrate.worker.micro_batch import largest_safe
from advisor.calibrate.worker.process_group import ProcessGroup
from advisor.calibrate.worker.reporter import Reporter
from advisor.calibrate.worker.stop import Stop, Stopped
from advisor.core.experiment import Trial

EVALUATIONS = 3
PARAMS_TOLERANCE = 0.02
"""A built model whose parameter count is further off its fact sheet is reported as such."""


def measure(
    trial: Trial, shared: Mapping[str, Any], reporter: Reporter, stop: Stop, device: Device
) -> dict[str, Any]:
    """Speed, memory, power and the fixed terms of one configuration.

    Raises Stopped with what was found so far.

    In a team every process measures, and the first has the result of all.
    """
    spec = {"dtype": device.default_dtype(), **trial.spec}
    team = ProcessGroup()
    device.settle()
    idle = device.held_gib()
    begun = time.perf_counter()
    plan = blueprint(spec["architecture"], int(spec["layers"]), spec["attention"], spec["head"])
    about = _about(spec, plan, reporter)
    trainer = _trainer(plan, spec, device, team)
    rows = _rows(plan, trainer.model, spec, shared)
    about |= {
        "device": device.kind,
        "start_seconds": max(team.gather(time.perf_counter() - begun)),
        "trainable_params": sum(p.numel() for p in trainable(trainer.model)),
        "seq_len": rows.seq_len,
        "processes": team.size,
        "sharding": spec["sharding"],
    }
    if team.any(stop.asked):
        raise Stopped(stop.reason)
    micro_batch = int(spec["micro_batch"])
    if spec["search"]:
        search = largest_safe(trainer, spec, rows, reporter, stop)
        about |= {"search": search}
        micro_batch = int(search["largest"]) or micro_batch
    batches = rows.batches(micro_batch, int(spec["seed"]), device.kind, team.rank)
    device.settle()
    device.reset_peak()
    with Power(device) as power:
        own = _steps(trainer, batches, spec, reporter, stop, trial.label, team, power)
    steps = team.merged(own)
    memory = _memory(team, {**device.peak_gib(), "idle_gib": idle})
    about |= (
        {"micro_batch": micro_batch} | memory | _speed(steps, device) | _drawn(power, steps, team)
    )
    if team.any(stop.asked) and len(steps) < int(spec["steps"]):
        raise Stopped(stop.reason, about)
    return about | _evaluation(trainer, batches) | _saving(trainer.model, team)


def _trainer(
    plan: Blueprint, spec: Mapping[str, Any], device: Device, team: ProcessGroup
) -> Trainer:
    """The adapted model, spread over the team, with its optimiser."""
    sharded = spec["sharding"] == "fsdp"
    if sharded and spec["method"] == "qlora":
        raise ValueError("qlora is not measured with a sharded model; use --sharding ddp, or lora")
    model = adapt(plan.build(spec["dtype"], "meta" if sharded else device.kind), spec, plan.head)
    model = team.spread(model, spec["sharding"], device)
    return Trainer(
        model, device, dtype=spec["dtype"], optimizer=spec["optimizer"], learning_rate=1e-4
    )


def _about(spec: Mapping[str, Any], plan: Blueprint, reporter: Reporter) -> dict[str, Any]:
    """What is built, and whether it has the parameters it should have."""
    whole = blueprint(spec["architecture"], 0, spec["attention"], spec["head"])
    description: dict[str, Any] = {
        "layers": plan.layers,
        "full_layers": whole.layers,
        "dtype": spec["dtype"],
    }
    description |= {"attention": str(plan.config._attn_implementation), "head": plan.head}
    if spec["count"]:
        description["params"] = whole.params()
        expected = spec["architecture"].get("profile", {}).get("params")
        if expected and abs(description["params"] / expected - 1.0) > PARAMS_TOLERANCE:
            text = (
                f"built with {description['params']:,} parameters, the fact sheet says "
                f"{expected:,}: speed and memory are off"
            )
            reporter.say("warning", text=text)
            description["architecture_differs"] = text
    return description


def _rows(plan: Blueprint, model: Any, spec: Mapping[str, Any], shared: Mapping[str, Any]) -> Rows:
    """The rows to train on, cut where the model has no more positions."""
    most = most_positions(model)
    if most is not None and spec["method"] == "soft-prompt":
        most -= int(spec["rank"])
    return Rows(
        shared["lengths"],
        min(int(spec["seq_len"]), most or int(spec["seq_len"])),
        int(plan.text.vocab_size),
        plan.head,
        plan.labels,
        bool(spec["packed"]),
    )


def _memory(team: ProcessGroup, own: Mapping[str, float | None]) -> dict[str, Any]:
    """Of the process that holds the most; of several also each one's own."""
    peaks = team.gather(dict(own))
    most = max(peaks, key=lambda m: m["process_gib"])
    return {"memory": most} | ({"memory_of_each": peaks} if team.size > 1 else {})


def _steps(
    trainer: Trainer,
    batches: Iterator[Batch],
    spec: Mapping[str, Any],
    reporter: Reporter,
    stop: Stop,
    label: str,
    team: ProcessGroup,
    power: Power,
) -> list[StepReport]:
    """Steps until the number asked for, or their seconds are over, or somebody asks to stop; a team
    ends together.
    """
    steps: list[StepReport] = []
    give_up = time.perf_counter() + float(spec["seconds"])
    accumulate = int(spec["grad_accum"])
    while len(steps) < int(spec["steps"]):
        late = time.perf_counter() > give_up and len(steps) >= statistics.FEWEST_STEPS + 2
        if team.any(late or stop.asked):
            break
        step = trainer.step(batches, accumulate)
        steps.append(step)
        reporter.step(
            label=label,
            step=len(steps),
            steps=int(spec["steps"]),
            loss=step.loss,
            tokens_per_second=team.size * step.tokens / max(step.seconds, 1e-9),
            memory_gib=trainer.device.peak_gib()["process_gib"],
            watts=power.now(),
        )
    return steps


def _speed(steps: list[StepReport], device: Device) -> dict[str, Any]:
    """Tokens a second, the law of a step, and whether it is steady; empty where there was no
    step.
    """
    if not steps:
        return {}
    dropped = statistics.warm_up([s.seconds for s in steps])
    timed = steps[dropped:]
    seconds = [s.seconds for s in timed]
    positions = [float(s.positions) for s in timed]
    heaviest = [float(s.heaviest or s.positions) for s in timed]
    steady = statistics.steadiness(heaviest, seconds)
    law = statistics.line(heaviest, seconds)
    total = sum(seconds)
    return {
        "clock": device.clock,
        "steps": len(timed),
        "dropped_steps": dropped,
        "steady": steady.steady,
        "steady_why": steady.why,
        "relative_error": steady.error,
        "step_seconds": {
            q: statistics.quantile(seconds, p)
            for q, p in (("p10", 0.1), ("p50", 0.5), ("p90", 0.9))
        },
        "mean_step_seconds": fmean(seconds),
        "tokens_per_second": sum(s.tokens for s in timed) / total,
        "positions_per_second": sum(positions) / total,
        "padding_share": 1.0 - sum(s.tokens for s in timed) / sum(positions),
        "tokens_per_step": fmean(s.tokens for s in timed),
        "positions_per_step": fmean(positions),
        "law": None
        if law is None
        else {"fixed_seconds": law.fixed, "seconds_per_position": law.per_unit, "r2": law.r2},
        "law_why": "" if law else "all steps have the same number of positions",
        "first_loss": steps[0].loss,
        "last_loss": steps[-1].loss,
        "warm_up_seconds": sum(s.seconds for s in steps[:dropped]) - dropped * median(seconds),
    }


def _drawn(power: Power, steps: list[StepReport], team: ProcessGroup) -> dict[str, Any]:
    """Mean draw of all cards together, and energy for a real token."""
    draws = team.gather(power.watts())
    if any(watts is None for watts in draws) or not steps:
        return {"watts": None, "watts_why": power.reason or "too short to be sampled"}
    tokens = sum(s.tokens for s in steps)
    seconds = sum(s.seconds for s in steps)
    return {"watts": sum(draws), "joules_per_token": sum(draws) * seconds / tokens}


def _evaluation(trainer: Trainer, batches: Iterator[Batch]) -> dict[str, Any]:
    """Forward passes alone, per position."""
    import torch

    seconds = 0.0
    positions = 0
    trainer.model.eval()
    with torch.no_grad(), trainer.precision():
        for number in range(EVALUATIONS + 1):
            batch = next(batches)
            begun = trainer.device.now()
            trainer.model(**batch.inputs)
            if number:  # the first pass warms up
                seconds, positions = (
                    seconds + trainer.device.now() - begun,
                    positions + batch.positions,
                )
    trainer.model.train()
    return {"evaluation_seconds_per_position": seconds / positions}


def _saving(model: Any, team: ProcessGroup) -> dict[str, Any]:
    """Writes what was trained once, to a file that is gone at once: the first process does, with
    the parts of all.
    """
    save_file = importlib.import_module("safetensors.torch").save_file
    begun = time.perf_counter()
    tensors = {
        n: _whole(p).contiguous().cpu().clone()
        for n, p in model.named_parameters()
        if p.requires_grad
    }
    if team.rank:
        return {}
    with tempfile.TemporaryDirectory(prefix="advisor-save-") as folder:
        path = Path(folder) / "trained.safetensors"
        save_file(tensors, path)
        return {"save_seconds": time.perf_counter() - begun, "saved_bytes": path.stat().st_size}


def _whole(parameter: Any) -> Any:
    tensor = parameter.detach()
    return tensor.full_tensor() if hasattr(tensor, "full_tensor") else tensor
