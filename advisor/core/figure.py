"""A figure: a number that knows its formula.

Figures are combined with + - × ÷ and the functions of `estimate.algebra`. Each result keeps its
operands, so the formula that is shown is the formula that was computed. The numbers are arrays of
one row per case: row 0 holds the likely value of every input, the further rows hold Monte-Carlo
draws or what-if cases; several blocks of the same cases are the lines of a matrix. A plain float
stands for an array of equal rows. This module only relies on the operators of the array, so it
needs no numpy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from advisor.core.quantity import Basis, weakest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Rows: TypeAlias = float | NDArray[np.float64]

_BINDING = {"+": 1, "-": 1, "×": 2, "÷": 2}


@dataclass(frozen=True, slots=True, eq=False)
class Figure:
    """One number per case, with its unit, its origin and the expression it was computed by.

    `id` is empty for an intermediate result; `operator` is empty for an input. `anchor` names the
    section of docs/reference/formulas.md that states and sources the formula. `at_least` and
    `missing` are set on a sum some of whose parts are unknown: the sum of the known ones, and the
    ids of the others.
    """

    rows: Rows
    unit: str = ""
    id: str = ""
    operator: str = ""
    operands: tuple[Figure, ...] = ()
    basis: Basis = Basis.MEASURED
    source: str = ""
    as_of: str = ""
    anchor: str = ""
    at_least: float | None = None
    missing: tuple[str, ...] = ()

    @property
    def value(self) -> float:
        """At the likely value of every input; NaN where unknown."""
        return likely(self.rows)

    @property
    def is_known(self) -> bool:
        return self.value == self.value

    def named(self, id: str, unit: str, anchor: str = "") -> Figure:
        """This figure under an id that others may refer to; from here on it appears in formulas by
        that id.
        """
        operator, operands = ("=", (self,)) if self.id else (self.operator, self.operands)
        source, as_of = ("", "") if self.id else (self.source, self.as_of)
        return Figure(
            self.rows,
            unit,
            id,
            operator,
            operands,
            self.basis,
            source,
            as_of,
            anchor,
            self.at_least,
            self.missing,
        )

    def first(self, size: int) -> Figure:
        """This figure in its first `size` cases."""
        if isinstance(self.rows, (int, float)):
            return self
        return self.on(self.rows[:size], self.operands)

    def on(self, rows: Rows, operands: tuple[Figure, ...] = ()) -> Figure:
        """This figure with other numbers and operands."""
        return Figure(
            rows,
            self.unit,
            self.id,
            self.operator,
            operands,
            self.basis,
            self.source,
            self.as_of,
            self.anchor,
            self.at_least,
            self.missing,
        )

    def __add__(self, other: Figure | float) -> Figure:
        return add(self, lift(other))

    def __radd__(self, other: float) -> Figure:
        return lift(other) + self

    def __sub__(self, other: Figure | float) -> Figure:
        lifted = lift(other)
        return combine("-", self.rows - lifted.rows, self, lifted)

    def __rsub__(self, other: float) -> Figure:
        return lift(other) - self

    def __mul__(self, other: Figure | float) -> Figure:
        lifted = lift(other)
        return combine("×", self.rows * lifted.rows, self, lifted)

    def __rmul__(self, other: float) -> Figure:
        return lift(other) * self

    def __truediv__(self, other: Figure | float) -> Figure:
        lifted = lift(other)
        return combine("÷", self.rows / lifted.rows, self, lifted)

    def __rtruediv__(self, other: float) -> Figure:
        return lift(other) / self

    def inputs(self) -> Iterator[Figure]:
        """The named figures this one is computed from directly, each once, in the order of the
        formula.
        """
        ids: set[str] = set()
        for operand in self.operands:
            for figure in [operand] if operand.id else operand.inputs():
                if figure.id not in ids:
                    ids.add(figure.id)
                    yield figure

    def leaves(self) -> Iterator[Figure]:
        """What nothing is computed from (brief, facts, constants), each once."""
        visited: set[int] = set()
        waiting = [self]
        while waiting:
            figure = waiting.pop()
            if id(figure) not in visited:
                visited.add(id(figure))
                waiting.extend(reversed(figure.operands))
                if not figure.operands:
                    yield figure

    def formula(self) -> str:
        """The expression in the ids of its inputs, such as `run.inference + run.hosting`."""
        return _expression(self, lambda figure: figure.id)

    def filled(self) -> str:
        """The same expression with the likely value of each input in place of its id."""
        return _expression(self, lambda figure: plain(figure.value))


def outlined(figures: Mapping[str, Figure]) -> dict[str, Figure]:
    """The same figures by id, whose operands keep their likely value alone: a formula shows no
    draws, and an option has four times as many steps as figures. Inputs stay as they are.
    """
    plain_ones: dict[int, Figure] = {}
    return {
        name: figure.on(figure.rows, tuple([_outline(o, plain_ones) for o in figure.operands]))
        if figure.operands
        else figure
        for name, figure in figures.items()
    }


def _outline(figure: Figure, plain_ones: dict[int, Figure]) -> Figure:
    """The figure without its draws, from those that are outlined already by identity."""
    if not figure.operands:
        return figure
    if id(figure) not in plain_ones:
        operands = tuple([_outline(operand, plain_ones) for operand in figure.operands])
        plain_ones[id(figure)] = figure.on(figure.value, operands)
    return plain_ones[id(figure)]


def likely(rows: Rows) -> float:
    """Row 0: the value at the likely value of every input."""
    return float(rows) if isinstance(rows, (int, float)) else rows.item(0)


def lift(value: Figure | float) -> Figure:
    """A bare number as a figure: part of a formula, such as the 730 hours of a month or the 1e6 of
    a price unit.
    """
    return value if isinstance(value, Figure) else Figure(float(value))


def combine(operator: str, rows: Rows, *operands: Figure | float) -> Figure:
    """The figure that `operator` makes of its operands; its basis is the weakest of theirs."""
    lifted = tuple([o if isinstance(o, Figure) else Figure(float(o)) for o in operands])
    return Figure(rows, "", "", operator, lifted, weakest([o.basis for o in lifted]))


NEGLIGIBLE = 0.02
"""Terms below this share of a sum do not weaken its basis."""


def add(*terms: Figure) -> Figure:
    """The sum; its basis is the weakest among the terms that matter."""
    rows = terms[0].rows
    for term in terms[1:]:
        rows = rows + term.rows
    least = NEGLIGIBLE * abs(likely(rows))
    matter = [t.basis for t in terms if not abs(t.value) < least]
    return Figure(rows, operator="+", operands=terms, basis=weakest(matter))


def plain(value: float) -> str:
    """A number for a formula: thousands grouped, at most six significant digits, `unknown` for
    NaN.
    """
    if value != value:
        return "unknown"
    if abs(value) < 1e15 and value == int(value):
        return f"{int(value):,}"
    return f"{value:,.2f}" if abs(value) >= 1000 else f"{value:.6g}"


def _expression(figure: Figure, show: Callable[[Figure], str]) -> str:
    def atom(part: Figure) -> str:
        if part.id:
            return show(part)
        return body(part) if part.operands else plain(part.value)

    def body(part: Figure) -> str:
        symbol = part.operator
        if symbol == "=":
            return atom(part.operands[0])
        if symbol not in _BINDING:
            return f"{symbol}({', '.join(atom(o) for o in part.operands)})"
        return f" {symbol} ".join(
            f"({atom(o)})" if _needs_brackets(o, symbol, first=i == 0) else atom(o)
            for i, o in enumerate(part.operands)
        )

    return body(figure) if figure.operands else plain(figure.value)


def _needs_brackets(operand: Figure, symbol: str, *, first: bool) -> bool:
    if operand.id or operand.operator not in _BINDING:
        return False
    inner = _BINDING[operand.operator]
    outer = _BINDING[symbol]
    return inner < outer or (
        inner == outer and not first and (symbol in "-÷" or operand.operator in "-÷")
    )
