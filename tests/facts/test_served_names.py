"""Hosted models under the names of clouds, routers and trainers."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.errors import UsageError
from advisor.facts import load
from advisor.facts.served_names import spellings

FACTS = load()
DAY = date(2026, 11, 20)


@pytest.mark.parametrize(("name", "own"), [
    ("us.anthropic.claude-sonnet-4-20250514-v1:0", "claude-sonnet-4"),
    ("anthropic.claude-3-5-sonnet-20241022-v2:0", "claude-3-5-sonnet-20241022"),
    ("openrouter/anthropic/claude-3.5-sonnet", "claude-3-5-sonnet"),
    ("anthropic/claude-sonnet-4.5", "claude-sonnet-4-5"),
    ("claude-sonnet-4@20250514", "claude-sonnet-4"),
    ("Claude Sonnet 4.5", "claude-sonnet-4-5"),
    ("openai/gpt-4o-mini", "gpt-4o-mini"),
    ("azure/gpt-4o-mini", "gpt-4o-mini"),
    ("GPT-4o mini", "gpt-4o-mini"),
    ("gpt4o-mini", "gpt-4o-mini"),
    ("openai/gpt-4.1-mini-2025-04-14", "gpt-4.1-mini"),
    ("vertex_ai/gemini-2.5-flash", "gemini-2.5-flash"),
    ("publishers/google/models/gemini-2.5-flash", "gemini-2.5-flash"),
    ("Gemini 2.5 Flash", "gemini-2.5-flash"),
    ("us.amazon.nova-micro-v1:0", "amazon.nova-micro-v1:0"),
])  # fmt: skip
def test_a_served_name_costs_what_the_makers_own_does(name: str, own: str) -> None:
    rows = FACTS.token_prices(name, DAY)
    assert rows
    assert FACTS.is_known_model(name)
    expected = {p.provider: (p.input_usd, p.output_usd) for p in FACTS.token_prices(own, DAY)}
    assert {p.provider: (p.input_usd, p.output_usd) for p in rows} == expected
    assert all(p.model == name for p in rows)
    assert rows[0].cited.note.startswith(f"{name} is taken as ")


@pytest.mark.parametrize("name", ["gpt-4o-mni", "claude", "gemini-9-flash", "gpt-5-xyz", "o"])
def test_no_other_model_is_priced_instead(name: str) -> None:
    assert FACTS.token_prices(name, DAY) == ()
    assert not FACTS.is_known_model(name)


@pytest.mark.parametrize("name", ["us.anthropic.claude-sonnet-4-20250514-v1:0",
                                  "us.amazon.nova-micro-v1:0"])  # fmt: skip
def test_a_closed_model_under_a_clouds_name_has_no_public_shape(name: str) -> None:
    with pytest.raises(UsageError, match="does not publish its weights"):
        FACTS.model(name)


@given(name=st.text(max_size=40))
def test_spellings_end_and_differ(name: str) -> None:
    found = list(spellings(name))
    assert len(found) == len(set(found)) <= 6
    assert name not in found
