"""The input sheet: every uncertain input as an array of cases, so that one evaluation serves draws
and what-ifs.

Row 0 is always the likely value of every input. The random stream of an input depends on the seed
and the input's own id alone: adding an option or an input leaves all other draws as they are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from advisor.core.brief import Brief, questions
from advisor.core.constants import Z80
from advisor.core.figure import Figure
from advisor.core.quantity import Basis, Quantity, Range

if TYPE_CHECKING:
    from advisor.core.figure import Rows
    from advisor.estimate.ledger import Ledger


EVERYWHERE = slice(None)
"""The rows of an input that is put to one value in all of them."""


class Drawn(Protocol):
    """Inputs that were drawn, and the ranges they were drawn from, by id."""

    @property
    def inputs(self) -> Mapping[str, Figure]: ...

    @property
    def spreads(self) -> Mapping[str, Range]: ...


@dataclass(slots=True)
class Sheet:
    """Inputs of a brief as figures of `size` cases.

    With a seed the rows after the first are joint draws; without one every row holds the likely
    value. `cases` puts an input to a value in some of the rows. A sheet of several `blocks` repeats
    the same cases in each of them, likely values first, and `cases` puts an input to a value in
    some of the blocks: what depends on it has the shape (blocks, size) or (blocks, 1), all else
    the shape (size,), and is worked out once for all blocks. `earlier` were drawn earlier with the
    same seed, in as many cases or more, and are not drawn again. On a `lean` sheet only
    those figures are computed that options are ranked by, and what these rest on.
    """

    brief: Brief
    size: int
    seed: int | None = None
    cases: Mapping[str, Sequence[tuple[slice, float]]] = field(default_factory=dict)
    figures: dict[str, Figure] = field(default_factory=dict)
    spreads: dict[str, Range] = field(default_factory=dict)
    derived: dict[str, Figure] = field(default_factory=dict)
    ledgers: dict[str, Ledger] = field(default_factory=dict)
    blocks: int = 1
    earlier: Drawn | None = None
    lean: bool = False

    def __getitem__(self, key: str) -> Figure:
        """The answer at a dotted key of the brief; unknown (NaN) where it was left out."""
        if key in self.figures:
            return self.figures[key]
        question = questions()[key]
        return self.figure(key, self.brief.quantity(key), question.low, question.high)

    def figure(
        self, id: str, quantity: Quantity, low: float | None = None, high: float | None = None
    ) -> Figure:
        """An input from a quantity, kept within its bounds; the same id is always the same
        input.
        """
        if id not in self.figures:
            self.spreads[id] = quantity.range
            self.figures[id] = self._figure(id, quantity, low, high)
        return self.figures[id]

    def _figure(self, id: str, quantity: Quantity, low: float | None, high: float | None) -> Figure:
        if not quantity.range.is_known and id not in self.cases:
            return Figure(math.nan, quantity.unit, id, source=quantity.reason, basis=quantity.basis)
        rows = self._rows(id, quantity.range, low, high)
        if id in self.cases:
            rows = self._what_if(id, rows)
        return Figure(
            rows,
            quantity.unit,
            id,
            basis=quantity.basis,
            source=quantity.source,
            as_of=quantity.as_of,
        )

    def exact(
        self, id: str, value: float | None, unit: str, basis: Basis, source: str, as_of: str
    ) -> Figure:
        """An input without uncertainty; None is unknown."""
        likely = math.nan if value is None else float(value)
        return Figure(likely, unit, id, basis=basis, source=source, as_of=as_of)

    def shared(self, id: str, make: Callable[[], Figure]) -> Figure:
        """A derived figure that is the same for every option, computed when first asked."""
        if id not in self.derived:
            self.derived[id] = make()
        return self.derived[id]

    def shared_ledger(self, id: str, make: Callable[[], Ledger]) -> Ledger:
        """The ledger of a model that stands behind several options, filled when first asked."""
        if id not in self.ledgers:
            self.ledgers[id] = make()
        return self.ledgers[id]

    def normals(self, id: str) -> NDArray[np.float64]:
        """Standard normal draws of the stream `id`, row 0 at the median; zeros without a seed.

        Shape (size,).
        """
        return np.zeros(self.size) if self.seed is None else stream(self.seed, id, self.size)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of a figure that differs by case and by block: (size,), or (blocks, size)."""
        return (self.size,) if self.blocks == 1 else (self.blocks, self.size)

    def flat(self, rows: Rows) -> NDArray[np.float64]:
        """The rows of a figure, block after block. Shape (blocks · size,)."""
        return np.broadcast_to(np.asarray(rows, dtype=float), self.shape).reshape(-1)

    def is_put(self, id: str) -> NDArray[np.bool_]:
        """The rows, or blocks, in which `cases` puts this input to a value. Shape (size,), or
        (blocks, 1).
        """
        rows = np.zeros(self.size if self.blocks == 1 else (self.blocks, 1), dtype=bool)
        for where, _ in self.cases.get(id, ()):
            rows[where] = True
        return rows

    def put(self, id: str, figure: Figure) -> Figure:
        """A computed figure with the values that `cases` puts it to."""
        if id not in self.cases:
            return figure
        return replace(figure, rows=self._what_if(id, figure.rows))

    def _rows(self, id: str, spread: Range, low: float | None, high: float | None) -> Rows:
        if not spread.is_known:
            return math.nan
        if spread.is_exact or self.seed is None:
            return float(spread.likely)  # a Range may be written in whole numbers
        if self.earlier is not None and self.earlier.spreads.get(id) == spread:
            return self.earlier.inputs[id].first(self.size).rows
        return np.clip(two_piece(spread, self.normals(id), positive=low is not None), low, high)

    def _what_if(self, id: str, rows: Rows) -> Rows:
        put = self.cases[id]
        if put[0][0] == EVERYWHERE:
            return np.array([put[0][1]])
        if self.blocks == len(put) > 1:
            return np.array([[value] for _, value in put])
        changed = np.empty(self.shape)
        changed[...] = rows
        for where, value in put:
            changed[where] = value
        return changed


