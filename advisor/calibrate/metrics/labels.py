"""Answers that are one of a few labels: which one is said, and the balance over all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from advisor.calibrate.metrics.label_reader import reader_for

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


def named_label(answer: str, labels: Sequence[str]) -> str:
    """The label that a text names; empty where it names none or several."""
    return reader_for(tuple(labels)).named(answer)


def marks(
    predictions: Sequence[str], answers: Sequence[str], labels: Sequence[str]
) -> list[list[int]]:
    """What was right and what was predicted, as numbers of labels."""
    reader = reader_for(tuple(labels))
    numbers = {label: number for number, label in enumerate(reader.labels)}
    pairs = zip(predictions, answers, strict=True)
    return [[reader.number(a), numbers.get(reader.named(p), -1)] for p, a in pairs]


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
