"""GPUs and processors by the hour: what one costs.

Formulas: docs/reference/formulas.md#train-cost, #train-time, #owned-gpus.
"""

from __future__ import annotations

import math

from advisor.core.figure import Figure
from advisor.core.option import Place
from advisor.core.quantity import Basis
from advisor.estimate.ledger import Ledger

WATTS_PER_KILOWATT = 1000.0


def training_hour_usd(ledger: Ledger) -> Figure:
    """Price of one hour of the machines that train: the GPUs, also for a model that a CPU serves,
    or that CPU where there are none.
    """
    return gpus_hour_usd(ledger) if trains_on_gpus(ledger) else hour_usd(ledger)


def trains_on_gpus(ledger: Ledger) -> bool:
    """Whether the option is trained on the brief's GPUs: a speed is known for its run there."""
    option = ledger.option
    planned = ledger.setting.training.get((option.model.lower(), option.technique))
    return not option.serving.place.is_cpu or planned is not None


def hour_usd(ledger: Ledger) -> Figure:
    """Price of one hour of the machines that serve: a CPU, or all GPUs."""
    if ledger.option.serving.place.is_cpu:
        if ledger.option.serving.place is Place.OWN_CPU:
            source = "100 to 300 W of a server at the price of electricity"
            return ledger.assumed("own_cpu.usd_per_hour", 0.01, 0.03, 0.07, "USD/h", source)
        source = "2 to 4 virtual cores on demand: list prices"
        return ledger.assumed("cpu.usd_per_hour", 0.05, 0.1, 0.2, "USD/h", source)
    return gpus_hour_usd(ledger)


def gpus_hour_usd(ledger: Ledger) -> Figure:
    """Price of one hour of all GPUs: rent, or electricity where they are owned."""
    make = _electricity_usd if ledger.brief.hardware.owned else _rent_usd
    return ledger.sheet.shared("gpus.hour_usd", lambda: make(ledger))


def _rent_usd(ledger: Ledger) -> Figure:
    sheet = ledger.sheet
    hardware = ledger.brief.hardware
    rent = sheet["hardware.usd_per_hour"]
    if hardware.usd_per_hour is None:
        rent = sheet.figure("gpu.usd_per_hour", ledger.setting.gpu_usd_per_hour, low=0.0)
    return rent * float(hardware.count)


def _electricity_usd(ledger: Ledger) -> Figure:
    sheet = ledger.sheet
    hardware = ledger.brief.hardware
    gpu = ledger.setting.gpu
    watts = sheet["hardware.watts"]
    if hardware.watts is None:
        power = gpu.power_watts if gpu is not None else None
        source = gpu.cited.source if gpu is not None else f"no power known for {hardware.gpu}"
        watts = sheet.exact(
            "gpu.power_watts", power, "W", Basis.PUBLISHED, source, gpu.cited.as_of if gpu else ""
        )
    return (
        watts
        * float(hardware.count)
        / WATTS_PER_KILOWATT
        * sheet["hardware.electricity_usd_per_kwh"]
    )


def full_usd(ledger: Ledger, marginal: Figure) -> Figure:
    """An owned GPU with its depreciation: `marginal` holds its purchase where that is stated, else
    the hourly rate that its owner charges comes on top.

    Unknown, with what is known of it, where the brief states neither purchase nor a rate above 0:
    nobody but the owner knows what the GPU was bought for and how long it will serve.
    """
    if "run.depreciation" in ledger:
        return marginal
    rate = ledger.brief.hardware.usd_per_hour
    if rate is not None and rate.p50:
        return (
            marginal
            + ledger["serve.hours"]
            * ledger.sheet["hardware.usd_per_hour"]
            * ledger.brief.hardware.count
        )
    source = (
        "the price of the owned GPU is not known: state hardware.purchase_usd, or its hourly rate "
        "as hardware.usd_per_hour"
    )
    return Figure(
        math.nan,
        operator="+",
        at_least=marginal.value,
        missing=("hardware.usd_per_hour",),
        basis=Basis.ASSUMED,
        operands=(
            marginal,
            ledger.sheet.exact("gpu.depreciation", None, "USD/month", Basis.ASSUMED, source, ""),
        ),
    )


def depreciation_usd(ledger: Ledger) -> Figure | None:
    """What own GPUs lose in value per month, in equal parts over their life; None where the brief
    does not state their purchase.
    """
    hardware = ledger.brief.hardware
    if hardware.purchase_usd is None:
        return None
    sheet = ledger.sheet
    count = float(hardware.count)
    return sheet["hardware.purchase_usd"] * count / sheet["hardware.life_months"]
