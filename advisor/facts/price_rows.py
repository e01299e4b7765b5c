"""Rows of prices by date: which hold on a day, and which stand in the place of others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from advisor.core.facts import TokenPrice


def in_force(
    rows: Iterable[TokenPrice], on: date, input_tokens: float = 0
) -> tuple[TokenPrice, ...]:
    """One row per provider: of those begun by `on` the latest, in the tier for so many input
    tokens.

    A row holds until the next start of the same provider; one that states no start has always held.
    A tier holds for requests with more input tokens than its limit. Providers keep their order.
    """
    by_provider: dict[str, list[TokenPrice]] = {}
    for row in rows:
        in_tier = row.above_tokens == 0 or row.above_tokens < input_tokens
        offered = by_provider.setdefault(row.provider, [])
        if (row.start or date.min) <= on and in_tier:
            offered.append(row)
    return tuple(
        max(offered, key=lambda r: (r.start or date.min, r.above_tokens))
        for offered in by_provider.values()
        if offered
    )


def with_newer(newer: tuple[TokenPrice, ...], rows: Iterable[TokenPrice]) -> tuple[TokenPrice, ...]:
    """The rows, those of a bundle in the place of what begins no earlier at their provider."""
    begins: dict[str, date] = {}
    for row in newer:
        start = row.start or date.min
        begins[row.provider] = min(start, begins.get(row.provider, start))
    earlier = (r for r in rows if (r.start or date.min) < begins.get(r.provider, date.max))
    return (*newer, *earlier) if newer else tuple(rows)


def resold(rows: tuple[TokenPrice, ...]) -> tuple[TokenPrice, ...]:
    """The maker's rows, marked as such: the reseller's own list may differ by region."""
    note = "the maker's list price; the reseller's own was not read"
    return tuple(
        replace(row, cited=replace(row.cited, confidence="medium", note=note)) for row in rows
    )
