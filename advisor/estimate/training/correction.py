"""Own measurements correct the estimate for their machine: a conjugate normal update of the log ratio."""

from __future__ import annotations

import math
from collections.abc import Sequence


def update(prior_sd: float, repeat_sd: float, log_ratios: Sequence[float]) -> tuple[float, float]:
    """(shift of the log median, new log standard deviation) after runs with log(measured ÷ estimated).

    The bias of the machine is N(0, prior²), each run shows it with noise N(0, repeat²): the posterior mean is
    prior² Σr ÷ (n prior² + repeat²), its variance prior² repeat² ÷ (n prior² + repeat²) (Gelman et al., BDA3, §2.5);
    a further run adds its own noise.
    """
    n, prior, noise = len(log_ratios), prior_sd**2, repeat_sd**2
    if not n or prior == 0.0:
        return 0.0, prior_sd
    weight = n * prior + noise
    return prior * sum(log_ratios) / weight, math.sqrt(prior * noise / weight + noise)
