"""Functions on figures, case by case, against plain numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.figure import Figure, plain
from advisor.estimate import algebra

RATES = st.floats(0.0, 0.5)
GROWTH = st.floats(-0.2, 0.3)


def fig(*rows: float, id: str = "") -> Figure:
    return Figure(rows[0] if len(rows) == 1 else np.array(rows), "", id)


def test_elementary_functions_keep_their_operands() -> None:
    x = fig(4.0, 9.0, id="x")
    assert list(algebra.sqrt(x).rows) == [2.0, 3.0]
    assert algebra.sqrt(x).formula() == "sqrt(x)"
    assert list(algebra.ceil(fig(1.2, 2.0)).rows) == [2.0, 2.0]
    assert list(algebra.lowest(x, 5.0).rows) == [4.0, 5.0]
    assert list(algebra.highest(x, 5.0).rows) == [5.0, 9.0]
    assert algebra.exp(fig(0.0)).value == 1.0


def test_a_quotient_by_nothing_is_what_was_agreed_and_unknown_stays_unknown() -> None:
    found = algebra.quotient(fig(6.0, 6.0, 6.0), fig(2.0, 0.0, math.nan), 9.0).rows
    assert (found[0], found[1]) == (3.0, 9.0)
    assert math.isnan(found[2])
    assert math.isnan(algebra.quotient(fig(1.0), fig(0.0), math.nan).value)
    assert algebra.quotient(fig(1e10), fig(1e-305), 9.0).value == 9.0
    assert math.isnan(algebra.quotient(fig(math.nan), fig(2.0), 9.0).value)


def test_a_condition_is_settled_case_by_case_and_only_where_cases_differ() -> None:
    reached = algebra.reaches(fig(1023.0, 1024.0, 1025.0), 1024)
    assert list(reached.rows) == [0.0, 1.0, 1.0]
    assert list(algebra.either(reached, lambda: fig(5.0), lambda: fig(7.0)).rows) == [7.0, 5.0, 5.0]

    def never() -> Figure:
        raise AssertionError("worked out in vain")

    assert algebra.either(fig(1.0), lambda: fig(5.0), never).value == 5.0
    assert algebra.either(fig(0.0), never, lambda: fig(7.0)).value == 7.0


@pytest.mark.parametrize(
    ("tokens", "price"), [(100.0, 1.0), (200.0, 1.0), (200.5, 2.0), (500.0, 2.0), (501.0, 4.0)]
)
def test_a_tier_holds_above_its_limit_and_not_at_it(tokens: float, price: float) -> None:
    prices = [fig(p, id=f"p{p:g}") for p in (1.0, 2.0, 4.0)]
    assert algebra.by_length(fig(tokens), [0, 200, 500], prices).value == price
    both = algebra.by_length(fig(10.0, tokens), [0, 200, 500], prices)
    assert np.broadcast_to(both.rows, (2,))[1] == price


@given(st.integers(1, 40), GROWTH, RATES, st.floats(0, 1), st.floats(0, 1))
def test_the_parts_of_a_horizon_add_up_to_it(
    months: int, growth: float, rate: float, a: float, b: float
) -> None:
    g, d = fig(growth), fig(rate)
    first, second = sorted((a * months, b * months))
    cuts = [(0.0, first), (first, second), (second, float(months))]
    whole = algebra.annuity(months, g, d).value
    assert sum(algebra.annuity(months, g, d, *cut).value for cut in cuts) == pytest.approx(whole)
    assert whole == pytest.approx(
        sum((1 + growth) ** (t - 1) / (1 + rate) ** (t / 12) for t in range(1, months + 1))
    )


@pytest.mark.parametrize(
    ("cut", "shown"),
    [
        ((), "annuity(12, growth, rate)"),
        ((0.0, 12.0), "annuity(12, growth, rate)"),
        ((3.0, 12.0), "annuity(3, 12, growth, rate)"),
        ((0.0, 7.5), "annuity(0, 7.5, growth, rate)"),
    ],
)
def test_a_formula_shows_the_part_of_the_horizon(cut: tuple[float, ...], shown: str) -> None:
    paid = algebra.annuity(12, fig(0.01, id="growth"), fig(0.1, id="rate"), *cut)
    assert paid.formula() == shown


@given(st.integers(1, 30), st.floats(0, 50), GROWTH, RATES)
def test_gpus_are_added_month_by_month(
    months: int, load: float, growth: float, rate: float
) -> None:
    found = algebra.replica_months(months, fig(load), fig(growth), fig(rate)).value
    by_hand = sum(
        max(1, math.ceil(load * (1 + growth) ** (t - 1))) / (1 + rate) ** (t / 12)
        for t in range(1, months + 1)
    )
    assert found == pytest.approx(by_hand)


def test_a_sum_with_unknown_parts_says_what_it_knows_and_what_is_missing() -> None:
    inner = algebra.total("inner", "USD", [fig(2.0, id="a"), fig(math.nan, id="b")], "once")
    whole = algebra.total("whole", "USD", [inner, fig(3.0, id="c"), fig(math.nan, id="b")], "once")
    assert not whole.is_known
    assert (whole.at_least, whole.missing) == (5.0, ("b",))
    known = algebra.total("known", "USD", [fig(2.0, id="a"), fig(3.0, id="c")], "once")
    assert (known.value, known.at_least, known.missing) == (5.0, None, ())


@given(st.floats(0, 240), RATES)
def test_a_later_dollar_is_worth_less_by_the_year(months: float, rate: float) -> None:
    found = algebra.discount(months, fig(rate, id="rate"))
    assert found.value == pytest.approx(1 / (1 + rate) ** (months / 12))
    assert found.formula() == f"discount({plain(months)}, rate)"


def test_the_lowest_and_highest_of_a_number_and_a_figure_keep_both() -> None:
    x = fig(4.0, 9.0, id="x")
    assert algebra.lowest(5.0, x).rows.tolist() == [4.0, 5.0]
    assert algebra.highest(5.0, x).rows.tolist() == [5.0, 9.0]
    assert algebra.highest(x, 5.0).formula() == "max(x, 5)"


def test_single_numbers_stay_numbers() -> None:
    for figure in (
        algebra.quotient(fig(1.0), fig(2.0), 0.0),
        algebra.reaches(fig(1.0), 2.0),
        algebra.annuity(3, fig(0.0), fig(0.0)),
        algebra.discount(3.0, fig(0.1)),
        algebra.replica_months(3, fig(0.5), fig(0.0), fig(0.0)),
    ):
        assert isinstance(figure.rows, float)


def test_tiers_between_the_lowest_and_the_highest_are_shown_where_a_case_falls_in_them() -> None:
    prices = [fig(p, id=f"p{p:g}") for p in (1.0, 2.0, 4.0)]
    found = algebra.by_length(fig(100.0, 600.0, id="n"), [0, 200, 500], prices)
    assert found.rows.tolist() == [1.0, 4.0]
    assert found.formula() == "by length(n, p1, p4)"
    negative = algebra.quotient(fig(6.0), fig(-2.0), 9.0)
    assert negative.value == 9.0


def test_a_sum_of_known_parts_of_nothing_is_nothing() -> None:
    zero = algebra.total("sum", "USD", [fig(0.0, id="a"), fig(math.nan, id="b")], "once")
    assert (zero.at_least, zero.missing) == (0.0, ("b",))
