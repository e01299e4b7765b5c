"""Before a run starts: how long, how much, within which limits, and whether the GPU is free."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from advisor.calibrate.prompts_price import CALL_SECONDS, endpoint_forecast, work_of
from advisor.calibrate.quality_records import PromptsSpec, QualitySpec, Workload
from advisor.calibrate.throughput import Length, whole_length
from advisor.calibrate.throughput_records import ThroughputSpec
from advisor.core import format as fmt
from advisor.core import system
from advisor.core.config_file import text_part
from advisor.core.config_sizes import parameters
from advisor.core.constants import GIB, SECONDS_PER_HOUR
from advisor.core.errors import UsageError
from advisor.core.experiment import ExperimentPlan, JsonObject, RunPrediction, Trial
from advisor.core.facts import Gpu
from advisor.core.private_files import make_private_folder
from advisor.core.probes import LocalGpu
from advisor.core.quantity import Range

START_SECONDS = Range(6.0, 20.0, 40.0)
"""A fresh interpreter with torch, transformers and peft, and the first model on the device: 6 on an
idle CPU, of which imports take 4.5; six recorded runs on an H200 took 21 to 35 beside their trials.
"""

LOAD_SECONDS = 1.0
"""The least a trial takes: a model of any size read into memory."""

CPU_FLOPS = Range(4e9, 2e10, 8e10)
"""One thread of a present CPU on small matrices in fp32, operations a second; slowest, likely,
fastest.
"""

GPU_SHARE = Range(0.10, 0.30, 0.50)
"""Share of a GPU's 16-bit peak that a training step reaches: see the efficiencies of published
runs in profiles.
"""

WIDTHS = {"fp32": 4.0, "bf16": 2.0, "fp16": 2.0}
"""Bytes of a number."""

NF4_BYTES = 0.516
"""Bytes of a weight in NF4 with double quantisation, 4.127 bits (Dettmers et al. 2023, §3)."""

LOCK_SECONDS = 1.0
"""How long a lock is tried."""

ROOM_SHARE = 0.7
"""Of free memory, for what does not depend on the batch: the rest is for activations and logits."""

BYTES_PER_PARAM = 2.0
"""Of weights on disk; files in fp32 count twice, which errs on the slow side."""

BUSY_SHARE = 0.10
"""More of a GPU's memory than this in use: another program owns it."""


def forecast(
    plan: ExperimentPlan, gpu: Gpu | None, usd_per_hour: Range | None, max_usd: float | None
) -> RunPrediction:
    """Seconds and dollars of a run from P10 to P90, cut at its limits.

    Operations: 6 × parameters × positions (full) or 4 × (adapters) a step, over a range of rates;
    an endpoint's trials state their own seconds. Raises UsageError where dollars are limited and
    the price of an hour is not known.
    """
    if plan.kind == "prompts":
        return endpoint_forecast(plan)
    if max_usd is not None and usd_per_hour is None:
        raise UsageError(
            "--max-usd: what an hour costs is not known; give --usd-per-hour (0 for a machine that "
            "you own)"
        )
    works = [_operations(t, plan.shared.get("lengths", [512])) for t in plan.trials]
    caps = [float(t.spec.get("seconds", float("inf"))) for t in plan.trials]
    fast, mid, slow = _rates(gpu)
    seconds = [
        start + sum(min(work / rate, cap * 1.5) for work, cap in zip(works, caps, strict=True))
        for start, rate in zip(
            (START_SECONDS.p10, START_SECONDS.p50, START_SECONDS.p90),
            (fast, mid, slow),
            strict=True,
        )
        if start is not None
    ]
    minutes, capped = limited_minutes(plan.minutes, usd_per_hour, max_usd)
    if minutes is not None:
        seconds = [min(s, minutes * 60.0) for s in seconds]
    length = Range(*seconds)
    return RunPrediction(
        length, _usd(length, usd_per_hour), "assumed", "operations over a range of rates", capped
    )


def limited_minutes(
    minutes: float | None, usd_per_hour: Range | None, max_usd: float | None
) -> tuple[float | None, str]:
    """The tighter of two limits in minutes, and which it is; dollars count at the P90 price of an
    hour.
    """
    if max_usd is None or usd_per_hour is None or not usd_per_hour.p90:
        return minutes, "--minutes" if minutes is not None else ""
    bought = max_usd / usd_per_hour.p90 * 60.0
    if minutes is None or bought < minutes:
        return bought, "--max-usd"
    return minutes, "--minutes"


def _usd(seconds: Range, usd_per_hour: Range | None) -> Range:
    if usd_per_hour is None:
        return Range(None, None, None)
    pairs = zip(
        (seconds.p10, seconds.p50, seconds.p90),
        (usd_per_hour.p10, usd_per_hour.p50, usd_per_hour.p90),
        strict=True,
    )
    return Range(*(None if s is None or p is None else s / SECONDS_PER_HOUR * p for s, p in pairs))


def trial_seconds(plan: ExperimentPlan, trial: Trial, gpu: Gpu | None) -> float:
    """How long one trial likely takes, loading included."""
    if trial.kind == "prompts":
        spec = PromptsSpec.from_json(trial.spec)
        return work_of(spec).calls / spec.at_once * CALL_SECONDS.likely
    return LOAD_SECONDS + _operations(trial, plan.shared.get("lengths", [512])) / _rates(gpu)[1]


