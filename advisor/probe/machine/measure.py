"""What the host can do, by a short and bounded benchmark: memory bandwidth and matrix rate.

GPUs: see calibration.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from advisor.core.dates import today
from advisor.core.events import CancelToken
from advisor.core.quantity import Basis, Quantity, Range

SECONDS = 0.8
LEAST_ROUNDS = 5
BLOCK_BYTES = 128 * 1024**2
MEMORY_SHARE = 16
"""Both blocks together take at most an eighth of the free memory."""

MATRIX = 1024


def memory_bandwidth(
    cores: int, free_gib: float, *, seconds: float = SECONDS, cancel: CancelToken | None = None
) -> Quantity:
    """GB/s of copying between two blocks larger than caches, on all cores; a byte copied counts
    twice, as in STREAM.
    """
    import numpy as np

    size = int(min(BLOCK_BYTES, free_gib * 1024**3 / MEMORY_SHARE)) // 8
    if size < 1024:
        return Quantity.unknown("GB/s", "too little free memory to measure in")
    source = np.ones(size)
    target = np.zeros(size)
    edges = np.linspace(0, size, cores + 1).astype(int).tolist()
    parts = [slice(a, b) for a, b in itertools.pairwise(edges)]
    with ThreadPoolExecutor(cores, "measure") as pool:

        def copy() -> None:
            list(pool.map(lambda part: np.copyto(target[part], source[part]), parts))

        rates = _rates(copy, 2 * source.nbytes / 1e9, seconds, cancel)
    what = f"copied {source.nbytes / 1e6:.0f} MB blocks on {cores} threads, {len(rates)} times"
    return _measured(rates, "GB/s", what)


def matrix_rate(*, seconds: float = SECONDS, cancel: CancelToken | None = None) -> Quantity:
    """GFLOP/s of products of 1,024 × 1,024 matrices in 32 bits by numpy's own library: 2 n³
    operations each.
    """
    import numpy as np

    left = np.random.default_rng(0).random((MATRIX, MATRIX), dtype=np.float32)
    out = np.empty_like(left)
    rates = _rates(lambda: np.matmul(left, left, out=out), 2 * MATRIX**3 / 1e9, seconds, cancel)
    return _measured(
        rates,
        "GFLOP/s",
        f"multiplied {MATRIX} × {MATRIX} float32 matrices by numpy, {len(rates)} times",
    )


def _rates(
    work: Callable[[], object], amount: float, seconds: float, cancel: CancelToken | None
) -> list[float]:
    """Amount a second of each round after a first one that warms up. Raises Cancelled."""
    work()
    rates = list[float]()
    end = time.perf_counter() + seconds
    while len(rates) < LEAST_ROUNDS or time.perf_counter() < end:
        if cancel:
            cancel.check()
        began = time.perf_counter()
        work()
        rates.append(amount / max(time.perf_counter() - began, 1e-9))
    return rates


def _measured(rates: list[float], unit: str, what: str) -> Quantity:
    import numpy as np

    low, middle, high = np.percentile(rates, (10, 50, 90)).tolist()
    return Quantity(Range(low, middle, high), unit, Basis.MEASURED, what, today().isoformat())
