"""How old a fact may be."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from advisor.core.dates import earliest_day, oldest, stale


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-08-17", date(2026, 8, 17)),
        ("2026-08", date(2026, 8, 1)),
        ("2026", date(2026, 1, 1)),
        ("2026-11 (release data)", date(2026, 11, 1)),
        ("2026 (file undated)", date(2026, 1, 1)),
        ("2026-07/08", date(2026, 8, 1)),
        ("2026-03..2026-08", date(2026, 8, 1)),
        ("2025-11..2026", date(2026, 1, 1)),
        ("undated; catalog v8, no later than 2026-08", None),
        ("undated (2026)", None),
        ("undated", None),
        ("undated, seen 2026-08", None),
        ("no later than 2026-08", None),
        ("2026-13-40", None),
        ("last week", None),
        ("", None),
    ],
)
def test_the_first_day_that_a_text_allows(text: str, day: date | None) -> None:
    assert earliest_day(text) == day


@example(date(2026, 1, 1), 90)
@example(date(2026, 1, 1), 91)
@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(-400, 400))
def test_a_fact_is_stale_after_ninety_days(seen: date, days: int) -> None:
    assert stale(seen.isoformat(), seen + timedelta(days)) == (days > 90)


def test_what_cannot_be_dated_is_stale_and_oldest() -> None:
    assert stale("undated", date(2026, 11, 20))
    assert oldest(["2026-08", "undated (2026)", "2026-01-02"]) == "undated (2026)"
    assert oldest([]) == ""
