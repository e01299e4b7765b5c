"""What tuning costs, against figures worked out by hand from the formulas page."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.brief import Retrieval, Score
from advisor.core.facts import TokenPrice
from advisor.core.option import Mode, Option, Place, Serving
from advisor.core.quantity import Basis, Quantity, Range
from advisor.core.training import TrainingEstimate
from tests.options import DAY, ROBERTA, SONNET, TUNED, brief, dated, estimated, rented, setting


def test_the_parts_of_a_tuned_model_on_rented_gpus() -> None:
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


def test_online_gpus_are_paid_around_the_clock_and_multiply_with_load() -> None:
    online = brief(traffic__can_wait_24h=False)
    busy = 3e6 * (300 / 12_000 + 320 / 2500) / 3600
    assert busy / 730 / 0.65 < 1
    assert estimated(rented(), online)["run.hosting"].value == pytest.approx(730 * 1.861)
    ten = brief(traffic__can_wait_24h=False, traffic__requests_per_month=30_000_000)
    assert estimated(rented(), ten)["serve.replicas"].value == 3
    assert estimated(rented(), ten)["run.hosting"].value == pytest.approx(3 * 730 * 1.861)


def test_unknown_speeds_pay_for_every_hour() -> None:
    held = brief(
        hardware__prefill_tokens_per_second=None,
        hardware__decode_tokens_per_second=None,
        hardware__count=2,
    )
    assert estimated(rented(), held)["run.hosting"].value == pytest.approx(2 * 730 * 1.861)


def test_owned_gpus_cost_electricity_only() -> None:
    option = Option("tune", "lora", "llama-3.1-8b", "", Serving(Place.OWNED))
    found = estimated(option, brief(hardware__owned=True))
    serving = 3e6 * (300 / 12_000 + 320 / 2500) / 3600
    assert found["run.hosting"].value == pytest.approx(serving * 0.3 * 0.3)


def test_hosted_tuning_is_billed_by_token_with_a_minimum_and_by_the_idle_hour() -> None:
    facts = setting(tuned={"gpt-4.1-mini": TUNED})
    option = Option("tune", "hosted", "gpt-4.1-mini", "azure", Serving(Place.HOSTED))
    found = estimated(option, brief(), facts)
    assert found["run.inference"].value == pytest.approx(3e6 * (300 * 0.4 + 320 * 1.6) / 1e6)
    assert found["run.hosting"].value == pytest.approx(1.7 * 730)
    assert found["once.training"].value == pytest.approx(6 * 33.48 * 5)
    assert found["run.people"].value == 0
    small = setting(tuned={"gpt-4.1-mini": replace(TUNED, training_minimum_usd=400.0)})
    assert estimated(option, brief(), small)["once.training"].value == 6 * 400


def test_a_hybrid_keeps_and_is_trained_on_the_whole_prompt() -> None:
    found = estimated(rented("tuned-few-shot", "hybrid"))
    assert found["tokens.static"].value == 1650
    assert found["train.tokens"].value == 18_000 * (620 + 1650 - 120) * 3


def test_a_cascade_pays_the_prompted_model_for_what_is_passed_on() -> None:
    option = replace(rented("cascade", "hybrid"), helper="claude-sonnet-5")
    found = estimated(option)
    prefix = 1650 * (0.6 * 0.3 + 0.4 * 3.75)
    request = 0.5 * (prefix + 180 * 3 + 320 * 15) / 1e6
    assert found["run.inference"].value == pytest.approx(3e6 * 0.2 * request)


def test_a_cascade_pays_for_the_share_that_it_was_measured_to_pass_on() -> None:
    option = replace(rented("cascade", "hybrid"), helper="claude-sonnet-5")
    score = Score("hybrid", "cascade", option.model, 0.9, items=200, passed_on=0.05)
    assumed = estimated(option)
    found = estimated(option, brief(quality__measured=(score,)))
    share = found["cascade.passed_on"]
    assert (share.value, share.basis) == (0.05, Basis.MEASURED)
    assert share.source == "quality.measured"
    cited = estimated(option, brief(quality__measured=(replace(score, source="a log"),)))
    assert cited["cascade.passed_on"].source == "a log"
    assert found["run.inference"].value == pytest.approx(
        assumed["run.inference"].value * 0.05 / 0.2
    )
    elsewhere = replace(score, model="another")
    part = replace(score, segment="returns")
    for other in (elsewhere, part, replace(score, passed_on=None)):
        unchanged = estimated(option, brief(quality__measured=(other,)))
        assert unchanged["cascade.passed_on"].value == 0.2


def test_nothing_is_known_of_a_model_without_speed() -> None:
    found = estimated(rented(), brief(hardware__train_tokens_per_second=None))
    assert not found["once.total"].is_known
    assert found["once.total"].at_least == pytest.approx(17_600 + 720)
    assert found["once.total"].missing == ("once.training",)


@given(
    st.floats(1.0, 4.0),
    st.sampled_from(
        [
            "traffic__requests_per_month",
            "traffic__output_tokens",
            "data__examples",
            "data__tokens_per_example",
            "tuning__epochs",
            "team__hourly_usd",
            "team__tuning_hours",
            "team__retrain_hours",
            "team__ops_hours_per_month",
            "team__training_runs",
            "data__eval_label_usd",
            "data__eval_examples",
            "hardware__usd_per_hour",
        ]
    ),
)
def test_the_total_never_falls_with_volume_price_hours_or_labels(more: float, key: str) -> None:
    section, _, name = key.partition("__")
    now = getattr(getattr(brief(), section), name).likely
    before = estimated(rented(), brief())["horizon.total"].value
    assert estimated(rented(), brief(**{key: now * more}))["horizon.total"].value >= before * (
        1 - 1e-12
    )


def test_training_hours_have_a_price_where_the_provider_bills_by_the_hour() -> None:
    hourly = TokenPrice(
        "openai", "ft:o4-mini", 4.0, 16.0, training_usd_per_hour=100.0, cited=TUNED.cited
    )
    option = Option("tune", "hosted", "o4-mini", "openai", Serving(Place.HOSTED))
    found = estimated(
        option, brief(team__training_runs=Range.exact(2.0)), setting(tuned={"o4-mini": hourly})
    )
    assert found["once.training"].value == pytest.approx(2 * 1.0 * 100)
    drawn = estimated(option, brief(), setting(tuned={"o4-mini": hourly}), rows=50, seed=1)
    assert np.std(drawn["train.hours"].rows) > 0
    assert drawn["train.run_usd"].rows == pytest.approx(100 * drawn["train.hours"].rows)


def test_the_full_cost_of_an_owned_gpu_is_unknown_unless_its_owner_states_a_rate() -> None:
    option = Option("tune", "lora", "llama-3.1-8b", "", Serving(Place.OWNED))
    unknown = estimated(option, brief(hardware__owned=True, hardware__usd_per_hour=0.0))
    assert not unknown["run.hosting_full"].is_known
    assert unknown["run.hosting_full"].at_least == unknown["run.hosting"].value
    assert unknown["run.total"].is_known
    stated = estimated(
        option, brief(hardware__owned=True, hardware__usd_per_hour=0.5, hardware__count=2)
    )
    hours = stated["serve.hours"].value
    assert stated["run.hosting_full"].value == pytest.approx(hours * 2 * (0.3 * 0.3 + 0.5))


def test_the_purchase_of_own_gpus_is_written_off_in_equal_parts() -> None:
    option = Option("tune", "lora", "llama-3.1-8b", "", Serving(Place.OWNED))
    own = {"hardware__owned": True, "hardware__count": 2}
    plain = estimated(option, brief(**own))
    bought = estimated(
        option,
        brief(
            hardware__purchase_usd=Range.exact(9_000.0),
            hardware__life_months=Range.exact(48.0),
            **own,
        ),
    )
    assert bought["run.depreciation"].value == pytest.approx(2 * 9_000 / 48)
    assert bought["run.total"].value == pytest.approx(plain["run.total"].value + 2 * 9_000 / 48)
    assert bought["run.hosting_full"].value == bought["run.hosting"].value


def test_an_encoder_serves_from_a_small_server_until_the_load_needs_more() -> None:
    known = replace(setting(), models={"roberta-base": ROBERTA})
    option = Option("tune", "encoder", "roberta-base", "", Serving(Place.CPU))
    busy = 3e6 * 180 * 2 * 125e6 / 150e9 / 3600
    assert estimated(option, brief(), known)["run.hosting"].value == pytest.approx(busy * 0.1)
    online = estimated(option, brief(traffic__can_wait_24h=False), known)
    assert online["serve.replicas"].value == 1
    ten = estimated(
        option, brief(traffic__can_wait_24h=False, traffic__requests_per_month=30e6), known
    )
    assert ten["serve.replicas"].value == -(-busy * 10 / 730 / 0.65 // 1)
    assert ten["run.hosting"].value == pytest.approx(ten["serve.replicas"].value * 73)


def test_a_tuned_model_is_served_with_the_prompt_it_was_measured_with() -> None:
    score = Score("tune", "lora", "Llama-3.1-8B", 0.9, 100, static_tokens=Range.exact(55.0))
    held = replace(brief(), quality=replace(brief().quality, measured=(score,)))
    assert estimated(rented(), held)["tokens.static"].value == 55
    assert estimated(rented("tuned-few-shot", "hybrid"), held)["tokens.static"].value == 1650


def test_a_cascade_asks_its_second_model_the_cheapest_way() -> None:
    online = brief(traffic__can_wait_24h=False, traffic__cache_hit_rate=0.98)
    option = replace(rented("cascade", "hybrid"), helper="claude-sonnet-5")
    request = (1650 * (0.98 * 0.3 + 0.02 * 3.75) + 180 * 3 + 320 * 15) / 1e6
    assert estimated(option, online)["helper.request"].value == pytest.approx(request)
    cold = estimated(option, brief(traffic__can_wait_24h=False, traffic__cache_hit_rate=0.1))
    assert cold["helper.request"].value == pytest.approx((1830 * 3 + 320 * 15) / 1e6)


def test_a_cascade_pays_later_prices_for_what_is_passed_on() -> None:
    day = DAY + timedelta(days=73)
    known = dated(
        SONNET, replace(SONNET, start=day, output_usd=30.0, input_usd=6.0, cached_input_usd=0.6)
    )
    option = replace(rented("cascade", "hybrid"), helper="claude-sonnet-5")
    found = estimated(option, brief(), known)
    request = 0.5 * (1650 * (0.6 * 0.6 + 0.4 * 3.75) + 180 * 6 + 320 * 30) / 1e6
    assert found[f"run.inference_from_{day}"].value == pytest.approx(3e6 * 0.2 * request)
    now = found["run.inference"].value
    assert found["horizon.inference"].value == pytest.approx(2.4 * now + 9.6 * 3e6 * 0.2 * request)


@given(
    st.floats(1.0, 4.0),
    st.sampled_from(["input_usd", "output_usd", "training_usd", "hosting_usd_per_hour"]),
)
def test_a_dearer_provider_never_makes_a_cheaper_bill(more: float, price: str) -> None:
    option = Option("tune", "hosted", "gpt-4.1-mini", "azure", Serving(Place.HOSTED))
    dearer = replace(TUNED, **{price: getattr(TUNED, price) * more})
    before, after = (
        estimated(option, brief(), setting(tuned={"gpt-4.1-mini": row}))["horizon.total"].value
        for row in (TUNED, dearer)
    )
    assert after >= before * (1 - 1e-12)


@given(
    st.floats(1.0, 4.0),
    st.sampled_from(["data__label_usd", "data__label_setup_usd", "team__prompt_hours"]),
)
def test_dearer_labels_and_more_hours_never_make_a_cheaper_bill(more: float, key: str) -> None:
    option = Option(
        "prompt",
        "many-shot-20000",
        "claude-sonnet-5",
        "anthropic",
        Serving(mode=Mode.UNCACHED),
        shown_examples=20_000,
    )
    base = {"data__label_usd": 1.2, "data__label_setup_usd": 100.0, "team__prompt_hours": 40.0}
    before = estimated(option, brief(**base))["horizon.total"].value
    assert estimated(option, brief(**{**base, key: base[key] * more}))[
        "horizon.total"
    ].value >= before * (1 - 1e-12)


def test_a_provider_that_states_no_price_of_storage_charges_none() -> None:
    hosted = Option("tune", "hosted", "gpt-4.1-mini", "azure", Serving(Place.HOSTED))
    free, stored = (
        estimated(hosted, brief(), setting(tuned={"gpt-4.1-mini": price}))["run.hosting"].value
        for price in (TUNED, replace(TUNED, storage_usd_per_month=7.0))
    )
    assert free == pytest.approx(1.7 * 730)
    assert stored - free == pytest.approx(7.0)


def planned(tokens_per_second: float, fits: str = "fits") -> TrainingEstimate:
    """A run of which only its speed and whether it fits are known."""
    found = TrainingEstimate.__new__(TrainingEstimate)
    speed = Quantity(Range.exact(tokens_per_second), "tokens/s", Basis.MODELLED, "a model", "")
    object.__setattr__(found, "tokens_per_second", speed)
    object.__setattr__(found, "fits", fits)
    return found


UNSTATED = {"hardware__train_tokens_per_second": None}


@pytest.mark.parametrize(
    ("option", "runs", "answers", "speed"),
    [
        (rented(), {"lora": planned(999.0)}, {}, 2400.0),
        (rented(), {"lora": planned(999.0)}, {"hardware__count": 3}, 7200.0),
        (rented(), {"lora": planned(999.0)}, UNSTATED, 999.0),
        (rented("full"), {"lora": planned(999.0), "full": planned(500.0)}, UNSTATED, 500.0),
        (rented("tuned-few-shot", "hybrid"), {"lora": planned(999.0)}, UNSTATED, 999.0),
        (
            rented("tuned-few-shot", "hybrid"),
            {"lora": planned(999.0, "no"), "qlora": planned(700.0)},
            UNSTATED,
            700.0,
        ),
        (
            rented("tuned-few-shot", "hybrid"),
            {"lora": planned(999.0, "tight"), "qlora": planned(700.0)},
            UNSTATED,
            999.0,
        ),
    ],
)
def test_a_run_is_as_fast_as_stated_else_as_its_technique_is_estimated(
    option: Option,
    runs: dict[str, TrainingEstimate],
    answers: dict[str, object],
    speed: float,
) -> None:
    training = {("llama-3.1-8b", technique): run for technique, run in runs.items()}
    found = estimated(option, brief(**answers), replace(setting(), training=training))
    hours = 0.05 + found["train.tokens"].value / speed / 3600
    assert found["train.hours"].value == pytest.approx(hours)


@pytest.mark.parametrize(
    ("option", "facts", "tokens"),
    [
        (rented(), {}, 620),
        (rented("dpo"), {}, 2 * 620),
        (rented("tuned-few-shot", "hybrid"), {}, 620 + 1650 - 120),
        (rented(), UNSTATED | {"data__tokens_per_example": None}, 120 + 180 + 320),
    ],
)
def test_tokens_of_a_run_are_examples_by_their_length(
    option: Option, facts: dict[str, object], tokens: float
) -> None:
    found = estimated(option, brief(**facts))
    assert found["train.tokens"].value == pytest.approx(18_000 * tokens * 3)


def test_a_prompt_that_is_kept_never_shortens_an_example() -> None:
    short = brief(traffic__static_tokens=50)
    found = estimated(rented("tuned-few-shot", "hybrid"), short)
    assert found["train.tokens"].value == 18_000 * 620 * 3


def test_what_is_retrieved_is_trained_on() -> None:
    case = replace(brief(), retrieval=Retrieval(tokens=Range.exact(900.0)))
    found = estimated(rented("tuned-retrieval", "hybrid"), case)
    assert found["train.tokens"].value == 18_000 * (620 + 900) * 3


def test_an_encoder_is_trained_on_gpus_where_its_run_is_known_there_else_on_its_server() -> None:
    """Six operations per parameter and token at 150 GFLOP/s; the stated speed is that of
    decoders.
    """
    option = Option("tune", "encoder", "roberta-base", "", Serving(Place.CPU))
    known = replace(setting(), models={"roberta-base": ROBERTA})
    on_cpu = estimated(option, brief(), known)
    tokens = on_cpu["train.tokens"].value
    hours = 0.05 + tokens * 6 * 125e6 / 150e9 / 3600
    assert on_cpu["train.hours"].value == pytest.approx(hours)
    assert on_cpu["train.run_usd"].value == pytest.approx(hours * 0.1)
    on_gpu = estimated(
        option, brief(), replace(known, training={("roberta-base", "encoder"): planned(5e5)})
    )
    hours = 0.05 + tokens / 5e5 / 3600
    assert on_gpu["train.hours"].value == pytest.approx(hours)
    assert on_gpu["train.run_usd"].value == pytest.approx(hours * 1.861)


@pytest.mark.parametrize(
    ("adapters", "terms", "usd"),
    [
        (1, {}, 33.48 * 5),
        (1, {"training_minimum_usd": 500.0}, 500),
        (3, {"training_minimum_usd": 500.0}, 1500),
        (3, {"training_minimum_usd": 1.0}, 33.48 * 5),
        (1, {"training_usd_per_hour": 100.0}, 33.48 * 5),
        (1, {"training_usd": None, "training_usd_per_hour": 100.0}, 100),
        (1, {"training_usd": 0.0}, 0),
    ],
)
def test_a_job_is_billed_by_token_or_by_the_hour_and_never_below_its_minimum(
    adapters: int, terms: dict[str, object], usd: float
) -> None:
    option = Option("tune", "hosted", "gpt-4.1-mini", "azure", Serving(Place.HOSTED))
    case = brief(task__tasks_sharing_model=adapters)
    facts = setting(tuned={"gpt-4.1-mini": replace(TUNED, **terms)})  # type: ignore[arg-type]
    found = estimated(option, case, facts)
    assert found["train.run_usd"].value == pytest.approx(usd)
    assert found["once.training"].value == pytest.approx(6 * usd)
