"""One throughput trial: builds, warms up, steps until steady, then times evaluation and saving as own terms."""

from __future__ import annotations

import importlib
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import fmean, median
from typing import Any

from advisor.calibrate import statistics
from advisor.calibrate.child.adapt import adapt, trainable
from advisor.calibrate.child.architecture import build, config_of, counted_params, full_layers
from advisor.calibrate.child.batches import Batch, collate, random_batches, random_examples
from advisor.calibrate.child.device import Device, Power
from advisor.calibrate.child.loop import StepReport, Trainer
from advisor.calibrate.child.micro_batch import largest_safe
from advisor.calibrate.child.reporter import Reporter
from advisor.calibrate.child.stop import Stop, Stopped
from advisor.core.calibration import Trial

EVALUATIONS = 3
PARAMS_TOLERANCE = 0.02
"""A built model whose parameter count is further off its fact sheet is reported as such."""


def measure(trial: Trial, shared: Mapping[str, Any], reporter: Reporter, stop: Stop, device: Device) -> dict[str, Any]:
    """Speed, memory, power and the fixed terms of one configuration. Raises Stopped with what was found so far."""
    spec = {"dtype": device.default_dtype(), **trial.spec}
    device.settle()
    idle = device.held_gib()
    begun = time.perf_counter()
    whole = config_of(spec["architecture"], 0, spec["attention"])
    config = config_of(spec["architecture"], int(spec["layers"]), spec["attention"])
    about = _about(spec, whole, config, reporter)
    model = adapt(build(config, spec["dtype"], device.kind), spec)
    trainer = Trainer(model, device, dtype=spec["dtype"], optimizer=spec["optimizer"], learning_rate=1e-4)
    about |= {
        "device": device.kind,
        "start_seconds": time.perf_counter() - begun,
        "trainable_params": sum(p.numel() for p in trainable(model)),
    }
    stop.check()
    micro_batch = int(spec["micro_batch"])
    if spec["search"]:
        found = largest_safe(trainer, spec, shared["lengths"], config.vocab_size, reporter, stop)
        about |= {"search": found}
        micro_batch = int(found["largest"]) or micro_batch
    batches = _batches(spec, shared, micro_batch, config.vocab_size, device)
    device.settle()
    device.reset_peak()
    with Power(device) as power:
        steps = _steps(trainer, batches, spec, reporter, stop, trial.label)
    peak = {**device.peak_gib(), "idle_gib": idle}
    found_so_far = about | {"micro_batch": micro_batch, "memory": peak} | _speed(steps, device) | _drawn(power, steps)
    if stop.asked and len(steps) < int(spec["steps"]):
        raise Stopped(stop.reason, found_so_far)
    return found_so_far | _evaluation(trainer, batches) | _saving(model)


def _about(spec: Mapping[str, Any], whole: Any, config: Any, reporter: Reporter) -> dict[str, Any]:
    """What was built, and whether it has the parameters it should have."""
    held: dict[str, Any] = {"layers": full_layers(config), "full_layers": full_layers(whole), "dtype": spec["dtype"]}
    held["attention"] = str(config._attn_implementation)
    if spec["count"]:
        held["params"] = counted_params(whole)
        expected = spec["architecture"].get("profile", {}).get("params")
        if expected and abs(held["params"] / expected - 1.0) > PARAMS_TOLERANCE:
            text = (
                f"built with {held['params']:,} parameters, the fact sheet says {expected:,}: speed and memory are off"
            )
            reporter.say("warning", text=text)
            held["architecture_differs"] = text
    return held


def _batches(
    spec: Mapping[str, Any], shared: Mapping[str, Any], micro_batch: int, vocabulary: int, device: Device
) -> Iterator[Batch]:
    return random_batches(
        shared["lengths"],
        micro_batch=micro_batch,
        seq_len=int(spec["seq_len"]),
        vocabulary=vocabulary,
        seed=int(spec["seed"]),
        packed=bool(spec["packed"]),
        device=device.kind,
    )


