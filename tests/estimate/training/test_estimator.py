"""The parts of an estimate: its ranges, its verdict, its times, and what it is called."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from advisor.core.quantity import Basis, Quantity, Range
from advisor.core.training import TrainingMeasurement
from advisor.estimate.training import coefficients, estimate, estimator, memory, throughput, time
from advisor.estimate.training.shape import of_encoder_decoder, of_model, of_size
from tests.estimate.training.catalogue import a_run, book

K = coefficients.fitted()
SURE = Quantity(Range(8.0, 10.0, 12.0), "GiB", Basis.MODELLED, "a model", "2026-11")


def test_two_doubts_about_one_figure_add_as_variances_of_its_logarithm() -> None:
    found = estimator._doubted(SURE, 0.5, 3.0).range
    assert found.p50 == 10.0
    assert found.p10 == pytest.approx(10 / math.exp(math.hypot(math.log(1.25), math.log(2))))
    assert found.p90 == pytest.approx(10 * math.exp(math.hypot(math.log(1.2), math.log(3))))
    one_way = estimator._doubted(SURE, 1.0, 3.0).range
    assert (one_way.p10, one_way.p90) == (pytest.approx(8.0), pytest.approx(found.p90))
    assert estimator._doubted(SURE, 1.0, 1.0) is SURE
    unknown = Quantity.unknown("h", "why")
    assert estimator._doubted(unknown, 0.5, 2.0) is unknown


def test_what_may_come_on_top_widens_the_upper_end_of_what_is_modelled() -> None:
    found = estimator._reaching(SURE, 5.0).range
    assert (found.p10, found.p50) == (8.0, 10.0)
    assert found.p90 == pytest.approx(10 * math.exp(math.hypot(math.log(1.2), math.log(1.5))))
    assert estimator._reaching(SURE, 0.0) == SURE
    measured = replace(SURE, basis=Basis.MEASURED)
    assert estimator._reaching(measured, 5.0) == measured
    open_above = replace(SURE, range=Range(8.0, 10.0, None))
    assert estimator._reaching(open_above, 5.0) == open_above


def test_a_time_is_an_amount_over_a_speed_and_its_ends_change_places() -> None:
    speed = Quantity(Range(100.0, 200.0, 400.0), "tokens/s", Basis.MODELLED, "a model", "2026-11")
    found = estimator._inverse(speed, 800.0, 3.0, "s")
    assert (found.range, found.unit) == (Range(5.0, 7.0, 11.0), "s")
    unknown = estimator._inverse(Quantity.unknown("tokens/s", "no GPU"), 800.0, 3.0, "s")
    assert (unknown.range.is_known, unknown.reason, unknown.unit) == (False, "no GPU", "s")


def test_a_lognormal_range_has_its_p90_at_so_many_standard_deviations() -> None:
    from scipy.stats import lognorm

    found = estimator._lognormal(10.0, 0.3)
    ends = lognorm(0.3, scale=10.0).ppf([0.1, 0.5, 0.9])
    assert (found.p10, found.p50, found.p90) == pytest.approx(tuple(ends), rel=1e-4)


@pytest.mark.parametrize(
    ("gpus", "objectives", "basis", "words"),
    [
        (("L40S",), ("sft",), Basis.MEASURED, ""),
        (("T4", "L40S"), ("sft", "sft"), Basis.MEASURED, ""),
        (("T4",), ("sft",), Basis.MODELLED, " on another GPU"),
        (("L40S",), ("dpo",), Basis.MODELLED, " of another objective"),
        (("T4",), ("dpo",), Basis.MODELLED, " on another GPU and of another objective"),
        (("T4", "L40S"), ("sft", "dpo"), Basis.MODELLED, " of other kinds"),
    ],
)
def test_nothing_is_measured_where_no_run_was_like_this_one(
    gpus: tuple[str, ...], objectives: tuple[str, ...], basis: Basis, words: str
) -> None:
    runs = [
        TrainingMeasurement(replace(a_run(), gpu_name=gpu, objective=objective))
        for gpu, objective in zip(gpus, objectives, strict=True)
    ]
    corrected = replace(SURE, basis=Basis.MEASURED, source="own runs")
    found = estimator._told_apart(a_run(), runs, corrected)
    assert (found.basis, found.source) == (basis, f"own runs{words}")
    assert estimator._told_apart(a_run(), runs, SURE) == SURE


def verdict(needed: float, high_over_likely: float, free: float | None) -> str:
    """Of a run whose process needs so many GiB."""
    sizes = {"weights": needed - K.context_gib, "activations": 0.0, "logits": 0.0}
    terms = {name: size / 1.03 for name, size in sizes.items()} | {estimator.BASIS_TERM: 0.7}
    likely = sum(terms.values())
    shown = replace(SURE, range=Range(likely / 2, likely, likely * high_over_likely))
    run = replace(a_run(), free_memory_gib=free, gpu=None)
    return estimator._verdict(run, terms, shown, K)


@pytest.mark.parametrize(
    ("needed", "high", "free", "expected"),
    [
        (10.0, 1.2, 12.1, "fits"),
        (10.0, 1.2, 11.9, "tight"),
        (10.0, 1.2, 10.1, "tight"),
        (10.0, 1.2, 9.9, "no"),
        (10.0, 1.2, None, "unknown"),
    ],
)
def test_a_run_fits_where_even_the_high_end_of_its_process_does(
    needed: float, high: float, free: float | None, expected: str
) -> None:
    assert verdict(needed, high, free) == expected


def test_own_runs_that_shift_the_memory_shift_the_verdict() -> None:
    run = replace(a_run(), free_memory_gib=10.0)
    terms = {"weights": 8.0, "activations": 0.0, "logits": 0.0, estimator.BASIS_TERM: 0.0}
    low, high = (
        replace(SURE, range=Range(0.9 * likely, likely, 1.05 * likely)) for likely in (8.0, 12.0)
    )
    assert estimator._verdict(run, terms, low, K) == "fits"
    assert estimator._verdict(run, terms, high, K) == "no"
    unknown = replace(SURE, range=Range(1.0, 8.0, None))
    assert estimator._verdict(run, terms, unknown, K) == "unknown"


def test_free_memory_is_what_was_measured_else_what_the_gpu_leaves() -> None:
    assert estimator.free_gib(replace(a_run(), free_memory_gib=3.0)) == 3.0
    assert estimator.free_gib(replace(a_run(), gpu=None)) is None
    gpu = replace(book().gpu("L40S"), memory_gb=None)
    assert estimator.free_gib(replace(a_run(), gpu=gpu)) is None
    # nvidia-smi of an A100 of 80 GB: 81,920 MiB in all, of which torch sees 79.15 GiB
    assert estimator.free_gib(a_run(gpu="A100-80GB-SXM")) == pytest.approx(79.15, rel=0.01)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"params": 8e9, "model_name": "mine-8B"}, of_size(8e9, None, "mine-8B")),
        (
            {"params": 30e9, "model_name": "mine-30B-A3B"},
            of_size(30e9, 3e9, "mine-30B-A3B"),
        ),
        (
            {"params": 30e9, "model_name": "mine-30B-A3B", "active_params": 5e9},
            of_size(30e9, 5e9, "mine-30B-A3B"),
        ),
        ({"params": 7.83e8, "model_name": "flan-t5-large"}, of_encoder_decoder(7.83e8, False)),
        ({"params": 1.23e9, "model_name": "mt5-large"}, of_encoder_decoder(1.23e9, True)),
        ({"params": None, "model_name": "mine-8B"}, None),
        ({"params": 1e9, "model_name": "stable-diffusion-xl"}, None),
    ],
)
def test_a_shape_is_typical_of_the_size_and_the_name(
    changes: dict[str, Any], expected: object
) -> None:
    run = replace(a_run(), model=None, **changes)
    assert estimator.shape_of(run) == expected


def test_a_known_model_has_its_own_shape() -> None:
    run = a_run("Llama-3.2-3B")
    assert run.model is not None
    assert estimator.shape_of(replace(run, params=1.0)) == of_model(run.model)


def test_what_is_trained_and_fixed_of_a_model_that_nobody_knows_is_nothing() -> None:
    unknown = replace(a_run(), model=None, params=None)
    assert (estimator.trained(unknown), estimator.fixed_seconds(unknown)) == (0.0, 0.0)
    assert estimator.speed_shares(unknown) == {}
    assert estimator.speed_shares(replace(a_run(), gpu=None)) == {}
    known = a_run("Llama-3.2-3B", targets="q_proj", rank=4)
    assert estimator.trained(known) == 4 * 28 * (3072 + 3072)
    shape = estimator.shape_of(known)
    assert shape is not None
    assert estimator.fixed_seconds(known) == time.fixed_seconds(known, shape, K)


@pytest.mark.parametrize(
    ("method", "trainable", "unknown"),
    [("lora", None, False), ("other", None, True), ("other", 5e6, False), ("full", None, False)],
)
def test_a_method_without_a_name_must_say_what_it_trains(
    method: str, trainable: float | None, unknown: bool
) -> None:
    run = replace(a_run(), method=method, trainable_params=trainable)
    assert estimator.is_unknown_method(run) is unknown
    found = estimate(run)
    assert (found.fits == "unknown") is unknown
    if unknown:
        assert found.memory_gib.reason == "what the method 'other' trains is not known"


def test_an_objective_that_writes_gets_no_answer() -> None:
    found = estimate(replace(a_run(), objective="grpo"))
    assert (found.fits, found.memory_gib.range.is_known) == ("unknown", False)
    assert found.train_hours.reason.startswith("grpo writes answers between its steps")
    units = [q.unit for q in (found.memory_gib, found.tokens_per_second, found.step_seconds)]
    assert (units, found.train_hours.unit) == (["GiB", "tokens/s", "s"], "h")


def test_terms_are_gibibytes_and_the_basis_that_was_asked_for_is_one_of_them() -> None:
    run = replace(a_run(packed=True), memory_basis="process")
    shape = estimator.shape_of(run)
    assert shape is not None
    allocated = memory.terms(run, shape, K)
    found = estimator._terms(run, shape, K)
    whole = sum(allocated.values()) / 1024**3
    assert found["weights"] == pytest.approx(allocated["weights"] / 1024**3)
    assert found[estimator.BASIS_TERM] == pytest.approx(whole * (K.reserved - 1.0) + K.context_gib)
    assert sum(estimator.memory_shares(run, shape, K).values()) == pytest.approx(1.0)


def test_hours_are_steps_evaluations_and_what_is_done_once() -> None:
    run = a_run(packed=True, examples=1000.0, grad_accum=2, micro_batch=4, epochs=2.0)
    run = replace(run, eval_examples=100.0, evaluations=3.0)
    found = estimate(run)
    shape = estimator.shape_of(run)
    assert shape is not None
    tokens = 125 * 2 * 8 * 1024 + 0.5 * 3 * 2 * 100 * 1024
    seconds = tokens / found.tokens_per_second.likely + time.fixed_seconds(run, shape, K)
    assert found.train_hours.likely == pytest.approx(seconds / 3600)
    assert found.step_seconds.likely == pytest.approx(8 * 1024 / found.tokens_per_second.likely)
    none = estimate(replace(run, examples=None)).train_hours
    assert none.reason == "the number of examples is unknown"


def test_speed_is_tokens_of_a_step_over_its_seconds() -> None:
    run = a_run(packed=True, micro_batch=2)
    shape = estimator.shape_of(run)
    assert shape is not None
    assert run.gpu is not None
    seconds = throughput.micro_step_seconds(run, run.gpu, shape, K)
    assert seconds is not None
    assert estimate(run).tokens_per_second.likely == pytest.approx(2 * 1024 / seconds)
    reason = estimate(replace(run, gpu=None)).tokens_per_second.reason
    assert reason == "the GPU 'L40S' is not in profiles/gpus"


def test_memory_is_in_gibibytes_and_speed_in_tokens_per_second_also_where_runs_correct_them() -> (
    None
):
    run = a_run(packed=True)
    own = TrainingMeasurement(run, memory_gib=20.0, tokens_per_second=3000.0)
    for found in (estimate(run), estimate(run, [own])):
        assert (found.memory_gib.unit, found.tokens_per_second.unit) == ("GiB", "tokens/s")
    corrected = estimate(run, [own])
    assert corrected.memory_gib.source == "corrected by 1 own run"
    assert estimate(run, [own, own]).memory_gib.source == "corrected by 2 own runs"
    plain = estimate(run)
    between = sorted((plain.memory_gib.likely, 20.0))
    assert between[0] < corrected.memory_gib.likely < between[1]
    spoken = sorted((plain.tokens_per_second.likely, 3000.0))
    assert spoken[0] < corrected.tokens_per_second.likely < spoken[1]
    silent = TrainingMeasurement(run)
    assert estimate(run, [silent]).memory_gib == plain.memory_gib
