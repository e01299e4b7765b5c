"""What a score counts: a metric's kind decides how high scores usually are.

The same answers score 0.2 by words in common with a reference and 0.8 by people who accept them
(Alghisi 2024 in profiles/evidence.csv), so scores of one kind say little about another.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import cache


class MetricKind(StrEnum):
    """How an answer is scored."""

    SHARE = "share"  # of answers that are right: accuracy, exact match, micro F1, tests passed
    MACRO = "macro"  # mean over classes, rare ones included
    OVERLAP = "overlap"  # words in common with a reference: ROUGE, BLEU
    JUDGED = "judged"  # accepted or graded by people or by a model


_PATTERNS = (
    (MetricKind.JUDGED, r"judg|accept|approv|human|rating|rated|grade|mt-?bench|prefer|satisf"),
    (MetricKind.OVERLAP, r"rouge|bleu|chrf|meteor|overlap|knowledge.?f1|similarity"),
    (MetricKind.MACRO, r"macro|balanced"),
)
_FREE_TEXT = ("dialogue", "generation", "summarisation", "translation")
_F1 = re.compile(r"^f1\b|token.?f1|word.?f1", re.IGNORECASE)


@cache
def kind_of(metric: str, task_type: str) -> MetricKind:
    """The kind by a metric's name, a share where it says nothing: a brief asks for the share of
    answers that pass. F1 of free text counts words in common.
    """
    if task_type in _FREE_TEXT and _F1.search(metric):
        return MetricKind.OVERLAP
    name = metric.lower()
    return next((kind for kind, words in _PATTERNS if re.search(words, name)), MetricKind.SHARE)
