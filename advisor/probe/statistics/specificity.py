"""How far the language of a data set is from general English, and which languages it is in;
measured, not asked.
"""

from __future__ import annotations

import heapq
import lzma
import math
import re
from array import array
from collections import Counter as Tally
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from advisor.core import format as fmt
from advisor.core.probes import Specificity
from advisor.probe.statistics.languages import language_of
from advisor.shipped import folder

BATCH_TEXTS = 32
MAX_WORDS = 400_000
TEXT_CHARACTERS = 4000
COMMON = 5000
"""Places of the profile that count as common; words further down count half as much as words
outside it.
"""

BIT_WEIGHT = 0.02
HIGH = 0.22
MEDIUM = 0.12
"""Least score of a level, set by eye between sets whose level is plain: package descriptions 0.38,
Python sources 0.25, contracts 0.15; grade-school questions 0.11, a software licence 0.09, bank
customers' messages 0.03.
"""

REFERENCE_BITS = 10.6
OUTSIDE_SHARE = 0.03
OUTSIDE_BITS = 20.0
SHIFT = 2.7
LEAST_WORDS = 50
LEAST_ROW_WORDS = 8
ROW_WORDS = 400_000
LISTED_ROWS = 10
ROW_PERCENTS = (10, 50, 90, 99)

_ADDRESSES = re.compile(r"https?://\S+|www\.\S+|(?<![\w.+-])[\w.+-]+@[\w-]+\.[\w.]+")
_WORDS = re.compile(r"[^\W\d_]{2,}|\b[aAiI]\b")


class Vocabulary:
    """Counts the words of a sample of the texts: the first of each batch, until enough are seen."""

    def __init__(self) -> None:
        self._words: Tally[str] = Tally()
        self._languages: Tally[str] = Tally()
        self._seen = self._tokens = self._letters = self._other = self._in_addresses = 0

    def add(self, texts: list[str], tokens: list[int] | None = None) -> None:
        """A batch of texts; `tokens` of each where they were counted."""
        if self._seen >= MAX_WORDS:
            return
        for at, text in enumerate(texts[:BATCH_TEXTS]):
            part = text[:TEXT_CHARACTERS]
            spoken = _without_addresses(part)
            words = _WORDS.findall(spoken.casefold())
            self._seen += len(words)
            if len(spoken) < len(part):
                self._in_addresses += len(_WORDS.findall(part.casefold())) - len(words)
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
        outside_share, rare_share, excess, score = _measured(self._words)
        every_word = self._seen + self._in_addresses
        fertility = self._tokens / every_word if counted and self._tokens else None
        level = _level(score)
        other = self._other / max(self._letters, 1)
        return Specificity(
            level, score, outside_share, excess, fertility, other, self._seen,
            _meaning(level, outside_share, rare_share, fertility),
        )  # fmt: skip

    def languages(self) -> Mapping[str, float]:
        """Share of the sampled texts by language, the most frequent first."""
        total = self._languages.total()
        return MappingProxyType(
            {name: count / total for name, count in self._languages.most_common()}
        )


class RowScores:
    """The same score for each of the first rows, so that the unusual ones can be named; 4 bytes a
    row.
    """

    def __init__(self) -> None:
        self._seen = self._row = 0
        self._scores = array("f")
        self._highest: list[tuple[float, int]] = []

    def add(self, texts: list[str]) -> None:
        """A batch of texts in the order of the rows; rows of fewer than 8 words say too little of
        their language.
        """
        for text in texts:
            self._row += 1
            if self._seen >= ROW_WORDS:
                continue
            words = _WORDS.findall(_without_addresses(text[:TEXT_CHARACTERS]).casefold())
            self._seen += len(words)
            if len(words) >= LEAST_ROW_WORDS:
                score = _measured(Tally(words))[3]
                self._scores.append(score)
                # of equal scores the first row stays
                (heapq.heappushpop if len(self._highest) >= LISTED_ROWS else heapq.heappush)(
                    self._highest, (score, -self._row)
                )

    def unusual(self, above: float) -> list[tuple[int, float]]:
        """(row from 0, score) of the rows furthest from general English and beyond `above`, the
        furthest first.
        """
        return [
            (-row - 1, score) for score, row in sorted(self._highest, reverse=True) if score > above
        ]

    def percentiles(self) -> Mapping[int, float]:
        """Score at each percent of the rows; nothing where no row was long enough."""
        import numpy as np

        if not self._scores:
            return MappingProxyType({})
        scores = np.percentile(np.array(self._scores), ROW_PERCENTS).tolist()
        return MappingProxyType({p: round(v, 3) for p, v in zip(ROW_PERCENTS, scores, strict=True)})


def _level(score: float) -> str:
    if score >= HIGH:
        return "high"
    return "medium" if score >= MEDIUM else "low"


def _measured(words: Mapping[str, int]) -> tuple[float, float, float, float]:
    """Words by count -> (share outside the profile, share rare in it, bits above general English,
    score).
    """
    places = _places()
    bits_at = _bits_by_place()
    outside = 0
    rare = 0
    bits = 0.0
    total = 0
    for word, count in words.items():
        place = places.get(word)
        total += count
        if place is None:
            outside, bits = outside + count, bits + count * OUTSIDE_BITS
        else:
            rare, bits = rare + (count if place > COMMON else 0), bits + count * bits_at[place]
    excess = bits / total - REFERENCE_BITS
    return (
        outside / total,
        rare / total,
        excess,
        outside / total + rare / total / 2 + BIT_WEIGHT * max(excess, 0.0),
    )


@cache
def _bits_by_place() -> list[float]:
    """Information of a word by its place; there is no place 0."""
    places = len(_places())
    return [0.0, *(_bits(place, places) for place in range(1, places + 1))]


@cache
def _places() -> dict[str, int]:
    """Word -> its place in the general-English profile, from 1."""
    words = (
        lzma.decompress((folder("profiles") / "english.txt.xz").read_bytes())
        .decode("ascii")
        .split()
    )
    return {word: place for place, word in enumerate(words, 1)}


def _bits(place: int, places: int) -> float:
    """Information of a word under the profile: −log2 of C ÷ (place + 2.7); see
    profiles/english.md.
    """
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
    shares = (
        f"{fmt.share(outside, 1)} of the words are not general English, "
        f"{fmt.share(rare, 1)} are rare there"
    )
    per_word = "" if fertility is None else f", {fertility:.2f} tokens per word"
    return f"{plain[level]} ({shares}{per_word})"


def _without_addresses(text: str) -> str:
    """A text without addresses of pages and mail; most texts have none."""
    if "@" in text or "://" in text or "www." in text:
        return _ADDRESSES.sub(" ", text)
    return text
