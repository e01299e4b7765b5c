"""Errors, calendar time and the horizon, against sums done month by month."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.brief import Current, Score
from advisor.core.option import Mode, Option, Serving
from advisor.core.quantity import Range
from advisor.estimate.options import options
from advisor.estimate.sheet import Sheet
from tests.options import SONNET, brief, estimated, prompt, rented, setting, still_to_pay


def test_errors_cost_requests_times_wrong_answers() -> None:
    held = brief(quality__error_cost_usd=0.05)
    assert estimated(prompt("batch"), held, quality=0.905)["run.errors"].value == pytest.approx(
        3e6 * 0.095 * 0.05
    )


def test_a_tuned_model_answers_from_stale_facts_half_of_what_changed() -> None:
    held = brief(
        quality__error_cost_usd=0.05, task__knowledge_change_per_month=0.04, task__factual_share=0.5
    )
    stale = 0.5 * 0.04 * 3 / 2
    assert estimated(rented(), held, quality=0.9)["run.errors"].value == pytest.approx(
        3e6 * (0.1 + stale) * 0.05
    )
    assert estimated(prompt("batch"), held, quality=0.9)["run.errors"].value == pytest.approx(
        3e6 * 0.1 * 0.05
    )


@given(st.floats(-0.1, 0.2), st.floats(0, 0.3), st.integers(1, 36))
def test_the_horizon_is_the_sum_of_its_months(growth: float, rate: float, months: int) -> None:
    held = brief(
        traffic__growth_per_month=growth, budget__discount_rate=rate, budget__horizon_months=months
    )
    found = estimated(rented(), held)
    follows = found["run.hosting"].value
    level = found["run.people"].value + found["run.retraining"].value
    total = still_to_pay(found) + sum(
        (follows * (1 + growth) ** (t - 1) + level) / (1 + rate) ** (t / 12)
        for t in range(1, months + 1)
    )
    assert found["horizon.total"].value == pytest.approx(total)


def test_weeks_add_people_labels_and_runs() -> None:
    found = estimated(rented())
    hours = found["train.hours"].value
    assert found["time.weeks"].value == pytest.approx(160 / 40 + 6 * hours / 168)


def test_labels_in_hand_are_free_and_those_a_prompt_still_needs_are_not() -> None:
    many = Option(
        "prompt",
        "many-shot-20000",
        "claude-sonnet-5",
        "anthropic",
        Serving(mode=Mode.UNCACHED),
        shown_examples=20_000,
    )
    found = estimated(many)
    assert found["once.labels"].value == pytest.approx(2000 * 1.2)
    assert found["time.weeks"].value == pytest.approx(2000 / 500)
    assert estimated(rented())["once.labels"].value == 0


def test_the_arm_in_place_costs_its_bill_and_nothing_once() -> None:
    current = Current("prompt", "zero-shot", "claude-sonnet-5", Range.exact(885.0))
    from dataclasses import replace

    held = replace(brief(), current=current)
    first = options(held, setting())[0]
    assert first.id == "as-is/zero-shot@claude-sonnet-5+uncached"
    found = estimated(first, held)
    assert (found["run.total"].value, found["once.total"].value, found["time.weeks"].value) == (
        885.0,
        0.0,
        0.0,
    )


@given(st.floats(0.01, 1e3), st.floats(1.0, 10.0), st.floats(1.0, 10.0))
def test_draws_keep_to_the_three_quantiles(likely: float, down: float, up: float) -> None:
    import numpy as np

    spread = Range(likely / down, likely, likely * up)
    held = brief(team__hourly_usd=spread)
    rows = Sheet(held, 40_001, 7)["team.hourly_usd"].rows
    got = np.quantile(np.broadcast_to(rows, 40_001)[1:], [0.1, 0.5, 0.9])
    assert got == pytest.approx([spread.p10, spread.p50, spread.p90], rel=0.08)


def test_an_input_is_drawn_the_same_whatever_else_is_on_the_sheet() -> None:
    unsure = brief(team__hourly_usd=Range(50, 100, 200), team__tuning_hours=Range(80, 160, 320))
    alone, both = Sheet(unsure, 100, 3), Sheet(unsure, 100, 3)
    both["team.tuning_hours"]
    assert (alone["team.hourly_usd"].rows == both["team.hourly_usd"].rows).all()


def test_the_prompt_in_place_takes_no_hours_however_it_is_served() -> None:
    held = brief(team__prompt_hours=40)
    current = Current("prompt", "few-shot", "claude-sonnet-5")
    for way in ("batch", "cached-5m"):
        found = estimated(prompt(way), replace(held, current=current))
        assert found["once.people"].value == 0
        assert found["time.weeks"].value == 0
    other = Current("prompt", "zero-shot", "claude-sonnet-5")
    assert estimated(prompt("batch"), replace(held, current=other))["once.people"].value == 40 * 110


def test_an_option_is_billed_for_what_it_was_measured_to_write() -> None:
    """A reasoning model writes 3,200 tokens, the model distilled from it 150; another writes what
    the traffic says.
    """
    measured = (
        Score("prompt", "few-shot", "claude-sonnet-5", 0.9, 500, output_tokens=Range.exact(3200)),
        Score("tune", "lora", "llama-3.1-8b", 0.88, 500, output_tokens=Range(100, 150, 300)),
    )
    held = brief(quality__measured=measured)
    plain = estimated(prompt("uncached"), brief())["run.inference"].value
    found = estimated(prompt("uncached"), held)
    assert found["tokens.output"].value == 3200
    more = 3e6 * (3200 - 320) * SONNET.output_usd / 1e6
    assert found["run.inference"].value == pytest.approx(plain + more)
    assert estimated(rented(), held)["tokens.output"].value == 150
    other = prompt("uncached", technique="zero-shot")
    assert estimated(other, held)["tokens.output"].value == 320
