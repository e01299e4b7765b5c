"""The setting of a brief: the prices, models and GPUs it names, resolved at its date and by its
policy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from advisor.core.brief import Brief
from advisor.core.constants import HOURS_PER_MONTH
from advisor.core.dates import today
from advisor.core.errors import UsageError
from advisor.core.facts import Gpu, Model, TokenPrice
from advisor.core.quantity import Quantity
from advisor.core.setting import Setting
from advisor.facts.book import Facts


def setting_of(brief: Brief, facts: Facts) -> Setting:
    """Resolve every model and GPU that a brief names.

    Raises UsageError for one that is unknown.
    """
    day = brief.as_of or today()
    prompted = [
        *(brief.models.prompt or ()),
        *([brief.current.model] if brief.current and brief.current.model else []),
    ]
    tuned = list(brief.models.tune or ())
    _refuse_unknown(brief, facts)
    gpu = _gpu(brief, facts)
    tokens = sum(t.likely for t in (brief.traffic.static_tokens, brief.traffic.input_tokens))
    offers = {name.lower(): facts.token_prices(name, day, tokens) for name in prompted}
    tuned_offers = {name.lower(): facts.tuning_prices(name, day) for name in tuned}
    every = [p for rows in (*offers.values(), *tuned_offers.values()) for p in rows]
    return Setting(
        as_of=day,
        prices=_chosen(offers, brief, facts),
        tuned=_chosen(tuned_offers, brief, facts),
        models={name.lower(): model for name, model in _models(facts, (*prompted, *tuned))},
        gpu=gpu,
        gpu_usd_per_hour=_rent(brief, facts, gpu),
        hosted_gpus={p.gpu: facts.gpu(p.gpu) for p in every if p.gpu},
        schedules=_schedules(brief, facts, every, day),
        warnings=_readings(facts, (*prompted, *tuned)),
        offers=offers,
        tuned_offers=tuned_offers,
        allowed_providers=_allowed(brief, facts),
    )


def _readings(facts: Facts, names: Iterable[str]) -> tuple[str, ...]:
    """How names were read that the table does not list as they are written."""
    matches = (facts.matched(name) for name in dict.fromkeys(names))
    return tuple(match.note for match in matches if match is not None and match.note)


def _schedules(
    brief: Brief, facts: Facts, chosen: Iterable[TokenPrice], day: date
) -> dict[tuple[str, str], tuple[TokenPrice, ...]]:
    """All tiers and later prices of these rows until the horizon ends."""
    until = day + timedelta(hours=HOURS_PER_MONTH * brief.budget.horizon_months)
    return {(p.provider, p.model.lower()): facts.price_schedule(p, day, until) for p in chosen}


def _refuse_unknown(brief: Brief, facts: Facts) -> None:
    """An unknown model is a mistake in the brief: named with file, key and similar names."""
    named = {"models.prompt": brief.models.prompt or (), "models.tune": brief.models.tune or ()}
    if brief.current is not None and brief.current.model:
        named["current.model"] = (brief.current.model,)
    for key, names in named.items():
        for name in names:
            if not facts.is_known_model(name):
                raise UsageError(f"{_place(brief, key)}: {facts.unknown_model(name)}")


def _place(brief: Brief, key: str) -> str:
    """File and key of an answer, as its origin names them."""
    return brief.origins[key].source.removeprefix("brief ") if key in brief.origins else key


def _allowed(brief: Brief, facts: Facts) -> frozenset[str]:
    return frozenset(facts.provider_id(name) for name in brief.policy.allowed_providers)


def _chosen(
    offers: Mapping[str, tuple[TokenPrice, ...]], brief: Brief, facts: Facts
) -> dict[str, TokenPrice]:
    allowed = _allowed(brief, facts)
    chosen = ((name, _choose(rows, allowed)) for name, rows in offers.items())
    return {name: price for name, price in chosen if price is not None}


def _choose(rows: tuple[TokenPrice, ...], allowed: frozenset[str]) -> TokenPrice | None:
    """The price that counts where an option names no provider, of an allowed one: of open models
    the cheapest, else the first (the user's, the maker).
    """
    offers = [r for r in rows if r.provider in allowed] or list(rows)
    if not offers:
        return None
    if offers[0].open_weights:
        return min(offers, key=_open_price)
    return offers[0]


def _open_price(row: TokenPrice) -> tuple[bool, float]:
    """Cheapest first; a row without a price last."""
    return row.input_usd is None, (row.input_usd or 0.0) + (row.output_usd or 0.0)


def _models(facts: Facts, names: Iterable[str]) -> list[tuple[str, Model]]:
    pairs = ((name, facts.architecture(name)) for name in dict.fromkeys(names))
    return [(name, model) for name, model in pairs if model is not None]


def _gpu(brief: Brief, facts: Facts) -> Gpu | None:
    name = brief.hardware.gpu
    if name.lower() in ("none", "auto", ""):
        return None
    try:
        return facts.gpu(name)
    except UsageError as error:
        raise UsageError(f"{_place(brief, 'hardware.gpu')}: {error}") from None


def _rent(brief: Brief, facts: Facts, gpu: Gpu | None) -> Quantity:
    if gpu is None:
        return Quantity.unknown("USD/h", "no GPU is named under hardware.gpu")
    return facts.gpu_usd_per_hour(gpu.name, brief.hardware.provider)
