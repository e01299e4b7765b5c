"""How long the rows are: percentiles, a histogram, and what a sequence length cuts or pads."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from advisor.core.probes import LengthFit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PERCENTS = (5, 10, 25, 50, 75, 90, 95, 99)
BINS = 12
SEQUENCE_LENGTHS = (256, 512, 1024, 2048, 4096, 8192, 16384, 32768)


def percentiles(tokens: NDArray[np.float64]) -> Mapping[int, float]:
    """Length at each percent of the rows, in tokens."""
    import numpy as np

    return MappingProxyType(
        {
            p: round(float(v), 1)
            for p, v in zip(PERCENTS, np.percentile(tokens, PERCENTS), strict=True)
        }
    )


def histogram(tokens: NDArray[np.float64]) -> tuple[tuple[int, int, int], ...]:
    """(from, below, rows): equal steps of a round size up to the 99th percentile, then all the rest
    in one.
    """
    import numpy as np

    most_rows = float(np.percentile(tokens, 99))
    step = _round_step((most_rows - float(tokens.min())) / BINS)
    low = int(float(tokens.min()) // step) * step
    top = low + step * max(1, math.ceil((most_rows - low + 1) / step))
    edges = np.arange(low, top + 1, step)
    counts = np.histogram(tokens, np.append(edges, np.inf))[0]
    most = max(int(tokens.max()) + 1, top)
    ends = [*edges[1:], most]
    return tuple(
        (int(a), int(b), int(n))
        for a, b, n in zip(edges, ends, counts, strict=True)
        if n or a < top
    )


def length_fits(tokens: NDArray[np.float64]) -> tuple[LengthFit, ...]:
    """Cut and padding at common sequence lengths, up to the first that cuts no row."""
    fits = []
    for length in SEQUENCE_LENGTHS:
        fits.append(length_fit(tokens, length))
        if fits[-1].rows_cut == 0:
            break
    return tuple(fits)


def length_fit(tokens: NDArray[np.float64], length: int) -> LengthFit:
    """At one sequence length.

    Packing lays rows end to end in their order; a row that does not fit opens a new line.
    """
    import numpy as np

    used_tokens = np.minimum(tokens, length)
    used = float(used_tokens.sum())
    lines = 0
    room = 0.0
    for size in used_tokens.tolist():
        if size > room:
            lines, room = lines + 1, float(length)
        room -= size
    return LengthFit(
        length,
        int((tokens > length).sum()),
        1 - used / max(float(tokens.sum()), 1.0),
        1 - used / (len(tokens) * length),
        1 - used / (max(lines, 1) * length),
    )


def _round_step(least: float) -> int:
    """The next of 1, 2, 5, 10, 20, 50, ... that is not below `least`."""
    least = max(least, 1.0)
    power = 10 ** math.floor(math.log10(least))
    return int(next(power * m for m in (1, 2, 5, 10) if power * m >= least))
