"""What a prompt costs, against figures worked out by hand from the formulas page."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.brief import Current, Score, Segment
from advisor.core.facts import TokenPrice
from advisor.core.probes import TrafficReport
from advisor.core.quantity import Range
from advisor.core.techniques import technique_of
from advisor.estimate.options import options
from tests.options import CITED, DAY, SONNET, brief, dated, estimated, prompt, setting, still_to_pay


def test_uncached_is_every_token_at_its_price() -> None:
    found = estimated(prompt("uncached"))
    assert found["run.inference"].value == pytest.approx(3e6 * (1830 * 3 + 320 * 15) / 1e6)


def test_a_prompt_is_as_long_as_the_one_that_was_scored() -> None:
    """By technique and number of examples, whatever the model; a tuned model has its own."""
    scored = Score(
        "prompt",
        "few-shot",
        "another-model",
        0.8,
        100,
        static_tokens=Range.exact(2700.0),
    )
    case = brief()
    case = replace(case, quality=replace(case.quality, measured=(scored,)))
    assert estimated(prompt("uncached"), case)["tokens.static"].value == 2700.0
    assert estimated(prompt("uncached"), brief())["tokens.static"].value == 1650.0
    tuned = replace(scored, approach="tune")
    case = replace(case, quality=replace(case.quality, measured=(tuned,)))
    assert estimated(prompt("uncached"), case)["tokens.static"].value == 1650.0


def test_cached_reads_hits_and_writes_misses() -> None:
    held = brief(traffic__cache_hit_rate=0.98)
    found = estimated(prompt("cached-5m"), held)
    prefix = 1650 * (0.98 * 0.3 + 0.02 * 3.75)
    assert found["run.inference"].value == pytest.approx(3e6 * (prefix + 180 * 3 + 320 * 15) / 1e6)
    assert found["cache.break_even_hit_rate"].value == pytest.approx(0.75 / 3.45)
    hour = estimated(prompt("cached-1h"), held)
    assert hour["cache.break_even_hit_rate"].value == pytest.approx(3.0 / 5.7)


def test_a_batch_has_its_own_hit_rate_and_half_the_price() -> None:
    prefix = 1650 * (0.6 * 0.3 + 0.4 * 3.75)
    found = estimated(prompt("batch"), brief(traffic__cache_hit_rate=0.98))
    assert found["run.inference"].value == pytest.approx(
        0.5 * 3e6 * (prefix + 180 * 3 + 320 * 15) / 1e6
    )


def test_hits_come_from_arrivals_where_nothing_is_measured() -> None:
    held = brief(traffic__requests_per_month=7300, traffic__distinct_prefixes=2)
    found = estimated(prompt("cached-5m"), held)
    assert found["cache.hit_rate"].value == pytest.approx(1 - math.exp(-(7300 / 730 / 2) * 5 / 60))


def test_each_unlike_segment_fills_a_cache_of_its_own() -> None:
    """One segment with 90 % of 10 requests per hour, 4 with 2 % each, and 2 % in no segment."""
    parts = (Segment("desk", 1, Range.exact(0.9)), Segment("sites", 4, Range.exact(0.08)))

    def hit(prefixes: float) -> float:
        case = brief(traffic__requests_per_month=7300, traffic__distinct_prefixes=prefixes)
        found = estimated(prompt("cached-1h"), replace(case, segments=parts))
        return found["cache.hit_rate"].value

    by_hand = 0.9 * (1 - math.exp(-9)) + 0.08 * (1 - math.exp(-0.2)) + 0.02 * (1 - math.exp(-0.2))
    assert hit(6) == pytest.approx(by_hand)
    assert hit(1) == pytest.approx(1 - math.exp(-10))  # the brief says that all use one prompt
    assert hit(12) < hit(6)


def test_alike_segments_count_as_so_many_prefixes() -> None:
    case = brief(traffic__requests_per_month=7300, traffic__distinct_prefixes=4)
    alike = replace(case, segments=(Segment("sites", 4, Range.exact(1.0)),))
    found = estimated(prompt("cached-1h"), alike)["cache.hit_rate"].value
    assert found == pytest.approx(1 - math.exp(-2.5))


def test_a_log_beats_arrivals_and_a_measured_rate_beats_the_log() -> None:
    log = TrafficReport("log.csv", 1000, 1, {5: 0.4, 60: 0.7}, {5: 0.4, 60: 0.7}, "2026-11-01")
    facts = replace(setting(), traffic=log)
    assert estimated(prompt("cached-5m"), brief(), facts)["cache.hit_rate"].value == 0.4
    assert estimated(prompt("cached-1h"), brief(), facts)["cache.hit_rate"].value == 0.7
    measured = brief(traffic__cache_hit_rate=0.9)
    assert estimated(prompt("cached-1h"), measured, facts)["cache.hit_rate"].value == 0.9


def test_the_shared_part_of_many_prefixes_is_hit_by_all_arrivals() -> None:
    held = brief(
        traffic__requests_per_month=7300, traffic__distinct_prefixes=20, traffic__shared_tokens=1200
    )
    found = estimated(prompt("cached-5m"), held)
    every, own = 10 * 5 / 60, 10 / 20 * 5 / 60
    assert found["cache.shared_hit_rate"].value == pytest.approx(1 - math.exp(-every))
    shared, alone = 1 - math.exp(-every), 1 - math.exp(-own)
    prefix = 1200 * (shared * 0.3 + (1 - shared) * 3.75) + 450 * (alone * 0.3 + (1 - alone) * 3.75)
    assert found["run.request"].value == pytest.approx((prefix + 180 * 3 + 320 * 15) / 1e6)


def test_reordering_is_an_option_only_where_the_common_part_stands_last() -> None:
    last = brief(
        traffic__distinct_prefixes=20, traffic__shared_tokens=1200, traffic__shared_first=False
    )
    ids = [a.id for a in options(last, setting())]
    assert "prompt/few-shot@claude-sonnet-5+cached-5m+shared-first" in ids
    assert not any("shared-first" in a.id for a in options(brief(), setting()))


def test_below_the_cache_minimum_only_uncached_and_batch_exist() -> None:
    short = brief(traffic__static_tokens=600)
    found = [a for a in options(short, setting()) if a.approach == "prompt"]
    assert [a.serving.suffixes for a in found] == [("uncached",), ("batch",)]
    assert all(estimated(a, short)["cache.eligible"].value == 0 for a in found)


def test_one_lifetime_is_called_cached_and_an_absent_write_price_is_the_input_price() -> None:
    luna = TokenPrice(
        "openai", "luna", 0.2, 1.2, cached_input_usd=0.02, cache_minutes=(30,), cited=CITED
    )
    facts = setting({"luna": luna})
    held = replace(
        brief(traffic__cache_hit_rate=0.5),
        models=replace(brief().models, prompt=("luna",), tune=()),
    )
    assert [a.serving.suffixes for a in options(held, facts)] == [("uncached",), ("cached",)]
    found = estimated(prompt("cached", model="luna"), held, facts)
    assert found["cache.break_even_hit_rate"].value == 0
    assert found["run.request"].value == pytest.approx(
        (1650 * (0.5 * 0.02 + 0.5 * 0.2) + 180 * 0.2 + 320 * 1.2) / 1e6
    )


def test_no_price_is_unknown_not_free() -> None:
    found = estimated(prompt("uncached", model="nameless"))
    total = found["run.total"]
    assert not total.is_known
    assert total.at_least == 0
    assert total.missing == ("run.inference",)
    assert found["horizon.total"].missing == ("run.inference",)


@given(
    st.floats(1, 1e8),
    st.floats(1, 20_000),
    st.floats(0, 20_000),
    st.floats(0, 5_000),
    st.floats(1.01, 3),
    st.sampled_from(["uncached", "cached-5m", "batch"]),
)
def test_a_month_never_gets_cheaper_with_more_of_anything(
    requests: float, static: float, fresh: float, output: float, more: float, serving: str
) -> None:
    base = {
        "traffic__requests_per_month": requests,
        "traffic__static_tokens": static,
        "traffic__input_tokens": fresh,
        "traffic__output_tokens": output,
        "traffic__cache_hit_rate": 0.5,
    }
    before = estimated(prompt(serving), brief(**base))["run.inference"].value
    for key in base:
        if key in ("traffic__cache_hit_rate", "traffic__static_tokens"):
            continue
        after = estimated(prompt(serving), brief(**{**base, key: base[key] * more}))[
            "run.inference"
        ].value
        assert after >= before * (1 - 1e-12)
    dearer = replace(SONNET, input_usd=3.0 * more, output_usd=15.0 * more)
    facts = setting({"claude-sonnet-5": dearer})
    assert estimated(prompt(serving), brief(**base), facts)["run.inference"].value >= before * (
        1 - 1e-12
    )


def test_uncertain_inputs_become_ranges_around_the_likely_value() -> None:
    unsure = brief(traffic__requests_per_month=Range(2.4e6, 3e6, 3.6e6))
    rows = estimated(prompt("uncached"), unsure, rows=20_001, seed=1)["run.inference"].rows
    assert rows[0] == pytest.approx(30_870)
    import numpy as np

    assert np.quantile(rows[1:], [0.1, 0.5, 0.9]) == pytest.approx(
        [24_696, 30_870, 37_044], rel=0.01
    )


@given(
    st.floats(1, 1e7),
    st.floats(0, 8000),
    st.floats(0, 1),
    st.sampled_from(["uncached", "cached-5m", "cached-1h", "batch"]),
)
def test_uncached_expected_and_ideal_stand_side_by_side(
    requests: float, static: float, hit: float, serving: str
) -> None:
    held = brief(
        traffic__requests_per_month=requests,
        traffic__static_tokens=static,
        traffic__cache_hit_rate=hit,
        traffic__batch_cache_hit_rate=hit,
    )
    found = estimated(prompt(serving), held)
    factor, rest = 0.5 if serving == "batch" else 1.0, 180 * 3 + 320 * 15
    read = 0.3 if static >= 1024 else 3.0
    assert found["run.inference_uncached"].value == pytest.approx(
        factor * requests * (static * 3 + rest) / 1e6
    )
    assert found["run.inference_ideal"].value == pytest.approx(
        factor * requests * (static * read + rest) / 1e6
    )
    assert found["run.inference"].value >= found["run.inference_ideal"].value * (1 - 1e-12)
    if serving == "uncached":
        assert found["run.inference"].value == found["run.inference_uncached"].value


def test_the_minimum_of_a_cache_binds_case_by_case() -> None:
    unsure = brief(traffic__static_tokens=Range(600, 1100, 2000), traffic__cache_hit_rate=0.9)
    found = estimated(prompt("cached-5m"), unsure, rows=500, seed=4)
    static, kept = found["tokens.static"].rows, found["cache.eligible"].rows
    assert (kept == (static >= 1024)).all()
    assert 0 < kept.mean() < 1
    price = static * (0.9 * 0.3 + 0.1 * 3.75) * kept + static * 3 * (1 - kept)
    assert found["run.request"].rows == pytest.approx((price + 180 * 3 + 320 * 15) / 1e6)


def test_free_writing_needs_no_hits_to_pay_for_itself() -> None:
    same = replace(SONNET, cached_input_usd=3.0, cache_write_usd=None)
    found = estimated(prompt("cached-5m"), brief(), setting({"claude-sonnet-5": same}))
    assert found["cache.break_even_hit_rate"].value == 0


LONG = replace(SONNET, input_usd=6.0, output_usd=22.5, cached_input_usd=0.6, above_tokens=200_000)


def test_a_request_longer_than_a_limit_pays_the_price_of_its_tier() -> None:
    facts = dated(SONNET, LONG)
    short = estimated(prompt("uncached"), brief(), facts)
    assert short["run.inference"].value == pytest.approx(3e6 * (1830 * 3 + 320 * 15) / 1e6)
    held = brief(traffic__input_tokens=198_350.0)
    assert estimated(prompt("uncached"), held, facts)["run.request"].value == pytest.approx(
        (200_000 * 3 + 4800) / 1e6
    )
    over = brief(traffic__input_tokens=198_351.0)
    price = (200_001 * 6 + 320 * 22.5) / 1e6
    assert estimated(prompt("uncached"), over, facts)["run.request"].value == pytest.approx(price)


def test_draws_and_what_ifs_change_tier_row_by_row() -> None:
    unsure = brief(traffic__input_tokens=Range(100_000, 190_000, 400_000))
    found = estimated(prompt("uncached"), unsure, dated(SONNET, LONG), rows=400, seed=2)
    tokens = found["tokens.static"].value + found["tokens.fresh"].rows
    over = tokens > 200_000
    assert 0 < over.mean() < 1
    by_hand = (tokens * (3 + 3 * over) + 320 * (15 + 7.5 * over)) / 1e6
    assert found["run.request"].rows == pytest.approx(by_hand)


def later(day: date, **prices: float) -> TokenPrice:
    return replace(SONNET, start=day, **prices)


def test_a_price_that_changes_inside_the_horizon_holds_from_its_day() -> None:
    change = date(2027, 3, 20)  # 120 days on: 3.945 months of 730 hours
    facts = dated(SONNET, later(change, input_usd=6.0, output_usd=30.0))
    found = estimated(prompt("uncached"), brief(), facts)
    month = 3e6 * (1830 * 3 + 320 * 15) / 1e6
    begin = (change - DAY).days / (730 / 24)
    assert found["run.inference"].value == pytest.approx(month)
    assert found["run.inference_from_2027-03-20"].value == pytest.approx(2 * month)
    assert found["horizon.inference"].value == pytest.approx(
        month * begin + 2 * month * (12 - begin)
    )
    assert found["horizon.total"].value == pytest.approx(
        still_to_pay(found) + found["horizon.inference"].value
    )


def test_a_price_that_changes_after_the_horizon_or_before_today_changes_nothing() -> None:
    for day in (date(2026, 9, 1), DAY + timedelta(days=366)):
        rows = (
            (replace(SONNET, start=date(2026, 9, 1)), later(day, input_usd=9.0))
            if day > DAY
            else (later(day),)
        )
        found = estimated(prompt("uncached"), brief(), dated(*rows))
        assert found["horizon.total"].value == pytest.approx(
            still_to_pay(found) + 12 * found["run.inference"].value
        )
        assert "horizon.inference" not in found.figures


@given(st.floats(0, 0.1), st.floats(0, 0.2), st.integers(1, 400))
def test_a_later_row_with_the_same_price_changes_nothing(
    growth: float, rate: float, days: int
) -> None:
    held = brief(traffic__growth_per_month=growth, budget__discount_rate=rate)
    plain = estimated(prompt("batch"), held)["horizon.total"].value
    same = dated(SONNET, later(DAY + timedelta(days=days)))
    assert estimated(prompt("batch"), held, same)["horizon.total"].value == pytest.approx(plain)


def test_a_later_list_without_batches_is_paid_in_full() -> None:
    facts = dated(SONNET, later(DAY + timedelta(days=73), batch_factor=None))
    found = estimated(prompt("batch"), brief(), facts)
    assert found[f"run.inference_from_{DAY + timedelta(days=73)}"].value == pytest.approx(
        2 * found["run.inference"].value
    )


def test_a_searched_prompt_pays_for_its_search() -> None:
    found = estimated(prompt("uncached", technique="searched"))
    assert found["once.training"].value == pytest.approx(3200 * (1830 * 3 + 320 * 15) / 1e6)


@given(st.floats(2, 1e7), st.floats(0, 1))
def test_splitting_a_month_in_two_changes_nothing(requests: float, share: float) -> None:
    """Both parts of a month's requests, each on its own, cost what the whole month costs."""
    for serving in ("uncached", "cached-5m", "batch"):
        months = [
            estimated(
                prompt(serving), brief(traffic__requests_per_month=n, traffic__cache_hit_rate=0.8)
            )["run.inference"].value
            for n in (requests, requests * share, requests * (1 - share))
        ]
        assert months[0] == pytest.approx(months[1] + months[2])


