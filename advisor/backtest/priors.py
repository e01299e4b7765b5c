"""Coefficients that have not seen a study: the shipped ones for a new study, refitted without it
for a known one.
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
def unseen(study: str) -> tuple[Unseen, ...]:
    """One set per family, none of which was fitted on `study`."""
    return tuple(_without(study, i) for i in range(len(load().families)))


def prior_without(study: str) -> Prior:
    """The prior that the advisor would use, had `study` never been published."""
    known = load()
    if all(study not in table["without"] for table in tables()["families"]):
        return known
    families = tuple(
        Family(
            u.bend, u.names, u.mean, np.asarray(np.linalg.cholesky(u.covariance), dtype=float), sds
        )
        for u, sds in ((u, merged({**u.sds, **_curve_sds(i)})) for i, u in enumerate(unseen(study)))
    )
    return Prior(families, known.studies, known.source, known.as_of)


def _curve_sds(family: int) -> dict[str, float]:
    sds = tables()["families"][family]["sds"]
    return {kind: sds[kind] for kind in CURVE_KINDS}


@cache
def _shipped_blocks(bend: float) -> Sequence[Block]:
    return blocks(read(shipped.folder("profiles") / "evidence.csv"), bend)


def _without(study: str, family: int) -> Unseen:
    table, spread = tables()["families"][family], tables()["spread"]
    if study not in table["without"]:
        ours, root = load().families[family], load().families[family].root
        return Unseen(
            ours.bend, ours.names, ours.mean, root @ root.T, widened(table["sds"], spread)
        )
    rest = [b for b in _shipped_blocks(table["bend"]) if b.study != study]
    sds = dict(zip(table["without"]["kinds"], table["without"][study], strict=True))
    mean, covariance = pool(rest, np.array([sds[kind] for kind in kinds_of(rest)]) ** 2)
    return Unseen(table["bend"], names_of(rest), mean, covariance * spread**2, widened(sds, spread))
