"""Prices of plug-ins, checked like a user's price file."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from advisor.core.facts import TokenPrice
from advisor.core.plugins import PriceProvider, guarded, records
from advisor.facts.price_file import checked_prices

MOST_ROWS = 100_000
"""Prices that one provider may have: a generator without an end would be read for ever."""


def plugged_prices() -> Iterator[tuple[TokenPrice, ...]]:
    """The rows of every provider; of one that fails, or has a wrong row, none."""
    for provider in records(PriceProvider):
        rows = guarded(provider.name, _rows, provider)
        if rows:
            yield rows


def _rows(provider: PriceProvider) -> tuple[TokenPrice, ...]:
    rows = [dict(row) for row in islice(provider.rows(), MOST_ROWS + 1)]
    if len(rows) > MOST_ROWS:
        raise ValueError(f"it has more than {MOST_ROWS:,} rows")
    return checked_prices(Path(f"plug-in {provider.name}"), rows)
