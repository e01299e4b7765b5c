from __future__ import annotations

import math
import re
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.figure import Figure, combine, lift, outlined, plain
from advisor.core.quantity import Basis


def figure(value: float, name: str = "", basis: Basis = Basis.MEASURED) -> Figure:
    return Figure(value, "USD", id=name, basis=basis)


A, B, C, D = (
    figure(value, name) for value, name in ((6.0, "a"), (3.0, "b"), (2.0, "c"), (1650.0, "d"))
)


@pytest.mark.parametrize(
    ("made", "formula", "filled", "value"),
    [
        (A + B, "a + b", "6 + 3", 9),
        (A + B - C, "a + b - c", "6 + 3 - 2", 7),
        (A - (B - C), "a - (b - c)", "6 - (3 - 2)", 5),
        (A - (B + C), "a - (b + c)", "6 - (3 + 2)", 1),
        (A + (B - C), "a + (b - c)", "6 + (3 - 2)", 7),
        (A + (B + C), "a + b + c", "6 + 3 + 2", 11),
        ((A + B) * C, "(a + b) × c", "(6 + 3) × 2", 18),
        (A * B + C, "a × b + c", "6 × 3 + 2", 20),
        (A / (B * C), "a ÷ (b × c)", "6 ÷ (3 × 2)", 1),
        (A / (B / C), "a ÷ (b ÷ c)", "6 ÷ (3 ÷ 2)", 4),
        (A * (B / C), "a × (b ÷ c)", "6 × (3 ÷ 2)", 9),
        (A / B * C, "a ÷ b × c", "6 ÷ 3 × 2", 4),
        (A * B * C, "a × b × c", "6 × 3 × 2", 36),
        (1 - A / D, "1 - a ÷ d", "1 - 6 ÷ 1,650", 1 - 6 / 1650),
        (2 + A, "2 + a", "2 + 6", 8),
        (2 * A, "2 × a", "2 × 6", 12),
        (2 / A, "2 ÷ a", "2 ÷ 6", 1 / 3),
        (D * 3_000_000 / 1e6, "d × 3,000,000 ÷ 1,000,000", "1,650 × 3,000,000 ÷ 1,000,000", 4950),
        (A - -3.0, "a - -3", "6 - -3", 9),
        (combine("max", 6.0, A, B), "max(a, b)", "max(6, 3)", 6),
        (combine("max", 6.0, A + B, 0) * C, "max(a + b, 0) × c", "max(6 + 3, 0) × 2", 12),
        (A, "6", "6", 6),
    ],
)
def test_the_formula_is_written_as_one_would(
    made: Figure, formula: str, filled: str, value: float
) -> None:
    assert made.formula() == formula
    assert made.filled() == filled
    assert made.value == pytest.approx(value, rel=1e-12)


def test_a_named_figure_stands_in_further_formulas_by_its_id() -> None:
    total = (A + B).named("run.total", "USD/month", "running-cost")
    assert (total * 12).formula() == "run.total × 12"
    assert (total * 12).filled() == "9 × 12"
    assert total.formula() == "a + b"
    assert (total.id, total.unit, total.anchor) == ("run.total", "USD/month", "running-cost")


def test_a_second_name_keeps_the_first_as_its_formula() -> None:
    total = (A + B).named("first", "USD")
    again = total.named("second", "USD/month")
    assert (again.formula(), again.filled(), again.value, again.unit) == (
        "first",
        "9",
        9,
        "USD/month",
    )
    assert [i.id for i in again.inputs()] == ["first"]


def test_inputs_are_the_nearest_named_figures_once_in_order() -> None:
    total = (A + B).named("t", "USD")
    made = (C * 5 + total) * (C - A)
    assert [i.id for i in made.inputs()] == ["c", "t", "a"]
    assert [i.id for i in total.inputs()] == ["a", "b"]
    assert [leaf.id or leaf.value for leaf in made.leaves()] == ["c", 5.0, "a", "b"]


def test_an_outline_shows_the_same_formula_and_keeps_draws_of_figures_and_inputs_alone() -> None:
    draws = np.array([6.0, 5.0, 7.0])
    a = Figure(draws, "USD", "a")
    half = (a / 2).named("half", "USD")
    total = (half * 3 + a).named("total", "USD")
    kept = outlined({"half": half, "total": total})
    assert kept["total"].rows is total.rows
    assert (kept["total"].formula(), kept["total"].filled()) == ("half × 3 + a", "3 × 3 + 6")
    assert list(kept["total"].leaves()) == list(total.leaves())
    waiting = list(kept["total"].operands)
    while waiting:
        figure = waiting.pop()
        assert figure is a or isinstance(figure.rows, float)
        waiting.extend(figure.operands)


