"""The formulas of figures, read back: as a value, and as a formula of a spreadsheet.

A figure's formula is an expression in the ids of its inputs, such as
`once.total + run.total × horizon.months_level`. Nothing here is taken from a user's text: ids are
only ever replaced by cell references, and what is not understood makes no formula at all.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

_NUMBER = re.compile(r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:e[+-]?\d+)?")
_CALL = re.compile(r"(annuity|discount|replica months|reaches|exp|sqrt|ceil|min|max|if)\(")
_BINDING = MappingProxyType({"+": 1, "-": 1, "×": 2, "÷": 2})


class Unreadable(ValueError):
    """The text is not an expression of numbers, known ids, operators and known functions."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A bare number."""

    value: float


@dataclass(frozen=True, slots=True)
class Reference:
    """Another figure or an input, by id."""

    id: str


@dataclass(frozen=True, slots=True)
class Operation:
    """Two expressions joined by + - × ÷."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Call:
    """A function of expressions."""

    function: str
    arguments: tuple[Expression, ...]


Expression: TypeAlias = Literal | Reference | Operation | Call


def parse(text: str, ids: Sequence[str]) -> Expression:
    """The expression in `text`, whose references are among `ids`. Raises Unreadable."""
    reader = _Reader(text, sorted(ids, key=len, reverse=True))
    expression = reader.sum()
    if reader.rest():
        raise Unreadable(f"{text!r}: {reader.rest()!r} is not understood")
    return expression


def value(expression: Expression, values: Mapping[str, float]) -> float:
    """The number that an expression stands for. Raises KeyError for an id without a value."""
    if isinstance(expression, Literal):
        return expression.value
    if isinstance(expression, Reference):
        return values[expression.id]
    if isinstance(expression, Operation):
        left = value(expression.left, values)
        right = value(expression.right, values)
        return _apply(expression.operator, left, right)
    return _VALUES[expression.function](*(value(a, values) for a in expression.arguments))


def excel(expression: Expression, cells: Mapping[str, str]) -> str:
    """The expression as a formula of a spreadsheet, without the leading `=`."""
    if isinstance(expression, Literal):
        return repr(expression.value).removesuffix(".0")
    if isinstance(expression, Reference):
        return cells[expression.id]
    if isinstance(expression, Operation):
        left = excel(expression.left, cells)
        right = excel(expression.right, cells)
        symbol = {"×": "*", "÷": "/"}.get(expression.operator, expression.operator)
        return f"({left}{symbol}{right})"
    arguments = [excel(argument, cells) for argument in expression.arguments]
    if expression.function == "replica months":
        return _replica_months(expression.arguments[0], arguments)
    return _EXCEL[expression.function](*arguments)


class _Reader:
    """Reads from left to right; a position, not a copy, moves along."""

    def __init__(self, text: str, ids: Sequence[str]) -> None:
        self.text = text
        self.ids = ids
        self.at = 0

    def rest(self) -> str:
        return self.text[self.at :].strip()

    def sum(self) -> Expression:
        return self._chain(1)

    def _chain(self, binding: int) -> Expression:
        """Operators of one rank, from left to right."""
        left = self._chain(2) if binding == 1 else self._atom()
        while (operator := self._operator(binding)) is not None:
            right = self._chain(2) if binding == 1 else self._atom()
            left = Operation(operator, left, right)
        return left

    def _operator(self, binding: int) -> str | None:
        self._skip()
        symbol = self.text[self.at : self.at + 1]
        if _BINDING.get(symbol) != binding:
            return None
        self.at += 1
        return symbol

    def _atom(self) -> Expression:
        self._skip()
        for reference in self.ids:
            end = self.at + len(reference)
            ends = self.text[end : end + 1] in ("", " ", ",", ")")
            if reference and ends and self.text.startswith(reference, self.at):
                self.at = end
                return Reference(reference)
        if call := _CALL.match(self.text, self.at):
            self.at = call.end()
            return Call(call[1], self._arguments())
        if self._take("("):
            inner = self.sum()
            self._need(")")
            return inner
        if number := _NUMBER.match(self.text, self.at):
            self.at = number.end()
            return Literal(float(number[0].replace(",", "")))
        raise Unreadable(f"{self.text!r}: {self.rest()[:20]!r} is not understood")

    def _arguments(self) -> tuple[Expression, ...]:
        arguments = [self.sum()]
        while self._take(","):
            arguments.append(self.sum())
        self._need(")")
        return tuple(arguments)

    def _skip(self) -> None:
        while self.text.startswith(" ", self.at):
            self.at += 1

    def _take(self, symbol: str) -> bool:
        self._skip()
        if not self.text.startswith(symbol, self.at):
            return False
        self.at += len(symbol)
        return True

    def _need(self, symbol: str) -> None:
        if not self._take(symbol):
            raise Unreadable(f"{self.text!r}: {symbol!r} is missing")


def _apply(operator: str, left: float, right: float) -> float:
    if operator == "+":
        return left + right
    if operator == "-":
        return left - right
    if operator == "×":
        return left * right
    return left / right if right else math.nan


def _annuity_value(*arguments: float) -> float:
    """Σ (1+growth)^(t−1) ÷ (1+rate)^(t÷12) over the months from `begin` to `end`."""
    begin, end, growth, rate = arguments if len(arguments) == 4 else (0.0, *arguments)
    total = 0.0
    for month in range(1, math.ceil(end) + 1):
        share = max(0.0, min(float(month), end) - max(month - 1.0, begin))
        total += share * float((1 + growth) ** (month - 1) / (1 + rate) ** (month / 12))
    return total


def _replica_value(months: float, load: float, growth: float, rate: float) -> float:
    return sum(
        max(1.0, math.ceil(load * (1 + growth) ** (t - 1))) / float((1 + rate) ** (t / 12))
        for t in range(1, int(months) + 1)
    )


_VALUES: Mapping[str, Callable[..., float]] = MappingProxyType(
    {
        "annuity": _annuity_value,
        "discount": lambda months, rate: (1 + rate) ** (-months / 12),
        "replica months": _replica_value,
        "reaches": lambda x, limit: float(x >= limit),
        "if": lambda condition, then, otherwise: then if condition else otherwise,
        "exp": math.exp,
        "sqrt": math.sqrt,
        "ceil": math.ceil,
        "min": min,
        "max": max,
    }
)


def _annuity(*arguments: str) -> str:
    if len(arguments) == 4:
        begin, end, growth, rate = arguments
        return f"({_months(end, growth, rate)}-{_months(begin, growth, rate)})"
    return _months(*arguments)


def _months(end: str, growth: str, rate: str) -> str:
    """The sum of a geometric series, with the part of a last month that counts."""
    step = f"((1+{growth})/(1+{rate})^(1/12))"
    whole = f"INT({end})"
    series = f"IF(ABS({step}-1)<1E-12,{whole},({step}^{whole}-1)/({step}-1))/(1+{rate})^(1/12)"
    last = f"({end}-{whole})*(1+{growth})^{whole}/(1+{rate})^(({whole}+1)/12)"
    return f"({series}+{last})"


def _replica_months(months: Expression, arguments: Sequence[str]) -> str:
    """As SUMPRODUCT over a list of months; max(1, ⌈x⌉) without IF, which lists do not obey."""
    if not isinstance(months, Literal):
        raise Unreadable("replica months: the horizon is not a number")
    _, load, growth, rate = arguments
    listed = "{" + ";".join(str(t) for t in range(1, int(months.value) + 1)) + "}"
    sets = f"(-INT(-({load}*(1+{growth})^({listed}-1))))"
    at_least_one = f"(({sets}+1)+ABS({sets}-1))/2"
    return f"SUMPRODUCT({at_least_one}/(1+{rate})^({listed}/12))"


_EXCEL: Mapping[str, Callable[..., str]] = MappingProxyType(
    {
        "annuity": _annuity,
        "discount": lambda months, rate: f"((1+{rate})^(-{months}/12))",
        "reaches": lambda x, limit: f"IF({x}>={limit},1,0)",
        "if": lambda condition, then, otherwise: f"IF({condition}<>0,{then},{otherwise})",
        "exp": lambda x: f"EXP({x})",
        "sqrt": lambda x: f"SQRT({x})",
        "ceil": lambda x: f"(-INT(-{x}))",
        "min": lambda a, b: f"MIN({a},{b})",
        "max": lambda a, b: f"MAX({a},{b})",
    }
)
