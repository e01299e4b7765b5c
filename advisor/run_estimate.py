"""One training run, answered: what `advisor estimate` and the Python interface say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.core.quantity import Basis

if TYPE_CHECKING:
    from advisor.core.facts import Gpu, Model
    from advisor.core.quantity import Quantity
    from advisor.core.training import TrainingEstimate, TrainingMeasurement, TrainingRun
    from advisor.estimate.training.record import EstimateAnswer
    from advisor.estimate.training.request import RunRequest
    from advisor.facts import Facts


def answer(facts: Facts, request: RunRequest, config: Path | None = None) -> EstimateAnswer:
    """Memory, speed, time and cost of the run; `config` is a config.json instead of a named model.

    Raises UsageError on an unknown model, GPU or target, or flags that clash; Infeasible where no
    GPU will do.
    """
    from advisor.estimate import training
    from advisor.estimate.training import choice
    from advisor.estimate.training.record import EstimateAnswer

    run = _run(facts, request, config)
    assert run.gpu is not None
    measured = _own_runs(facts, run) if request.own_runs else ()
    prediction = training.estimate(run, measured)
    if request.own_runs:
        prediction = _after_actuals(prediction)
    reading = facts.matched(request.model) if run.model is not None and config is None else None
    if reading is not None and reading.note:
        prediction = replace(prediction, notes=(reading.note, *prediction.notes))
    shape = training.shape_of(run)
    if shape is not None:
        pictures = training.picture_remarks(run, request.model, shape)
        prediction = replace(prediction, notes=(*prediction.notes, *pictures))
    hour = choice.hour_price(request, run.gpu, facts.gpu_usd_per_hour)
    return EstimateAnswer(
        estimate=prediction,
        cost_usd=choice.run_cost(prediction, hour),
        largest_micro_batch=training.largest_micro_batch(run),
        ways=training.ways_to_fit(run) if prediction.fits in ("no", "tight") else (),
        free_gib=training.free_gib(run),
        trainable_params=training.trained(run),
        inputs=_inputs(run, measured),
        packed=_packed(run, measured),
        rented=_rented(facts, request, prediction),
    )


def _run(facts: Facts, request: RunRequest, config: Path | None) -> TrainingRun:
    """The inputs of the run, on the GPU that is named or the cheapest one.

    Raises UsageError on an unknown model, GPU or target, or flags that clash; Infeasible where no
    GPU will do.
    """
    from advisor.estimate.training.choice import on_cheapest_gpu
    from advisor.estimate.training.request import to_run

    model, params = _model(facts, request.model, config)
    run = to_run(request, model, params, facts.gpu(request.gpu) if request.gpu else None)
    if run.gpu is not None:
        return run
    return on_cheapest_gpu(run, _prices(facts, request), request.deadline_hours)


def _packed(run: TrainingRun, measured: tuple[TrainingMeasurement, ...]) -> TrainingEstimate | None:
    from advisor.estimate import training

    full = training.packed(run)
    return None if full is None else training.estimate(full, measured)


def _rented(
    facts: Facts, request: RunRequest, prediction: TrainingEstimate
) -> tuple[str, Quantity] | None:
    """The cheapest GPU to rent for what is priced as owned, and its cost; None for what is rented
    anyway or where no GPU will do.
    """
    from advisor.estimate.training import choice

    if request.electricity_usd_per_kwh is None:
        return None
    rented = choice.cheapest_rented(prediction.run, _prices(facts, request))
    if rented is None:
        return None
    hour = facts.gpu_usd_per_hour(rented.run.gpu_name, request.provider)
    return rented.run.gpu_name, choice.run_cost(rented, hour)


def _prices(facts: Facts, request: RunRequest) -> list[tuple[Gpu, float]]:
    """The GPUs that have a listed price, and its median in USD per hour."""
    prices = [(g, facts.gpu_usd_per_hour(g.name, request.provider).range.p50) for g in facts.gpus]
    return [(gpu, price) for gpu, price in prices if price]


def _inputs(
    run: TrainingRun, measured: tuple[TrainingMeasurement, ...]
) -> tuple[tuple[str, str, str, str], ...]:
    """What the estimate rests on: what, basis, source, date."""
    rows = []
    for what, fact in (("model", run.model), ("GPU", run.gpu)):
        if fact is not None:
            rows.append((what, str(Basis.PUBLISHED), fact.cited.source, fact.cited.as_of))
    if measured:
        runs = f"{len(measured)} recorded by `advisor runs`"
        rows.append(("own runs", str(Basis.MEASURED), runs, ""))
    return tuple(rows)


def _after_actuals(prediction: TrainingEstimate) -> TrainingEstimate:
    """With the hours that recorded actual values of `train.hours` correct."""
    from advisor import own_runs

    hours = own_runs.corrected("train.hours", prediction.train_hours)
    return replace(prediction, train_hours=hours)


def _own_runs(facts: Facts, run: TrainingRun) -> tuple[TrainingMeasurement, ...]:
    """Calibrated and imported runs of this model and method on as many GPUs of any kind; none where
    none are recorded.
    """
    from advisor.store.folders import folders

    if run.gpu is None or not folders().database.is_file():
        return ()
    from advisor import own_runs
    from advisor.estimate.training.kin import of_kind

    return of_kind(run, own_runs.measurements(facts))


def _model(facts: Facts, name: str, config: Path | None) -> tuple[Model | None, float]:
    """The architecture, or the size alone where a size or an encoder-decoder is named.

    Raises UsageError on others.
    """
    from advisor.estimate.training.model_name import size_by_name
    from advisor.estimate.training.request import size_of
    from advisor.facts.config_model import model_of_config

    if config is not None:
        described = model_of_config(config)
        return described, float(described.params)
    size = size_of(name) or size_by_name(name)
    if size is not None:
        return None, size
    model = facts.model(name)
    return model, float(model.params)
