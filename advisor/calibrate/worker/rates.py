"""`python -m advisor.calibrate.worker.rates cuda|cpu SECONDS`: what a device can do at most, as one
line of JSON: bandwidth in GB/s and products of matrices in TFLOP/s, each as P10, P50, P90 and most.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

from advisor.calibrate.worker.device import Device

LEAST_ROUNDS = 5
BLOCK_BYTES = {"cuda": 1024**3, "cpu": 32 * 1024**2}
SIDE = {"cuda": 8192, "cpu": 256}
"""Rows and columns of the matrices: large enough to keep the device busy."""

FREE_SHARE = 8
"""Two blocks, or three matrices, take at most a quarter of the free memory."""


def measured(kind: str, seconds: float) -> dict[str, Any]:
    """Bandwidth of copying (bytes read and written) and rate of products (2 n³ operations each), in
    bf16 on a GPU that has it, else fp16, and in fp32 on a CPU.

    Raises RuntimeError where the device cannot be used.
    """
    import torch

    device = Device(kind)
    dtype = torch.float32
    if device.kind == "cuda":
        has_bf16 = torch.cuda.get_device_capability(0) >= (8, 0) or bool(torch.version.hip)
        dtype = torch.bfloat16 if has_bf16 else torch.float16
    size = BLOCK_BYTES[device.kind]
    side = SIDE[device.kind]
    if device.kind == "cuda":
        free, _ = torch.cuda.mem_get_info()
        size = min(size, free // FREE_SHARE)
        side = min(side, int((free / FREE_SHARE / 2 / 3) ** 0.5) // 64 * 64)
    bandwidth = _bandwidth(torch, device, size, seconds)
    left = torch.randn(side, side, device=device.kind).to(dtype)
    out = torch.empty_like(left)
    rate = _rates(device, lambda: torch.mm(left, left, out=out), 2 * side**3 / 1e12, seconds)
    return {
        "bandwidth": _spread(bandwidth),
        "matrix_rate": _spread(rate),
        "dtype": str(dtype).removeprefix("torch."),
        "side": side,
        "rounds": len(rate),
    }


def _bandwidth(torch: Any, device: Device, size: int, seconds: float) -> list[float]:
    """GB/s of copying a block of `size` bytes into another; both are let go."""
    block = torch.ones(size // 4, dtype=torch.float32, device=device.kind)
    copy = torch.empty_like(block)
    return _rates(device, lambda: copy.copy_(block), 2 * size / 1e9, seconds)


def _rates(
    device: Device, work: Callable[[], object], amount: float, seconds: float
) -> list[float]:
    """Amount per second of each round, after two that warm up."""
    work()
    work()
    rates = list[float]()
    end = device.now() + seconds
    while len(rates) < LEAST_ROUNDS or device.now() < end:
        began = device.now()
        work()
        rates.append(amount / max(device.now() - began, 1e-9))
    return rates


def _spread(rates: list[float]) -> list[float]:
    """P10, P50, P90 and the highest."""
    import numpy as np

    return [float(x) for x in (*np.percentile(rates, (10, 50, 90)), max(rates))]


def main(arguments: list[str]) -> int:
    """Print what was measured, or the reason why nothing could be; 1 then."""
    try:
        print(json.dumps(measured(arguments[0], float(arguments[1]))))
    except (ImportError, RuntimeError) as error:
        print(json.dumps({"reason": str(error).splitlines()[0][:200]}))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