def test_a_lifetime_shorter_than_any_in_the_log_takes_the_shortest() -> None:
    log = TrafficReport("log.csv", 1000, 1, {30: 0.4, 60: 0.7}, {30: 0.4, 60: 0.7}, "2026-11-01")
    facts = replace(setting(), traffic=log)
    assert estimated(prompt("cached-5m"), brief(), facts)["cache.hit_rate"].value == 0.4


@pytest.mark.parametrize(
    ("technique", "in_place", "thinks", "calls"),
    [
        ("few-shot", "", False, 1),
        ("chain-of-thought", "", True, 1),
        ("chain-of-thought", "chain-of-thought", False, 1),
        ("chain-of-thought", "few-shot", True, 1),
        ("self-consistency", "", True, 5),
    ],
)
def test_what_a_technique_writes_before_the_answer_is_paid_unless_the_traffic_holds_it(
    technique: str, in_place: str, thinks: bool, calls: int
) -> None:
    current = Current("prompt", in_place, "other", None) if in_place else None
    found = estimated(prompt("uncached", technique=technique), replace(brief(), current=current))
    thought = technique_of(technique).reasoning_tokens.likely
    assert found["tokens.output"].value == 320 + thought * thinks
    month = 3e6 * calls * (1830 * 3 + found["tokens.output"].value * 15) / 1e6
    assert found["run.inference"].value == pytest.approx(month)


def test_repeated_requests_are_paid_again() -> None:
    plain = estimated(prompt("uncached"))["run.inference"].value
    again = estimated(prompt("uncached"), brief(traffic__retry_rate=0.2))["run.inference"].value
    assert again == pytest.approx(1.2 * plain)


def test_a_batch_is_half_the_price_of_all_its_parts_and_an_absent_factor_none() -> None:
    full = estimated(prompt("uncached"), brief(traffic__batch_cache_hit_rate=0.0))
    batch = replace(SONNET, cache_write_usd=None, batch_factor=0.25)
    case = brief(traffic__batch_cache_hit_rate=0.0)
    found = estimated(prompt("batch"), case, setting({"claude-sonnet-5": batch}))
    assert found["run.request"].value == pytest.approx(0.25 * full["run.request"].value)
    without = replace(batch, batch_factor=None)
    found = estimated(prompt("batch"), case, setting({"claude-sonnet-5": without}))
    assert found["run.request"].value == pytest.approx(full["run.request"].value)
