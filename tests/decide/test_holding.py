"""Since when prices hold and which knowledge ages, by hand."""

from __future__ import annotations

import pytest

from advisor.core.figure import Figure
from advisor.core.option import Estimate, Option
from advisor.decide.holding import price_days, stale_share

TUNE = Option("tune", "lora", "small")
PROMPT = Option("prompt", "few-shot", "large")


def bill(*days: str) -> Estimate:
    """A month of one request at prices of these days, and hours that are no price."""
    prices = [Figure(1.0, "USD", f"price.{i}", as_of=day) for i, day in enumerate(days)]
    total = Figure(2.0, "h", "work.hours", as_of="2020-01-01")
    for price in prices:
        total = total + price
    return Estimate(PROMPT, {"run.total": total.named("run.total", "USD/month")})


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ((), ""),
        (("undated",), ""),
        (("2026-10-14", "2026-10-14"), " Prices as of 2026-10-14."),
        (("2026-11-01", "2026-08-02"), " Prices as of 2026-08-02 to 2026-11-01."),
    ],
)
def test_the_days_of_the_prices_and_of_nothing_else(days: tuple[str, ...], words: str) -> None:
    assert price_days(bill(*days)) == words


@pytest.mark.parametrize(
    ("share", "words"), [(0.0, ""), (0.0004, ""), (0.0005, "<0.1 %"), (0.034, "3.4 %")]
)
def test_what_goes_stale_is_named_with_its_share(share: float, words: str) -> None:
    tuned = Estimate(TUNE, {"quality.stale_share": Figure(share, "share", "quality.stale_share")})
    sentence = stale_share(Estimate(PROMPT, {}), tuned)
    assert words in sentence
    assert bool(sentence) == bool(words)
    assert "tune/lora@small goes stale" in sentence or not words


@pytest.mark.parametrize(("shares", "named"), [((0.05, 0.02), "small"), ((0.02, 0.05), "large")])
def test_the_option_whose_knowledge_ages_the_most_is_named(
    shares: tuple[float, float], named: str
) -> None:
    pair = [
        Estimate(o, {"quality.stale_share": Figure(share, "share", "quality.stale_share")})
        for o, share in zip((TUNE, PROMPT), shares, strict=True)
    ]
    said = stale_share(*pair)
    assert f"@{named} goes stale" in said
    assert "on average 5.0 % of its answers" in said
    assert stale_share(pair[0], None).count(TUNE.id) == 1
