"""Where several providers sell a model: which an option uses, and what is said of the others."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from advisor.core.brief import Brief
from advisor.core.facts import TokenPrice
from advisor.core.option import Option, Place
from advisor.core.setting import Setting
from advisor.core.verdict import ProviderOffer
from advisor.estimate.options import options
from advisor.judging.offers import one_provider_each, with_chosen_first
from tests.options import SONNET, TUNED, brief, setting

NAME = "claude-sonnet-5"
CHEAP = replace(SONNET, provider="cheap", input_usd=SONNET.input_usd / 2, regions=("us",))  # type: ignore[operator]
ALIKE = replace(SONNET, provider="alike", regions=("us", "eu"))
DEAR = replace(SONNET, provider="dear", output_usd=100.0, regions=("eu",))


def sold_by(*prices: TokenPrice) -> Setting:
    return replace(setting({NAME: prices[0]}), offers={NAME: prices})


def prompts(case: Brief, facts: Setting) -> tuple[list[Option], dict[str, ProviderOffer]]:
    chosen, offers = one_provider_each(options(case, facts), case, facts)
    prompted = [o for o in chosen if o.approach == "prompt"]
    return prompted, {o.provider: o for o in offers if o.form == "prompted"}


def test_the_cheapest_provider_of_a_model_serves_it_and_the_others_are_recorded() -> None:
    prompted, offers = prompts(brief(), sold_by(SONNET, ALIKE, DEAR, CHEAP))
    plain = next(o for o in prompted if o.id.endswith("+uncached"))
    assert plain.provider == "cheap"
    assert len({o.id for o in prompted}) == len(prompted)
    assert offers["cheap"].outcome == "chosen"
    assert offers["dear"].outcome == "costs more"
    assert offers["cheap"].horizon_usd < offers["dear"].horizon_usd  # type: ignore[operator]


def test_of_providers_with_the_same_prices_the_first_is_used() -> None:
    prompted, offers = prompts(brief(), sold_by(SONNET, ALIKE))
    assert {o.provider for o in prompted} == {SONNET.provider}
    assert [o.outcome for o in offers.values()] == ["chosen", "same price"]
    assert offers["alike"].monthly_usd == offers[SONNET.provider].monthly_usd


def test_an_end_that_only_one_provider_has_announced_does_not_move_the_choice() -> None:
    """The end of the other is unknown, not far away."""
    ending = replace(SONNET, ends=date(2027, 3, 1))
    prompted, _ = prompts(brief(), sold_by(ending, replace(ALIKE, ends=None)))
    assert {o.provider for o in prompted} == {SONNET.provider}


def test_a_cheaper_provider_that_a_rule_stops_is_named_with_the_rule() -> None:
    prompted, offers = prompts(
        brief(policy__residency="eu"), sold_by(replace(SONNET, regions=("us",)), CHEAP, DEAR)
    )
    assert {o.provider for o in prompted} == {"dear"}
    assert offers["cheap"].outcome == "policy.residency"
    assert "eu" in offers["cheap"].detail
    assert offers["dear"].outcome == "chosen"


def test_where_every_provider_is_stopped_one_option_is_left_for_the_rule_to_exclude() -> None:
    prompted, offers = prompts(brief(policy__residency="mars"), sold_by(ALIKE, CHEAP))
    assert len({o.id for o in prompted}) == len(prompted) > 0
    assert {o.outcome for o in offers.values()} == {"policy.residency"}


def test_only_a_provider_that_serves_in_batches_gives_the_option_in_batches() -> None:
    online = replace(CHEAP, batch_factor=None)
    prompted, _ = prompts(brief(), sold_by(SONNET, online))
    served = {o.serving.suffixes[-1]: o.provider for o in prompted}
    assert served["uncached"] == "cheap"
    assert served["batch"] == SONNET.provider


def test_the_model_behind_a_cascade_is_bought_where_its_prompt_is() -> None:
    facts = sold_by(SONNET, CHEAP)
    chosen, _ = one_provider_each(options(brief(), facts), brief(), facts)
    assert facts.price(NAME) == SONNET
    assert with_chosen_first(facts, chosen).price(NAME) == CHEAP


def test_hosted_tuning_is_compared_likewise() -> None:
    near = replace(TUNED, provider="near", hosting_usd_per_hour=TUNED.hosting_usd_per_hour + 5)
    far = replace(TUNED, provider="far", closed=None)
    facts = replace(setting(tuned={"m": near}), tuned_offers={"m": (near, far)})
    case = brief()
    case = replace(case, models=replace(case.models, tune=("m",)))
    chosen, offers = one_provider_each(options(case, facts), case, facts)
    hosted = [o for o in chosen if o.serving.place is Place.HOSTED]
    assert hosted
    assert {o.provider for o in hosted} == {"far"}
    outcomes = {o.provider: o.outcome for o in offers if o.form == "tuned"}
    assert outcomes == {"near": "costs more", "far": "chosen"}


def test_one_provider_alone_is_no_comparison() -> None:
    _, offers = prompts(brief(), sold_by(SONNET))
    assert offers == {}


@pytest.mark.parametrize("provider", ["cheap", "dear", "nowhere", ""])
def test_a_price_is_that_of_the_named_provider_else_of_the_first(provider: str) -> None:
    facts = sold_by(SONNET, CHEAP, DEAR)
    named = {"cheap": CHEAP, "dear": DEAR}
    assert facts.price(NAME, provider) == named.get(provider, SONNET)
