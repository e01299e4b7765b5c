"""Which GPU to rent for a run, and what the run costs on it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from advisor.core.errors import Infeasible
from advisor.core.facts import Gpu
from advisor.core.quantity import Basis, Quantity, Range
from advisor.core.training import TrainingEstimate, TrainingRun
from advisor.estimate.training.advice import cheapest_gpu
from advisor.estimate.training.estimator import estimate
from advisor.estimate.training.request import RunRequest

WATTS_PER_KILOWATT = 1000.0


def on_cheapest_gpu(
    run: TrainingRun, usd_per_hour: Sequence[tuple[Gpu, float]], deadline_hours: float | None
) -> TrainingRun:
    """The run on the cheapest GPU to rent on which it fits by the deadline.

    Raises Infeasible where there is none.
    """
    choice = cheapest_gpu(run, usd_per_hour, deadline_hours)
    if choice is None:
        raise Infeasible(_why_none(run, [gpu for gpu, _ in usd_per_hour]))
    gpu, _ = choice
    return replace(run, gpu=gpu, gpu_name=gpu.name)


def cheapest_rented(
    run: TrainingRun, usd_per_hour: Sequence[tuple[Gpu, float]]
) -> TrainingEstimate | None:
    """The run on the cheapest GPU to rent on which it fits; None where there is none."""
    choice = cheapest_gpu(run, usd_per_hour)
    if choice is None:
        return None
    gpu, _ = choice
    return estimate(replace(run, gpu=gpu, gpu_name=gpu.name, free_memory_gib=None))


def _why_none(run: TrainingRun, gpus: Sequence[Gpu]) -> str:
    """Why no GPU will do: none is large enough, or which is the fastest that is, and what would
    help.
    """
    predictions = [estimate(replace(run, gpu=gpu, gpu_name=gpu.name)) for gpu in gpus]
    hours = [
        (p.train_hours.range.p90 or math.inf, p.run.gpu_name)
        for p in predictions
        if p.fits == "fits"
    ]
    if not hours:
        return (
            "the run fits no GPU of our price table; "
            "use --checkpointing full, --method qlora or more --gpus"
        )
    latest, name = min(hours)
    if math.isinf(latest):
        return "--deadline-hours: needs --examples to know how long the run takes"
    return (
        f"no GPU of our price table is fast enough: {name}, the fastest on which the run fits, "
        f"may take {latest:,.1f} h; use a larger --micro-batch, more --gpus or a later deadline"
    )


def run_cost(prediction: TrainingEstimate, hour: Quantity) -> Quantity:
    """Hours × GPUs × price of one GPU and hour, USD; the relative ranges of hours and price add as
    variances.
    """
    hours = prediction.train_hours
    if not hours.range.is_known:
        return Quantity.unknown("USD", hours.reason)
    if not hour.range.is_known:
        return Quantity.unknown("USD", hour.reason)
    middle = hours.likely * hour.likely * prediction.run.gpus
    if middle == 0.0:
        return Quantity(Range.exact(0.0), "USD", hour.basis, hour.source, hour.as_of)
    low = math.hypot(_log_ratio(hours, hours.range.p10), _log_ratio(hour, hour.range.p10))
    high = math.hypot(_log_ratio(hours, hours.range.p90), _log_ratio(hour, hour.range.p90))
    span = Range(middle * math.exp(-low), middle, middle * math.exp(high))
    return Quantity(span, "USD", Basis.MODELLED, f"train_hours × {hour.source}", hour.as_of)


def _log_ratio(quantity: Quantity, end: float | None) -> float:
    return abs(math.log(end / quantity.likely)) if end else 0.0


def hour_price(request: RunRequest, gpu: Gpu, listed: Callable[[str, str], Quantity]) -> Quantity:
    """USD of one GPU and hour: as stated, from the power it draws, or `listed` (by name and
    provider).
    """
    if request.usd_per_hour is not None:
        stated = Range.exact(request.usd_per_hour)
        return Quantity(stated, "USD/h", Basis.QUOTED, "--usd-per-hour", "")
    if request.electricity_usd_per_kwh is not None:
        if gpu.power_watts is None:
            return Quantity.unknown("USD/h", f"the power of {gpu.name} is not known")
        usd = gpu.power_watts / WATTS_PER_KILOWATT * request.electricity_usd_per_kwh
        source = "rated power × --electricity-usd-per-kwh"
        return Quantity(Range.exact(usd), "USD/h", Basis.QUOTED, source, "")
    price = listed(gpu.name, request.provider)
    if price.range.is_known:
        return price
    return Quantity.unknown("USD/h", f"no price of {gpu.name} in our tables; give --usd-per-hour")
