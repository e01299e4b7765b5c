"""Scores of answers, and what a test set of that size can tell: plain functions, used on both sides of the process."""

from __future__ import annotations

import math
import re
import string
from collections.abc import Mapping, Sequence
from statistics import fmean, pvariance
from typing import Any

METRICS = ("accuracy", "exact match")
Z80 = 1.2815515655446004
"""The 90th percentile of the standard normal distribution: both ends of an 80 % interval."""

MOST_LABELS = 50
LONGEST_LABEL_WORDS = 4


def normalised(text: str) -> str:
    """Lower case, one space between words, no punctuation at the ends: as exact match is scored since SQuAD."""
    return re.sub(r"\s+", " ", text).strip().strip(string.punctuation + " ").lower()


def score(metric: str, said: str, answer: str, labels: Sequence[str]) -> float:
    """1 where the answer is right, else 0.

    Exact match looks at the first non-empty line. Accuracy takes the one label that is said: alone, or as the only one
    in the text. Raises ValueError for a metric that is not scored here.
    """
    if metric == "exact match":
        first = next((line for line in said.splitlines() if line.strip()), "")
        return float(normalised(first) == normalised(answer))
    if metric == "accuracy":
        return float(said_label(said, labels) == normalised(answer))
    raise ValueError(f"metric {metric!r} is not scored here; one of {', '.join(METRICS)}")


def said_label(said: str, labels: Sequence[str]) -> str:
    """The label that a text names, normalised; empty where it names none or several."""
    whole, known = normalised(said), {normalised(label) for label in labels}
    if whole in known:
        return whole
    found = [label for label in known if re.search(rf"(?<!\w){re.escape(label)}(?!\w)", whole)]
    longest = [f for f in found if not any(f != other and f in other for other in found)]
    return longest[0] if len(longest) == 1 else ""


def labels_of(answers: Sequence[str]) -> tuple[str, ...]:
    """The labels where the answers look like labels: few, short and repeated; else none."""
    distinct = tuple(dict.fromkeys(a.strip() for a in answers))
    few = 2 <= len(distinct) <= min(MOST_LABELS, len(answers) // 2)
    return distinct if few and all(len(d.split()) <= LONGEST_LABEL_WORDS for d in distinct) else ()


def interval(scores: Sequence[float]) -> tuple[float, float]:
    """80 % interval of a share (Wilson 1927), which stays inside 0 and 1 and is honest at both ends."""
    n, share = len(scores), fmean(scores)
    middle = (share + Z80**2 / (2 * n)) / (1 + Z80**2 / n)
    half = Z80 / (1 + Z80**2 / n) * math.sqrt(share * (1 - share) / n + Z80**2 / (4 * n * n))
    return max(middle - half, 0.0), min(middle + half, 1.0)


def paired(a: Sequence[float], b: Sequence[float]) -> dict[str, Any]:
    """b − a on the same items: mean, 80 % interval, and the smallest difference such a test could show.

    The smallest difference is (1.2816 + 0.8416) × the standard error: seen at 80 % power on the 80 % interval.
    """
    differences = [y - x for x, y in zip(a, b, strict=True)]
    n = len(differences)
    error = math.sqrt(pvariance(differences) / n) if n > 1 else float("nan")
    floor = math.sqrt(0.25 / n / n)  # one item that changes sides: no test is surer than that
    error = max(error, floor)
    mean = fmean(differences)
    low, high = mean - Z80 * error, mean + Z80 * error
    return {
        "difference": mean,
        "interval": [low, high],
        "smallest": (Z80 + 0.8416212335729143) * error,
        "decided": low > 0.0 or high < 0.0,
        "items": n,
    }


def comparisons(results: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Every arm against the best prompt, on the items; arms by label with `item_scores` and `approach`."""
    prompts = {k: r for k, r in results.items() if r["approach"] == "prompt"}
    if not prompts:
        return []
    best = max(prompts, key=lambda k: float(prompts[k]["score"]))
    return [
        {"arm": name, "against": best, **paired(results[best]["item_scores"], held["item_scores"])}
        for name, held in results.items()
        if name != best and len(held["item_scores"]) == len(results[best]["item_scores"])
    ]
