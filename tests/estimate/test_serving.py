"""What a hosted or self-hosted model costs by the month, by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from advisor.core.brief import Segment
from advisor.core.facts import TokenPrice
from advisor.core.option import Estimate, Option, Place, Serving
from tests.estimate.test_limits import L40S
from tests.options import DAY, LLAMA, TUNED, brief, estimated, rented, setting

HOSTED = Option("tune", "hosted", "gpt-4.1-mini", "azure", Serving(Place.HOSTED))
OWNED = Option("tune", "lora", "llama-3.1-8b", "", Serving(Place.OWNED))
FREE = {"input_usd": 0.0, "output_usd": 0.0}


def hosted(adapters: int = 1, *later: TokenPrice, **terms: Any) -> Estimate:
    now = replace(TUNED, **terms)
    facts = replace(
        setting(tuned={"gpt-4.1-mini": now}), schedules={("azure", TUNED.model): (now, *later)}
    )
    case = replace(brief(), segments=(Segment("all", adapters),))
    return estimated(HOSTED, case, facts)


@pytest.mark.parametrize(
    ("adapters", "terms", "expected"),
    [
        (1, {}, 1.7 * 730),
        (3, {}, 3 * 1.7 * 730),
        (3, FREE, 1.7 * 730),
        (3, {"input_usd": 0.0}, 3 * 1.7 * 730),
        (1, {"storage_usd_per_month": 7.0}, 1.7 * 730 + 7),
        (3, {"storage_usd_per_month": 7.0}, 3 * 1.7 * 730 + 3 * 7),
        (3, {"storage_usd_per_month": 7.0, **FREE}, 1.7 * 730 + 3 * 7),
    ],
)
def test_adapters_share_a_deployment_whose_tokens_are_free_and_never_their_storage(
    adapters: int, terms: dict[str, Any], expected: float
) -> None:
    found = hosted(adapters, **terms)
    assert found["run.hosting"].value == pytest.approx(expected)
    assert found["run.hosting_720h"].value == pytest.approx(expected * 720 / 730)


def test_a_later_fee_is_paid_for_as_many_adapters() -> None:
    start = DAY + timedelta(days=73)
    later = replace(TUNED, start=start, hosting_usd_per_hour=3.4, storage_usd_per_month=5.0)
    found = hosted(2, later)
    assert found["run.hosting"].value == pytest.approx(2 * 1.7 * 730)
    assert found[f"run.hosting_from_{start}"].value == pytest.approx(2 * (3.4 * 730 + 5))


def test_a_later_fee_is_paid_for_as_many_deployments() -> None:
    start = DAY + timedelta(days=73)
    now = replace(TUNED, model="ft:llama-3.1-8b", provider="together", gpu="L40S", **FREE)
    later = replace(now, start=start, hosting_usd_per_hour=3.4)
    facts = replace(
        setting(tuned={"llama-3.1-8b": now}),
        models={"llama-3.1-8b": LLAMA},
        hosted_gpus={"L40S": L40S},
        schedules={("together", now.model): (now, later)},
    )
    option = Option("tune", "hosted", "llama-3.1-8b", "together", Serving(Place.HOSTED))
    case = brief(traffic__can_wait_24h=False, traffic__requests_per_month=3e7)
    found = estimated(option, case, facts)
    sets = found["serve.deployments"].value
    assert sets > 1
    assert found["run.hosting"].value == pytest.approx(sets * 1.7 * 730)
    assert found[f"run.hosting_from_{start}"].value == pytest.approx(sets * 3.4 * 730)


@pytest.mark.parametrize("count", [1, 4])
def test_busy_hours_are_those_of_all_tokens_at_the_stated_speeds(count: int) -> None:
    found = estimated(rented(), brief(hardware__count=count))
    busy = 3e6 * (300 / 12_000 + 320 / 2500) / 3600 / count
    assert found["serve.busy_hours"].value == pytest.approx(busy)
    assert found["serve.hours"].value == pytest.approx(busy)
    assert found["run.gpus"].value == pytest.approx(busy * count * 1.861)
    assert "serve.load" not in found.figures


@pytest.mark.parametrize(
    ("requests", "active", "sets"), [(3e6, 730, 1), (3e7, 730, 3), (3e7, 365, 6), (1.0, 730, 1)]
)
def test_answers_at_once_are_paid_around_the_clock(
    requests: float, active: float, sets: int
) -> None:
    case = brief(
        traffic__can_wait_24h=False,
        traffic__requests_per_month=requests,
        traffic__active_hours_per_month=active,
    )
    found = estimated(rented(), case)
    busy = requests * (300 / 12_000 + 320 / 2500) / 3600
    assert found["serve.load"].value == pytest.approx(busy / active / 0.65)
    assert found["serve.replicas"].value == sets
    assert found["serve.hours"].value == sets * 730


@pytest.mark.parametrize("missing", ["prefill", "decode"])
def test_one_unknown_speed_leaves_the_busy_hours_unknown(missing: str) -> None:
    case = brief(**{f"hardware__{missing}_tokens_per_second": None})
    found = estimated(rented(), case)
    assert "serve.busy_hours" not in found.figures
    assert found["serve.hours"].value == 730


def test_who_serves_a_model_himself_has_the_hours_of_it() -> None:
    assert hosted()["run.people"].value == 0.0
    assert estimated(rented())["run.people"].value == 20 * 110
    assert estimated(rented())["run.inference"].value == 0.0


@pytest.mark.parametrize("purchase", [None, 9000.0])
def test_own_gpus_are_written_off_where_their_purchase_is_stated(purchase: float | None) -> None:
    case = brief(hardware__owned=True, hardware__count=2, hardware__purchase_usd=purchase)
    found = estimated(OWNED, case)
    power = found["serve.hours"].value * 2 * 0.3 * 0.3
    life = case.hardware.life_months.likely
    lost = 0.0 if purchase is None else 2 * purchase / life
    assert found["run.hosting"].value == pytest.approx(power + lost)
    if purchase is not None:
        assert found["run.hosting_full"].value == pytest.approx(power + lost)
    rent = estimated(rented(), brief(hardware__purchase_usd=purchase))
    assert "run.depreciation" not in rent.figures
    assert "run.hosting_full" not in rent.figures


def test_an_owned_gpu_without_a_purchase_costs_in_full_what_its_owner_charges() -> None:
    case = brief(hardware__owned=True, hardware__count=2)
    found = estimated(OWNED, case)
    power = found["run.hosting"].value
    hours = found["serve.hours"].value
    assert found["run.hosting_full"].value == pytest.approx(power + hours * 1.861 * 2)
    unstated = estimated(OWNED, brief(hardware__owned=True, hardware__usd_per_hour=None))
    full = unstated["run.hosting_full"]
    assert not full.is_known
    assert full.at_least == pytest.approx(unstated["run.hosting"].value)
    assert full.missing == ("hardware.usd_per_hour",)


@pytest.mark.parametrize(
    ("option", "limit", "is_judged"),
    [(rented(), 15.0, True), (rented(), 0.0, False), (HOSTED, 15.0, False)],
)
def test_sets_in_time_are_counted_for_a_limit_on_ones_own_gpus(
    option: Option, limit: float, is_judged: bool
) -> None:
    facts = replace(
        setting(tuned={"gpt-4.1-mini": TUNED}), models={"llama-3.1-8b": LLAMA}, gpu=L40S
    )
    found = estimated(option, brief(traffic__max_latency_seconds=limit), facts)
    assert ("serve.at_once" in found.figures) is is_judged
