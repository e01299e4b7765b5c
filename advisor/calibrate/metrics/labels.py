"""Answers that are one of a few labels: which one is said, and the balance over all of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from advisor.calibrate.metrics.text import normalised

if TYPE_CHECKING:
    import numpy as np

Marks = Sequence[Sequence[int]]
"""(number of the right label, number of the label said or −1) per item."""

MOST_LABELS = 200
LONGEST_LABEL_WORDS = 6


def labels_of(answers: Sequence[str]) -> tuple[str, ...]:
    """The labels where the answers look like labels: few, short and repeated; else none."""
    distinct = tuple(dict.fromkeys(a.strip() for a in answers))
    few = 2 <= len(distinct) <= min(MOST_LABELS, len(answers) // 2)
    return distinct if few and all(len(d.split()) <= LONGEST_LABEL_WORDS for d in distinct) else ()


def said_label(answer: str, labels: Sequence[str]) -> str:
    """The label that a text names, normalised; empty where it names none or several."""
    whole = normalised(answer)
    normal = {normalised(label) for label in labels}
    if whole in normal:
        return whole
    mentioned = [label for label in normal if re.search(rf"(?<!\w){re.escape(label)}(?!\w)", whole)]
    longest = [f for f in mentioned if not any(f != other and f in other for other in mentioned)]
    return longest[0] if len(longest) == 1 else ""


def marks(
    predictions: Sequence[str], answers: Sequence[str], labels: Sequence[str]
) -> list[list[int]]:
    """What was right and what was said, as numbers of labels."""
    number = {normalised(label): i for i, label in reversed(list(enumerate(labels)))}
    pairs = zip(predictions, answers, strict=True)
    return [
        [number.get(normalised(a), -1), number.get(said_label(s, labels), -1)] for s, a in pairs
    ]


def macro_f1(pairs: Marks, counts: Any = None) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Mean over labels of 2 × hits ÷ (times right + times said); labels that occur on neither side
    are left out.

    `counts`: how often each item counts, rows of resamples × items; left out: each once. One value
    a row.
    """
    import numpy as np

    right = np.array([m[0] for m in pairs])
    predicted = np.array([m[1] for m in pairs])
    classes = np.unique(np.concatenate([right, predicted[predicted >= 0]]))
    wanted = right[:, None] == classes
    spoken = predicted[:, None] == classes
    weights = np.ones((1, len(right))) if counts is None else np.asarray(counts, dtype=float)
    hits = weights @ (wanted & spoken)
    occurs = weights @ wanted + weights @ spoken
    each = np.divide(2.0 * hits, occurs, out=np.full_like(hits, np.nan), where=occurs > 0.0)
    return np.asarray(np.nanmean(each, axis=1))
