"""Own measurements correct the estimate for their machine: a normal update of log ratios, term by term."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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
        "tensor": 1.0,
        "link": 1.0,
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
"""How far each term may be off by itself, in proportion: links and buffers are told worst, stored weights best."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a measured run shows: log(measured ÷ estimated), the estimate's own log sd, and the shares of its terms."""

    log_ratio: float
    log_sd: float
    shares: Mapping[str, float]


def likeness(one: Mapping[str, float], other: Mapping[str, float], what: str) -> float:
    """Correlation of the errors of two estimates, 0 to 1: they err alike as far as the same terms make them up.

    With independent errors δ of the terms, an estimate is off by Σ share × δ; `what` is speed or memory.
    """
    return _together(one, other, what) / math.sqrt(_together(one, one, what) * _together(other, other, what))


def _together(one: Mapping[str, float], other: Mapping[str, float], what: str) -> float:
    doubts = DOUBTS[what]
    return COMMON**2 + sum(doubts[term] ** 2 * share * other.get(term, 0.0) for term, share in one.items())


def update(
    prior_sd: float, shares: Mapping[str, float], lessons: Sequence[Lesson], repeat_sd: float, what: str
) -> tuple[float, float]:
    """(shift of the log median, log standard deviation that is left) of an estimate after measured runs.

    Errors are jointly normal with the standard deviations of the estimates and the correlations of `likeness`; each
    run adds noise N(0, repeat²). The conditional mean and variance are w·r and prior² − w·c, K w = c (Rasmussen and
    Williams, Gaussian Processes for Machine Learning, 2006, eq. 2.25 and 2.26). For runs of equal shares this is the
    conjugate update of a mean. Without lessons nothing changes.
    """
    if not lessons or prior_sd == 0.0:
        return 0.0, prior_sd
    import numpy as np

    of_two = np.array([[a.log_sd * b.log_sd * likeness(a.shares, b.shares, what) for b in lessons] for a in lessons])
    with_this = np.array([prior_sd * m.log_sd * likeness(shares, m.shares, what) for m in lessons])
    weights = np.linalg.solve(of_two + max(repeat_sd, 1e-6) ** 2 * np.eye(len(lessons)), with_this)
    shift = float(weights @ [m.log_ratio for m in lessons])
    return shift, math.sqrt(max(prior_sd**2 - float(weights @ with_this), 0.0))
