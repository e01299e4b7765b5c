"""Hit rates and prices of a provider's prompt cache, worked out by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from advisor.core.brief import Segment
from advisor.core.facts import TokenPrice
from advisor.core.option import Estimate
from advisor.core.probes import TrafficReport
from advisor.core.quantity import Basis, Range
from advisor.core.setting import Setting
from advisor.estimate.caching import unlike_groups
from tests.options import SONNET, brief, estimated, prompt, setting

REST = 180 * 3 + 320 * 15


def request(*serving: str, price: TokenPrice = SONNET, **answers: Any) -> float:
    facts = setting({"claude-sonnet-5": price})
    return estimated(prompt(*serving), brief(**answers), facts)["run.request"].value * 1e6


def blended(tokens: float, hit: float, write: float = 3.75) -> float:
    return tokens * (hit * 0.3 + (1 - hit) * write)


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ([], ()),
        ([(1.0, 4)], ()),
        ([(0.5, 1), (0.5, 1)], ()),
        ([(0.5, 1), (0.5, 2)], ((0.5, 1.0), (0.5, 2.0))),
        ([(0.6, 3), (0.2, 1)], ()),  # 0.2 each: the rest of 0.2 is one prefix more
        ([(0.6, 2)], ((0.6, 2.0), (0.4, 1.0))),
        ([(0.9, 1), (0.0, 5)], ((0.9, 1.0), (0.1, 1.0))),
    ],
)
def test_prefixes_are_unlike_where_their_shares_differ(
    shares: list[tuple[float, int]], expected: tuple[tuple[float, float], ...]
) -> None:
    segments = [Segment(f"s{i}", n, Range.exact(s)) for i, (s, n) in enumerate(shares)]
    found = unlike_groups(segments)
    assert [n for _, n in found] == [n for _, n in expected]
    assert [s for s, _ in found] == pytest.approx([s for s, _ in expected])


@pytest.mark.parametrize(("tokens", "eligible"), [(1024, 1.0), (1023, 0.0), (5000, 1.0)])
def test_a_prompt_is_eligible_from_the_minimum_of_its_provider(
    tokens: float, eligible: float
) -> None:
    found = estimated(prompt("cached-5m"), brief(traffic__static_tokens=tokens))
    assert found["cache.eligible"].value == eligible


@pytest.mark.parametrize("minimum", [None, 0])
def test_nothing_is_kept_of_an_empty_prefix(minimum: int | None) -> None:
    price = replace(SONNET, cache_minimum_tokens=minimum)
    for tokens, eligible in ((0, 0.0), (1, 1.0)):
        facts = setting({"claude-sonnet-5": price})
        found = estimated(prompt("cached-5m"), brief(traffic__static_tokens=tokens), facts)
        assert found["cache.eligible"].value == eligible


@pytest.mark.parametrize("lacking", [{"cached_input_usd": None}, {"cache_minutes": ()}])
def test_without_a_read_price_or_a_lifetime_every_token_is_paid_in_full(
    lacking: dict[str, Any],
) -> None:
    price = replace(SONNET, **lacking)
    cost = request("cached-5m", price=price, traffic__cache_hit_rate=0.9)
    assert cost == pytest.approx(1650 * 3 + REST)


def test_a_longer_lifetime_has_a_write_price_of_its_own() -> None:
    hit = {"traffic__cache_hit_rate": 0.9}
    assert request("cached-5m", **hit) == pytest.approx(blended(1650, 0.9) + REST)
    assert request("cached-1h", **hit) == pytest.approx(blended(1650, 0.9, 6.0) + REST)
    absent = replace(SONNET, cache_write_1h_usd=None)
    assert request("cached-1h", price=absent, **hit) == pytest.approx(
        blended(1650, 0.9, 3.0) + REST
    )


@pytest.mark.parametrize(
    ("serving", "rate"),
    [("cached-5m", (3.75 - 3.0) / (3.75 - 0.3)), ("cached-1h", (6.0 - 3.0) / (6.0 - 0.3))],
)
def test_writes_are_paid_back_at_the_break_even_rate(serving: str, rate: float) -> None:
    found = estimated(prompt(serving), brief(traffic__cache_hit_rate=rate))
    assert found["cache.break_even_hit_rate"].value == pytest.approx(rate)
    assert found["run.inference"].value == pytest.approx(found["run.inference_uncached"].value)


def hit_rate(serving: str, facts: Setting | None = None, **answers: Any) -> float:
    held = brief(traffic__requests_per_month=7300, **answers)
    return estimated(prompt(serving), held, facts or setting())["cache.hit_rate"].value


@pytest.mark.parametrize(
    ("serving", "answers", "arrivals"),  # within the lifetime of a prefix
    [
        ("cached-5m", {}, 10 * 5 / 60),
        ("cached-1h", {}, 10.0),
        ("cached-1h", {"traffic__active_hours_per_month": 365}, 20.0),
        ("cached-1h", {"traffic__distinct_prefixes": 5}, 2.0),
    ],
)
def test_a_prefix_is_warm_where_a_request_came_within_its_lifetime(
    serving: str, answers: dict[str, Any], arrivals: float
) -> None:
    """Arrivals at random: Poisson."""
    assert hit_rate(serving, **answers) == pytest.approx(1 - math.exp(-arrivals))


def test_an_only_lifetime_is_the_one_on_offer() -> None:
    price = replace(SONNET, cache_minutes=(30,))
    found = hit_rate("cached", setting({"claude-sonnet-5": price}))
    assert found == pytest.approx(1 - math.exp(-10 * 30 / 60))


@pytest.mark.parametrize(
    ("lifetime", "own", "shared"), [(5, 0.4, 0.6), (30, 0.4, 0.6), (60, 0.7, 0.8)]
)
def test_a_log_is_read_at_the_longest_lifetime_that_is_no_longer(
    lifetime: int, own: float, shared: float
) -> None:
    log = TrafficReport("log.csv", 1000, 9, {5: 0.4, 60: 0.7}, {5: 0.6, 60: 0.8}, "2026-11-01")
    price = replace(SONNET, cache_minutes=(lifetime,))
    facts = replace(setting({"claude-sonnet-5": price}), traffic=log)
    case = brief(traffic__distinct_prefixes=9, traffic__shared_tokens=1200)
    found = estimated(prompt("cached"), case, facts)
    assert found["cache.hit_rate"].value == own
    assert found["cache.shared_hit_rate"].value == shared
    leaf = next(found["cache.hit_rate"].leaves())
    assert (leaf.basis, leaf.as_of) == (Basis.MEASURED, "2026-11-01")
    assert leaf.source == "log.csv: gaps of 1,000 requests"


def shared(**answers: Any) -> Estimate:
    usual = {
        "traffic__requests_per_month": 7300,
        "traffic__distinct_prefixes": 20,
        "traffic__shared_tokens": 1200,
    }
    return estimated(prompt("cached-5m"), brief(**{**usual, **answers}))


def test_a_shared_part_too_short_to_keep_is_hit_like_the_rest() -> None:
    own = 1 - math.exp(-10 / 20 * 5 / 60)
    short = shared(traffic__shared_tokens=1023)
    assert short["run.request"].value * 1e6 == pytest.approx(blended(1650, own) + REST)
    assert "cache.shared_hit_rate" not in short.figures


def test_a_shared_part_is_at_most_the_whole_prompt() -> None:
    every = 1 - math.exp(-10 * 5 / 60)
    whole = shared(traffic__shared_tokens=9000)
    assert whole["run.request"].value * 1e6 == pytest.approx(blended(1650, every) + REST)


@pytest.mark.parametrize(
    "answers",
    [
        {"traffic__shared_first": False},
        {"traffic__distinct_prefixes": 1},
        {"traffic__shared_tokens": None},
    ],
)
def test_one_prefix_or_one_whose_common_part_stands_behind_shares_nothing(
    answers: dict[str, Any],
) -> None:
    found = shared(**answers)
    assert "cache.shared_hit_rate" not in found.figures


def test_a_batch_has_no_shared_part_of_its_own() -> None:
    case = brief(
        traffic__distinct_prefixes=20,
        traffic__shared_tokens=1200,
        traffic__batch_cache_hit_rate=0.6,
    )
    found = estimated(prompt("batch"), case)
    assert found["run.request"].value * 1e6 == pytest.approx(0.5 * (blended(1650, 0.6) + REST))


@pytest.mark.parametrize("prefixes", [3, 6])
def test_unlike_segments_are_told_apart_from_their_own_number_of_prefixes_on(
    prefixes: int,
) -> None:
    """Half of 10 requests an hour on one prefix and half on two: 5 and 2.5 each; twice as many
    prefixes halve both.
    """
    parts = (Segment("a", 1, Range.exact(0.5)), Segment("b", 2, Range.exact(0.5)))
    case = brief(traffic__requests_per_month=7300, traffic__distinct_prefixes=prefixes)
    found = estimated(prompt("cached-1h"), replace(case, segments=parts))["cache.hit_rate"].value
    thinner = 3 / prefixes
    expected = 0.5 * (1 - math.exp(-5 * thinner)) + 0.5 * (1 - math.exp(-2.5 * thinner))
    assert found == pytest.approx(expected)
