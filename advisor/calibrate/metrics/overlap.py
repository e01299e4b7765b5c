"""Long answers by what they share with the wanted text: ROUGE-L over rapidfuzz, BLEU and chrF by
sacrebleu.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from functools import cache
from typing import Any

from advisor.calibrate.metrics.text import words_of
from advisor.core.errors import MissingExtra


def rouge_l(prediction: str, answer: str) -> float:
    """F of the longest common subsequence of words (Lin 2004): 2 × length ÷ (words said + words
    wanted).
    """
    spoken = words_of(prediction)
    wanted = words_of(answer)
    if not spoken or not wanted:
        return 0.0
    common = library("rapidfuzz.distance").LCSseq.similarity(spoken, wanted)
    return 2.0 * float(common) / (len(spoken) + len(wanted))


def sentence(metric: str, prediction: str, answer: str) -> float:
    """BLEU or chrF of one answer, 0 to 1; BLEU leaves out orders that a short text has none of."""
    return float(_scorer(metric).sentence_score(prediction, [answer]).score) / 100.0


def corpus(metric: str, predictions: Sequence[str], answers: Sequence[str]) -> float:
    """BLEU or chrF over all answers at once, 0 to 1: what papers report; not the mean of the
    sentences.
    """
    scorer = library("sacrebleu").BLEU() if metric == "BLEU" else _scorer(metric)
    return float(scorer.corpus_score(list(predictions), [list(answers)]).score) / 100.0


@cache
def _scorer(metric: str) -> Any:
    sacrebleu = library("sacrebleu")
    return sacrebleu.BLEU(effective_order=True) if metric == "BLEU" else sacrebleu.CHRF()


def library(name: str) -> Any:
    """A library of the extra `calibrate`. Raises MissingExtra with the line that installs it."""
    try:
        return importlib.import_module(name)
    except ImportError:
        package = name.partition(".")[0]
        raise MissingExtra(f"this metric needs {package}: pip install {package}") from None
