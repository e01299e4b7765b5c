"""What is known of providers beside prices: regions, retention, caches, and when their models
end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from advisor.core.facts import Cited, TokenPrice
from advisor.facts.dates import without_date
from advisor.facts.table import FactRow, read


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider of hosted models, with what prices depend on. Empty or None: not known.

    `regions` are where data may be bound to stay, `zero_retention` says how retention can be ruled
    out, `tuning_open` whether a new customer may tune, `models_of` names the provider whose models
    it sells at its prices.
    """

    id: str
    name: str
    regions: tuple[str, ...]
    zero_retention: str
    tuning_open: bool | None
    cache_minutes: tuple[int, ...]
    models_of: str
    cited: Cited


@dataclass(frozen=True, slots=True)
class PromptCache:
    """The shortest prefix that is cached (tokens), and the lifetimes on offer (minutes)."""

    minimum_tokens: int | None
    minutes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """From when a model takes no new customers, and its last day, at one provider."""

    closed: date | None
    ends: date | None
    cited: Cited


@dataclass(frozen=True, slots=True)
class ProviderBook:
    """The tables about providers, read together; keys are lower case."""

    providers: Mapping[str, Provider]
    aliases: Mapping[str, str]
    caches: Mapping[tuple[str, str], PromptCache]
    lifecycles: Mapping[tuple[str, str], Lifecycle]

    def id(self, name: str) -> str:
        """The id of a provider by id, name or other name; an unlisted name in lower case."""
        return self.aliases.get(name.strip().lower(), name.strip().lower())

    def complete(self, price: TokenPrice, open_weights: bool) -> TokenPrice:
        """The price with what we know of its provider and model, where the row itself is silent."""
        provider = self.providers.get(price.provider)
        base = without_date(price.model.lower().removeprefix("ft:"))
        life = self.lifecycles.get((price.provider, base))
        cache = (
            self._cache(price, provider, base)
            if price.cached_input_usd is not None
            else PromptCache(None, ())
        )
        return replace(
            price,
            regions=price.regions or (provider.regions if provider else ()),
            zero_retention=price.zero_retention or (provider.zero_retention if provider else ""),
            cache_minimum_tokens=cache.minimum_tokens
            if price.cache_minimum_tokens is None
            else price.cache_minimum_tokens,
            cache_minutes=price.cache_minutes or cache.minutes,
            closed=price.closed or (life.closed if life else None),
            ends=price.ends or (life.ends if life else None),
            open_weights=price.open_weights or open_weights,
        )

    def _cache(self, price: TokenPrice, provider: Provider | None, base: str) -> PromptCache:
        maker = provider.models_of if provider else ""
        own = self.caches.get((price.provider, base)) or self.caches.get((maker, base))
        cache = own or PromptCache(self._longest_minimum(base), ())
        minutes = cache.minutes or (provider.cache_minutes if provider else ())
        hour = (60,) if price.cache_write_1h_usd is not None else ()
        return PromptCache(cache.minimum_tokens, tuple(sorted({*minutes, *hour})))

    def _longest_minimum(self, base: str) -> int | None:
        """The longest minimum known of the model at any provider: one whose own is not known must
        not look the cheaper for it.
        """
        minima = (c.minimum_tokens for (_, model), c in self.caches.items() if model == base)
        return max((tokens for tokens in minima if tokens is not None), default=None)


def load_providers(user_folder: Path | None) -> ProviderBook:
    """Reads providers.csv, prompt_caches.csv and lifecycle.csv."""
    rows = read("providers.csv", ("provider",), user_folder)
    providers = {row.text("provider"): _provider(row) for row in rows}
    aliases = {
        name.lower(): row.text("provider")
        for row in rows
        for name in (*row.words("aliases"), row.text("name"), row.text("provider"))
    }
    return ProviderBook(
        providers,
        aliases,
        {
            _pair(row): PromptCache(row.whole("minimum_tokens"), row.days("minutes"))
            for row in read("prompt_caches.csv", ("provider", "model"), user_folder)
        },
        {
            _pair(row): Lifecycle(row.day("closed"), row.day("ends"), row.cited())
            for row in read("lifecycle.csv", ("provider", "model"), user_folder)
        },
    )


def _pair(row: FactRow) -> tuple[str, str]:
    return row.text("provider").lower(), row.text("model").lower()


def _provider(row: FactRow) -> Provider:
    tuning = row.text("tuning_open")
    if tuning not in ("", "yes", "no"):
        raise row.wrong(
            "tuning_open", f"{tuning!r} is neither yes nor no; leave it empty if unknown"
        )
    return Provider(
        id=row.text("provider"),
        name=row.text("name"),
        regions=row.words("regions"),
        zero_retention=row.text("zero_retention"),
        tuning_open=None if not tuning else tuning == "yes",
        cache_minutes=row.days("cache_minutes"),
        models_of=row.text("models_of"),
        cited=row.cited(),
    )