def test_the_basis_is_the_weakest_of_what_went_in() -> None:
    quoted, assumed = figure(1, "q", Basis.QUOTED), figure(2, "x", Basis.ASSUMED)
    assert (A + quoted).basis is Basis.QUOTED
    assert (A + quoted * assumed).basis is Basis.ASSUMED
    assert (A * 730).basis is Basis.MEASURED


def test_unknown_stays_unknown_and_is_written_so() -> None:
    made = A + figure(math.nan, "n")
    assert not made.is_known
    assert math.isnan(made.value)
    assert made.filled() == "6 + unknown"
    assert A.is_known


def test_row_zero_is_the_likely_case() -> None:
    rows = Figure(np.array([2.0, 10.0, 20.0]), "USD", id="r")
    made = rows * A + 1
    assert made.value == 13
    np.testing.assert_array_equal(made.rows, [13.0, 61.0, 121.0])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (-3, "-3"),
        (1650, "1,650"),
        (3e6, "3,000,000"),
        (0.905, "0.905"),
        (1 / 3, "0.333333"),
        (1234.5678, "1,234.57"),
        (-1234.5, "-1,234.50"),
        (999.9996, "1000"),
        (2.5e-7, "2.5e-07"),
        (1e15, "1,000,000,000,000,000.00"),
        (math.nan, "unknown"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
    ],
)
def test_plain_numbers(value: float, text: str) -> None:
    assert plain(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_plain_number_is_the_number_within_its_rounding(value: float) -> None:
    assert float(plain(value).replace(",", "")) == pytest.approx(value, rel=1e-5, abs=1e-300)


def exact(value: int, name: str = "") -> Figure:
    """A figure whose arithmetic has no rounding, so that a missing bracket cannot hide in it."""
    return Figure(np.array([Fraction(value)], dtype=object), id=name)


NAMES = {name: value for value, name in enumerate(("in.a", "in.b", "in.c", "in.d"), start=2)}

LEAVES = st.one_of(
    st.sampled_from([exact(value, name) for name, value in NAMES.items()]),
    st.integers(-2000, 2000).map(exact),
)


def grown(parts: st.SearchStrategy[Figure]) -> st.SearchStrategy[Figure]:
    def join(left: Figure, sign: str, right: Figure) -> Figure:
        if sign == "÷" and right.rows[0] == 0:
            return left + right
        return {"+": left.__add__, "-": left.__sub__, "×": left.__mul__, "÷": left.__truediv__}[
            sign
        ](right)

    return st.builds(join, parts, st.sampled_from("+-×÷"), parts)


def evaluate(formula: str, named: dict[str, Fraction]) -> Fraction:
    """What Python makes of the printed formula."""

    def value(match: re.Match[str]) -> str:
        text = match.group()
        return f"N[{text!r}]" if text in named else f"Fraction('{text.replace(',', '')}')"

    code = (
        re.sub(r"[a-z][a-z.]*|\d[\d,]*(?:\.\d+)?", value, formula)
        .replace("×", "*")
        .replace("÷", "/")
    )
    return eval(code, {"Fraction": Fraction, "N": named})


@given(st.recursive(LEAVES, grown, max_leaves=12))
def test_python_computes_the_printed_formula_to_the_same_value(made: Figure) -> None:
    named = {name: Fraction(value) for name, value in NAMES.items()}
    assert evaluate(made.formula(), named) == made.rows[0]
    assert evaluate(made.filled(), {}) == made.rows[0]


@given(st.recursive(LEAVES, grown, max_leaves=8), st.recursive(LEAVES, grown, max_leaves=8))
def test_a_name_may_stand_for_its_formula(left: Figure, right: Figure) -> None:
    part = left.named("part", "USD")
    made = part * right - part
    named = {name: Fraction(value) for name, value in NAMES.items()} | {"part": left.rows[0]}
    assert evaluate(made.formula(), named) == made.rows[0]


def test_a_bare_number_is_lifted_once() -> None:
    assert lift(A) is A
    assert lift(2).value == 2
