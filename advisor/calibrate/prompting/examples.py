"""Which rows a prompt shows, and which passages of documents: by their words, with BM25, or by
embeddings.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from advisor.calibrate.metrics.text import words_of
from advisor.calibrate.prompting.forms import NEAREST, RANDOM, Pair, PromptForm
from advisor.calibrate.prompts import shown_examples
from advisor.core.errors import MissingExtra

if TYPE_CHECKING:
    import numpy as np

NO_WORD = "∅"
"""Stands for a text without a word."""

Embed = Callable[[Sequence[str]], "np.ndarray"]
"""The embeddings of texts: an array of shape (texts, dimensions), each row of length 1."""


class SimilarityIndex(Protocol):
    """Finds the texts that are most similar to a query."""

    def nearest(self, query: str, count: int) -> list[int]:
        """The places of the `count` most similar texts, the most similar first."""
        ...


def index_of(texts: Sequence[str], form: PromptForm, embed: Embed | None) -> SimilarityIndex:
    """By embeddings where the form names a model of them, else by words."""
    if not form.embeddings:
        return LexicalIndex(texts)
    assert embed is not None
    return EmbeddingIndex(texts, embed)


class LexicalIndex:
    """Finds the texts that share most words with a query (BM25, by bm25s)."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts

    @cached_property
    def _index(self) -> Any:
        index = _library().BM25(backend="numpy")
        index.index([_words(text) for text in self._texts], show_progress=False)
        return index

    def nearest(self, query: str, count: int) -> list[int]:
        """The places of the `count` most similar texts, the most similar first."""
        count = min(count, len(self._texts))
        if not count:
            return []
        scores = self._index.get_scores(_words(query))
        return sorted(range(len(self._texts)), key=lambda place: (-scores[place], place))[:count]


class EmbeddingIndex:
    """Finds the texts whose embeddings have the smallest angle to that of a query."""

    def __init__(self, texts: Sequence[str], embed: Embed) -> None:
        self._texts = texts
        self._embed = embed

    @cached_property
    def _vectors(self) -> np.ndarray:
        return self._embed(self._texts)

    def nearest(self, query: str, count: int) -> list[int]:
        """The places of the `count` most similar texts, the most similar first."""
        if not self._texts or not count:
            return []
        cosines = self._vectors @ self._embed([query])[0]
        return [int(place) for place in (-cosines).argsort(kind="stable")[:count]]


def _library() -> Any:
    try:
        import bm25s
    except ImportError:
        raise MissingExtra("nearest examples and passages need bm25s: pip install bm25s") from None
    return bm25s


def _words(text: str) -> list[str]:
    """The words of a text; one that no text has where there are none."""
    return words_of(text) or [NO_WORD]


class ExampleChoice:
    """The examples of a form for each item, chosen from `pool`; the last is the most similar."""

    def __init__(self, form: PromptForm, pool: Sequence[Pair], embed: Embed | None = None) -> None:
        self._form = form
        self._pool = pool
        self.fixed = [] if form.choice == NEAREST else _fixed(form, pool)
        self._index = index_of([prompt for prompt, _ in pool], form, embed)

    def of(self, question: str) -> list[Pair]:
        """The examples shown before this item."""
        if self._form.choice != NEAREST or not self._form.shots:
            return self.fixed
        nearest = self._index.nearest(question, self._form.shots)
        return [self._pool[place] for place in reversed(nearest)]


def _fixed(form: PromptForm, pool: Sequence[Pair]) -> list[Pair]:
    if form.picks:
        return [pool[place] for place in form.picks]
    if form.choice == RANDOM:
        return random.Random(form.seed).sample(list(pool), min(form.shots, len(pool)))
    return shown_examples(pool, form.shots)
