"""Prices of plug-ins, checked like a user's price file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from advisor.core.facts import TokenPrice
from advisor.core.plugins import PriceProvider, guarded, records
from advisor.facts.price_file import checked_prices


def plugged_prices() -> Iterator[tuple[TokenPrice, ...]]:
    """The rows of every provider; of one that fails, or has a wrong row, none."""
    for provider in records(PriceProvider):
        rows = guarded(provider.name, _rows, provider)
        if rows:
            yield rows


def _rows(provider: PriceProvider) -> tuple[TokenPrice, ...]:
    rows = [dict(row) for row in provider.rows()]
    return checked_prices(Path(f"plug-in {provider.name}"), rows)
