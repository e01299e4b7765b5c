"""Answers held against the wanted text, word by word."""

from __future__ import annotations

import re
import string
from collections import Counter
from functools import cache
from typing import Any

OPENING = "\"'`“”‘’([{<*_.,:;!?|~ "
CLOSING = "\"'`“”‘’)]}>*_.,:;!?|~ "
"""What may stand around an answer without being part of it."""

_ARTICLES = re.compile(r"\b(a|an|the)\b")


def normalised(text: str) -> str:
    """Lower case, one space between words, without quotes, brackets, markdown, stops at the ends.

    Signs stay: `-5`, `BB+`, `C#` and `90 %` are not `5`, `BB`, `C` and `90`.
    """
    bare = re.sub(r"\s+", " ", text).strip().lstrip(OPENING).rstrip(CLOSING)
    return bare.strip().lower()


def exact(prediction: str, answer: str) -> float:
    """1 where the answer is said and nothing else, else 0; of an answer of one line the first line
    said counts.
    """
    if "\n" not in answer.strip():
        prediction = next((line for line in prediction.splitlines() if line.strip()), "")
    return float(normalised(prediction) == normalised(answer))


def token_f1(prediction: str, answer: str) -> float:
    """Harmonic mean of precision and recall over words (SQuAD 1.1, Rajpurkar et al.

    2016): no articles, no punctuation.

    An empty answer is right where nothing is said.
    """
    spoken = _words(prediction)
    wanted = _words(answer)
    if not spoken or not wanted:
        return float(spoken == wanted)
    common = sum((Counter(spoken) & Counter(wanted)).values())
    return 2.0 * common / (len(spoken) + len(wanted))


def _words(text: str) -> list[str]:
    bare = "".join(c for c in text.lower() if c not in string.punctuation)
    parted: str = _unspaced().sub(r" \g<0> ", _ARTICLES.sub(" ", bare))
    return parted.split()


_ALONE = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]\p{M}*"
"""A character of a script that puts no blanks between words, with its marks."""


@cache
def _unspaced() -> Any:
    import regex

    return regex.compile(_ALONE)


@cache
def _pattern() -> Any:
    import regex  # knows scripts and marks, which `re` does not; tiktoken brings it along

    return regex.compile(rf"{_ALONE}|(?:(?!{_ALONE})[\p{{L}}\p{{N}}]\p{{M}}*)+")


def words_of(text: str) -> list[str]:
    """Runs of letters and digits with their marks, in lower case; characters of scripts without
    blanks stand alone. On English as rouge-score cuts words.
    """
    return list(_pattern().findall(text.lower()))
