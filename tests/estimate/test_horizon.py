"""The horizon, retraining and what an accepted answer costs, against sums done by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.brief import Brief, Retrieval
from advisor.core.facts import TokenPrice
from advisor.core.lifecycle import ends_within_horizon
from advisor.core.option import Option, Place, Serving
from advisor.core.quantity import Basis, Range
from advisor.core.setting import Setting
from advisor.estimate.cost import estimate
from advisor.estimate.sheet import what_if
from tests.options import (
    DAY,
    SONNET,
    TUNED,
    brief,
    estimated,
    prompt,
    rented,
    score,
    setting,
    still_to_pay,
)

HOSTED = Option("tune", "hosted", "gpt-4.1-mini", "azure", Serving(Place.HOSTED))


def hosted(*rows: TokenPrice) -> Setting:
    tuned = tuple(replace(row, model="ft:gpt-4.1-mini") for row in rows)
    schedules = {("azure", "ft:gpt-4.1-mini"): tuned}
    return replace(setting(tuned={"gpt-4.1-mini": tuned[0]}), schedules=schedules)


@given(st.floats(0, 0.3), st.integers(1, 24))
def test_gpus_that_answer_at_once_are_added_as_traffic_grows(growth: float, months: int) -> None:
    held = brief(
        traffic__can_wait_24h=False,
        traffic__requests_per_month=10_000_000,
        traffic__growth_per_month=growth,
        budget__horizon_months=months,
    )
    found = estimated(rented(), held)
    load = 1e7 * (300 / 12_000 + 320 / 2500) / 3600 / 730 / 0.65
    gpus = (
        sum(max(1, math.ceil(load * (1 + growth) ** (t - 1))) for t in range(1, months + 1))
        * 730
        * 1.861
    )
    others = months * (found["run.people"].value + found["run.retraining"].value)
    assert found["horizon.total"].value == pytest.approx(still_to_pay(found) + gpus + others)


def test_a_fee_that_changes_inside_the_horizon_holds_from_its_day() -> None:
    change = DAY + timedelta(days=73)  # 2.4 months
    facts = hosted(TUNED, replace(TUNED, start=change, hosting_usd_per_hour=3.4))
    found = estimated(HOSTED, brief(), facts)
    assert found[f"run.hosting_from_{change}"].value == pytest.approx(3.4 * 730)
    assert found["horizon.hosting"].value == pytest.approx(730 * (1.7 * 2.4 + 3.4 * 9.6))


def test_a_month_may_have_720_hours() -> None:
    free = hosted(replace(TUNED, hosting_usd_per_hour=None))
    assert "run.hosting_720h" not in estimated(HOSTED, brief(), free).figures
    assert estimated(HOSTED, brief(), hosted(TUNED))["run.hosting_720h"].value == pytest.approx(
        1224
    )


def test_each_adapter_has_its_own_deployment_and_job_unless_tokens_are_free() -> None:
    many = replace(brief(), task=replace(brief().task, tasks_sharing_model=4))
    dear = replace(TUNED, training_minimum_usd=100.0, storage_usd_per_month=2.0)
    found = estimated(HOSTED, many, hosted(dear))
    assert found["run.hosting"].value == pytest.approx(4 * (1.7 * 730 + 2))
    assert found["train.run_usd"].value == 400
    gpu = replace(TUNED, input_usd=0.0, output_usd=0.0)
    assert estimated(HOSTED, many, hosted(gpu))["run.hosting"].value == pytest.approx(1.7 * 730)
    assert (
        estimated(rented(), many)["run.hosting"].value
        == estimated(rented(), brief())["run.hosting"].value
    )


def test_a_model_that_ends_inside_the_horizon_forces_the_work_again() -> None:
    ends = replace(TUNED, ends=date(2027, 1, 14))
    found = estimated(HOSTED, brief(), hosted(ends))
    again = 24 * 110 + found["train.run_usd"].value  # the 600 test items are in hand
    assert found["once.move"].value == pytest.approx(again)
    plain = estimated(HOSTED, brief(), hosted(TUNED))
    assert found["horizon.total"].value == pytest.approx(plain["horizon.total"].value + again)
    assert "once.move" not in plain.figures


def test_the_work_again_is_discounted_from_the_day_the_model_ends() -> None:
    held = brief(budget__discount_rate=0.08)
    pair = [
        estimated(HOSTED, held, hosted(row))
        for row in (replace(TUNED, ends=date(2027, 1, 14)), TUNED)
    ]
    months = 55 / (730 / 24)
    more = pair[0]["once.move"].value / 1.08 ** (months / 12)
    assert pair[0]["horizon.total"].value == pytest.approx(pair[1]["horizon.total"].value + more)


def test_the_last_day_counts_as_inside() -> None:
    for days, inside in ((365, True), (366, False)):
        last = DAY + timedelta(days=days)
        facts = setting(tuned={"gpt-4.1-mini": replace(TUNED, ends=last)})
        assert (ends_within_horizon(HOSTED, brief(), facts) is not None) is inside


def test_the_end_of_the_model_behind_a_cascade_counts_too() -> None:
    cascade = replace(rented("cascade", "hybrid"), helper="claude-sonnet-5")
    ending = setting({"claude-sonnet-5": replace(SONNET, ends=date(2027, 3, 1))})
    assert estimated(cascade, brief(team__prompt_hours=10), ending)[
        "once.move"
    ].value == pytest.approx(1100)


def stale(**changes: float) -> Brief:
    worth = {
        "quality__error_cost_usd": 0.05,
        "task__knowledge_change_per_month": 0.04,
        "task__factual_share": 0.5,
    }
    return brief(**{**worth, **changes})


def test_the_optimum_interval_is_the_root_of_twice_the_cost_over_the_growth_of_loss() -> None:
    found = estimated(rented(), stale())
    once = 24 * 110 + found["train.run_usd"].value
    growth = 3e6 * 0.5 * 0.04 * 0.05
    assert found["retrain.optimum_months"].value == pytest.approx(math.sqrt(2 * once / growth))
    assert found["retrain.months"].value == 3  # the brief gives it


def left_out(held: Brief) -> Brief:
    """The same brief with the interval not given."""
    given = {k: o for k, o in held.origins.items() if k != "team.retrain_every_months"}
    return replace(held, origins=given)


@given(st.floats(0.3, 3.0))
def test_an_interval_left_out_is_the_optimum_and_none_is_cheaper(factor: float) -> None:
    best = estimated(rented(), left_out(stale()))
    months = best["retrain.months"].value
    assert months == pytest.approx(best["retrain.optimum_months"].value)
    other = estimated(rented(), stale(team__retrain_every_months=months * factor))

    def bill(found: object) -> float:
        return found["run.retraining"].value + found["run.errors"].value  # type: ignore[index]

    assert bill(other) >= bill(best) * (1 - 1e-9)


def test_without_a_price_of_errors_the_usual_interval_holds() -> None:
    found = estimated(rented(), left_out(brief()))
    assert "retrain.optimum_months" not in found.figures
    assert found["retrain.months"].value == 3
    assert (
        "retrain.optimum_months"
        not in estimated(rented("tuned-retrieval", "hybrid"), with_documents()).figures
    )


def with_documents() -> Brief:
    from advisor.core.brief import Retrieval

    return replace(stale(), retrieval=Retrieval())


def test_an_interval_is_never_longer_than_the_horizon_where_errors_may_be_free() -> None:
    held = left_out(stale(quality__error_cost_usd=Range(0.0, 1e-7, 2e-7)))  # type: ignore[arg-type]
    found = estimated(rented(), held, rows=200, seed=3)
    assert found["retrain.months"].value == 12
    assert found["retrain.optimum_months"].rows.max() <= 120


def test_an_accepted_answer_costs_the_bill_and_its_part_of_what_was_paid_once() -> None:
    found = estimated(rented(), brief(), quality=0.8)
    bill = found["run.total"].value + found["once.total"].value / 12
    assert found["run.per_accepted_usd"].value == pytest.approx(bill / (3e6 * 0.8))
    assert not estimated(rented(), brief(), quality=0.0)["run.per_accepted_usd"].is_known


def test_what_is_unknown_stays_unknown_with_the_sum_of_the_rest() -> None:
    found = estimated(prompt("uncached", model="nameless"), brief(team__prompt_hours=10))
    total = found["horizon.total"]
    assert not total.is_known
    assert total.at_least == pytest.approx(still_to_pay(found)) == 1100
    assert total.missing == ("run.inference",)
    assert not found["run.per_accepted_usd"].is_known


def test_test_items_in_hand_are_not_paid_again() -> None:
    """600 items at 1.20 USD stay in the test's price and leave the comparison; a set-up of 10 hours
    does not.
    """
    found = estimated(rented(), brief(team__evaluation_hours=10))
    assert found["once.evaluation"].value == pytest.approx(720 + 10 * 110)
    assert found["once.sunk"].value == pytest.approx(720)
    assert found["horizon.cash"].value == pytest.approx(
        found["once.total"].value - 720 + 12 * found["run.total"].value
    )


@pytest.mark.parametrize(("output", "is_sunk"), [("label", True), ("long-text", False)])
def test_long_answers_are_graded_again_for_every_option(output: str, is_sunk: bool) -> None:
    case = brief(task__output=output)
    predicted = estimated(rented(), case, basis=Basis.MODELLED)
    measured = estimated(rented(), case, basis=Basis.MEASURED)
    assert ("once.sunk" in predicted.figures) is is_sunk
    assert "once.sunk" in measured.figures


def test_an_end_is_that_of_the_model_behind_a_cascade() -> None:
    cascade = replace(rented("cascade", "hybrid"), helper="claude-sonnet-5")
    last = date(2027, 3, 1)
    ending = setting({"claude-sonnet-5": replace(SONNET, ends=last)})
    end = ends_within_horizon(cascade, brief(), ending)
    assert end is not None
    assert (end.model, end.day) == ("claude-sonnet-5", last)


def test_growing_traffic_pays_for_further_sets_an_index_and_write_offs_stay_level() -> None:
    """Months at level cost count one each; sets of GPUs as the load of month t calls for."""
    option = Option("hybrid", "tuned-retrieval", "llama-3.1-8b", "", Serving(Place.OWNED))
    held = brief(
        traffic__can_wait_24h=False,
        traffic__requests_per_month=1e7,
        traffic__growth_per_month=0.2,
        hardware__owned=True,
        hardware__purchase_usd=9000.0,
    )
    held = replace(held, retrieval=Retrieval(usd_per_month=Range.exact(45.0)))
    found = estimated(option, held)
    load = found["serve.load"].value
    sets = sum(max(1, math.ceil(load * 1.2 ** (t - 1))) for t in range(1, 13))
    assert sets > 12 * found["serve.replicas"].value
    power = 730 * 0.3 * 0.3 * sets
    lost = 9000 / held.hardware.life_months.likely
    others = 12 * (found["run.people"].value + found["run.retraining"].value)
    tokens = found["run.inference"].value
    assert tokens == 0.0
    assert found["horizon.cash"].value == pytest.approx(
        still_to_pay(found) + power + 12 * (lost + 45) + others
    )


@pytest.mark.parametrize(("waits", "grows"), [(True, True), (False, False)])
def test_gpus_that_are_paid_by_the_hour_used_grow_with_the_traffic(
    waits: bool, grows: bool
) -> None:
    held = brief(
        traffic__can_wait_24h=waits,
        traffic__growth_per_month=0.01,
        quality__error_cost_usd=0.001,
        traffic__requests_per_month=1e5,
    )
    found = estimated(rented(), held)
    growing = sum(1.01 ** (t - 1) for t in range(1, 13))
    hosting = found["run.hosting"].value * (growing if grows else 12)
    level = 12 * (found["run.people"].value + found["run.retraining"].value)
    assert found["horizon.cash"].value == pytest.approx(still_to_pay(found) + hosting + level)
    errors = 1e5 * (0.1 + found["quality.stale_share"].value) * 0.001
    assert found["run.errors"].value == pytest.approx(errors)
    assert found["horizon.errors"].value == pytest.approx(errors * growing)
    assert found["horizon.total"].value == pytest.approx(
        found["horizon.cash"].value + found["horizon.errors"].value
    )


def test_a_later_price_that_nobody_quotes_leaves_the_known_part() -> None:
    start = DAY + timedelta(days=73)
    facts = replace(
        setting(),
        schedules={
            ("anthropic", SONNET.model): (SONNET, replace(SONNET, start=start, input_usd=None))
        },
    )
    found = estimated(prompt("uncached"), brief(), facts)
    inference = found["horizon.inference"]
    assert not inference.is_known
    assert inference.at_least == pytest.approx(2.4 * found["run.inference"].value)
    assert inference.missing == (f"run.inference_from_{start}",)
    assert not found["horizon.total"].is_known


@pytest.mark.parametrize(
    ("approach", "days", "worth"), [("prompt", 73, 1.1 ** (-2.4 / 12)), ("tune", 0, 1.0)]
)
def test_work_done_again_is_worth_less_the_later_it_is(
    approach: str, days: int, worth: float
) -> None:
    last = DAY + timedelta(days=days)
    held = brief(budget__discount_rate=0.1, team__prompt_hours=10, team__evaluation_hours=5)
    if approach == "prompt":
        facts = setting({"claude-sonnet-5": replace(SONNET, ends=last)})
        found = estimated(prompt("uncached"), held, facts)
        again = 10 * 110 + 5 * 110
    else:
        facts = hosted(replace(TUNED, ends=last))
        found = estimated(HOSTED, held, facts)
        again = 24 * 110 + found["train.run_usd"].value + 5 * 110
    assert found["once.move"].value == pytest.approx(again)
    assert found["horizon.move"].value == pytest.approx(again * worth)
    assert found["time.model_ends"].value == pytest.approx(days / (730 / 24))


def test_where_no_loss_grows_in_a_case_its_optimum_is_the_longest_there_is() -> None:
    """Ten years, the longest horizon, stand for never: rows without requests, as they are, and with
    a loss so small that its root lies beyond.
    """
    case = left_out(stale())
    changes = [("traffic.requests_per_month", n) for n in (0.0, 1.0)]
    found = estimate(rented(), replace(what_if(case, changes), lean=False), setting(), score())
    usual, never, hardly = found["retrain.optimum_months"].rows
    assert usual < 120
    assert (never, hardly) == (120.0, 120.0)
    assert found["retrain.months"].rows[1:].tolist() == [12.0, 12.0]  # the horizon
