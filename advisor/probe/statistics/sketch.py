"""Near copies among many texts by MinHash (library rensa), in 128 bytes a text and 2 bytes a word
of short texts.

A text is the set of its words and word pairs, so that both the words and their order count. Of each
of the 128 MinHash slots 8 bits are kept (Li & König 2010, b-bit minwise hashing). Four slots make a
band; texts that share a band are compared by their sketches. Two texts of n words are near copies
where at most one word, or a tenth of the words, was replaced: a replaced word changes 1 word and 2
pairs, so the shared part of the union is (n − 2k) ÷ (n + k). In short texts that bound is passed by
chance, so there the words themselves are compared.
"""

from __future__ import annotations

import importlib
import re
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pairs: TypeAlias = NDArray[np.int64]
    Roots: TypeAlias = NDArray[np.int32] | NDArray[np.int64]

SLOTS = 128
BAND = 4
SEED = 20251
REPLACED_SHARE = 0.10
SLACK = 2.0  # standard errors of the estimated similarity by which a pair may miss the bound
NEIGHBOURS = 6
MAX_WORDS = 20_000
MAX_CHARACTERS = 16 * MAX_WORDS
BLOCK = 50_000
SHORTEST = 5  # words; shorter texts are compared as a whole only
SHORT = 24  # words; texts up to here are compared word by word
SAME_WORDS = (
    0.8  # similarity from which short texts are near copies whatever the order of their words
)

_ASCII_WORDS = bytes(
    ord(chr(c).lower()) if c < 128 and chr(c).isalnum() else ord(" ") for c in range(256)
)
_WORDS = re.compile(r"[぀-ヿ㐀-鿿가-힯฀-๿]|[^\W_]+")


class Sketches:
    """Grows by batches of texts; finds the near copies at the end."""

    def __init__(self) -> None:
        self._digests = bytearray()
        self._words = array("I")
        self._short = array("H")  # hashes of the words of short texts, one text after the other

    def add(self, texts: list[str]) -> list[list[str]]:
        """Sketch a batch of texts. Gives their words."""
        import numpy as np

        library: Any = importlib.import_module("rensa")
        words = [words_of(text[:MAX_CHARACTERS])[:MAX_WORDS] for text in texts]
        hashed = library.RMinHash.hash_token_sets(words)
        lengths = np.array([len(w) for w in words], dtype=np.int64)
        flat = _flat(hashed, "Q")
        matrix = library.RMinHash.digest_matrix_from_flat_token_hashes(
            *_shingles(flat, lengths), SLOTS, SEED
        )
        self._digests += _flat(matrix.to_rows(), "I").astype(np.uint8).tobytes()
        self._words.frombytes(lengths.astype(np.uint32).tobytes())
        short = flat[np.repeat(lengths <= SHORT, lengths)] >> np.uint64(48)
        self._short.frombytes(short.astype(np.uint16).tobytes())
        return words

    def __len__(self) -> int:
        return len(self._words)

    def keep(self, rows: NDArray[np.int64]) -> None:
        """Let go of all texts but `rows`, in ascending order; done in place, block by block."""
        import numpy as np

        digests = np.frombuffer(self._digests, np.uint8).reshape(-1, SLOTS)
        lengths = np.frombuffer(self._words, np.uint32)
        stay = np.zeros(len(lengths), np.bool_)
        stay[rows] = True
        hashes = np.frombuffer(self._short, np.uint16)
        short = array("H")
        at = 0
        for start in range(0, len(lengths), BLOCK):
            sizes = lengths[start : start + BLOCK]
            owned = np.repeat(stay[start : start + BLOCK], np.where(sizes <= SHORT, sizes, 0))
            short.frombytes(hashes[at : at + len(owned)][owned].tobytes())
            at += len(owned)
        lengths_left = array("I", lengths[rows].tobytes())
        for start in range(0, len(rows), BLOCK):
            part = rows[start : start + BLOCK]
            digests[start : start + len(part)] = digests[part]
        del digests, lengths  # a buffer that is looked at cannot be cut
        del self._digests[len(rows) * SLOTS :]
        self._words = lengths_left
        self._short = short

    def texts(self) -> Texts:
        """All texts so far, as arrays over the same memory."""
        import numpy as np

        lengths = np.frombuffer(self._words, np.uint32).astype(np.int64)
        starts = np.cumsum(np.where(lengths <= SHORT, lengths, 0))
        starts[1:] = starts[:-1].copy()
        starts[:1] = 0
        digests = np.frombuffer(self._digests, np.uint8).reshape(-1, SLOTS)
        return Texts(digests, lengths, starts, np.frombuffer(self._short, np.uint16))


