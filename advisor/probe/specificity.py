"""How far the language of a data set is from general English, and which languages it is in; measured, not asked."""

from __future__ import annotations

import lzma
import math
import re
from collections import Counter as Tally
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from advisor.core.probes import Specificity
from advisor.probe.languages import language_of
from advisor.shipped import folder

BATCH_TEXTS = 32
MAX_WORDS = 400_000
TEXT_CHARACTERS = 4000
COMMON = 5000
"""Places of the profile that count as common; words further down count half as much as words outside it."""

BIT_WEIGHT = 0.02
HIGH, MEDIUM = 0.22, 0.12
"""Least score of a level, set by eye between sets whose level is plain: package descriptions 0.38, Python sources 0.25,
contracts 0.15; grade-school questions 0.11, a software licence 0.09, bank customers' messages 0.03."""

REFERENCE_BITS = 10.6
OUTSIDE_SHARE, OUTSIDE_BITS = 0.03, 20.0
SHIFT = 2.7
LEAST_WORDS = 50

_WORDS = re.compile(r"[^\W\d_]{2,}|\b[aAiI]\b")


class Vocabulary:
    """Counts the words of a sample of the texts: the first of each batch, until enough are seen."""

    def __init__(self) -> None:
        self._words: Tally[str] = Tally()
        self._languages: Tally[str] = Tally()
        self._seen = self._tokens = self._letters = self._other = 0

    def add(self, texts: list[str], tokens: list[int] | None = None) -> None:
        """A batch of texts; `tokens` of each where they were counted."""
        if self._seen >= MAX_WORDS:
            return
        for at, text in enumerate(texts[:BATCH_TEXTS]):
            part = text[:TEXT_CHARACTERS]
            words = _WORDS.findall(part.casefold())
            self._seen += len(words)
            self._words.update(words)
            self._languages[language_of(part, words)] += 1
            letters = sum(map(len, words))
            self._letters += letters
            self._other += 0 if part.isascii() else sum(len(w) for w in words if w[0] > "\u024f")
            if tokens is not None and len(part) == len(text):
                self._tokens += tokens[at]
            elif tokens is not None:
                self._tokens += round(tokens[at] * len(part) / len(text))

    def specificity(self, *, counted: bool) -> Specificity | None:
        """Held against the general-English profile; None where there are too few words to say.

        `counted`: the tokens were counted with a vocabulary, so that tokens a word can be told.
        """
        if self._seen < LEAST_WORDS:
            return None
        places, outside, rare, bits = _places(), 0, 0, 0.0
        for word, count in self._words.items():
            place = places.get(word)
            outside += count if place is None else 0
            rare += count if place is not None and place > COMMON else 0
            bits += count * (OUTSIDE_BITS if place is None else _bits(place, len(places)))
        outside_share, rare_share = outside / self._seen, rare / self._seen
        excess = bits / self._seen - REFERENCE_BITS
        score = outside_share + rare_share / 2 + BIT_WEIGHT * max(excess, 0.0)
        fertility = self._tokens / self._seen if counted and self._tokens else None
        level = "high" if score >= HIGH else "medium" if score >= MEDIUM else "low"
        other = self._other / max(self._letters, 1)
        return Specificity(
            level, score, outside_share, excess, fertility, other, self._seen,
            _meaning(level, outside_share, rare_share, fertility),
        )  # fmt: skip

    def languages(self) -> Mapping[str, float]:
        """Share of the sampled texts by language, the most frequent first."""
        total = self._languages.total()
        return MappingProxyType({name: count / total for name, count in self._languages.most_common()})


@cache
def _places() -> dict[str, int]:
    """Word -> its place in the general-English profile, from 1."""
    words = lzma.decompress((folder("profiles") / "english.txt.xz").read_bytes()).decode("ascii").split()
    return {word: place for place, word in enumerate(words, 1)}


def _bits(place: int, places: int) -> float:
    """Information of a word under the profile: −log2 of C ÷ (place + 2.7); see profiles/english.md."""
    return math.log2((place + SHIFT) * _harmonic(places) / (1 - OUTSIDE_SHARE))


@cache
def _harmonic(places: int) -> float:
    return sum(1 / (place + SHIFT) for place in range(1, places + 1))


def _meaning(level: str, outside: float, rare: float, fertility: float | None) -> str:
    plain = {
        "low": "ordinary language, which any model reads well",
        "medium": "a good part is special vocabulary",
        "high": "mostly a language of its own, such as code, jargon, or not English",
    }
    said = f"{plain[level]} ({outside:.1%} of the words are not general English, {rare:.1%} are rare there"
    return said + (f", {fertility:.2f} tokens a word)" if fertility is not None else ")")
