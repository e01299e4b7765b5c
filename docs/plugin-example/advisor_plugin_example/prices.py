"""Prices of a fictitious provider, in the columns of a user's price file."""

from __future__ import annotations

from collections.abc import Iterator

from advisor.core.plugins import PriceProvider, PriceRow

SOURCE = "price list of Northwind AI (fictitious)"
AS_OF = "2026-11-01"


def rows() -> Iterator[PriceRow]:
    """One model, with cached and batched prices (USD per million tokens)."""
    yield {
        "provider": "northwind",
        "model": "northwind-small",
        "input_usd_per_1m": 0.2,
        "cached_input_usd_per_1m": 0.05,
        "output_usd_per_1m": 0.8,
        "batch_factor": 0.5,
        "cache_minutes": [5],
        "source": SOURCE,
        "as_of": AS_OF,
    }


NORTHWIND = PriceProvider("northwind", SOURCE, AS_OF, rows)
