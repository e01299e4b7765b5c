"""A cascade of two models on the same items: the small one answers where it is sure enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean


@dataclass(frozen=True, slots=True)
class CascadeScores:
    """Scores by item, the share passed on, and the least confidence (0 to 1) of each half."""

    item_scores: list[float]
    passed_on: float
    thresholds: tuple[float, float]


def cascade_scores(
    confidences: Sequence[float], small: Sequence[float], large: Sequence[float]
) -> CascadeScores:
    """How a cascade does on items that did not set its threshold.

    The threshold that does best on the items with even numbers decides on the odd ones, and the
    other way round, so that no item is scored with a threshold it helped to choose. Raises
    ValueError where the lengths differ or there are fewer than two items.
    """
    rows = list(zip(confidences, small, large, strict=True))
    if len(rows) < 2:
        raise ValueError("a cascade needs at least two items")
    halves = (rows[0::2], rows[1::2])
    thresholds = (best_threshold(halves[1]), best_threshold(halves[0]))
    scores = []
    passed = 0
    for number, (confidence, mine, theirs) in enumerate(rows):
        keeps = confidence >= thresholds[number % 2]
        passed += not keeps
        scores.append(mine if keeps else theirs)
    return CascadeScores(scores, passed / len(rows), thresholds)


def best_threshold(rows: Sequence[tuple[float, float, float]]) -> float:
    """The least confidence at which the small model answers, by (confidence, its score, the other)
    rows: that of the best mean score, of equals the one that passes on least.
    """
    above_all = max(confidence for confidence, _, _ in rows) + 1.0
    candidates = [0.0, *sorted({confidence for confidence, _, _ in rows}), above_all]

    def mean(threshold: float) -> float:
        return fmean(mine if c >= threshold else theirs for c, mine, theirs in rows)

    return max(candidates, key=lambda threshold: (round(mean(threshold), 9), -threshold))
