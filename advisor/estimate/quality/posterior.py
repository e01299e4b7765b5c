"""Conditions the Gaussian prior on measured scores and draws from it, jointly for all skills.

Every weight is drawn from its prior by a stream of its own name, then moved by what the measurements say (pathwise
conditioning, Matheron's rule; Wilson et al. 2021, JMLR 22:105). The draws are exact, correlated across skills, and
adding a skill leaves the draws of the others as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from advisor.estimate.quality.design import Loadings
from advisor.estimate.quality.prior import Family
from advisor.estimate.quality.skills import Rows

Normals = Callable[[str], Rows]


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A measurement as the model sees it: weights by family, logit, and its variance (logits squared)."""

    id: str
    loads: tuple[Loadings, ...]
    logit: float
    variance: float


@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """Standard normal draws by weight: `fixed` (one line per fixed weight), `free` per deviation, `noise` per score."""

    fixed: Rows
    free: dict[tuple[str, str], Rows]
    noise: Rows


def logits(
    families: Sequence[Family], seen: Sequence[Seen], asked: Sequence[tuple[Loadings, ...]], normals: Normals, size: int
) -> Rows:
    """Logit of each asked score in each case, shape (asked, size); cases whose draws are all zero hold the median.

    Each case belongs to one family, with the probability that the measurements give it; a median case blends them.
    """
    choice = normals("quality|family")
    trust = family_trust(families, seen)
    out = np.zeros((len(asked), size))
    median = choice == 0
    bounds = [NormalDist().inv_cdf(min(max(p, 1e-9), 1 - 1e-9)) for p in np.cumsum(trust)]
    bounds[-1] = np.inf
    low = -np.inf
    draws = _draw(families, seen, asked, normals)
    for i, family in enumerate(families):
        mine = (choice > low) & (choice <= bounds[i]) & ~median
        low = bounds[i]
        loads = [a[i] for a in asked]
        out[:, mine] = _conditioned(family, [s.loads[i] for s in seen], seen, loads, draws, mine)
        out[:, median] += trust[i] * _conditioned(family, [s.loads[i] for s in seen], seen, loads, draws, median)
    return out


def family_trust(families: Sequence[Family], seen: Sequence[Seen]) -> list[float]:
    """Posterior probability of each family, equal before any measurement (marginal likelihoods)."""
    log_evidence = np.zeros(len(families))
    for i, family in enumerate(families):
        if seen:
            mean, cov = _moments(family, [s.loads[i] for s in seen], seen)
            rest = np.array([s.logit for s in seen]) - mean
            log_evidence[i] = -0.5 * (np.linalg.slogdet(cov)[1] + rest @ np.linalg.solve(cov, rest))
    odds = np.exp(log_evidence - log_evidence.max())
    return [float(p) for p in odds / odds.sum()]


def _moments(family: Family, loads: Sequence[Loadings], seen: Sequence[Seen]) -> tuple[Rows, Rows]:
    """Prior mean and covariance of the measured logits, noise included."""
    keys = _keys(family, loads)
    fixed, free = _matrix(family, loads, keys)
    whole = np.hstack([fixed @ family.root, free * _sds(family, keys)])
    return fixed @ family.mean, whole @ whole.T + np.diag([s.variance for s in seen])


def _keys(family: Family, loads: Sequence[Loadings]) -> list[tuple[str, str]]:
    """The deviations in use, in order of first use."""
    return list({key: None for one in loads for key in one.deviations if key[0] in family.sds})


def _sds(family: Family, keys: Sequence[tuple[str, str]]) -> Rows:
    return np.array([family.sds[kind] for kind, _ in keys])


def _matrix(family: Family, loads: Sequence[Loadings], keys: Sequence[tuple[str, str]]) -> tuple[Rows, Rows]:
    """Coefficients of fixed weights and of deviations; those that differ by case stand as 0 here."""
    at = {name: i for i, name in enumerate(family.names)}
    column = {key: i for i, key in enumerate(keys)}
    fixed, free = np.zeros((len(loads), len(at))), np.zeros((len(loads), len(keys)))
    for i, one in enumerate(loads):
        for name, value in one.fixed.items():
            if name in at and not isinstance(value, np.ndarray):
                fixed[i, at[name]] = value
        for key, value in one.deviations.items():
            if key in column and not isinstance(value, np.ndarray):
                free[i, column[key]] = value
    return fixed, free


def _draw(
    families: Sequence[Family], seen: Sequence[Seen], asked: Sequence[tuple[Loadings, ...]], normals: Normals
) -> Draws:
    """The prior draws of every weight in use; families share them."""
    fixed = np.array([normals(f"quality|{name}") for name in families[0].names])
    free: dict[tuple[str, str], Rows] = {}
    for i, family in enumerate(families):
        for key in _keys(family, [s.loads[i] for s in seen] + [a[i] for a in asked]):
            if key not in free:
                free[key] = normals(f"quality|{key[0]}|{key[1]}")
    noise = np.array([normals(f"quality|measured|{s.id}") for s in seen])
    return Draws(fixed, free, noise)


def _conditioned(
    family: Family,
    observed: Sequence[Loadings],
    seen: Sequence[Seen],
    asked: Sequence[Loadings],
    draws: Draws,
    cases: Rows,
) -> Rows:
    """Posterior logits of the asked scores in the chosen cases."""
    keys = _keys(family, [*observed, *asked])
    sds = _sds(family, keys)
    fixed_z = draws.fixed[:, cases]
    free_z = np.array([draws.free[key][cases] for key in keys])
    fixed_w, free_w = family.mean[:, None] + family.root @ fixed_z, sds[:, None] * free_z
    if seen:
        fixed, free = _matrix(family, observed, keys)
        whole = np.hstack([fixed @ family.root, free * sds])
        variance = np.array([s.variance for s in seen])
        cov = whole @ whole.T + np.diag(variance)
        gap = np.array([s.logit for s in seen])[:, None] - fixed @ fixed_w - free @ free_w
        pull = np.linalg.solve(cov, gap - np.sqrt(variance)[:, None] * draws.noise[:, cases])
        fixed_w += family.root @ (family.root.T @ (fixed.T @ pull))
        free_w += (sds**2)[:, None] * (free.T @ pull)
    fixed, free = _matrix(family, asked, keys)
    out = fixed @ fixed_w + free @ free_w
    _add_varied(out, family, asked, keys, fixed_w, free_w, cases)
    return out


def _add_varied(
    out: Rows,
    family: Family,
    asked: Sequence[Loadings],
    keys: Sequence[tuple[str, str]],
    fixed_w: Rows,
    free_w: Rows,
    cases: Rows,
) -> None:
    """Adds the terms whose coefficient differs by case, such as a number of labels that is uncertain."""
    at, column = {n: i for i, n in enumerate(family.names)}, {k: i for i, k in enumerate(keys)}
    for i, one in enumerate(asked):
        for name, value in one.fixed.items():
            if isinstance(value, np.ndarray) and name in at:
                out[i] += value[cases] * fixed_w[at[name]]
        for key, value in one.deviations.items():
            if isinstance(value, np.ndarray) and key in column:
                out[i] += value[cases] * free_w[column[key]]
