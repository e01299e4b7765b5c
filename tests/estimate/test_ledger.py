"""What a ledger keeps, and which row of a price list a price is taken from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from advisor.core.figure import Figure
from advisor.core.quantity import Basis
from advisor.estimate.ledger import Ledger
from advisor.estimate.sheet import Sheet
from tests.options import SONNET, brief, prompt, setting

LONG = replace(SONNET, input_usd=6.0, cached_input_usd=None, above_tokens=200)


def ledger(*tokens: float) -> Ledger:
    """Static prompts of 100 tokens, fresh ones of these."""
    found = Ledger(prompt("uncached"), Sheet(brief(), max(len(tokens), 1)), setting())
    found.put("tokens.static", "tokens", 100.0, "tokens")
    fresh = tokens[0] if len(tokens) == 1 else np.array(tokens)
    found.put("tokens.fresh", "tokens", Figure(fresh, "tokens"), "tokens")
    return found


@pytest.mark.parametrize(
    ("fresh", "usd"), [((50.0,), [3.0]), ((101.0,), [6.0]), ((50.0, 100.0, 101.0), [3.0, 3.0, 6.0])]
)
def test_a_price_is_that_of_the_tier_of_the_whole_prompt(
    fresh: tuple[float, ...], usd: list[float]
) -> None:
    found = ledger(*fresh)
    found.charge_by((SONNET, LONG))
    price = found.token_price("price.input", "input_usd")
    assert np.atleast_1d(price.rows).tolist() == usd
    names = {leaf.id for leaf in price.leaves()} - {"tokens.static", "tokens.fresh"}
    if len(fresh) == 3:
        assert price.id == "price.input_by_length"
        assert {"price.input", "price.input_above_200"} <= names
    else:
        assert price.id == ("price.input" if usd == [3.0] else "price.input_above_200")


def test_a_price_that_nobody_quotes_is_unknown() -> None:
    found = ledger(50.0)
    for tiers in ((), (replace(SONNET, cached_input_usd=None),)):
        found.charge_by(tiers)
        price = found.token_price("price.cache_read", "cached_input_usd")
        assert not price.is_known
        assert (price.basis, price.source) == (
            Basis.ASSUMED,
            "no price.cache_read known for claude-sonnet-5",
        )
        assert found.tariff == (tiers[0] if tiers else None)


def test_a_quoted_price_names_its_provider_list_and_day() -> None:
    found = ledger(50.0)
    found.charge_by((SONNET,))
    price = found.quoted("price.input", 0.0)
    assert (price.value, price.basis, price.unit) == (0.0, Basis.QUOTED, "USD/1M tokens")
    assert (price.source, price.as_of) == ("anthropic: price list of the test", "2026-11-01")


def test_a_bare_number_is_a_definition_and_says_why() -> None:
    found = ledger(50.0)
    put = found.put("run.people", "USD/month", 0, "upkeep", "the provider serves the model")
    assert found["run.people"] is put
    assert (put.value, put.unit, put.source) == (0.0, "USD/month", "the provider serves the model")
    assert found.month_hours().value == 730
