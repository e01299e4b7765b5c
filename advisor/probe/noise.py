"""Labels that the other rows speak against: confident learning without torch, by naive Bayes that leaves each row out.

Multinomial naive Bayes over words and word pairs can leave a row out exactly, by taking its own counts away, so one
pass scores every row as if it had not been learned from. A row is suspect where another label is likelier by more than
the median by which the rows that agree with their label beat the next one: as plainly wrong as an ordinary row is
plainly right. After Northcutt, Jiang and Chuang 2021, who set the bound by the mean confidence of each class.
"""

from __future__ import annotations

import itertools
import zlib
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from advisor.probe.sketch import words_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ROWS = 30_000
ROW_WORDS = 64
SMOOTHING = 0.1
MOST_BUCKETS = 1 << 16
CELLS = 8_000_000
LEAST_ROWS = 40
LEAST_ROWS_A_LABEL = 5
"""Fewer rows of the typical label than that teach nothing about it."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """A row by its number, the label (by number) that fits better, and by how many nats it does."""

    row: int
    likelier: int
    margin: float


class LabelledWords:
    """The words of the first rows, hashed; 4 bytes a word or pair of words."""

    def __init__(self) -> None:
        self._features, self._sizes = array("I"), array("I")

    def add(self, texts: list[str]) -> None:
        """A batch of inputs, in the order of the rows."""
        for text in texts[: max(ROWS - len(self._sizes), 0)]:
            words = words_of(text)[:ROW_WORDS]
            pairs = map(" ".join, itertools.pairwise(words))
            found = {zlib.crc32(w.encode()) for w in itertools.chain(words, pairs)}
            self._features.extend(sorted(found))
            self._sizes.append(len(found))

    def __len__(self) -> int:
        return len(self._sizes)

    def suspects(self, labels: NDArray[np.int64], kinds: int) -> list[Suspect] | None:
        """Rows whose label the others speak against, the plainest first; None where there are too few rows to say.

        `labels` numbers the label of each row from 0 to `kinds` − 1.
        """
        import numpy as np

        if kinds < 2 or len(labels) < max(LEAST_ROWS, LEAST_ROWS_A_LABEL * kinds):
            return None
        scores, rows = self._scores(labels, kinds), np.arange(len(labels))
        own = scores[rows, labels].copy()
        scores[rows, labels] = -np.inf
        likelier = scores.argmax(axis=1)
        margin = scores[rows, likelier] - own
        plain = -margin[margin < 0]
        if not len(plain):
            return []
        found = np.flatnonzero(margin > np.median(plain))
        order = found[np.argsort(-margin[found], kind="stable")]
        return [Suspect(int(row), int(likelier[row]), float(margin[row])) for row in order]

    def _scores(self, labels: NDArray[np.int64], kinds: int) -> NDArray[np.float64]:
        """Log-likelihood of each label for each row, the row itself left out; shape (rows, labels)."""
        import numpy as np

        buckets = min(MOST_BUCKETS, CELLS // kinds)
        sizes = np.array(self._sizes[: len(labels)], dtype=np.int64)
        features = np.array(self._features[: int(sizes.sum())], dtype=np.int64) % buckets
        owners = np.repeat(labels, sizes)
        counts = np.bincount(owners * buckets + features, minlength=kinds * buckets).reshape(kinds, buckets)
        shared = counts.sum(axis=0)[features] > 1  # what one row alone holds says nothing about others
        totals, rows = counts.sum(axis=1), np.bincount(labels, minlength=kinds)
        scores = np.tile(np.log(np.maximum(rows, 1)).astype(np.float64), (len(labels), 1))
        for part in _parts(sizes, kinds):
            first, last = int(sizes[: part.start].sum()), int(sizes[: part.stop].sum())
            of_row = np.repeat(np.arange(part.stop - part.start), sizes[part])
            held, owner = features[first:last], owners[first:last]
            likelihood = np.log(counts[:, held].T + SMOOTHING) - np.log(totals + SMOOTHING * buckets)
            mine = np.arange(last - first), owner
            others = counts[owner, held] - 1 + SMOOTHING
            left = totals[owner] - sizes[part][of_row] + SMOOTHING * buckets
            likelihood[mine] = np.log(others) - np.log(left)
            likelihood[~shared[first:last]] = 0.0
            np.add.at(scores[part], of_row, likelihood)
        return scores


def _parts(sizes: NDArray[np.int64], kinds: int) -> Iterator[slice]:
    """Runs of rows whose words times labels stay within an eighth of `CELLS`."""
    begin = held = 0
    for row, size in enumerate(sizes.tolist()):
        held += (size + 1) * kinds
        if held > CELLS // 8:
            yield slice(begin, row + 1)
            begin, held = row + 1, 0
    if begin < len(sizes):
        yield slice(begin, len(sizes))
