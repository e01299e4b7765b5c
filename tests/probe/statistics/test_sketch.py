"""Near copies against exact Jaccard similarity and brute-force word edits."""

import itertools
import random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from advisor.probe.statistics.sketch import (
    SLOTS,
    Sketches,
    clusters,
    copies_across,
    edits,
    join,
    words_of,
)


def sketched(texts):
    held = Sketches()
    held.add(texts)
    return held


def shingles(text):
    words = words_of(text)
    return set(words) | set(itertools.pairwise(words))


@given(st.integers(0, 2**32), st.integers(20, 120), st.floats(0.0, 1.0))
def test_sketches_estimate_jaccard(seed, words, replaced):
    rng = random.Random(seed)
    first = [f"w{rng.randrange(10**6)}" for _ in range(words)]
    second = [w if rng.random() > replaced else f"v{rng.randrange(10**6)}" for w in first]
    a, b = shingles(" ".join(first)), shingles(" ".join(second))
    digests = sketched([" ".join(first), " ".join(second)]).texts().digests
    agree = (digests[0] == digests[1]).mean()
    exact = len(a & b) / len(a | b)
    assert abs((agree - 1 / 256) / (1 - 1 / 256) - exact) < 5 * (0.25 / SLOTS) ** 0.5 + 0.01


def test_order_and_words_count():
    text = "the quick brown fox jumps over the lazy dog near the river bank today"
    shuffled = " ".join(sorted(text.split()))
    other = "a completely different sentence about prices of models and of graphics cards"
    held = sketched([text, text.upper() + "!", shuffled, other]).texts()
    assert clusters(held).tolist() == [0, 0, 2, 3]


def test_short_texts_need_the_same_words():
    held = sketched(["yes", "no", "YES!", "thank you", "thank you.", "", "???"]).texts()
    assert clusters(held).tolist() == [0, 1, 0, 3, 3, 5, 6]


def test_short_texts_are_compared_word_by_word():
    lines = [
        "please tell me how to change my pin",
        "please tell me how to change my name",
        "please tell us how to find your shop",
    ]
    assert clusters(sketched(lines).texts()).tolist() == [0, 0, 2]


@given(st.lists(st.integers(0, 3), max_size=7), st.lists(st.integers(0, 3), max_size=7))
def test_edits_are_levenshtein(first, second):
    def slow(a, b):
        if not a or not b:
            return len(a) + len(b)
        return min(slow(a[1:], b) + 1, slow(a, b[1:]) + 1, slow(a[1:], b[1:]) + (a[0] != b[0]))

    assert edits(first, second) == slow(first, second)


@given(st.integers(1, 30), st.lists(st.tuples(st.integers(0, 29), st.integers(0, 29)), max_size=40))
def test_join_gives_connected_components(size, pairs):
    pairs = [(a % size, b % size) for a, b in pairs]
    root = np.arange(size)
    join(root, np.array(pairs, dtype=np.int64).reshape(-1, 2))
    groups = [{i} for i in range(size)]
    for a, b in pairs:
        if groups[a] is not groups[b]:
            groups[a] |= groups[b]
            for member in groups[b]:
                groups[member] = groups[a]
    assert root.tolist() == [min(groups[i]) for i in range(size)]


def test_a_large_group_of_copies_is_one_group():
    base = " ".join(f"word{i}" for i in range(60))
    texts = [base.replace(f"word{i % 60}", f"other{i}") for i in range(3000)]
    assert len(set(clusters(sketched(texts).texts()).tolist())) <= 30


def test_copies_across_and_keep():
    rng = random.Random(1)
    texts = [
        " ".join(f"w{rng.randrange(5000)}" for _ in range(rng.choice((8, 40)))) for _ in range(400)
    ]
    held = sketched(texts)
    rows = np.arange(0, 400, 3)
    held.keep(rows)
    assert len(held) == len(rows)
    copied = copies_across(held.texts(), sketched(texts).texts())
    assert copied.tolist() == [i % 3 == 0 for i in range(400)]


@given(st.lists(st.text(max_size=50), max_size=20))
def test_any_text_can_be_sketched(texts):
    held = sketched([*texts, "\ud800 lone surrogate"])
    roots = clusters(held.texts())
    assert (roots <= np.arange(len(roots))).all()


def test_scripts_without_spaces_are_split():
    assert words_of("今日は Tokyo です") == ["今", "日", "は", "tokyo", "で", "す"]
