"""Quantiles of draws, without sorting them all and without the slow first call of numpy's own."""

from __future__ import annotations

import math

import numpy as np

from advisor.core.figure import Figure
from advisor.core.quantity import UNKNOWN, Range
from advisor.decide.ranking import Matrix


def quantiles(rows: Matrix) -> Range:
    """P10, P50 and P90 of an array of draws, interpolated between neighbours; found without sorting
    all of them.
    """
    if math.isnan(rows.sum()):
        return UNKNOWN
    places = [(len(rows) - 1) * share for share in (0.1, 0.5, 0.9)]
    below = [int(place) for place in places]
    parted = np.partition(rows, sorted({k for b in below for k in (b, min(b + 1, len(rows) - 1))}))
    p10, p50, p90 = (
        float(parted[b] + (place - b) * (parted[min(b + 1, len(rows) - 1)] - parted[b]))
        for b, place in zip(below, places, strict=True)
    )
    return Range(p10, p50, p90)


def middle(figure: Figure) -> float:
    """The median of the draws: the figure that every screen shows first."""
    rows = figure.rows
    median = None if isinstance(rows, (int, float)) or len(rows) < 2 else quantiles(rows[1:]).p50
    return figure.value if median is None else median
