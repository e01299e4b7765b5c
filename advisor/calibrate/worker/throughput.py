"""One throughput trial: builds, warms up, steps until steady, then times evaluation and saving as
own terms.
"""

from __future__ import annotations

import importlib
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean, median
from typing import Any

from advisor.calibrate import statistics
from advisor.calibrate.throughput_records import (
    PeakMemory,
    StepLaw,
    ThroughputResult,
    ThroughputSpec,
)
from advisor.calibrate.worker.adapters import adapt, trainable
from advisor.calibrate.worker.architecture import Blueprint, blueprint, most_positions
from advisor.calibrate.worker.batches import Batch, Length, Rows
from advisor.calibrate.worker.device import Device, Power
from advisor.calibrate.worker.loop import StepReport, Trainer
from advisor.calibrate.worker.micro_batch import largest_safe
from advisor.calibrate.worker.process_group import ProcessGroup
from advisor.calibrate.worker.reporter import Reporter
from advisor.calibrate.worker.stop import Stop, Stopped
from advisor.core.constants import GIB, QUANTILES
from advisor.core.experiment import JsonObject, Trial

EVALUATIONS = 3
PARAMS_TOLERANCE = 0.02
"""A built model whose parameter count is further off its fact sheet is reported as such."""


def measure(
    trial: Trial, shared: JsonObject, reporter: Reporter, stop: Stop, device: Device
) -> JsonObject:
    """Speed, memory, power and the fixed terms of one configuration (`ThroughputResult`).

    Of several processes every one measures, and the first has the result of all. Raises Stopped
    with what was measured so far.
    """
    spec = ThroughputSpec.from_json({"dtype": device.default_dtype(), **trial.spec})
    group = ProcessGroup()
    device.settle()
    idle = device.in_use_gib()
    begun = time.perf_counter()
    plan = blueprint(spec.architecture, spec.layers, spec.attention, spec.head)
    trainer = _trainer(plan, spec, device, group)
    rows = _rows(plan, trainer.model, spec, shared["lengths"])
    result = replace(
        _description(spec, plan, reporter),
        device=device.kind,
        start_seconds=max(group.gather(time.perf_counter() - begun)),
        trainable_params=sum(p.numel() for p in trainable(trainer.model)),
        seq_len=rows.seq_len,
        processes=group.size,
        sharding=spec.sharding,
        micro_batch=spec.micro_batch,
    )
    if group.any(stop.asked):
        raise Stopped(stop.reason)
    if spec.search:
        search = largest_safe(trainer, spec, rows, reporter, stop)
        result = replace(result, search=search, micro_batch=search.largest or spec.micro_batch)
    batches = rows.batches(result.micro_batch or 1, spec.seed, device.kind, group.rank)
    device.settle()
    device.reset_peak()
    with Power(device) as power:
        own = _steps(trainer, batches, spec, reporter, stop, trial.label, group, power)
    steps = group.merged(own)
    result = _with_memory(result, group, PeakMemory(**device.peak_gib(), idle_gib=idle))
    device.left_gib += trainer.paged_bytes() / GIB
    result = _with_power(_with_speed(result, steps, device), power, steps, group)
    if group.any(stop.asked) and len(steps) < spec.steps:
        raise Stopped(stop.reason, result.to_json())
    evaluation = _evaluation_seconds(trainer, batches)
    result = replace(result, evaluation_seconds_per_position=evaluation)
    return _with_save(result, trainer.model, group).to_json()


def _trainer(plan: Blueprint, spec: ThroughputSpec, device: Device, group: ProcessGroup) -> Trainer:
    """The adapted model, spread over the processes, with its optimiser."""
    sharded = spec.sharding == "fsdp"
    if sharded and spec.method == "qlora":
        raise ValueError("qlora is not measured with a sharded model; use --sharding ddp, or lora")
    without_memory = sharded or spec.method == "qlora"
    model = adapt(
        plan.build(spec.dtype, "meta" if without_memory else device.kind),
        spec.method,
        rank=spec.rank,
        targets=spec.targets,
        checkpointing=spec.checkpointing,
        head=plan.head,
        device=device.kind,
    )
    model = group.spread(model, spec.sharding, device)
    return Trainer(model, device, dtype=spec.dtype, optimizer=spec.optimizer, learning_rate=1e-4)


def _description(spec: ThroughputSpec, plan: Blueprint, reporter: Reporter) -> ThroughputResult:
    """What is built, and whether it has the parameters it should have."""
    whole = blueprint(spec.architecture, 0, spec.attention, spec.head)
    result = ThroughputResult(
        layers=plan.layers,
        full_layers=whole.layers,
        dtype=spec.dtype,
        attention=str(plan.config._attn_implementation),
        head=plan.head,
    )
    if not spec.count:
        return result
    params = whole.params()
    expected = spec.architecture.get("profile", {}).get("params")
    if not expected or abs(params / expected - 1.0) <= PARAMS_TOLERANCE:
        return replace(result, params=params)
    text = (
        f"built with {params:,} parameters, the fact sheet says {expected:,}: speed and memory "
        "are off"
    )
    reporter.say("warning", text=text)
    return replace(result, params=params, architecture_differs=text)


def _rows(plan: Blueprint, model: Any, spec: ThroughputSpec, lengths: Sequence[Length]) -> Rows:
    """The rows to train on, cut where the model has no more positions."""
    most = most_positions(model)
    if most is not None and spec.method == "soft-prompt":
        most -= spec.rank
    return Rows(
        lengths,
        min(spec.seq_len, most or spec.seq_len),
        int(plan.text.vocab_size),
        plan.head,
        plan.labels,
        spec.packed,
    )


