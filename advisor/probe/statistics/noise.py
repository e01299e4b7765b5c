"""Labels that the other rows speak against: confident learning without torch, by naive Bayes that
leaves each row out.

Multinomial naive Bayes over words and word pairs can leave a row out exactly, by taking its own
counts away, so one pass scores every row as if it had not been learned from. Words of a text hang
together, so a long text seems surer than it is: margins are divided by the root of the words and
pairs counted. They are still too sure, so they are scaled by a temperature (Guo et al. 2017) fitted
where label and score are nearly even: there the model errs, not the label. From it follows how many
rows of each margin the model would get wrong on its own; rows are suspect from the margin on at
which no more than a twentieth are expected to be such. After Northcutt, Jiang and Chuang 2021.
"""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ROWS = 30_000
ROW_WORDS = 64
SMOOTHING = 0.1
CELLS = 4_000_000
"""Words times labels at most: of more words the commonest are kept.

Also bounds what is worked on at once.
"""

EVEN_SHARE = 0.5
"""Up to this share of the median margin of agreeing rows a margin counts as nearly even."""

MODEL_ERRORS = 0.05
"""Share of the suspects that may be the model's own errors."""

LEAST_ROWS = 40
LEAST_ROWS_A_LABEL = 5
"""Fewer rows of the typical label than that teach nothing about it."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """A row by its number, the label (by number) that fits better, and its margin: nats ÷ √(words
    and pairs).
    """

    row: int
    likelier: int
    margin: float


class LabelledWords:
    """The words of the first rows, hashed; 4 bytes a word or pair of words."""

    def __init__(self) -> None:
        self._features = array("I")
        self._sizes = array("I")

    def add(self, texts: list[list[str]]) -> None:
        """The words of a batch of inputs, in the order of the rows."""
        for text in texts[: max(ROWS - len(self._sizes), 0)]:
            words = [word.encode() for word in text[:ROW_WORDS]]
            alone = list(map(zlib.crc32, words))
            # a checksum goes on from another: this is that of the two words with a blank between
            pairs = map(zlib.crc32, (b" " + word for word in words[1:]), alone)
            features = {*alone, *pairs}
            self._features.extend(sorted(features))
            self._sizes.append(len(features))

    def __len__(self) -> int:
        return len(self._sizes)

    def suspects(self, labels: NDArray[np.int64], kinds: int) -> list[Suspect] | None:
        """Rows whose label the others speak against, the plainest first; None where the texts do
        not tell the labels.

        That is so with too few rows, and where naive Bayes meets fewer than half of the labels, or
        no more than the commonest alone. `labels` numbers the label of each row from 0 to `kinds` −
        1.
        """
        import numpy as np

        if kinds < 2 or len(labels) < max(LEAST_ROWS, LEAST_ROWS_A_LABEL * kinds):
            return None
        likelier = np.empty(len(labels), np.int64)
        margin = np.empty(len(labels))
        for part, scores in self._scores(labels, kinds):
            rows = np.arange(len(scores))
            own = labels[part]
            given = scores[rows, own].copy()
            scores[rows, own] = -np.inf
            likelier[part] = scores.argmax(axis=1)
            margin[part] = scores[rows, likelier[part]] - given
        if (margin < 0).sum() < max(len(labels) / 2, int(np.bincount(labels).max())):
            return None
        rows_above = np.flatnonzero(margin >= _least_margin(margin))
        order = rows_above[np.argsort(-margin[rows_above], kind="stable")]
        return [Suspect(int(row), int(likelier[row]), float(margin[row])) for row in order]

    def _scores(
        self, labels: NDArray[np.int64], kinds: int
    ) -> Iterator[tuple[slice, NDArray[np.float64]]]:
        """Run by run of rows, shape (rows, labels): log-likelihood without the row itself, ÷ √(its
        words and pairs).
        """
        import numpy as np

        words, sizes, vocabulary = self._counted(CELLS // kinds)
        starts = np.concatenate((np.zeros(1, np.int64), np.cumsum(sizes)))
        owner = np.repeat(labels, sizes)
        counts = np.bincount(words * kinds + owner, minlength=vocabulary * kinds).astype(np.float32)
        counts = counts.reshape(vocabulary, kinds)
        totals = np.bincount(owner, minlength=kinds)
        rows = np.bincount(labels, minlength=kinds)
        nats = np.log(counts + SMOOTHING) - np.log(totals + SMOOTHING * vocabulary).astype(
            np.float32
        )
        others = np.log(counts[words, owner] - 1 + SMOOTHING)
        others -= (
            np.log(totals[owner] - np.repeat(sizes, sizes) + SMOOTHING * vocabulary)
            + nats[words, owner]
        )
        for part in _parts(sizes, kinds):
            cells = slice(int(starts[part.start]), int(starts[part.stop]))
            of_row = np.repeat(np.arange(part.stop - part.start), sizes[part])
            scores = np.tile(
                np.log(np.maximum(rows, 1)).astype(np.float64), (part.stop - part.start, 1)
            )
            filled = np.flatnonzero(sizes[part])
            if len(filled):
                scores[filled] += np.add.reduceat(
                    nats[words[cells]], starts[part][filled] - cells.start, axis=0
                )
            np.add.at(scores, (of_row, owner[cells]), others[cells])
            yield part, scores / np.sqrt(np.maximum(sizes[part], 1))[:, None]

    def _counted(self, most: int) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
        """(numbers of the words and pairs, row after row; how many a row has; how many different
        ones there are).

        What one row alone holds says nothing about others and is left out; of the rest the `most`
        common are kept.
        """
        import numpy as np

        distinct, words = np.unique(np.array(self._features, dtype=np.uint32), return_inverse=True)
        often = np.bincount(words, minlength=len(distinct))
        commonest = np.argsort(-often, kind="stable")[: min(most, int((often > 1).sum()))]
        number = np.full(len(distinct), -1)
        number[commonest] = np.arange(len(commonest))
        numbered = number[words]
        owners = np.repeat(np.arange(len(self)), np.array(self._sizes, dtype=np.int64))[
            numbered >= 0
        ]
        return (
            numbered[numbered >= 0],
            np.bincount(owners, minlength=len(self)),
            max(len(commonest), 1),
        )


def _least_margin(margin: NDArray[np.float64]) -> float:
    """The least margin from which on at most a twentieth of the rows are the model's own errors;
    infinite: none.

    A row that agrees by d would come out wrong exp(−d ÷ T) times as often (log-odds d ÷ T). T is
    such that this holds for the rows that are nearly even (less one standard error of their count,
    as some of few are wrong labels); then the errors beyond a margin m are the sum over the rows
    with d > m.
    """
    import numpy as np

    agree = np.sort(-margin[margin < 0])
    against = np.sort(margin[margin > 0])
    if not len(agree) or not len(against):
        return float("inf")
    even = EVEN_SHARE * np.median(agree)
    wrong = float((against <= even).sum())
    temperature = _temperature(agree[agree <= even], wrong - wrong**0.5)
    errors = np.append(np.cumsum(np.exp(-agree / temperature)[::-1])[::-1], 0.0)
    expected = errors[np.searchsorted(agree, against, side="right")]
    enough = np.flatnonzero(expected <= MODEL_ERRORS * np.arange(len(against), 0, -1))
    return float(against[enough[0]]) if len(enough) else float("inf")


def _temperature(agree: NDArray[np.float64], wrong: float) -> float:
    """T for which the rows that agree by these margins make `wrong` others expected; found by
    halving.

    Nine to ten at most, as rows without a word are even; where no row agrees narrowly, the model
    does not err.
    """
    import numpy as np

    low, high, wrong = 1e-3, 1e4, min(wrong, 0.9 * len(agree))
    if not len(agree):
        return low
    for _ in range(60):
        middle = (low * high) ** 0.5
        low, high = (low, middle) if np.exp(-agree / middle).sum() > wrong else (middle, high)
    return float(high)


def _parts(sizes: NDArray[np.int64], kinds: int) -> Iterator[slice]:
    """Runs of rows whose words times labels stay within an eighth of `CELLS`."""
    begin = cells = 0
    for row, size in enumerate(sizes.tolist()):
        cells += (size + 1) * kinds
        if cells > CELLS // 8:
            yield slice(begin, row + 1)
            begin = row + 1
            cells = 0
    if begin < len(sizes):
        yield slice(begin, len(sizes))
