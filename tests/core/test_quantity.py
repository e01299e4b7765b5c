from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.quantity import UNKNOWN, Basis, Quantity, Range, share_range, weakest

BASES = ["measured", "quoted", "published", "modelled", "assumed"]


@given(st.lists(st.sampled_from(BASES), min_size=1))
def test_the_weakest_basis_is_the_last_in_the_stated_order(names: list[str]) -> None:
    assert weakest([Basis(name) for name in names]) == max(names, key=BASES.index)


def test_of_no_inputs_the_basis_is_measured() -> None:
    assert weakest([]) is Basis.MEASURED


def test_an_exact_value_is_a_range_without_width() -> None:
    exact = Range.exact(3.5)
    assert (exact.p10, exact.p50, exact.p90) == (3.5, 3.5, 3.5)
    assert exact.is_exact
    assert exact.is_known
    assert exact.likely == 3.5
    assert not Range(1, 2, 3).is_exact


def test_a_median_is_known_also_where_the_upper_end_is_not() -> None:
    """Such as labels to a target that a tenth of the draws never reach."""
    assert Range(100.0, 400.0, None).is_known
    assert not Range(None, None, 400.0).is_known


def test_unknown_never_becomes_a_number() -> None:
    assert not UNKNOWN.is_known
    with pytest.raises(ValueError, match="unknown"):
        UNKNOWN.likely  # noqa: B018
    quantity = Quantity.unknown("USD", "no price is known")
    assert (quantity.reason, quantity.unit) == ("no price is known", "USD")
    with pytest.raises(ValueError, match="unknown"):
        quantity.likely  # noqa: B018


def test_values_are_frozen() -> None:
    quantity = Quantity(Range(1, 2, 3), "USD", Basis.QUOTED, "a price list", "2026-11-20")
    assert quantity.likely == 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        quantity.unit = "EUR"  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        quantity.range.p50 = 9  # type: ignore[misc]


@pytest.mark.parametrize(
    ("right", "items"),
    [(0, 1), (0, 40), (1, 1), (3, 7), (50, 100), (63, 64), (40, 40), (812, 1000)],
)
def test_a_share_has_the_interval_of_wilson(right: int, items: int) -> None:
    """As scipy computes it; it never leaves out the share that was seen."""
    from scipy.stats import binomtest

    found = share_range(right / items, items)
    expected = binomtest(right, items).proportion_ci(0.8, method="wilson")
    assert found.p50 == right / items
    assert found.p10 == pytest.approx(min(expected.low, right / items), abs=1e-4)
    assert found.p90 == pytest.approx(max(expected.high, right / items), abs=1e-4)
    assert 0.0 <= found.p10 <= found.p50 <= found.p90 <= 1.0