@dataclass(frozen=True, slots=True)
class Texts:
    """Sketched texts: digests (texts, 128), words a text, and where a short text's words start in
    `short`.
    """

    digests: NDArray[np.uint8]
    lengths: NDArray[np.int64]
    starts: NDArray[np.int64]
    short: NDArray[np.uint16]

    def __len__(self) -> int:
        return len(self.lengths)

    def bands(self) -> NDArray[np.uint32]:
        """Four slots at a time as one number, shape (texts, 32)."""
        import numpy as np

        return np.ascontiguousarray(self.digests).view(np.uint32)

    def pick(self, rows: NDArray[np.int64]) -> Texts:
        """These rows only."""
        return Texts(self.digests[rows], self.lengths[rows], self.starts[rows], self.short)

    def then(self, more: Texts) -> Texts:
        """These texts and after them `more`."""
        import numpy as np

        return Texts(
            np.concatenate((self.digests, more.digests)),
            np.concatenate((self.lengths, more.lengths)),
            np.concatenate((self.starts, more.starts + len(self.short))),
            np.concatenate((self.short, more.short)),
        )

    def words(self, row: int) -> list[int]:
        """Word hashes of a short text, in order."""
        start = int(self.starts[row])
        hashes: list[int] = self.short[start : start + int(self.lengths[row])].tolist()
        return hashes


def near_pairs(texts: Texts, wanted: Callable[[Pairs], NDArray[np.bool_]]) -> Iterator[Pairs]:
    """Batches of pairs of rows that are near copies, shape (pairs, 2), the lower row first; a pair
    may come again.

    Rows are sorted by a band and the next band, and compared with their nearest neighbours of the
    same band: a group of m alike rows costs m comparisons, not m². `wanted` says before the
    comparison which pairs are of interest.
    """
    import numpy as np

    bands = texts.bands()
    for band in range(bands.shape[1]):
        key = bands[:, band].astype(np.uint64)
        key <<= np.uint64(32)
        key |= bands[:, (band + 1) % bands.shape[1]]
        order = np.argsort(key, kind="stable")
        del key
        sorted_band = bands[order, band]
        for step in range(1, min(NEIGHBOURS, len(order) - 1) + 1):
            at = np.flatnonzero(sorted_band[step:] == sorted_band[:-step])
            pairs = np.sort(np.stack((order[at], order[at + step]), axis=1), axis=1)
            yield from _checked(pairs[wanted(pairs)], texts)


def clusters(texts: Texts) -> NDArray[np.int64]:
    """For each row the lowest row that it is a near copy of, directly or over others; itself where
    there is none.
    """
    import numpy as np

    root = np.arange(len(texts))
    for pairs in near_pairs(texts, lambda p: root[p[:, 0]] != root[p[:, 1]]):
        join(root, pairs)
    return root


def copies(texts: Texts, marks: Sequence[NDArray[np.uint32]]) -> tuple[Roots, Roots]:
    """As `clusters`, and the same over those pairs alone that agree in one of the `marks`."""
    import numpy as np

    root = np.arange(len(texts), dtype=np.int32)  # half the memory; a million rows at most
    agreed = root.copy()

    def agree(pairs: Pairs) -> NDArray[np.bool_]:
        agreeing: NDArray[np.bool_] = np.zeros(len(pairs), np.bool_)
        for mark in marks:
            agreeing |= mark[pairs[:, 0]] == mark[pairs[:, 1]]
        return agreeing

    def wanted(pairs: Pairs) -> NDArray[np.bool_]:
        apart: NDArray[np.bool_] = root[pairs[:, 0]] != root[pairs[:, 1]]
        apart |= agree(pairs) & (agreed[pairs[:, 0]] != agreed[pairs[:, 1]])
        return apart

    for pairs in near_pairs(texts, wanted):
        join(root, pairs)
        join(agreed, pairs[agree(pairs)])
    return root, agreed


def join(root: Roots, pairs: Pairs) -> None:
    """Make the two sides of each pair point to the same lowest row, in place."""
    import numpy as np

    while True:
        left = root[pairs[:, 0]]
        right = root[pairs[:, 1]]
        apart = left != right
        if not apart.any():
            return
        np.minimum.at(root, np.maximum(left, right)[apart], np.minimum(left, right)[apart])
        while not np.array_equal(root, root[root]):
            root[:] = root[root]