def _with_memory(
    result: ThroughputResult, group: ProcessGroup, own: PeakMemory
) -> ThroughputResult:
    """Of the process that holds the most; of several also each one's own."""
    peaks: list[PeakMemory] = group.gather(own)
    most = max(peaks, key=lambda peak: peak.process_gib or 0.0)
    return replace(result, memory=most, memory_of_each=peaks if group.size > 1 else None)


def _steps(
    trainer: Trainer,
    batches: Iterator[Batch],
    spec: ThroughputSpec,
    reporter: Reporter,
    stop: Stop,
    label: str,
    group: ProcessGroup,
    power: Power,
) -> list[StepReport]:
    """Steps until the number asked for, or their seconds are over, or somebody asks to stop;
    processes end together.
    """
    steps: list[StepReport] = []
    give_up = time.perf_counter() + spec.seconds
    accumulate = spec.grad_accum
    while len(steps) < spec.steps:
        late = time.perf_counter() > give_up and len(steps) >= statistics.FEWEST_STEPS + 2
        if group.any(late or stop.asked):
            break
        step = trainer.step(batches, accumulate)
        steps.append(step)
        reporter.step(
            label=label,
            step=len(steps),
            steps=spec.steps,
            loss=step.loss,
            tokens_per_second=group.size * step.tokens / max(step.seconds, 1e-9),
            memory_gib=trainer.device.peak_gib()["process_gib"],
            watts=power.now(),
        )
    return steps


def _with_speed(
    result: ThroughputResult, steps: Sequence[StepReport], device: Device
) -> ThroughputResult:
    """Tokens per second, the law of a step, and whether it is steady; unchanged without a step."""
    if not steps:
        return result
    dropped = statistics.warm_up([s.seconds for s in steps])
    timed = steps[dropped:]
    seconds = [s.seconds for s in timed]
    positions = [float(s.positions) for s in timed]
    heaviest = [float(s.heaviest or s.positions) for s in timed]
    steady = statistics.steadiness(heaviest, seconds)
    law = statistics.line(heaviest, seconds)
    tokens = sum(s.tokens for s in timed)
    return replace(
        result,
        clock=device.clock,
        steps=len(timed),
        dropped_steps=dropped,
        steady=steady.steady,
        steady_why=steady.why,
        relative_error=steady.error,
        step_seconds={
            name: statistics.quantile(seconds, share)
            for name, share in zip(("p10", "p50", "p90"), QUANTILES, strict=True)
        },
        mean_step_seconds=fmean(seconds),
        tokens_per_second=tokens / sum(seconds),
        positions_per_second=sum(positions) / sum(seconds),
        padding_share=1.0 - tokens / sum(positions),
        tokens_per_step=fmean(s.tokens for s in timed),
        positions_per_step=fmean(positions),
        law=StepLaw(law.fixed, law.per_unit, law.r2) if law is not None else None,
        law_why="" if law else "all steps have the same number of positions",
        first_loss=steps[0].loss,
        last_loss=steps[-1].loss,
        warm_up_seconds=sum(s.seconds for s in steps[:dropped]) - dropped * median(seconds),
    )


def _with_power(
    result: ThroughputResult, power: Power, steps: Sequence[StepReport], group: ProcessGroup
) -> ThroughputResult:
    """Mean draw of all GPUs together, energy per real token, and the clock of the first GPU."""
    draws = group.gather(power.watts())
    if any(watts is None for watts in draws) or not steps:
        return replace(result, watts_why=power.reason or "too short to be sampled")
    tokens = sum(s.tokens for s in steps)
    seconds = sum(s.seconds for s in steps)
    energy = sum(draws) * seconds / tokens
    return replace(result, watts=sum(draws), joules_per_token=energy, gpu_mhz=power.mhz())


def _evaluation_seconds(trainer: Trainer, batches: Iterator[Batch]) -> float:
    """Forward passes alone, seconds per position."""
    import torch

    seconds = 0.0
    positions = 0
    trainer.model.eval()
    with torch.no_grad(), trainer.precision():
        for number in range(EVALUATIONS + 1):
            batch = next(batches)
            begun = trainer.device.now()
            trainer.model(**batch.inputs)
            if number == 0:  # the first pass warms up
                continue
            seconds += trainer.device.now() - begun
            positions += batch.positions
    trainer.model.train()
    return seconds / positions


def _with_save(result: ThroughputResult, model: Any, group: ProcessGroup) -> ThroughputResult:
    """Writes what was trained once, to a file that is gone at once: the first process does, with
    the parts of all.
    """
    save_file = importlib.import_module("safetensors.torch").save_file
    begun = time.perf_counter()
    tensors = {
        name: _whole(parameter).contiguous().cpu().clone()
        for name, parameter in model.named_parameters()
        if parameter.requires_grad
    }
    if group.rank:
        return result
    with tempfile.TemporaryDirectory(prefix="advisor-save-") as folder:
        path = Path(folder) / "trained.safetensors"
        save_file(tensors, path)
        seconds = time.perf_counter() - begun
        return replace(result, save_seconds=seconds, saved_bytes=path.stat().st_size)


def _whole(parameter: Any) -> Any:
    """The parameter as one tensor, also where it is spread over processes."""
    tensor = parameter.detach()
    return tensor.full_tensor() if hasattr(tensor, "full_tensor") else tensor
