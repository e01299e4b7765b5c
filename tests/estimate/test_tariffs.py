"""Which rows of a price list hold: by the length of a request, and from day to day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor import facts
from advisor.core.facts import TokenPrice
from advisor.estimate.tariffs import periods, today
from tests.options import DAY, SONNET, dated, setting


def row(days: int, above: int = 0) -> TokenPrice:
    return replace(SONNET, start=DAY + timedelta(days=days), above_tokens=above)


def test_without_a_schedule_a_price_holds_for_ever() -> None:
    assert today(setting(), SONNET) == (SONNET,)
    assert periods(setting(), SONNET, 12) == [(0.0, date.min.isoformat(), (SONNET,))]
    assert today(setting(), None) == ()
    assert periods(setting(), None) == []


def test_tiers_go_by_length_and_periods_by_day() -> None:
    rows = (row(73, 200), row(-9, 200), row(-9), row(73), row(400))
    known = dated(*rows)
    found = periods(known, row(-9), 12)
    assert [begin for begin, _, _ in found] == [0, pytest.approx(2.4)]
    assert [[(r.start, r.above_tokens) for r in tiers] for _, _, tiers in found] == [
        [(DAY - timedelta(days=9), 0), (DAY - timedelta(days=9), 200)],
        [(DAY + timedelta(days=73), 0), (DAY + timedelta(days=73), 200)],
    ]


@given(st.lists(st.integers(-400, 800), min_size=1, max_size=6, unique=True), st.integers(1, 24))
def test_periods_begin_today_rise_and_end_with_the_horizon(days: list[int], months: int) -> None:
    rows = (replace(SONNET, start=None), *(row(d) for d in days))
    begins = [begin for begin, _, _ in periods(dated(*rows), SONNET, months)]
    assert begins[0] == 0
    assert begins == sorted(set(begins))
    assert begins[1:] == [d / (730 / 24) for d in sorted(days) if d > 0 and d / (730 / 24) < months]


def test_the_shipped_prices_tell_their_tiers() -> None:
    known = facts.load()
    first = known.token_prices("gpt-5.6-luna", DAY)[0]
    rows = known.price_schedule(first, DAY, DAY + timedelta(days=365))
    assert [r.above_tokens for r in rows] == [0, 272_000]
    assert rows[1].input_usd == pytest.approx(2 * (rows[0].input_usd or 0))
    assert {r.start for r in rows} == {date(2026, 7, 30)}


def test_a_schedule_holds_what_comes_and_nothing_of_another_provider() -> None:
    known = facts.load()
    first = known.token_prices("gpt-5.6-luna", date(2026, 7, 1))[0]
    rows = known.price_schedule(first, date(2026, 7, 1), date(2026, 12, 1))
    assert {r.provider for r in rows} == {first.provider}
    assert len({r.start for r in rows}) == 2
    assert max(r.start for r in rows if r.start) == date(2026, 7, 30)
