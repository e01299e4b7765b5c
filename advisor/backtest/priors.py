"""Coefficients that have not seen a study: the shipped ones for a new study, refitted without it
for a shipped one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from advisor import shipped
from advisor.backtest.pooling import Array, Block, blocks, kinds_of, names_of, pool
from advisor.backtest.studies import read
from advisor.estimate.quality.prior import CURVE_KINDS, Family, Prior, load, merged, tables, widened


@dataclass(frozen=True, slots=True, eq=False)
class Unseen:
    """Coefficients of one family: mean and covariance of the fixed weights, standard deviation by
    kind.
    """

    bend: float
    names: tuple[str, ...]
    mean: Array
    covariance: Array
    sds: dict[str, float]


@cache
def unseen(study: str, others: frozenset[str] = frozenset()) -> tuple[Unseen, ...]:
    """One set per family, none of which was fitted on `study`, nor its weights on `others`."""
    return tuple(_without(study, others, i) for i in range(len(load().families)))


def prior_without(study: str) -> Prior:
    """The prior that the advisor would use, had `study` never been published."""
    shipped_prior = load()
    if all(study not in table["without"] for table in tables()["families"]):
        return shipped_prior
    families = tuple(
        Family(
            u.bend, u.names, u.mean, np.asarray(np.linalg.cholesky(u.covariance), dtype=float), sds
        )
        for u, sds in ((u, merged({**u.sds, **_curve_sds(i)})) for i, u in enumerate(unseen(study)))
    )
    return Prior(families, shipped_prior.studies, shipped_prior.source, shipped_prior.as_of)


def _curve_sds(family: int) -> dict[str, float]:
    sds = tables()["families"][family]["sds"]
    return {kind: sds[kind] for kind in CURVE_KINDS}


@cache
def _shipped_blocks(bend: float) -> Sequence[Block]:
    return blocks(read(shipped.folder("profiles") / "evidence.csv"), bend)


def _without(study: str, others: frozenset[str], family: int) -> Unseen:
    table = tables()["families"][family]
    spread = tables()["spread"]
    if study not in table["without"] and not others:
        ours = load().families[family]
        return Unseen(
            ours.bend, ours.names, ours.mean, ours.root @ ours.root.T, widened(table["sds"], spread)
        )
    rest = [b for b in _shipped_blocks(table["bend"]) if b.study not in {study, *others}]
    kinds = [kind for kind in table["sds"] if kind not in CURVE_KINDS]
    fitted = table["without"].get(study, [table["sds"][kind] for kind in kinds])
    sds = dict(zip(kinds, fitted, strict=True))
    mean, covariance = pool(rest, np.array([sds[kind] for kind in kinds_of(rest)]) ** 2)
    return Unseen(table["bend"], names_of(rest), mean, covariance * spread**2, widened(sds, spread))