def _steps(
    trainer: Trainer, batches: Iterator[Batch], spec: Mapping[str, Any], reporter: Reporter, stop: Stop, label: str
) -> list[StepReport]:
    """Steps until the number asked for, or their seconds are over, or somebody asks to stop."""
    steps: list[StepReport] = []
    give_up = time.perf_counter() + float(spec["seconds"])
    accumulate = int(spec["grad_accum"])
    while len(steps) < int(spec["steps"]) and not stop.asked:
        step = trainer.step(batches, accumulate)
        steps.append(step)
        reporter.step(
            label=label,
            step=len(steps),
            steps=int(spec["steps"]),
            loss=step.loss,
            tokens_per_second=step.tokens / max(step.seconds, 1e-9),
            memory_gib=trainer.device.peak_gib()["process_gib"],
        )
        if time.perf_counter() > give_up and len(steps) >= statistics.FEWEST_STEPS + 2:
            break
    return steps


def _speed(steps: list[StepReport], device: Device) -> dict[str, Any]:
    """Tokens a second, the law of a step, and whether it is steady; empty where there was no step."""
    if not steps:
        return {}
    dropped = statistics.warm_up([s.seconds for s in steps])
    kept = steps[dropped:]
    seconds, positions = [s.seconds for s in kept], [float(s.positions) for s in kept]
    steady = statistics.steadiness(positions, seconds)
    law = statistics.line(positions, seconds)
    total = sum(seconds)
    return {
        "clock": device.clock,
        "steps": len(kept),
        "dropped_steps": dropped,
        "steady": steady.steady,
        "steady_why": steady.why,
        "relative_error": steady.error,
        "step_seconds": {q: statistics.quantile(seconds, p) for q, p in (("p10", 0.1), ("p50", 0.5), ("p90", 0.9))},
        "mean_step_seconds": fmean(seconds),
        "tokens_per_second": sum(s.tokens for s in kept) / total,
        "positions_per_second": sum(positions) / total,
        "padding_share": 1.0 - sum(s.tokens for s in kept) / sum(positions),
        "tokens_per_step": fmean(s.tokens for s in kept),
        "positions_per_step": fmean(positions),
        "law": None
        if law is None
        else {"fixed_seconds": law.fixed, "seconds_per_position": law.per_unit, "r2": law.r2},
        "law_why": "" if law else "all steps have the same number of positions",
        "first_loss": steps[0].loss,
        "last_loss": steps[-1].loss,
        "warm_up_seconds": sum(s.seconds for s in steps[:dropped]) - dropped * median(seconds),
    }


def _drawn(power: Power, steps: list[StepReport]) -> dict[str, Any]:
    watts = power.watts()
    if watts is None:
        return {"watts": None, "watts_why": power.reason or "too short to be sampled"}
    tokens, seconds = sum(s.tokens for s in steps), sum(s.seconds for s in steps)
    return {"watts": watts, "joules_per_token": watts * seconds / tokens}


def _evaluation(trainer: Trainer, batches: Iterator[Batch]) -> dict[str, Any]:
    """Forward passes alone, per position."""
    import torch

    seconds, positions = 0.0, 0
    trainer.model.eval()
    with torch.no_grad(), trainer.precision():
        for number in range(EVALUATIONS + 1):
            batch = next(batches)
            begun = trainer.device.now()
            trainer.model(**batch.inputs)
            if number:  # the first pass warms up
                seconds, positions = seconds + trainer.device.now() - begun, positions + batch.positions
    trainer.model.train()
    return {"evaluation_seconds_per_position": seconds / positions}


def _saving(model: Any) -> dict[str, Any]:
    """Writes what was trained once, to a file that is gone at once."""
    save_file = importlib.import_module("safetensors.torch").save_file
    held = {n: p.detach().contiguous().cpu() for n, p in model.named_parameters() if p.requires_grad}
    with tempfile.TemporaryDirectory(prefix="advisor-save-") as folder:
        path = Path(folder) / "trained.safetensors"
        begun = time.perf_counter()
        save_file({name: value.clone() for name, value in held.items()}, path)
        return {"save_seconds": time.perf_counter() - begun, "saved_bytes": path.stat().st_size}


def longest_batch(trainer: Trainer, spec: Mapping[str, Any], lengths: list[int], vocabulary: int, rows: int) -> Batch:
    """The heaviest batch of that many rows that the data can make."""
    import random

    longest = int(spec["seq_len"]) if spec["packed"] else min(max(lengths), int(spec["seq_len"]))
    examples = random_examples([longest], rows, longest, vocabulary, random.Random(0), packed=False)
    return collate(examples, trainer.device.kind)
