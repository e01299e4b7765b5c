"""Prices of another day than the decision's are told, by the oldest and by the youngest."""

from __future__ import annotations

from datetime import date

import pytest

from advisor.core.verdict import SourceRecord
from advisor.decide.ages import price_ages

OLD = SourceRecord("old list", "quoted", "2026-05-01", ("price.input",))
NEW = SourceRecord("new list", "quoted", "2026-11-01", ("gpu.usd_per_hour",))
UNDATED = SourceRecord("somewhere", "quoted", "undated", ("price.output",))
WAGES = SourceRecord("wages", "published", "2019", ("team.hourly_usd",))


@pytest.mark.parametrize(
    ("day", "told"),
    [
        (date(2026, 7, 30), ["after 2026-07-30 (new list, 2026-11-01)"]),
        (date(2026, 11, 20), ["up to 203 days old on 2026-11-20: look them up again"]),
        (date(2026, 8, 1), ["up to 92 days old", "after 2026-08-01"]),
    ],
    ids=str,
)
def test_prices_far_from_the_day_of_the_decision(day: date, told: list[str]) -> None:
    lines = list(price_ages([OLD, NEW, UNDATED, WAGES], day))
    assert len(lines) == len(told)
    assert all(part in line for part, line in zip(told, lines, strict=True))


def test_prices_of_the_day_and_undated_ones_are_not_told() -> None:
    assert list(price_ages([NEW, UNDATED, WAGES], date(2026, 11, 20))) == []
    assert list(price_ages([], date(2026, 11, 20))) == []
