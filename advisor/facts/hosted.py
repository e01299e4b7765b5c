"""Hosted inference prices from genai-prices, which is imported only when it is needed.

The library's own matching is loose on purpose (prefixes, substrings), since it prices logs. A brief
names a model, so here only exact ids, the library's exact other names and our listed names count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from advisor.core.facts import Cited, TokenPrice
from advisor.facts.dates import without_date

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice, Provider

_CHECKED = re.compile(r"(?:verified|checked) on (\d{4}-\d{2}-\d{2})")
BEGINNING = date.min
"""The start of a price whose start is not stated."""


@cache
def _providers() -> dict[str, Provider]:
    from genai_prices.data_snapshot import get_snapshot

    return {provider.id: provider for provider in get_snapshot().providers}


@cache
def _exact_names(provider: str) -> dict[str, ModelInfo]:
    """Models of one provider by their ids and exact other names, in lower case; ids win."""
    models = _providers()[provider].models if provider in _providers() else []
    names = {name.lower(): model for model in models for name in _equals(model.match)}
    return names | {model.id.lower(): model for model in models}


def _find(provider: str, model: str) -> ModelInfo | None:
    """A model by exact name, or by its name without the date of a snapshot."""
    names = _exact_names(provider)
    name = model.lower()
    return names.get(name) or names.get(without_date(name))


def _equals(match: Any) -> Iterator[str]:
    """The names that a match clause gives in full."""
    if hasattr(match, "equals"):
        yield match.equals
    for clause in getattr(match, "or_", ()):
        yield from _equals(clause)


@cache
def price_rows(provider: str, model: str, data_date: str) -> tuple[TokenPrice, ...]:
    """Every dated price and tier of a model at a provider, by start; empty where the library has
    none.

    `data_date` dates the library's data where a model carries no date of its own.
    """
    info = _find(provider, model)
    if info is None:
        return ()
    cited = Cited(f"genai-prices {data_version()}", _as_of(info, data_date))
    rows = [
        row
        for start, prices in _dated(info)
        for row in _tiers(provider, model, start, prices, info)
    ]
    timed = isinstance(info.prices, list) and any(_is_timed(c.constraint) for c in info.prices)
    availability = "off-peak price: higher in the provider's peak hours" if timed else ""
    return tuple(replace(row, cited=cited, availability=availability) for row in rows)


@cache
def data_version() -> str:
    """The version of the library, which names its bundled data."""
    return version("genai-prices")


def is_priced(model: str) -> bool:
    """Whether any provider of the library sells a model of exactly that name."""
    return any(_find(provider, model) is not None for provider in _providers())


def known_models() -> tuple[str, ...]:
    """The ids of all models of all providers, for suggestions."""
    return tuple(
        dict.fromkeys(model.id for provider in _providers().values() for model in provider.models)
    )


def _as_of(model: ModelInfo, data_date: str) -> str:
    return max(_CHECKED.findall(model.price_comments or ""), default=data_date)


def _is_timed(constraint: object) -> bool:
    return hasattr(constraint, "start_time")


def _dated(model: ModelInfo) -> list[tuple[date, ModelPrice]]:
    """Prices by start date; those of a time of day are left out."""
    if not isinstance(model.prices, list):
        return [(BEGINNING, model.prices)]
    plain = [c for c in model.prices if not _is_timed(c.constraint)]
    return sorted(
        ((getattr(c.constraint, "start_date", BEGINNING), c.prices) for c in plain),
        key=lambda pair: pair[0],
    )


def _tiers(
    provider: str, model: str, start: date, prices: ModelPrice, info: ModelInfo
) -> Iterator[TokenPrice]:
    """The base price, then one row for each number of input tokens above which another price
    applies.
    """
    limits = {
        tier.start
        for key in ("input_mtok", "output_mtok")
        for tier in getattr(_get(prices, key), "tiers", ())
    }
    for above in (0, *sorted(limits)):
        yield TokenPrice(
            provider=provider,
            model=model,
            input_usd=_at(_get(prices, "input_mtok"), above),
            output_usd=_at(_get(prices, "output_mtok"), above),
            cached_input_usd=_at(_get(prices, "cache_read_mtok"), above),
            cache_write_usd=_at(_get(prices, "cache_write_mtok"), above),
            cache_write_1h_usd=_at(_get(prices, "cache_write_1h_mtok"), above),
            batch_factor=_batch_factor(info),
            start=None if start == BEGINNING else start,
            above_tokens=above,
        )


def _get(prices: ModelPrice, key: str) -> Any:
    return getattr(prices, key, None)


def _at(price: Any, above: int) -> float | None:
    """The price just above so many input tokens; a tier's price applies to the whole request."""
    if price is None:
        return None
    tiers = [tier.price for tier in getattr(price, "tiers", ()) if tier.start <= above]
    return float(tiers[-1] if tiers else getattr(price, "base", price))


def _batch_factor(model: ModelInfo) -> float | None:
    """The batch price over the plain price, the higher of input and output, at the last batch
    price on record.

    The library dates a batch price by when it was verified, not by when it was first offered; so
    the ratio to the plain price of that day is taken for every day.
    """
    batches = [v for v in model.price_variants or () if v.when == {"processing": "batch"}]
    if not batches:
        return None
    last = max(batches, key=lambda v: getattr(v.constraint, "start_date", BEGINNING))
    verified = getattr(last.constraint, "start_date", BEGINNING)
    plain = [prices for start, prices in _dated(model) if start <= verified][-1]
    ratios = [
        batch / full
        for key in ("input_mtok", "output_mtok")
        if (batch := _at(_get(last.prices, key), 0)) is not None
        and (full := _at(_get(plain, key), 0))
    ]
    return round(max(ratios), 6) if ratios else None