def _rates(gpu: Gpu | None) -> tuple[float, float, float]:
    """Operations a second: fastest, likely, slowest."""
    if gpu is not None and gpu.bf16_tflops:
        peak = gpu.bf16_tflops * 1e12
        return peak * (GPU_SHARE.p90 or 0.0), peak * GPU_SHARE.likely, peak * (GPU_SHARE.p10 or 0.0)
    return CPU_FLOPS.p90 or 0.0, CPU_FLOPS.likely, CPU_FLOPS.p10 or 0.0


def _operations(trial: Trial, lengths: Sequence[Length]) -> float:
    """Operations of a trial; 0 where it does not say what it computes."""
    if "expected" in trial.spec:
        return _quality_operations(QualitySpec.from_json(trial.spec))
    if "architecture" in trial.spec:
        return _training_operations(ThroughputSpec.from_json(trial.spec), lengths)
    return 0.0


def _quality_operations(spec: QualitySpec) -> float:
    """6 per parameter and token learned, 2 per token read."""
    params = spec.model.bytes / BYTES_PER_PARAM if spec.model is not None else 0.0
    work = spec.expected or Workload()
    return params * (6.0 * work.learned_tokens + 2.0 * work.read_tokens)


def _training_operations(spec: ThroughputSpec, lengths: Sequence[Length]) -> float:
    """6 per parameter and position (full) or 4 (adapters), over the steps and four of warm-up."""
    longest = max(whole_length(n) for n in lengths)
    length = spec.seq_len if spec.packed else min(spec.seq_len, longest)
    positions = float(spec.micro_batch * spec.grad_accum * length)
    per_position = (6.0 if spec.method == "full" else 4.0) * _params(spec.architecture, spec.layers)
    return per_position * positions * (spec.steps + 4.0)


def _params(architecture: JsonObject, layers: int) -> float:
    """Parameters of the cut model: embeddings, head and the kept layers."""
    if "profile" in architecture:
        sizes = architecture["profile"]
        share = layers / sizes["layers"] if layers else 1.0
        inner = sizes["active_params"] - sizes["embedding_params"]
        return float(sizes["vocabulary"] * sizes["hidden"] + inner * share)
    return parameters(architecture["config"], layers).active


def fits_whole(setup: ThroughputSpec, device: str, free_gib: float | None) -> bool:
    """Whether weights, gradients and optimiser states alone leave room; where free memory is
    unknown: yes, let it try.
    """
    if free_gib is None:
        return True
    parts = setup.processes if setup.sharding == "fsdp" else 1
    return _standing_bytes(setup, device) / parts / GIB < ROOM_SHARE * free_gib


def _standing_bytes(setup: ThroughputSpec, device: str) -> float:
    """Weights, with full tuning as much again for gradients, and the optimiser's states; with qlora
    the linear modules of the layers in 4 bits.
    """
    width = WIDTHS[setup.dtype or ("bf16" if device == "cuda" else "fp32")]
    params, wide = _sizes(setup.architecture)
    if setup.method == "qlora":
        return (params - wide) * NF4_BYTES + wide * width
    if setup.method != "full":
        return params * width
    states = {"sgd": 0.0, "adamw8bit": 2.0, "paged-adamw8bit": 2.0}
    return params * (2.0 * width + states.get(setup.optimizer, 2.0 * width))


def _sizes(architecture: JsonObject) -> tuple[float, float]:
    """Parameters of a model, and how many of them are not in linear modules of its layers: those
    that embed its vocabulary and predict it, and experts (of a `config.json`: those a token leaves
    idle).
    """
    if "profile" in architecture:
        sizes = architecture["profile"]
        matrix = float(sizes["vocabulary"]) * float(sizes["hidden"])
        matrices = 1.0 if sizes["tied_embeddings"] else 2.0
        experts = float(sizes.get("expert_params") or 0.0)
        return float(sizes["params"]), matrix * matrices + experts
    text = text_part(architecture["config"])
    matrix = float(text.get("vocab_size") or 0) * float(text.get("hidden_size") or 0)
    matrices = 1.0 if text.get("tie_word_embeddings") else 2.0
    count = parameters(architecture["config"])
    return float(count.total), matrix * matrices + float(count.total - count.active)


def check_free(gpu: LocalGpu, allow_busy: bool) -> None:
    """Raises UsageError where another program uses the GPU and the user did not allow that."""
    total = gpu.memory_total_gib.value
    free = gpu.memory_free_gib.value
    if allow_busy or not isinstance(total, float) or not isinstance(free, float) or not total:
        return
    used = 1.0 - free / total
    if used > BUSY_SHARE:
        names = ", ".join(f"{p.name} ({p.pid})" for p in gpu.processes[:3]) or "another program"
        raise UsageError(
            f"GPU {gpu.index} ({gpu.name}): busy, {fmt.share(used)} of its memory is taken by "
            f"{names}; "
            "wait, choose another with --gpu, or use --allow-busy"
        )


@contextmanager
def gpu_lock(folder: Path, name: str) -> Iterator[int]:
    """Hold the GPU (or the CPU) for one calibration; yields a descriptor for the worker to hold
    open too.

    The lock ends with the last process that holds it, however that ends; a process that another
    thread starts holds it for the moment between fork and exec, so it is tried for a second.
    Raises UsageError where another run has it.
    """
    make_private_folder(folder)
    path = folder / f"{''.join(c if c.isalnum() or c == '-' else '_' for c in name)}.lock"
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        give_up = time.monotonic() + LOCK_SECONDS
        while not system.lock(descriptor, wait=False):
            if time.monotonic() > give_up:
                raise UsageError(
                    f"another calibration is running on {name}; wait for it, or cancel it there"
                )
            time.sleep(LOCK_SECONDS / 20)
        yield descriptor
    finally:
        os.close(descriptor)