def copies_across(first: Texts, second: Texts) -> NDArray[np.bool_]:
    """Which rows of `second` are near copies of a row of `first`."""
    import numpy as np

    first = first.pick(_sharing_a_band(first, second))
    border = len(first)
    copied = np.zeros(border + len(second), np.bool_)

    def across(pairs: Pairs) -> NDArray[np.bool_]:
        wanted: NDArray[np.bool_] = (
            (pairs[:, 0] < border) & (pairs[:, 1] >= border) & ~copied[pairs[:, 1]]
        )
        return wanted

    for pairs in near_pairs(first.then(second), across):
        copied[pairs[:, 1]] = True
    return copied[border:]


def _sharing_a_band(first: Texts, second: Texts) -> NDArray[np.int64]:
    """Rows of `first` that share a band with any row of `second`: mostly few, where `first` is
    large.
    """
    import numpy as np

    ours = first.bands()
    theirs = second.bands()
    shared = np.zeros(len(first), np.bool_)
    for band in range(ours.shape[1]):
        wanted = np.unique(theirs[:, band])
        for start in range(0, len(ours), BLOCK):
            shared[start : start + BLOCK] |= np.isin(ours[start : start + BLOCK, band], wanted)
    return np.flatnonzero(shared)


def _checked(pairs: Pairs, texts: Texts) -> Iterator[Pairs]:
    """Those pairs whose sketches agree as near copies do; short ones by their words."""
    import numpy as np

    for start in range(0, len(pairs), BLOCK):
        part = pairs[start : start + BLOCK]
        agree = (texts.digests[part[:, 0]] == texts.digests[part[:, 1]]).mean(axis=1)
        alike = (agree - 1 / 256) / (1 - 1 / 256)
        longer = texts.lengths[part].max(axis=1)
        near = alike >= _bound(longer.astype(np.float64))
        for at in np.flatnonzero(
            near & (longer <= SHORT) & (longer >= SHORTEST) & (alike < SAME_WORDS)
        ):
            allowed = max(1, int(REPLACED_SHARE * longer[at]))
            near[at] = edits(texts.words(part[at, 0]), texts.words(part[at, 1])) <= allowed
        yield part[near]


def edits(first: list[int], second: list[int]) -> int:
    """Words to replace, insert or leave out to turn one text into the other (Levenshtein 1966, over
    words).
    """
    row = list(range(len(second) + 1))
    for at, word in enumerate(first, 1):
        before, row[0] = row[0], at
        for to, other in enumerate(second, 1):
            before, row[to] = row[to], min(before + (word != other), row[to] + 1, row[to - 1] + 1)
    return row[-1]


def _bound(words: NDArray[np.float64]) -> NDArray[np.float64]:
    """The least similarity of near copies of that many words, less the slack for the sketch's own
    error.
    """
    import numpy as np

    replaced = np.maximum(1.0, REPLACED_SHARE * words)
    alike = np.clip((words - 2 * replaced) / (words + replaced), 0.0, 1.0)
    slack = SLACK * np.sqrt(alike * (1 - alike) / SLOTS)
    bound = np.where(words < SHORTEST, 1.0, np.maximum(alike - slack, 0.25))
    return np.where(words == 0, 2.0, bound)  # texts without a word say nothing about each other


def _flat(rows: list[list[int]], code: str) -> NDArray[Any]:
    """The numbers of all rows one after the other; `code` is their type as `array` names it."""
    import numpy as np

    return np.frombuffer(b"".join([array(code, row) for row in rows]), code)


def _shingles(
    words: NDArray[np.uint64], lengths: NDArray[np.int64]
) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Hashes of all words and word pairs, row after row, with the row offsets that rensa wants."""
    import numpy as np

    pairs = words.copy()
    pairs[:-1] = words[:-1] * np.uint64(0x9E3779B97F4A7C15) + (
        words[1:] ^ np.uint64(0xD6E8FEB86659FD93)
    )
    last = np.cumsum(lengths)[lengths > 0] - 1
    pairs[last] = words[last]  # the last word of a row begins no pair; a set does not mind a repeat
    both = np.stack((words, pairs), axis=1).reshape(-1)
    offsets = np.concatenate((np.zeros(1, np.int64), 2 * np.cumsum(lengths)))
    return both, offsets.astype(np.uint64)


def words_of(text: str) -> list[str]:
    """Words in lower case; characters of scripts without spaces stand alone; lone surrogates become
    question marks.
    """
    if text.isascii():
        return text.encode().translate(_ASCII_WORDS).decode().split()
    return _WORDS.findall(text.encode("utf-8", "replace").decode("utf-8").casefold())
