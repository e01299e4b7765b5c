"""What an hour of machines costs, at both ends of its range, and how fast an encoder reads on a
CPU.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.core.brief import Brief
from advisor.core.facts import Gpu
from advisor.core.option import Option, Place, Serving
from advisor.core.quantity import Range
from advisor.core.setting import Setting
from advisor.estimate.encoders import cpu_speed
from advisor.estimate.gpu_hours import hour_usd
from advisor.estimate.ledger import Ledger
from advisor.estimate.sheet import Sheet
from tests.options import CITED, ROBERTA, brief, setting

L40S = Gpu("L40S", "NVIDIA", "Ada", "8.9", 48.0, 864.0, 362.0, 362.0, 350.0, "", CITED)


def ledger(place: Place, case: Brief | None = None, facts: Setting | None = None) -> Ledger:
    option = Option("tune", "full", "roberta-base", "", Serving(place))
    return Ledger(option, Sheet(case or brief(), 1), facts or setting())


@pytest.mark.parametrize(
    ("place", "id", "expected"),
    [
        (Place.CPU, "cpu.usd_per_hour", Range(0.05, 0.1, 0.2)),  # 2 to 4 virtual cores
        (Place.OWN_CPU, "own_cpu.usd_per_hour", Range(0.01, 0.03, 0.07)),  # 0.1 kW, some 0.3 USD
    ],
)
def test_an_hour_of_a_processor_has_a_likely_price_and_two_ends(
    place: Place, id: str, expected: Range
) -> None:
    book = ledger(place)
    assert hour_usd(book).value == expected.p50
    assert book.sheet.spreads[id] == expected


@pytest.mark.parametrize(("count", "usd"), [(1, 1.861), (4, 7.444)])
def test_rent_is_paid_for_every_gpu(count: int, usd: float) -> None:
    case = brief()
    case = replace(case, hardware=replace(case.hardware, count=count))
    assert hour_usd(ledger(Place.RENTED, case)).value == pytest.approx(usd)


@pytest.mark.parametrize(
    ("watts", "usd"),
    [(Range.exact(300.0), 0.18), (None, 0.21)],  # 2 × 0.3 kW and 2 × 0.35 kW at 0.3 USD
)
def test_an_owned_gpu_costs_its_electricity(watts: Range | None, usd: float) -> None:
    case = brief()
    hardware = replace(case.hardware, owned=True, count=2, watts=watts)
    facts = replace(setting(), gpu=L40S)
    book = ledger(Place.OWNED, replace(case, hardware=hardware), facts)
    assert hour_usd(book).value == pytest.approx(usd)


def test_the_power_of_a_gpu_that_nobody_knows_leaves_its_price_unknown() -> None:
    case = brief()
    hardware = replace(case.hardware, owned=True, watts=None)
    assert not hour_usd(ledger(Place.OWNED, replace(case, hardware=hardware))).is_known


@pytest.mark.parametrize(("operations", "speed"), [(6.0, 200.0), (2.0, 600.0)])
def test_an_encoder_on_a_processor_trains_three_times_slower_than_it_reads(
    operations: float, speed: float
) -> None:
    """150 GFLOP/s ÷ (6 · 125 million) = 200 tokens a second."""
    facts = replace(setting(), models={"roberta-base": ROBERTA})
    assert cpu_speed(ledger(Place.CPU, facts=facts), operations).value == pytest.approx(speed)
