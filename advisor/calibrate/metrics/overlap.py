"""Long answers by what they share with the wanted text: ROUGE-L over rapidfuzz, BLEU and chrF by
sacrebleu.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from advisor.core.errors import MissingExtra

_WORDS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W_\u3040-\u30ff\u3400-\u9fff]+")
"""Runs of letters and digits; Chinese and Japanese characters stand alone.

On English as rouge-score cuts words.
"""


def rouge_l(prediction: str, answer: str) -> float:
    """F of the longest common subsequence of words (Lin 2004): 2 × length ÷ (words said + words
    wanted).
    """
    spoken = _WORDS.findall(prediction.lower())
    wanted = _WORDS.findall(answer.lower())
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
