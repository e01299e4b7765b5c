"""Conditions the Gaussian prior on measured scores and draws from it, jointly for all skills.

Every weight is drawn from its prior by a stream of its own name, then moved by what the
measurements say (pathwise conditioning, Matheron's rule; Wilson et al. 2021, JMLR 22:105). The
draws are exact, correlated across skills, and adding a skill leaves the draws of the others as they
are. All of it is linear in the standard normal draws, so that one matrix product per family makes
all scores.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from advisor.estimate.quality.design import LABELS_WEIGHT, Loadings, curve_of, flattened
from advisor.estimate.quality.prior import Family
from advisor.estimate.quality.skills import Rows

Normals = Callable[[str], Rows]
Key = tuple[str, str]  # kind and key of a deviation; of a fixed weight "" and its name


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """A measurement as the model sees it: weights by family, logit, and its variance (logits
    squared).
    """

    id: str
    loads: tuple[Loadings, ...]
    logit: float
    variance: float


@dataclass(frozen=True, slots=True, eq=False)
class Map:
    """A family's posterior as an affine map of the draws: `offset` + `slopes` · draws, a line per
    wanted score.
    """

    offset: Rows
    slopes: Rows


@dataclass(frozen=True, slots=True, eq=False)
class Conditioned:
    """What the families say after the measurements, on `size` cases of the streams `normals`."""

    families: Sequence[Family]
    observations: Sequence[Observation]
    normals: Normals
    size: int

    def logits(
        self, wanted: Sequence[tuple[Loadings, ...]], by: Sequence[int] | None = None
    ) -> Rows:
        """Logit of each wanted score in each case, shape (wanted, size); cases whose draws are all
        zero hold the median.

        `by` are the measurements that move these scores, None all. Each case belongs to one family,
        with the probability that all measurements give it; a median case blends them.
        """
        observations = self.observations if by is None else [self.observations[j] for j in by]
        loads = [one for group in (*wanted, *(s.loads for s in observations)) for one in group]
        sds = self.families[0].sds
        keys = list({key: None for one in loads for key in one.deviations if key[0] in sds})
        draws = _draws(self.families[0], keys, observations, self.normals, self.size)
        trust = family_trust(self.families, self.observations)
        owner = _owners(trust, self.normals("quality|family"))
        out = np.zeros((len(wanted), self.size))
        for i, family in enumerate(self.families):
            observed = [s.loads[i] for s in observations]
            family_loads = [one[i] for one in wanted]
            for cases, share in (
                (np.flatnonzero(owner == i), 1.0),
                (np.flatnonzero(owner < 0), trust[i]),
            ):
                if cases.size:
                    out[:, cases] += share * _evaluated(
                        family, keys, observations, observed, family_loads, draws, cases
                    )
        return out


def family_trust(families: Sequence[Family], observations: Sequence[Observation]) -> list[float]:
    """Posterior probability of each family, equal before any measurement (marginal likelihoods)."""
    log_evidence = np.zeros(len(families))
    for i, family in enumerate(families):
        if observations:
            observed = [s.loads[i] for s in observations]
            keys = list(
                {key: None for one in observed for key in one.deviations if key[0] in family.sds}
            )
            mean, whole = _whitened(family, keys, observed)
            cov = whole @ whole.T + np.diag([s.variance for s in observations])
            rest = np.array([s.logit for s in observations]) - mean
            log_evidence[i] = -0.5 * (np.linalg.slogdet(cov)[1] + rest @ np.linalg.solve(cov, rest))
    odds = np.exp(log_evidence - log_evidence.max())
    return [float(p) for p in odds / odds.sum()]


def _owners(trust: Sequence[float], choice: Rows) -> NDArray[np.int64]:
    """The family of each case by its draw; −1 for a median case."""
    bounds = [
        NormalDist().inv_cdf(min(max(float(p), 1e-9), 1 - 1e-9)) for p in np.cumsum(trust)[:-1]
    ]
    return np.where(choice == 0, -1, np.searchsorted(bounds, choice))


def _draws(
    family: Family,
    keys: Sequence[Key],
    observations: Sequence[Observation],
    normals: Normals,
    size: int,
) -> Rows:
    """Standard normal draws, a line per fixed weight, per deviation and per measurement; families
    share them.
    """
    ids = [f"quality|{name}" for name in family.names]
    ids += [f"quality|{kind}|{key}" for kind, key in keys]
    ids += [f"quality|measured|{s.id}" for s in observations]
    out = np.empty((len(ids), size))
    for line, stream in zip(out, ids, strict=True):
        line[:] = normals(stream)
    return out


def _whitened(family: Family, keys: Sequence[Key], loads: Sequence[Loadings]) -> tuple[Rows, Rows]:
    """Prior mean of each score, and its coefficients on standard normal weights; what differs by
    case counts as 0.
    """
    at = {name: i for i, name in enumerate(family.names)}
    column = {key: i for i, key in enumerate(keys)}
    fixed = np.zeros((len(loads), len(at)))
    free = np.zeros((len(loads), len(keys)))
    for i, one in enumerate(loads):
        for name, value in one.fixed.items():
            if name in at and not isinstance(value, np.ndarray):
                fixed[i, at[name]] = value
        for key, value in one.deviations.items():
            if key in column and not isinstance(value, np.ndarray):
                free[i, column[key]] = value
    sds = np.array([family.sds[kind] for kind, _ in keys])
    return fixed @ family.mean, np.hstack([fixed @ family.root, free * sds])


def _conditioned(
    family: Family,
    keys: Sequence[Key],
    observations: Sequence[Observation],
    observed: Sequence[Loadings],
    wanted: Sequence[Loadings],
) -> Map:
    """The posterior of the wanted scores as a map of the draws (weights first, then measurement
    errors).
    """
    mean, whole = _whitened(family, keys, wanted)
    if not observations:
        return Map(mean, whole)
    observed_mean, observed_whole = _whitened(family, keys, observed)
    variance = np.array([s.variance for s in observations])
    cov = observed_whole @ observed_whole.T + np.diag(variance)
    gain = np.linalg.solve(cov, observed_whole @ whole.T).T
    offset = mean + gain @ (np.array([s.logit for s in observations]) - observed_mean)
    return Map(offset, np.hstack([whole - gain @ observed_whole, -gain * np.sqrt(variance)]))


def _evaluated(
    family: Family,
    keys: Sequence[Key],
    observations: Sequence[Observation],
    observed: Sequence[Loadings],
    wanted: Sequence[Loadings],
    draws: Rows,
    cases: NDArray[np.int64],
) -> Rows:
    """Posterior logits of the wanted scores in the chosen cases.

    Terms whose coefficient differs by case, such as an uncertain number of labels, are added weight
    by weight. Where no tuned score was measured, learning curves that fall are flattened.
    """
    varied = [_varied(one, family, keys) for one in wanted]
    extra = list({key: None for terms in varied for key in terms})
    lone = [Loadings({key[1]: 1.0}) if not key[0] else Loadings({}, {key: 1.0}) for key in extra]
    curves = _curves(wanted, observed)
    posterior = _conditioned(
        family, keys, observations, observed, [*wanted, *lone, *curves.values()]
    )
    scores = posterior.slopes @ np.take(draws, cases, axis=1)
    scores += posterior.offset[:, None]
    for slope, i in zip(scores[len(wanted) + len(lone) :], curves, strict=True):
        many = wanted[i].fixed[LABELS_WEIGHT]
        scores[i] += (many[cases] if isinstance(many, np.ndarray) else many) * flattened(slope)
    line = {key: len(wanted) + i for i, key in enumerate(extra)}
    for i, terms in enumerate(varied):
        for key, value in terms.items():
            scores[i] += value[cases] * scores[line[key]]
    return scores[: len(wanted)]


def _curves(wanted: Sequence[Loadings], observed: Sequence[Loadings]) -> dict[int, Loadings]:
    """The slope of the learning curve behind each wanted score, by its place; none where a tuned
    score was measured: what was measured holds as it is.
    """
    if any(LABELS_WEIGHT in one.fixed for one in observed):
        return {}
    curves = {i: curve_of(one) for i, one in enumerate(wanted)}
    return {i: curve for i, curve in curves.items() if curve is not None}


def _varied(one: Loadings, family: Family, keys: Sequence[Key]) -> dict[Key, Rows]:
    """The coefficients that differ by case, of weights that the family has."""
    out: dict[Key, Rows] = {
        ("", n): v for n, v in one.fixed.items() if isinstance(v, np.ndarray) and n in family.names
    }
    return out | {
        k: v for k, v in one.deviations.items() if isinstance(v, np.ndarray) and k in keys
    }
