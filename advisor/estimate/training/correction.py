"""Own measurements correct the estimate for their machine: a normal update of log ratios, term by
term.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from advisor.core.training import TrainingRun
from advisor.estimate.training import frameworks

COMMON = 0.05
"""Doubt about what slows or swells every term of a run alike, as a log standard deviation."""

DOUBTS = {
    "speed": {
        "matrix": 0.2,
        "attention": 0.6,
        "traffic": 0.2,
        "dequantize": 0.3,
        "launch": 0.3,
        "optimizer": 0.3,
        "tensor": 0.7,
        "link": 0.7,
    },
    "memory": {
        "weights": 0.05,
        "adapter": 0.1,
        "optimizer": 0.1,
        "gradients": 0.1,
        "buffers": 0.5,
        "activations": 0.3,
        "logits": 0.3,
        "allocator and context": 0.3,
    },
}
"""How far each term may be off by itself, in proportion: links (a factor of 2) worst, stored
weights best.
"""

SET_UP = (
    *(
        "dtype",
        "compute_dtype",
        "optimizer",
        "packed",
        "attention",
        "compile",
        "offload",
        "sharding",
    ),
    *("tensor_parallel", "pipeline_parallel", "context_parallel"),
)
ADAPTER = ("rank", "targets", "trainable_params")
"""What tells two unnamed adapters apart."""

OTHER_SET_UP = 0.2
"""What another set-up may change that no formula knows, as a log standard deviation."""

OTHER_GPU = {"speed": 0.2, "memory": 0.15}
"""What another GPU may change beyond its rates and bandwidth: how far the errors of one set-up on
two GPUs of one published source differ, as a log standard deviation.
"""

ALIKE = 0.99
"""Likeness above which a measured run should lie in the range of the estimate itself."""

OTHER_ADAPTER = 0.4
"""The same of an adapter that has no name: those measured differ by up to five times."""


@dataclass(frozen=True, slots=True)
class SourceRun:
    """What a measured (source) run shows: log(measured ÷ estimated), the estimate's own log sd,
    and the shares of its terms.

    `noise_sd` is what hides the run's error from that of another: repetition, and a set-up that
    differs.
    """

    log_ratio: float
    log_sd: float
    shares: Mapping[str, float]
    noise_sd: float


def noise(target: TrainingRun, source: TrainingRun, repeat_sd: float, what: str = "speed") -> float:
    """Log standard deviation between two runs that no formula tells: that of a repetition, more in
    another set-up.
    """

    def same(names: tuple[str, ...]) -> bool:
        return all(getattr(target, name) == getattr(source, name) for name in names)

    alike = same(SET_UP) and frameworks.kin(target.framework) == frameworks.kin(source.framework)
    noise_sd = repeat_sd if alike else math.hypot(repeat_sd, OTHER_SET_UP)
    if target.gpu_name != source.gpu_name:
        noise_sd = math.hypot(noise_sd, OTHER_GPU[what])
    named = target.method != "other" or (target.trainable_params is not None and same(ADAPTER))
    return noise_sd if named else math.hypot(noise_sd, OTHER_ADAPTER)


def likeness(one: Mapping[str, float], other: Mapping[str, float], what: str) -> float:
    """Correlation of the errors of two estimates, 0 to 1: they err alike as far as the same terms
    make them up.

    With independent errors δ of the terms, an estimate is off by Σ share × δ; `what` is speed or
    memory.
    """
    return _together(one, other, what) / math.sqrt(
        _together(one, one, what) * _together(other, other, what)
    )


def _together(one: Mapping[str, float], other: Mapping[str, float], what: str) -> float:
    doubts = DOUBTS[what]
    return COMMON**2 + sum(
        doubts[term] ** 2 * share * other.get(term, 0.0) for term, share in one.items()
    )


def update(
    prior_sd: float, shares: Mapping[str, float], sources: Sequence[SourceRun], what: str
) -> tuple[float, float]:
    """(shift of the log median, log standard deviation that is left) of an estimate after measured
    runs.

    Errors are jointly normal; two of them covary by the terms that both are made of, scaled so that
    the measured runs have the variances of their estimates; each measured run adds noise. With k
    their covariances with this estimate and K those among them, the conditional mean is w·r, K w =
    k, and the share of the variance that is explained w·k ÷ variance (Rasmussen and Williams,
    Gaussian Processes for Machine Learning, 2006, eq. 2.25 and 2.26). For runs of equal shares this
    is the conjugate update of a mean. A measured run further off than its range allows shows
    that the range was too narrow: both variances are then widened to hold it. Without source runs
    nothing changes.
    """
    if not sources or prior_sd == 0.0:
        return 0.0, prior_sd
    import numpy as np

    variances = [max(m.log_sd, abs(m.log_ratio)) ** 2 for m in sources]
    own = [_together(m.shares, m.shares, what) for m in sources]
    scale = float(np.mean([v / o for v, o in zip(variances, own, strict=True)]))
    expected = [
        min(m.log_sd, prior_sd if likeness(shares, m.shares, what) > ALIKE else m.log_sd) ** 2
        for m in sources
    ]
    ratios = [v / e for v, e in zip(variances, expected, strict=True)]
    surprise = math.sqrt(max(float(np.mean(ratios)), 1.0))
    of_two = scale * np.array(
        [[_together(a.shares, b.shares, what) for b in sources] for a in sources]
    )
    with_this = scale * np.array([_together(shares, m.shares, what) for m in sources])
    weights = np.linalg.solve(
        of_two + np.diag([max(m.noise_sd, 1e-6) ** 2 for m in sources]), with_this
    )
    shift = float(weights @ [m.log_ratio for m in sources])
    explained = float(weights @ with_this) / (scale * _together(shares, shares, what))
    return shift, surprise * prior_sd * math.sqrt(max(1.0 - explained, 0.0))
