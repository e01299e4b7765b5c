"""How long an option lives: the prices it is charged by, the day its models end, the horizon."""

from __future__ import annotations

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
        prices.append(setting.tuned_price(option.model))
    elif option.serving.place is Place.PROVIDER:
        prices.append(setting.price(option.model))
    return tuple(price for price in prices if price is not None)


def last_day(option: Option, brief: Brief, setting: Setting) -> date | None:
    """The last day of the models an option is served by; None where no end is announced."""
    if option.as_is and brief.current is not None and brief.current.ends is not None:
        return brief.current.ends
    ends = (price.ends for price in tariffs(option, setting) if price.ends is not None)
    return min(ends, default=None)


def horizon_end(brief: Brief, setting: Setting) -> date:
    """The day the horizon ends; a month counts 730 hours."""
    return setting.as_of + timedelta(hours=HOURS_PER_MONTH * brief.budget.horizon_months)


def ends_within_horizon(option: Option, brief: Brief, setting: Setting) -> date | None:
    """The last day of an option's models where it falls inside the horizon, else None."""
    ends = last_day(option, brief, setting)
    return ends if ends is not None and ends <= horizon_end(brief, setting) else None