def stream(seed: int, id: str, size: int) -> NDArray[np.float64]:
    """The first `size` numbers of the read-only standard normal stream of an input, 0 in row 0."""
    return _stream(seed, id).first(size)


@lru_cache(maxsize=256)
def _stream(seed: int, id: str) -> _Stream:
    return _Stream(seed, id)


class _Stream:
    """A stream of draws, kept as far as it was read: every redraw asks for its beginning again."""

    def __init__(self, seed: int, id: str) -> None:
        self._seeds = [seed, crc32(id.encode())]
        self._read: NDArray[np.float64] = np.empty(0)

    def first(self, size: int) -> NDArray[np.float64]:
        read = self._read
        if len(read) < size:
            read = np.random.default_rng(self._seeds).standard_normal(size)
            read[0] = 0.0
            read.flags.writeable = False
            self._read = read
        return read[:size]


def two_piece(spread: Range, z: NDArray[np.float64], *, positive: bool) -> NDArray[np.float64]:
    """Values whose P10, P50 and P90 are those of `spread`, for standard normal `z`.

    Two half-normals that meet at the median; on a log scale where the quantity cannot be negative
    and its P10 is above zero (Wallis 2014, the two-piece normal distribution, fitted by quantiles).
    """
    p10 = spread.p10 or 0.0
    p50 = spread.likely
    p90 = spread.p90 or 0.0
    if positive and p10 > 0:
        up = math.log(p90 / p50) / Z80
        down = math.log(p50 / p10) / Z80
        return p50 * np.exp(np.where(z > 0, up, down) * z)
    return p50 + np.where(z > 0, p90 - p50, p50 - p10) / Z80 * z


def what_if(brief: Brief, changes: Iterable[tuple[str, float]]) -> Sheet:
    """A sheet with one row per change of one input, all others at their likely value; row 0 changes
    nothing.
    """
    cases: dict[str, list[tuple[slice, float]]] = {}
    row = 0
    for row, (key, value) in enumerate(changes, start=1):
        cases.setdefault(key, []).append((slice(row, row + 1), value))
    return Sheet(brief, row + 1, None, cases, lean=True)


def drawn_what_if(
    brief: Brief,
    changes: Sequence[tuple[str, float]],
    draws: int,
    seed: int,
    earlier: Drawn | None = None,
) -> Sheet:
    """A sheet with one block per change of one input: the likely values, then the same joint draws
    in every block, with that input at its value. `earlier` are cases drawn with this seed before.
    """
    cases: dict[str, list[tuple[slice, float]]] = {}
    for block, (key, value) in enumerate(changes):
        where = EVERYWHERE if len(changes) == 1 else slice(block, block + 1)
        cases.setdefault(key, []).append((where, value))
    blocks = len(changes)
    return Sheet(brief, draws + 1, seed, cases, blocks=blocks, earlier=earlier, lean=True)
