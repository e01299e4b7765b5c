"""What a GPU of this machine can do at most, measured by torch in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any, NamedTuple

from advisor.core.dates import today
from advisor.core.quantity import Basis, Quantity, Range

SECONDS = 1.0
LONGEST_SECONDS = 120.0
"""Loading torch and making the first product may take so long."""

RATE_UNIT = "TFLOP/s"
BANDWIDTH_UNIT = "GB/s"


class GpuRates(NamedTuple):
    """Bandwidth in GB/s and rate of 16-bit products in TFLOP/s; unknown with the reason.

    `most` are the highest readings of both: a product of matrices comes close to the peak of the
    data sheet and never above it. `dtype` is the type of number that was multiplied.
    """

    bandwidth: Quantity
    matrix_rate: Quantity
    most: tuple[float, float] = (0.0, 0.0)
    dtype: str = ""


def measure(kind: str, visible: str = "", seconds: float = SECONDS) -> GpuRates:
    """Measure `cuda` or `cpu`; `visible` is the GPU's number or id for CUDA_VISIBLE_DEVICES."""
    environment = dict(os.environ) | ({"CUDA_VISIBLE_DEVICES": visible} if visible else {})
    answer = _answer([kind, str(seconds)], environment)
    reason = answer.get("reason")
    if reason:
        return GpuRates(
            Quantity.unknown(BANDWIDTH_UNIT, reason), Quantity.unknown(RATE_UNIT, reason)
        )
    return GpuRates(
        _quantity(answer["bandwidth"], BANDWIDTH_UNIT, "copied blocks of its memory by torch"),
        _quantity(
            answer["matrix_rate"],
            RATE_UNIT,
            f"multiplied {answer['side']:,} × {answer['side']:,} matrices in {answer['dtype']} by "
            f"torch, {answer['rounds']} times",
        ),
        (float(answer["bandwidth"][3]), float(answer["matrix_rate"][3])),
        str(answer["dtype"]),
    )


def _answer(arguments: list[str], environment: Mapping[str, str]) -> dict[str, Any]:
    """What the child process says; a reason where it says nothing."""
    command = [sys.executable, "-m", "advisor.calibrate.worker.rates", *arguments]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=LONGEST_SECONDS,
            env=dict(environment),
            check=False,
        )
        answer = json.loads(done.stdout.decode("utf-8", "replace").splitlines()[-1])
        return dict(answer)
    except subprocess.TimeoutExpired:
        return {"reason": f"not measured within {LONGEST_SECONDS:.0f} s"}
    except (OSError, ValueError, IndexError, TypeError):
        return {"reason": "not measured: the measuring process ended without an answer"}


def _quantity(spread: list[float], unit: str, what: str) -> Quantity:
    low, middle, high = spread[:3]
    return Quantity(Range(low, middle, high), unit, Basis.MEASURED, what, today().isoformat())
