"""In how many bits a GPU can hold a model's weights to serve it."""

from __future__ import annotations

from advisor.core.constants import GIGA
from advisor.core.facts import Gpu, Model

WEIGHT_BYTES = {16: 2.0, 8: 1.06, 4: 0.55}
"""Bytes per parameter by bits, the widest first; scales and the layers that stay in 16 bits
included.
"""

MEMORY_SHARE = 0.9
"""Part of a GPU's memory that a server gives to weights and cache: the default of vLLM."""


def served_bits(model: Model, gpu: Gpu, count: int) -> int | None:
    """The widest weights (16, 8 or 4 bits) that fit into the memory of `count` GPUs; 0 where none
    do, None where the memory is not known.
    """
    if not gpu.memory_gb:
        return None
    usable = gpu.memory_gb * GIGA * MEMORY_SHARE * count
    return next((b for b, each in WEIGHT_BYTES.items() if each * model.params <= usable), 0)
