"""The GPU to rent for a run, and what the run costs there: ranges by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from advisor.core.errors import Infeasible
from advisor.core.quantity import Basis, Quantity, Range
from advisor.estimate.training import estimate
from advisor.estimate.training.choice import cheapest_rented, hour_price, on_cheapest_gpu, run_cost
from advisor.estimate.training.request import RunRequest
from tests.estimate.training.catalogue import a_run, book

RUN = a_run("Llama-3.1-8B", method="lora", micro_batch=2, examples=20_000.0, epochs=1.0)
SMALL, MIDDLE, LARGE = (book().gpu(name) for name in ("T4", "L40S", "H100-SXM"))
REQUEST = RunRequest("llama-3.1-8b")
LISTED = Quantity(Range(1.0, 2.0, 4.0), "USD/h", Basis.QUOTED, "a list", "2026-01")


def priced(hours: Range, hour: Range, gpus: int = 1) -> Quantity:
    estimated = estimate(replace(RUN, gpus=gpus, sharding="ddp" if gpus > 1 else "none"))
    time = replace(estimated.train_hours, range=hours)
    return run_cost(replace(estimated, train_hours=time), replace(LISTED, range=hour))


def test_the_relative_ranges_of_hours_and_price_add_as_variances() -> None:
    """Hours 10 from half to 3 times, price 2 from 1 to 4, three GPUs."""
    cost = priced(Range(5.0, 10.0, 30.0), Range(1.0, 2.0, 4.0), 3).range
    assert cost.p50 == pytest.approx(60.0)
    assert cost.p10 == pytest.approx(60 * math.exp(-math.hypot(math.log(2), math.log(2))))
    assert cost.p90 == pytest.approx(60 * math.exp(math.hypot(math.log(3), math.log(2))))
    exact = priced(Range(5.0, 10.0, 30.0), Range.exact(2.0)).range
    assert (exact.p10, exact.p90) == (pytest.approx(10.0), pytest.approx(60.0))


def test_what_is_unknown_or_free_costs_so() -> None:
    unknown = Range(None, None, None)
    assert not priced(unknown, Range.exact(2.0)).range.is_known
    assert not priced(Range.exact(5.0), unknown).range.is_known
    assert priced(Range.exact(5.0), Range.exact(0.0)).range == Range.exact(0.0)


@pytest.mark.parametrize(
    ("changes", "usd"),
    [
        ({"usd_per_hour": 1.5}, Range.exact(1.5)),
        ({"usd_per_hour": 1.5, "electricity_usd_per_kwh": 0.3}, Range.exact(1.5)),
        ({"electricity_usd_per_kwh": 0.3}, Range.exact(0.3 * 350 / 1000)),  # L40S: 350 W
        ({}, LISTED.range),
    ],
)
def test_an_hour_costs_what_is_stated_or_drawn_or_listed(
    changes: dict[str, float], usd: Range
) -> None:
    request = replace(REQUEST, **changes)
    price = hour_price(request, MIDDLE, lambda name, provider: LISTED).range
    assert (price.p10, price.p50, price.p90) == pytest.approx((usd.p10, usd.p50, usd.p90))


def test_an_hour_without_power_or_price_is_unknown() -> None:
    dark = replace(MIDDLE, power_watts=None)
    by_power = replace(REQUEST, electricity_usd_per_kwh=0.3)
    assert not hour_price(by_power, dark, lambda name, provider: LISTED).range.is_known
    silent = hour_price(REQUEST, MIDDLE, lambda name, provider: Quantity.unknown("USD/h", ""))
    assert "give --usd-per-hour" in silent.reason


def test_the_cheapest_gpu_that_fits_is_named_or_why_there_is_none() -> None:
    prices = [(SMALL, 0.1), (MIDDLE, 1.0), (LARGE, 1.1)]
    rented = cheapest_rented(RUN, prices)
    assert rented is not None
    assert rented.run.gpu_name == LARGE.name  # little dearer, and far faster
    assert on_cheapest_gpu(RUN, [(MIDDLE, 1.0), (LARGE, 90.0)], None).gpu_name == MIDDLE.name
    assert cheapest_rented(RUN, [(SMALL, 0.1)]) is None
    with pytest.raises(Infeasible, match="fits no GPU"):
        on_cheapest_gpu(RUN, [(SMALL, 0.1)], None)
    late = estimate(replace(RUN, gpu=LARGE, gpu_name=LARGE.name)).train_hours.range.p90
    assert late is not None
    with pytest.raises(Infeasible, match=f"{LARGE.name}.* may take {late:,.1f} h"):
        on_cheapest_gpu(RUN, prices, late * 0.99)
    assert on_cheapest_gpu(RUN, prices, late * 1.01).gpu_name == LARGE.name
    with pytest.raises(Infeasible, match="needs --examples"):
        on_cheapest_gpu(replace(RUN, examples=None), prices, 1.0)
