"""What a prompt costs, against figures worked out by hand from the formulas page."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.facts import TokenPrice
from advisor.core.probes import TrafficReport
from advisor.core.quantity import Range
from advisor.estimate.arms import arms
from tests.arms import CITED, SONNET, brief, estimated, prompt, setting


def test_uncached_is_every_token_at_its_price() -> None:
    found = estimated(prompt("uncached"))
    assert found["run.inference"].value == pytest.approx(3e6 * (1830 * 3 + 320 * 15) / 1e6)


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
    assert found["run.inference"].value == pytest.approx(0.5 * 3e6 * (prefix + 180 * 3 + 320 * 15) / 1e6)


def test_hits_come_from_arrivals_where_nothing_is_measured() -> None:
    held = brief(traffic__requests_per_month=7300, traffic__distinct_prefixes=2)
    found = estimated(prompt("cached-5m"), held)
    assert found["cache.hit_rate"].value == pytest.approx(1 - math.exp(-(7300 / 730 / 2) * 5 / 60))


def test_a_log_beats_arrivals_and_a_measured_rate_beats_the_log() -> None:
    log = TrafficReport("log.csv", 1000, 1, {5: 0.4, 60: 0.7}, {5: 0.4, 60: 0.7}, "2026-11-01")
    facts = replace(setting(), traffic=log)
    assert estimated(prompt("cached-5m"), brief(), facts)["cache.hit_rate"].value == 0.4
    assert estimated(prompt("cached-1h"), brief(), facts)["cache.hit_rate"].value == 0.7
    measured = brief(traffic__cache_hit_rate=0.9)
    assert estimated(prompt("cached-1h"), measured, facts)["cache.hit_rate"].value == 0.9


def test_the_shared_part_of_many_prefixes_is_hit_by_all_arrivals() -> None:
    held = brief(traffic__requests_per_month=7300, traffic__distinct_prefixes=20, traffic__shared_tokens=1200)
    found = estimated(prompt("cached-5m"), held)
    every, own = 10 * 5 / 60, 10 / 20 * 5 / 60
    assert found["cache.shared_hit_rate"].value == pytest.approx(1 - math.exp(-every))
    shared, alone = 1 - math.exp(-every), 1 - math.exp(-own)
    prefix = 1200 * (shared * 0.3 + (1 - shared) * 3.75) + 450 * (alone * 0.3 + (1 - alone) * 3.75)
    assert found["run.request"].value == pytest.approx((prefix + 180 * 3 + 320 * 15) / 1e6)


def test_reordering_is_an_option_only_where_the_common_part_stands_last() -> None:
    last = brief(traffic__distinct_prefixes=20, traffic__shared_tokens=1200, traffic__shared_first=False)
    ids = [a.id for a in arms(last, setting())]
    assert "prompt/few-shot@claude-sonnet-5+cached-5m+shared-first" in ids
    assert not any("shared-first" in a.id for a in arms(brief(), setting()))


def test_below_the_cache_minimum_only_uncached_and_batch_exist() -> None:
    short = brief(traffic__static_tokens=600)
    found = [a for a in arms(short, setting()) if a.approach == "prompt"]
    assert [a.serving for a in found] == [("uncached",), ("batch",)]
    assert all(estimated(a, short)["cache.eligible"].value == 0 for a in found)


def test_one_lifetime_is_called_cached_and_an_absent_write_price_is_the_input_price() -> None:
    luna = TokenPrice("openai", "luna", 0.2, 1.2, cached_input_usd=0.02, cache_minutes=(30,), cited=CITED)
    facts = setting({"luna": luna})
    held = replace(brief(traffic__cache_hit_rate=0.5), models=replace(brief().models, prompt=("luna",), tune=()))
    assert [a.serving for a in arms(held, facts)] == [("uncached",), ("cached",)]
    found = estimated(prompt("cached", model="luna"), held, facts)
    assert found["cache.break_even_hit_rate"].value == 0
    assert found["run.request"].value == pytest.approx((1650 * (0.5 * 0.02 + 0.5 * 0.2) + 180 * 0.2 + 320 * 1.2) / 1e6)


def test_no_price_is_unknown_not_free() -> None:
    found = estimated(prompt("uncached", model="nameless"))
    total = found["run.total"]
    assert not total.is_known
    assert total.at_least == 0
    assert total.missing == ("run.inference",)
    assert found["horizon.total"].missing == ("run.inference",)


@given(
    st.floats(1, 1e8), st.floats(1, 20_000), st.floats(0, 20_000), st.floats(0, 5_000), st.floats(1.01, 3),
    st.sampled_from(["uncached", "cached-5m", "batch"]),
)  # fmt: skip
def test_a_month_never_gets_cheaper_with_more_of_anything(
    requests: float, static: float, fresh: float, output: float, more: float, serving: str
) -> None:
    base = {
        "traffic__requests_per_month": requests, "traffic__static_tokens": static, "traffic__input_tokens": fresh,
        "traffic__output_tokens": output, "traffic__cache_hit_rate": 0.5,
    }  # fmt: skip
    before = estimated(prompt(serving), brief(**base))["run.inference"].value
    for key in base:
        if key in ("traffic__cache_hit_rate", "traffic__static_tokens"):
            continue
        after = estimated(prompt(serving), brief(**{**base, key: base[key] * more}))["run.inference"].value
        assert after >= before * (1 - 1e-12)
    dearer = replace(SONNET, input_usd=3.0 * more, output_usd=15.0 * more)
    facts = setting({"claude-sonnet-5": dearer})
    assert estimated(prompt(serving), brief(**base), facts)["run.inference"].value >= before * (1 - 1e-12)


def test_uncertain_inputs_become_ranges_around_the_likely_value() -> None:
    unsure = brief(traffic__requests_per_month=Range(2.4e6, 3e6, 3.6e6))
    rows = estimated(prompt("uncached"), unsure, rows=20_001, seed=1)["run.inference"].rows
    assert rows[0] == pytest.approx(30_870)
    import numpy as np

    assert np.quantile(rows[1:], [0.1, 0.5, 0.9]) == pytest.approx([24_696, 30_870, 37_044], rel=0.01)
