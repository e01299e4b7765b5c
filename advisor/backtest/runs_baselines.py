"""Formulas in common use, as published, to hold the estimator against.

They know weights and GPUs and little else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from advisor.core.training import TrainingRun

GIB = 1024.0**3
BYTES = {"nf4": 0.5, "gptq4": 0.5, "awq4": 0.5, "int8": 1.0, "fp8": 1.0}
ASSUMED_MFU = 0.4


def _params(run: TrainingRun) -> float | None:
    return float(run.model.params) if run.model is not None else run.params


def weights_and_a_fifth(run: TrainingRun) -> float | None:
    """Bytes of the weights × 1.2, as on many calculators' pages, GiB."""
    n = _params(run)
    return None if n is None else 1.2 * n * BYTES.get(run.quantization, 2.0) / GIB


def weights_times_four(run: TrainingRun) -> float | None:
    """`accelerate estimate-memory`: training with Adam takes four times the weights, GiB."""
    n = _params(run)
    return None if n is None else 4.0 * n * BYTES.get(run.quantization, 2.0) / GIB


def deepspeed_states(run: TrainingRun) -> float | None:
    """DeepSpeed's estimators: 16 bytes of states per parameter, divided by ZeRO's stage where GPUs
    share, GiB.
    """
    n = _params(run)
    if n is None:
        return None
    whole = {"zero2": 2.0, "zero1": 4.0, "zero3": 0.0, "fsdp": 0.0}.get(run.sharding, 16.0)
    return n * (whole + (16.0 - whole) / run.gpus) / GIB


def six_n(run: TrainingRun) -> float | None:
    """Tokens per second of all GPUs at 6 operations per parameter and 40 % of the peak."""
    n = _params(run)
    peak = None if run.gpu is None else run.gpu.bf16_tflops or run.gpu.fp16_tflops
    if n is None or peak is None:
        return None
    active = float(run.model.active_params) if run.model is not None else n
    return ASSUMED_MFU * peak * 1e12 * run.gpus / (6.0 * active)


MEMORY: Mapping[str, Callable[[TrainingRun], float | None]] = {
    "weights × 1.2": weights_and_a_fifth,
    "accelerate style, weights × 4": weights_times_four,
    "DeepSpeed states": deepspeed_states,
}
SPEED: Mapping[str, Callable[[TrainingRun], float | None]] = {"6 N at 40 % of peak": six_n}
