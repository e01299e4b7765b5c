"""In how many bits GPUs serve a model's weights."""

from __future__ import annotations

from advisor.core.brief import Brief
from advisor.core.constants import GIGA
from advisor.core.facts import Gpu, Model

WEIGHT_BYTES = {16: 2.0, 8: 1.06, 4: 0.55}
"""Bytes per parameter by bits, the widest first; scales and the layers that stay in 16 bits
included.
"""

MEMORY_SHARE = 0.9
"""Part of a GPU's memory that a server gives to weights and cache: the default of vLLM."""


BANDWIDTH_SHARES = (0.4, 0.6, 0.8)
"""Part of the rated memory bandwidth that decoding reaches: low, likely, high; planning range."""


def served_bits(model: Model, gpu: Gpu, brief: Brief) -> int | None:
    """The widest weights that fit the brief's GPUs and still write one answer within its limit of
    latency; of those that fit, the narrowest where none is as quick. 0 where none fit, None where
    the memory is not known.
    """
    fitting = fitting_bits(model, gpu, brief.hardware.count)
    if not fitting:
        return None if fitting is None else 0
    return next((b for b in fitting if _keeps_limit(b, model, gpu, brief)), fitting[-1])


def fitting_bits(model: Model, gpu: Gpu, count: int) -> tuple[int, ...] | None:
    """The weights (16, 8 and 4 bits, the widest first) that fit into the memory of `count` GPUs;
    None where the memory is not known.
    """
    if not gpu.memory_gb:
        return None
    usable = gpu.memory_gb * GIGA * MEMORY_SHARE * count
    return tuple(b for b, each in WEIGHT_BYTES.items() if each * model.params <= usable)


def tokens_per_second_alone(gpu: Gpu, model: Model, count: int, bits: int) -> float | None:
    """The most tokens per second of one answer alone: rated memory bandwidth ÷ bytes of the weights
    that each token reads; None where it is not known.
    """
    size = model.active_params - model.embedding_params
    if not gpu.bandwidth_gb_per_second or size <= 0:
        return None
    return gpu.bandwidth_gb_per_second * GIGA * count / (WEIGHT_BYTES[bits] * size)


def _keeps_limit(bits: int, model: Model, gpu: Gpu, brief: Brief) -> bool:
    """Whether a likely answer is written in time at the likely share of the rated bandwidth; so
    where there is no limit, or too little is known.
    """
    limit = brief.traffic.max_latency_seconds.likely
    speed = tokens_per_second_alone(gpu, model, brief.hardware.count, bits)
    if limit <= 0 or speed is None:
        return True
    return brief.traffic.output_tokens.likely <= limit * speed * BANDWIDTH_SHARES[1]
