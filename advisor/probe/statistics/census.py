"""Counts of any number of rows in flat memory: exact while the rows are few, by a fair sample of
the kinds beyond.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ROOM = 1_400_000
PARTS = 8
"""Keys are counted in so many parts, one after the other, so that little is held twice."""

FULL = 0.75
"""Share of the room that different pairs may take; above it half of the keys are let go.

So 1.05 M are exact.
"""


class Census:
    """Rows by key and value (two hashes): how many kinds there are, and which keys come with
    several values.

    Distinct sampling (Gibbons 2001): once the room is full, only keys whose last bits are zero
    stay, all rows of such a key or none. Shares of rows are then those of the sample. 16 bytes a
    kept pair.
    """

    def __init__(self, room: int = ROOM) -> None:
        self.rows = 0
        self.bits = 0  # last bits of a key that must be zero; 0: every key is kept
        self._room = room
        self._keys = array("q")
        self._values = array("I")
        self._counts = array("I")

    def add(self, keys: Sequence[int], values: Sequence[int]) -> None:
        """A batch of rows; of a value its last 32 bits count."""
        self.rows += len(keys)
        mask = (1 << self.bits) - 1
        before = len(self._keys)
        self._keys.extend(k for k in keys if not k & mask)
        self._values.extend(
            v & 0xFFFFFFFF for k, v in zip(keys, values, strict=True) if not k & mask
        )
        self._counts.extend([1] * (len(self._keys) - before))
        if len(self._keys) > self._room:
            self._make_room()

    def kinds(self) -> int:
        """How many different pairs of key and value there are among all rows."""
        sizes = [
            (len(counts), int(counts.sum())) for _, _, counts in map(self._pairs, range(PARTS))
        ]
        return round(self.rows * sum(n for n, _ in sizes) / max(sum(rows for _, rows in sizes), 1))

    def rows_of_mixed_keys(self) -> int:
        """Rows whose key comes with more than one value."""
        import numpy as np

        mixed = total = 0
        for keys, _, counts in map(self._pairs, range(PARTS)):
            starts = np.flatnonzero(np.append(True, keys[1:] != keys[:-1])[: len(keys)])
            kinds = np.diff(np.append(starts, len(keys)))
            mixed += int(np.repeat(kinds > 1, kinds) @ counts)
            total += int(counts.sum())
        return round(self.rows * mixed / max(total, 1))

    def close(self) -> None:
        """Let go of all pairs; `rows` and `bits` stay."""
        self._keys = array("q")
        self._values = array("I")
        self._counts = array("I")

    def _pairs(
        self, part: int | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.uint32], NDArray[Any]]:
        """Different pairs in the order of their keys, and how often each came; of all keys or of
        one part of them.
        """
        import numpy as np

        keys = np.frombuffer(self._keys, np.int64)
        values = np.frombuffer(self._values, np.uint32)
        counts = np.frombuffer(self._counts, np.uint32)
        if part is not None:
            wanted = (keys >> 40) % PARTS == part
            keys, values, counts = keys[wanted], values[wanted], counts[wanted]
        order = np.lexsort((values, keys))
        keys, values, counts = keys[order], values[order], counts[order]
        new = np.append(True, (keys[1:] != keys[:-1]) | (values[1:] != values[:-1]))[: len(keys)]
        starts = np.flatnonzero(new)
        return (
            keys[starts],
            values[starts],
            np.add.reduceat(counts, starts) if len(starts) else counts,
        )

    def _make_room(self) -> None:
        keys, values, counts = self._pairs()
        while len(keys) > FULL * self._room:
            self.bits += 1
            stay = (keys & ((1 << self.bits) - 1)) == 0
            keys, values, counts = keys[stay], values[stay], counts[stay]
        self._keys = array("q", keys.tobytes())
        self._values = array("I", values.tobytes())
        self._counts = array("I", counts.astype("uint32").tobytes())


class Lengths:
    """Token counts of rows: sums of all of them, and an even sample of at most `room` rows for what
    needs an order.

    Of the columns only the last `ordered` are sampled.
    """

    def __init__(self, columns: int, room: int = 1_000_000, ordered: int = 2) -> None:
        self.rows = 0
        self._room = room
        self._step = 1
        self._sums = [0] * columns
        self._squares = [0] * columns
        self._first = columns - ordered
        self._kept = tuple(array("i") for _ in range(ordered))

    def add(self, *columns: Sequence[int]) -> None:
        """A batch: one list for each column, all of one length."""
        begin = -self.rows % self._step
        for at, values in enumerate(columns):
            self._sums[at] += sum(values)
            self._squares[at] += sum(v * v for v in values)
            if at >= self._first:
                self._kept[at - self._first].extend(values[begin :: self._step])
        self.rows += len(columns[0])
        if len(self._kept[0]) > self._room:
            self._step *= 2
            self._kept = tuple(sample[::2] for sample in self._kept)

    def sample(self, column: int) -> NDArray[np.float64]:
        """The sampled rows of a column, all of them where they are not more than the room."""
        import numpy as np

        return np.array(self._kept[column - self._first], dtype=np.float64)

    def mean(self, column: int) -> float:
        """Over all rows."""
        return self._sums[column] / self.rows

    def deviation(self, column: int) -> float:
        """Standard deviation over all rows, with n − 1; 0 of a single row."""
        if self.rows < 2:
            return 0.0
        spread = self._squares[column] - self._sums[column] ** 2 / self.rows
        return float((max(spread, 0.0) / (self.rows - 1)) ** 0.5)


class Mean:
    """Rows that have a thing, its mean over them and its deviation."""

    def __init__(self) -> None:
        self.rows = 0
        self._sum = 0
        self._squares = 0

    def add(self, values: Sequence[int]) -> None:
        """One value per row."""
        self.rows += len(values)
        self._sum += sum(values)
        self._squares += sum(v * v for v in values)

    def mean(self) -> float:
        """0 of no rows."""
        return self._sum / max(self.rows, 1)

    def deviation(self) -> float:
        """Standard deviation, with n − 1; 0 of a single row."""
        if self.rows < 2:
            return 0.0
        spread = self._squares - self._sum**2 / self.rows
        return float((max(spread, 0.0) / (self.rows - 1)) ** 0.5)
