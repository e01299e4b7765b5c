"""What tuning costs, against figures worked out by hand from the formulas page."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.arm import Arm
from advisor.core.facts import TokenPrice
from advisor.core.quantity import Range
from tests.arms import TUNED, brief, estimated, rented, setting


def test_the_parts_of_a_tuned_model_on_rented_cards() -> None:
    found = estimated(rented())
    hours = 0.05 + 18_000 * 620 * 3 / 2400 / 3600
    assert found["train.tokens"].value == 33_480_000
    assert found["train.hours"].value == pytest.approx(hours)
    assert found["once.training"].value == pytest.approx(6 * hours * 1.861)
    assert found["once.people"].value == 160 * 110
    assert found["once.evaluation"].value == 600 * 1.2
    assert found["once.total"].value == pytest.approx(17_600 + 720 + 6 * hours * 1.861)
    serving = 3e6 * (300 / 12_000 + 320 / 2500) / 3600
    assert found["run.hosting"].value == pytest.approx(serving * 1.861)
    assert found["run.people"].value == 2200
    assert found["run.retraining"].value == pytest.approx((24 * 110 + hours * 1.861) / 3)


def test_online_cards_are_paid_around_the_clock_and_multiply_with_load() -> None:
    online = brief(traffic__can_wait_24h=False)
    busy = 3e6 * (300 / 12_000 + 320 / 2500) / 3600
    assert busy / 730 / 0.65 < 1
    assert estimated(rented(), online)["run.hosting"].value == pytest.approx(730 * 1.861)
    ten = brief(traffic__can_wait_24h=False, traffic__requests_per_month=30_000_000)
    assert estimated(rented(), ten)["serve.replicas"].value == 3
    assert estimated(rented(), ten)["run.hosting"].value == pytest.approx(3 * 730 * 1.861)


def test_unknown_speeds_pay_for_every_hour() -> None:
    held = brief(hardware__prefill_tokens_per_second=None, hardware__decode_tokens_per_second=None, hardware__count=2)
    assert estimated(rented(), held)["run.hosting"].value == pytest.approx(2 * 730 * 1.861)


def test_owned_cards_cost_electricity_only() -> None:
    arm = Arm("tune", "lora", "llama-3.1-8b", "", ("owned",))
    found = estimated(arm, brief(hardware__owned=True))
    serving = 3e6 * (300 / 12_000 + 320 / 2500) / 3600
    assert found["run.hosting"].value == pytest.approx(serving * 0.3 * 0.3)


def test_hosted_tuning_is_billed_by_token_with_a_minimum_and_by_the_idle_hour() -> None:
    facts = setting(tuned={"gpt-4.1-mini": TUNED})
    arm = Arm("tune", "hosted", "gpt-4.1-mini", "azure", ("hosted",))
    found = estimated(arm, brief(), facts)
    assert found["run.inference"].value == pytest.approx(3e6 * (300 * 0.4 + 320 * 1.6) / 1e6)
    assert found["run.hosting"].value == pytest.approx(1.7 * 730)
    assert found["once.training"].value == pytest.approx(6 * 33.48 * 5)
    assert found["run.people"].value == 0
    small = setting(tuned={"gpt-4.1-mini": replace(TUNED, training_minimum_usd=400.0)})
    assert estimated(arm, brief(), small)["once.training"].value == 6 * 400


def test_a_hybrid_keeps_and_is_trained_on_the_whole_prompt() -> None:
    found = estimated(rented("tuned-few-shot", "hybrid"))
    assert found["tokens.static"].value == 1650
    assert found["train.tokens"].value == 18_000 * (620 + 1650 - 120) * 3


def test_a_cascade_pays_the_prompted_model_for_what_is_passed_on() -> None:
    arm = replace(rented("cascade", "hybrid"), helper="claude-sonnet-5")
    found = estimated(arm)
    prefix = 1650 * (0.6 * 0.3 + 0.4 * 3.75)
    request = 0.5 * (prefix + 180 * 3 + 320 * 15) / 1e6
    assert found["run.inference"].value == pytest.approx(3e6 * 0.2 * request)


def test_nothing_is_known_of_a_model_without_speed() -> None:
    found = estimated(rented(), brief(hardware__train_tokens_per_second=None))
    assert not found["once.total"].is_known
    assert found["once.total"].at_least == pytest.approx(17_600 + 720)
    assert found["once.total"].missing == ("once.training",)


@given(st.floats(1.0, 4.0), st.sampled_from([
    "traffic__requests_per_month", "traffic__output_tokens", "data__examples", "data__tokens_per_example",
    "tuning__epochs",
    "team__hourly_usd", "team__tuning_hours", "team__retrain_hours", "team__ops_hours_per_month", "team__training_runs",
    "data__eval_label_usd", "data__eval_examples", "hardware__usd_per_hour",
]))  # fmt: skip
def test_the_total_never_falls_with_volume_price_hours_or_labels(more: float, key: str) -> None:
    section, _, name = key.partition("__")
    now = getattr(getattr(brief(), section), name).likely
    before = estimated(rented(), brief())["horizon.total"].value
    assert estimated(rented(), brief(**{key: now * more}))["horizon.total"].value >= before * (1 - 1e-12)


def test_training_hours_have_a_price_where_the_provider_bills_by_the_hour() -> None:
    hourly = TokenPrice("openai", "ft:o4-mini", 4.0, 16.0, training_usd_per_hour=100.0, cited=TUNED.cited)
    arm = Arm("tune", "hosted", "o4-mini", "openai", ("hosted",))
    found = estimated(arm, brief(team__training_runs=Range.exact(2.0)), setting(tuned={"o4-mini": hourly}))
    assert found["once.training"].value == pytest.approx(2 * 1.0 * 100)
