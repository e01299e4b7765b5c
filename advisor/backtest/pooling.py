"""Partial pooling of published studies: fixed weights in closed form, given the spread of each kind
of deviation.

Model: logit of a result = X·w + deviations + test noise, deviations Gaussian with one variance per
kind, shared by rows with the same key, w Gaussian a priori. A study counts by the square root of
its rows beyond 30, so that no large study decides alone (composite likelihood). Formulas:
docs/reference/formulas-quality.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from advisor.backtest.studies import Result
from advisor.estimate.quality.design import Loadings, loadings

Array = NDArray[np.float64]

FULL_WEIGHT_ROWS = 30
ANY_TYPE = (0.5, 1.0)  # level of a task type, logits: mean and standard deviation before evidence
OTHERS = (0.0, 0.4)
BEFORE_EVIDENCE: Mapping[str, tuple[float, float]] = {
    "tune": (0.8, 1.0),
    "tune-labels": (0.25, 0.15),
    "tune-size": (0.3, 0.3),
    "tune-specificity": (0.0, 0.2),
    "tune-weak": (0.0, 0.3),
    "tune:reinforced": (0.15, 0.3),
    "prompt-size": (0.6, 0.5),
    "prompt-year": (0.2, 0.15),
    "prompt-closed": (0.8, 0.8),
    "prompt-shots": (0.1, 0.2),
    "prompt-classes": (-0.4, 0.2),
    "metric:overlap": (-0.8, 0.5),
    "metric:macro": (-0.3, 0.3),
    "tune-closed-book": (0.0, 0.3),
    "hybrid:tuned-few-shot": (0.2, 0.2),
    "hybrid:tuned-retrieval": (0.0, 0.2),
    "hybrid:added-few-shot": (-0.2, 0.3),
    "hybrid:cascade": (0.0, 0.2),
}


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """One study: rows x fixed weights, logits, their test variance, and by kind which rows share a
    deviation.
    """

    study: str
    names: tuple[str, ...]
    kinds: tuple[str, ...]
    design: Array
    logits: Array
    noise: Array
    shared: Mapping[str, Array]
    weight: float

    def covariance(self, variances: Array) -> Array:
        """Of the logits given the fixed weights; `variances` by kind, in the order of `kinds`."""
        out = np.diag(self.noise)
        for kind, variance in zip(self.kinds, variances, strict=True):
            if kind in self.shared:
                out += variance * self.shared[kind]
        return out


def squashed(share: Array, items: Array) -> tuple[Array, Array]:
    """Logit of a share on a test of `items`, pulled half an item off 0 and 1, and its variance
    (delta method).
    """
    q = (np.clip(share, 0, 1) * items + 0.5) / (items + 1)
    return np.log(q / (1 - q)), 1 / (items * q * (1 - q))


def usable(result: Result) -> bool:
    """A score between 0 and 1 where more is better."""
    return result.value is not None and not result.lower_is_better and 0 <= result.value <= 1


def weigh(results: Sequence[Result], bend: float) -> list[Loadings]:
    """The weights behind each result, kept apart by study, task and metric."""
    return [loadings(r.about, r.skill, bend, r.study, f"{r.task}|{r.metric}") for r in results]


def matrix(loads: Sequence[Loadings], names: Sequence[str]) -> Array:
    """Coefficients of the fixed weights, rows x names."""
    return np.array([[float(one.fixed.get(n, 0.0)) for n in names] for one in loads])


def sharing(loads: Sequence[Loadings]) -> dict[str, Array]:
    """By kind, the covariance of the rows per unit of variance."""
    size = len(loads)
    values: dict[str, Array] = defaultdict(lambda: np.zeros(size))
    owners: dict[str, NDArray[np.int64]] = defaultdict(lambda: np.full(size, -1))
    numbers: dict[tuple[str, str], int] = {}
    for i, one in enumerate(loads):
        for key, value in one.deviations.items():
            values[key[0]][i] = float(value)
            owners[key[0]][i] = numbers.setdefault(key, len(numbers))
    return {
        kind: np.outer(v, v) * (owners[kind][:, None] == owners[kind][None, :])
        for kind, v in values.items()
        if np.any(v)
    }


def blocks(results: Iterable[Result], bend: float) -> list[Block]:
    """One block per study with usable results, all over the same names and kinds."""
    by_study: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        if usable(result):
            by_study[result.study].append(result)
    loads = {study: weigh(rows, bend) for study, rows in by_study.items()}
    every = [one for rows in loads.values() for one in rows]
    names = tuple(sorted({n for one in every for n in one.fixed}))
    kinds = tuple(sorted({kind for one in every for kind, _ in one.deviations}))
    out = []
    for study, rows in by_study.items():
        values = np.array([r.value for r in rows], dtype=float)
        y, noise = squashed(values, np.array([r.items for r in rows]))
        weight = min(1.0, (FULL_WEIGHT_ROWS / len(rows)) ** 0.5)
        out.append(
            Block(
                study,
                names,
                kinds,
                matrix(loads[study], names),
                y,
                noise,
                sharing(loads[study]),
                weight,
            )
        )
    return out


def names_of(data: Sequence[Block]) -> tuple[str, ...]:
    """The fixed weights, which all blocks share."""
    return data[0].names


def kinds_of(data: Sequence[Block]) -> tuple[str, ...]:
    """The kinds of deviation, which all blocks share."""
    return data[0].kinds


def before_evidence(names: Sequence[str]) -> tuple[Array, Array]:
    """Mean and precision of the fixed weights before any study."""
    pairs = [ANY_TYPE if n.startswith("type:") else BEFORE_EVIDENCE.get(n, OTHERS) for n in names]
    return np.array([m for m, _ in pairs]), np.array([sd**-2 for _, sd in pairs])


def pool(data: Sequence[Block], variances: Array) -> tuple[Array, Array]:
    """Mean and covariance of the fixed weights after all blocks (generalised least squares with a
    Gaussian prior).
    """
    return _pooled(data, _inverses(data, variances))


def _inverses(data: Sequence[Block], variances: Array) -> list[Array]:
    return [np.asarray(np.linalg.inv(block.covariance(variances)), dtype=float) for block in data]


def _pooled(data: Sequence[Block], inverses: Sequence[Array]) -> tuple[Array, Array]:
    mean, precision = before_evidence(names_of(data))
    total = np.diag(precision)
    aim = precision * mean
    for block, inverse in zip(data, inverses, strict=True):
        half = block.weight * block.design.T @ inverse
        total += half @ block.design
        aim = aim + half @ block.logits
    return np.asarray(np.linalg.solve(total, aim), dtype=float), np.asarray(
        np.linalg.inv(total), dtype=float
    )


def score_and_slope(data: Sequence[Block], variances: Array) -> tuple[float, Array]:
    """Negative weighted log likelihood at the best fixed weights, and its slope by log variance."""
    mean, precision = before_evidence(names_of(data))
    inverses = _inverses(data, variances)
    weights, _ = _pooled(data, inverses)
    value = 0.5 * float(np.sum(precision * (weights - mean) ** 2))
    slope = np.zeros(len(variances))
    for block, inverse in zip(data, inverses, strict=True):
        rest = block.logits - block.design @ weights
        pulled = inverse @ rest
        value += block.weight * 0.5 * float(rest @ pulled - np.linalg.slogdet(inverse)[1])
        excess = inverse - np.outer(pulled, pulled)
        for i, kind in enumerate(block.kinds):
            if kind in block.shared:
                slope[i] += (
                    block.weight * 0.5 * variances[i] * float(np.vdot(excess, block.shared[kind]))
                )
    return value, slope
