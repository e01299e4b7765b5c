"""How long an option lives: the prices it is charged by, the day its models end, the horizon."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from advisor.core.brief import Brief
from advisor.core.constants import HOURS_PER_MONTH
from advisor.core.facts import TokenPrice
from advisor.core.option import Option, Place
from advisor.core.setting import Setting


def tariffs(option: Option, setting: Setting) -> tuple[TokenPrice, ...]:
    """The price rows behind the hosted parts of an option: of its model, and of the one behind a
    cascade.
    """
    prices = [setting.price(option.helper)] if option.helper else []
    if option.serving.place is Place.HOSTED:
        prices.append(setting.tuned_price(option.model, option.provider))
    elif option.serving.place is Place.PROVIDER:
        prices.append(setting.price(option.model, option.provider))
    return tuple(price for price in prices if price is not None)


@dataclass(frozen=True, slots=True)
class ModelEnd:
    """The last day of a model that an option is served by: its own, or the one behind a cascade."""

    model: str
    day: date


def first_end(option: Option, brief: Brief, setting: Setting) -> ModelEnd | None:
    """The first of its models to end; None where no end is announced."""
    if option.as_is and brief.current is not None and brief.current.ends is not None:
        return ModelEnd(option.model, brief.current.ends)
    prices = [price for price in tariffs(option, setting) if price.ends is not None]
    first = min(prices, key=lambda price: price.ends or date.max, default=None)
    if first is None or first.ends is None:
        return None
    helped = option.helper and first == setting.price(option.helper)
    return ModelEnd(option.helper if helped else option.model, first.ends)


def horizon_end(brief: Brief, setting: Setting) -> date:
    """The day the horizon ends; a month counts 730 hours."""
    return setting.as_of + timedelta(hours=HOURS_PER_MONTH * brief.budget.horizon_months)


def ends_within_horizon(option: Option, brief: Brief, setting: Setting) -> ModelEnd | None:
    """The first end of an option's models where it falls inside the horizon, else None."""
    end = first_end(option, brief, setting)
    return end if end is not None and end.day <= horizon_end(brief, setting) else None
