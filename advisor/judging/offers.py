"""Where several providers sell a model: the cheapest that every rule lets through, per option."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from advisor.core.brief import Brief
from advisor.core.facts import Cited, TokenPrice
from advisor.core.figure import Figure
from advisor.core.lifecycle import tariffs
from advisor.core.option import Option, Place
from advisor.core.setting import Setting
from advisor.core.verdict import Excluded, ProviderOffer

CHOSEN = "chosen"
CHOSEN_IN_PART = "chosen where it serves in another way"
SAME_PRICE = "same price"
COSTS_MORE = "costs more"
UNKNOWN_PRICE = "price not known"

PER_MONTH = "run.total"
IN_ALL = "horizon.total"

Form = tuple[str, str]
"""A model, and "prompted" or "tuned"."""


@dataclass(frozen=True, slots=True)
class Rivals:
    """The options that share an id and differ in their provider: whether a rule stops one, and what
    each costs at its likely values (USD over the horizon, and per month); NaN where unknown.
    """

    options: tuple[Option, ...]
    stopped: Mapping[Option, Excluded]
    total: Mapping[Option, float]
    month: Mapping[Option, float]

    @property
    def chosen(self) -> Option:
        """The cheapest that no rule stops, the first where several cost the same; the first of all
        where every one is stopped.
        """
        free = [o for o in self.options if o not in self.stopped]
        priced = [o for o in free if self.total[o] == self.total[o]]
        return min(priced, key=self.total.__getitem__) if priced else (free or self.options)[0]


def one_provider_each(
    options: Sequence[Option], brief: Brief, setting: Setting
) -> tuple[tuple[Option, ...], tuple[ProviderOffer, ...]]:
    """The options with one provider per id, and how the providers of each model compare."""
    by_id: dict[str, list[Option]] = {}
    for option in options:
        by_id.setdefault(option.id, []).append(option)
    endless = _without_ends(setting)
    compared = {
        name: _rivals(same, _stopped(same, brief, setting), brief, endless)
        for name, same in by_id.items()
        if len(same) > 1
    }
    chosen = tuple(
        compared[name].chosen if name in compared else same[0] for name, same in by_id.items()
    )
    return chosen, _records(compared.values())


def with_chosen_first(setting: Setting, options: Iterable[Option]) -> Setting:
    """The setting in which a prompted model that is named without a provider, as the one behind a
    cascade, is that of the first option that prompts it.
    """
    first: dict[str, TokenPrice] = {}
    for option in options:
        price = setting.price(option.model, option.provider)
        if option.serving.place is Place.PROVIDER and not option.as_is and price is not None:
            first.setdefault(option.model.lower(), price)
    return replace(setting, prices={**setting.prices, **first})


def _without_ends(setting: Setting) -> Setting:
    """The setting without the days that models end: an end that nobody has announced is unknown,
    and no reason to prefer a provider.
    """

    def endless(offers: Mapping[str, tuple[TokenPrice, ...]]) -> dict[str, tuple[TokenPrice, ...]]:
        return {
            name: tuple(replace(price, ends=None) for price in prices)
            for name, prices in offers.items()
        }

    return replace(
        setting, offers=endless(setting.offers), tuned_offers=endless(setting.tuned_offers)
    )


def _stopped(options: Sequence[Option], brief: Brief, setting: Setting) -> dict[Option, Excluded]:
    from advisor.decide.rules import rule_out

    return {o: out[0] for o in options if (out := rule_out((o,), brief, setting)[1])}


def _rivals(
    options: Sequence[Option], stopped: Mapping[Option, Excluded], brief: Brief, setting: Setting
) -> Rivals:
    """Each option estimated at its likely values; one with the prices of an earlier one is not
    estimated again.
    """
    total: dict[Option, float] = {}
    month: dict[Option, float] = {}
    alike: dict[tuple[TokenPrice, ...], Option] = {}
    for option in options:
        first = alike.setdefault(_terms(option, setting), option)
        if first is option:
            total[option], month[option] = _likely(option, brief, setting)
        else:
            total[option] = total[first]
            month[option] = month[first]
    return Rivals(tuple(options), stopped, total, month)


def _terms(option: Option, setting: Setting) -> tuple[TokenPrice, ...]:
    """What an option's cost depends on: its provider's prices without their provider and source."""
    rows = (row for price in tariffs(option, setting) for row in setting.schedule(price))
    return tuple(
        replace(
            row,
            provider="",
            cited=Cited("", ""),
            regions=(),
            zero_retention="",
            availability="",
            closed=None,
            ends=None,
        )
        for row in rows
    )


def _likely(option: Option, brief: Brief, setting: Setting) -> tuple[float, float]:
    """USD over the horizon and per month, at the likely values. A score is the same wherever a
    model is served, so none is predicted here.
    """
    from advisor.estimate.cost import estimate
    from advisor.estimate.sheet import Sheet

    figures = estimate(option, Sheet(brief, 1, lean=True), setting, Figure(1.0, "score"))
    return figures[IN_ALL].value, figures[PER_MONTH].value


def _records(compared: Iterable[Rivals]) -> tuple[ProviderOffer, ...]:
    """One record per model, form and provider: of the options that it could serve, the cheapest."""
    by_form: dict[Form, list[Rivals]] = {}
    for rivals in compared:
        option = rivals.options[0]
        form = "tuned" if option.serving.place is Place.HOSTED else "prompted"
        by_form.setdefault((option.model, form), []).append(rivals)
    return tuple(
        offer for (model, form), rivals in by_form.items() for offer in _offers(model, form, rivals)
    )


def _offers(model: str, form: str, rivals: Sequence[Rivals]) -> list[ProviderOffer]:
    providers = dict.fromkeys(o.provider for r in rivals for o in r.options)
    offers = [_offer(model, form, provider, rivals) for provider in providers]
    chosen = [offer for offer in offers if offer.outcome == CHOSEN]
    first = min(chosen, key=lambda offer: offer.horizon_usd or 0.0, default=None)
    return [
        replace(offer, outcome=CHOSEN_IN_PART)
        if offer.outcome == CHOSEN and offer is not first
        else offer
        for offer in offers
    ]


def _offer(model: str, form: str, provider: str, rivals: Sequence[Rivals]) -> ProviderOffer:
    own = [(r, o) for r in rivals for o in r.options if o.provider == provider]
    priced = [(r.total[o], r.month[o]) for r, o in own if r.total[o] == r.total[o]]
    total, month = min(priced, default=(None, None))
    free = [(r, o) for r, o in own if o not in r.stopped]
    if not free:
        rivals_of_first, first = own[0]
        out = rivals_of_first.stopped[first]
        return ProviderOffer(model, form, provider, out.rule, month, total, out.detail)
    outcome = COSTS_MORE if priced else UNKNOWN_PRICE
    if any(r.total[o] == r.total[r.chosen] for r, o in free):
        outcome = SAME_PRICE
    if any(r.chosen == o for r, o in free):
        outcome = CHOSEN
    return ProviderOffer(model, form, provider, outcome, month, total)
