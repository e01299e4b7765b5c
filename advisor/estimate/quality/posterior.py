"""Conditions the Gaussian prior on measured scores and draws from it, jointly for all skills.

Every weight is drawn from its prior by a stream of its own name, then moved by what the
measurements say (pathwise conditioning, Matheron's rule; Wilson et al. 2021, JMLR 22:105). The
draws are exact, correlated across skills, and adding a skill leaves the draws of the others as they
are. All of it is linear in the standard normal draws, so that one matrix product per family makes
all scores.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from advisor.estimate.quality.design import (
    LABELS_WEIGHT,
    Coefficient,
    Loadings,
    curve_of,
    flattened,
)
from advisor.estimate.quality.prior import Family
from advisor.estimate.quality.skills import Rows

CASES_AT_ONCE = 16_384
"""Their draws fit into little memory, and their scores into a cache."""

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


@dataclass(frozen=True, eq=False)
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
        streams = _streams(self.families[0], keys, observations)
        owner = _owners(self.trust, self.normals("quality|family"))
        out = np.zeros((len(wanted), self.size))
        for i, family in enumerate(self.families):
            observed = [s.loads[i] for s in observations]
            lines = Lines.of(family, keys, observations, observed, [one[i] for one in wanted])
            for cases, share in (
                (np.flatnonzero(owner == i), 1.0),
                (np.flatnonzero(owner < 0), self.trust[i]),
            ):
                for start in range(0, cases.size, CASES_AT_ONCE):
                    some = cases[start : start + CASES_AT_ONCE]
                    out[:, some] += share * lines.at(some, self._drawn(streams, some))
        return out

    def _drawn(self, streams: Sequence[str], cases: NDArray[np.int64]) -> Rows:
        """The draws of some cases, a line per stream."""
        out = np.empty((len(streams), cases.size))
        for line, name in zip(out, streams, strict=True):
            np.take(self.normals(name), cases, out=line, mode="clip")
        return out

    @cached_property
    def trust(self) -> list[float]:
        """Posterior probability of each family."""
        return family_trust(self.families, self.observations)


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


def _streams(family: Family, keys: Sequence[Key], observations: Sequence[Observation]) -> list[str]:
    """The names of the standard normal draws: of each fixed weight, deviation and measurement;
    families share them.
    """
    return [
        *(f"quality|{name}" for name in family.names),
        *(f"quality|{kind}|{key}" for kind, key in keys),
        *(f"quality|measured|{s.id}" for s in observations),
    ]


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


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """A family's posterior of the wanted scores, ready for draws.

    Terms whose coefficient differs by case, such as an uncertain number of labels, are added weight
    by weight. Where no tuned score was measured, learning curves that fall are flattened.
    """

    posterior: Map  # of the wanted scores, then of each weight in `extra`, then of each curve
    varied: Sequence[dict[Key, Rows]]
    extra: Sequence[Key]
    many: Mapping[int, Coefficient]  # what a curve's slope is multiplied by, by place of its score

    @classmethod
    def of(
        cls,
        family: Family,
        keys: Sequence[Key],
        observations: Sequence[Observation],
        observed: Sequence[Loadings],
        wanted: Sequence[Loadings],
    ) -> Lines:
        """The wanted scores after the measurements."""
        varied = [_varied(one, family, keys) for one in wanted]
        extra = list({key: None for terms in varied for key in terms})
        lone = [
            Loadings({key[1]: 1.0}) if not key[0] else Loadings({}, {key: 1.0}) for key in extra
        ]
        curves = _curves(wanted, observed)
        scores = [*wanted, *lone, *curves.values()]
        posterior = _conditioned(family, keys, observations, observed, scores)
        many = {i: wanted[i].fixed[LABELS_WEIGHT] for i in curves}
        return cls(posterior, varied, extra, many)

    def at(self, cases: NDArray[np.int64], draws: Rows) -> Rows:
        """Logits of the wanted scores in the chosen cases, shape (wanted, cases); `draws` are
        theirs, a line per stream.
        """
        wanted = len(self.varied)
        scores = self.posterior.slopes @ draws
        scores += self.posterior.offset[:, None]
        for slope, (i, many) in zip(
            scores[wanted + len(self.extra) :], self.many.items(), strict=True
        ):
            scores[i] += (many[cases] if isinstance(many, np.ndarray) else many) * flattened(slope)
        line = {key: wanted + i for i, key in enumerate(self.extra)}
        for i, terms in enumerate(self.varied):
            for key, value in terms.items():
                scores[i] += value[cases] * scores[line[key]]
        return scores[:wanted]


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
