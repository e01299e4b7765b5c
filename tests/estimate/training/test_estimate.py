"""The whole estimate: ranges, fitting, times, corrections by own runs, and what it says where it
does not know.
"""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.training import TrainingMeasurement, TrainingRun
from advisor.estimate.training import (
    cheapest_gpu,
    coefficients,
    estimate,
    estimator,
    largest_micro_batch,
    ways_to_fit,
)
from advisor.estimate.training.correction import COMMON, DOUBTS, SourceRun, likeness, update
from advisor.estimate.training.lengths import longest_batch
from tests.estimate.training.catalogue import a_run, book


def published_run():
    # LoRA rank 32 on one L40S: published 16.5 to 18.7 GiB, steps of 582 to 836 s, in batches sorted
    # by length; the memory is what stays reserved where the cache is emptied in between
    sizes = {
        "micro_batch": 4,
        "seq_len": 768,
        "mean_tokens": 210,
        "examples": 20_000,
        "padding_free": True,
    }
    return a_run(rank=32, targets="q_proj,v_proj", **sizes)


def test_a_published_run_lies_in_the_ranges() -> None:
    found = estimate(replace(published_run(), memory_basis="active"))
    assert found.memory_gib.range.p10 < 16.5 < 18.7 < found.memory_gib.range.p90
    assert found.train_hours.range.p10 < 582 / 3600 + 0.02 < found.train_hours.range.p90
    assert found.fits == "fits"


def test_full_tuning_does_not_fit_eight_gigabytes() -> None:
    assert estimate(a_run(gpu="RTX 4060", method="full")).fits == "no"


def test_free_memory_decides_and_unknown_gpus_stay_unknown() -> None:
    run = published_run()
    assert estimate(replace(run, free_memory_gib=4.0)).fits == "no"
    assert estimate(replace(run, free_memory_gib=400.0)).fits == "fits"
    needs = estimate(run).memory_gib.likely
    assert estimate(replace(run, free_memory_gib=needs * 1.1)).fits == "tight"
    assert estimate(replace(run, gpu=None)).fits == "unknown"


def test_a_model_nobody_knows_is_unknown_and_not_zero() -> None:
    found = estimate(replace(published_run(), model=None, params=None, model_name="secret"))
    for quantity in (
        found.memory_gib,
        found.tokens_per_second,
        found.step_seconds,
        found.train_hours,
    ):
        assert not quantity.range.is_known
        assert "secret" in quantity.reason


def test_a_size_alone_gives_a_wider_answer() -> None:
    known = estimate(published_run()).memory_gib.range
    sized = estimate(replace(published_run(), model=None, params=3.2e9)).memory_gib.range
    assert sized.p90 / sized.p10 > known.p90 / known.p10
    assert 0.5 < sized.p50 / known.p50 < 2.0


@given(st.sets(st.sampled_from(["seq_len", "micro_batch", "checkpointing", "fused_loss"])))
def test_every_assumed_input_widens_the_range(assumed: set[str]) -> None:
    run = replace(published_run(), gpu=None)
    certain, guessed = (
        estimate(run).memory_gib.range,
        estimate(replace(run, assumed=tuple(assumed))).memory_gib.range,
    )
    assert (guessed.p90 / guessed.p10 > certain.p90 / certain.p10) == bool(assumed)


def test_step_and_training_time_follow_from_the_speed() -> None:
    found = estimate(replace(published_run(), grad_accum=2, epochs=3.0))
    speed = found.tokens_per_second.likely
    assert found.step_seconds.likely == pytest.approx(2 * 4 * 210 / speed)
    assert found.train_hours.likely * 3600 > 3 * 20_000 * 210 / speed
    assert not estimate(replace(published_run(), examples=None)).train_hours.range.is_known


SHARES = st.fixed_dictionaries({term: st.floats(0.01, 1.0) for term in DOUBTS["speed"]}).map(
    lambda d: {term: value / sum(d.values()) for term, value in d.items()}
)


@given(
    st.floats(0.01, 1.0),
    st.floats(0.01, 1.0),
    st.lists(st.floats(-1.0, 1.0), min_size=1, max_size=20),
)
def test_runs_of_equal_shares_update_as_precisions(
    prior: float, repeat: float, ratios: list[float]
) -> None:
    shares = {"matrix": 0.8, "launch": 0.2}
    shift, left = update(
        prior, shares, [SourceRun(r, prior, shares, repeat) for r in ratios], "speed"
    )
    # a source run further off than its range allows widens the range first
    prior = math.sqrt(sum(max(prior, abs(r)) ** 2 for r in ratios) / len(ratios))
    precision = 1 / prior**2 + len(ratios) / repeat**2
    assert shift == pytest.approx(sum(ratios) / repeat**2 / precision, abs=1e-6)
    assert left == pytest.approx(math.sqrt(1 / precision), abs=1e-6)


@given(SHARES, SHARES)
def test_likeness_is_a_correlation(one: dict[str, float], other: dict[str, float]) -> None:
    assert likeness(one, one, "speed") == pytest.approx(1.0)
    assert 0.0 < likeness(one, other, "speed") <= 1.0 + 1e-9
    assert likeness(one, other, "speed") == pytest.approx(likeness(other, one, "speed"))


def test_likeness_by_hand() -> None:
    compute, overhead = {"matrix": 1.0}, {"launch": 1.0}
    by_hand = COMMON**2 / math.sqrt((COMMON**2 + 0.2**2) * (COMMON**2 + 0.3**2))
    assert likeness(compute, overhead, "speed") == pytest.approx(by_hand)


def test_a_run_made_of_a_doubtful_term_moves_more_than_the_run_that_taught() -> None:
    short, long = {"matrix": 0.8, "attention": 0.2}, {"matrix": 0.2, "attention": 0.8}
    shift, left = update(0.3, long, [SourceRun(-0.1, 0.3, short, 1e-6)], "speed")
    both = COMMON**2 + 0.2**2 * 0.8 * 0.2 + 0.6**2 * 0.2 * 0.8
    alone = COMMON**2 + 0.2**2 * 0.8**2 + 0.6**2 * 0.2**2
    assert shift == pytest.approx(-0.1 * both / alone, rel=1e-6)
    assert shift < -0.1
    of_long = COMMON**2 + 0.2**2 * 0.2**2 + 0.6**2 * 0.8**2
    assert left == pytest.approx(0.3 * math.sqrt(1 - both**2 / (alone * of_long)), rel=1e-6)


def test_another_set_up_teaches_less() -> None:
    run = published_run()
    own = TrainingMeasurement(run, tokens_per_second=1.5 * estimate(run).tokens_per_second.likely)

    def change(other) -> float:
        return (
            estimate(other, [own]).tokens_per_second.likely
            / estimate(other).tokens_per_second.likely
        )

    assert change(replace(run, rank=8)) == pytest.approx(change(run), rel=0.01)
    assert 1.05 < change(replace(run, attention="flash")) < change(run) - 0.05
    unnamed = replace(run, method="other", trainable_params=None)
    assert "'other'" in estimate(unnamed, [own]).tokens_per_second.reason


def test_a_run_bound_by_the_same_terms_teaches_more_than_one_bound_by_others() -> None:
    long, short = a_run(packed=True, seq_len=8192, micro_batch=8), a_run(packed=True, seq_len=64)
    own = TrainingMeasurement(long, tokens_per_second=0.6 * estimate(long).tokens_per_second.likely)

    def change(run) -> float:
        return (
            estimate(run, [own]).tokens_per_second.likely / estimate(run).tokens_per_second.likely
        )

    assert 0.6 <= change(long) < change(replace(long, micro_batch=4)) < change(short) <= 1.0


def test_measured_memory_decides_whether_it_fits() -> None:
    run = published_run()
    free = estimate(run).memory_gib.likely * 2
    own = TrainingMeasurement(run, memory_gib=free * 1.2)
    assert estimate(replace(run, free_memory_gib=free)).fits == "fits"
    corrected = estimate(replace(run, free_memory_gib=free), [own])
    assert corrected.fits == "no"
    assert sum(corrected.terms.values()) == pytest.approx(corrected.memory_gib.likely)


@given(st.floats(0.3, 3.0), st.sampled_from(["full", "lora", "qlora"]))
def test_after_the_identical_run_its_own_measurement_lies_inside(ratio: float, method: str) -> None:
    run = a_run(method=method, quantization="nf4" if method == "qlora" else "none", packed=True)
    before = estimate(run)
    own = TrainingMeasurement(
        run, ratio * before.memory_gib.likely, ratio * before.tokens_per_second.likely
    )
    after = estimate(run, [own])
    memory_gib, speed = after.memory_gib.range, after.tokens_per_second.range
    assert memory_gib.p10 <= own.memory_gib <= memory_gib.p90
    assert speed.p10 <= own.tokens_per_second <= speed.p90
    assert speed.p90 / speed.p10 < 1.6


def test_a_run_on_another_gpu_informs_with_more_doubt() -> None:
    run = a_run(gpu="RTX 4090", packed=True)
    other = a_run(gpu="L40S", packed=True)
    measured = TrainingMeasurement(run, None, 0.85 * estimate(run).tokens_per_second.likely)
    before, there = estimate(other).tokens_per_second, estimate(other, [measured]).tokens_per_second
    here = estimate(run, [measured]).tokens_per_second
    assert 0.85 * before.likely < there.likely < 0.97 * before.likely
    assert here.range.p90 / here.range.p10 < there.range.p90 / there.range.p10
    assert there.range.p90 / there.range.p10 < before.range.p90 / before.range.p10


def test_own_runs_correct_and_narrow() -> None:
    run = published_run()
    before = estimate(run).tokens_per_second
    own = TrainingMeasurement(run, tokens_per_second=before.likely * 1.5)
    once, often = (estimate(run, [own] * n).tokens_per_second for n in (1, 10))
    assert before.likely < once.likely < often.likely < before.likely * 1.5
    assert once.range.p90 / once.range.p10 < before.range.p90 / before.range.p10
    assert once.basis == "measured"


def test_the_largest_micro_batch_fits_and_the_next_does_not() -> None:
    run = published_run()
    most = largest_micro_batch(run)
    assert estimate(replace(run, micro_batch=most)).fits == "fits"
    assert estimate(replace(run, micro_batch=most + 1)).fits != "fits"
    assert largest_micro_batch(a_run("Llama-3.1-70B", "RTX 4060")) == 0


def test_ways_to_fit_fit_are_minimal_and_sorted_by_ease_then_speed() -> None:
    run = a_run(
        "Llama-3.1-8B", "RTX 4090", method="full", micro_batch=4, seq_len=2048, mean_tokens=400
    )
    ways = ways_to_fit(run)
    assert ways
    before = estimate(run).tokens_per_second.likely
    for way in ways:
        after = estimate(way.run)
        assert after.fits in ("fits", "tight")
        assert way.slowdown == pytest.approx(before / after.tokens_per_second.likely)
        assert way.memory_gib == after.memory_gib.likely
    eases = [(way.change.count(" and "), way.slowdown) for way in ways]
    assert eases == sorted(eases)
    parts = [set(way.change.split(" and ")) for way in ways]
    assert not any(a < b for a in parts for b in parts)


def test_the_cheapest_gpu_fits_and_meets_the_deadline() -> None:
    gpus = [
        (book().gpu("RTX 4090"), 0.4),
        (book().gpu("L40S"), 0.9),
        (book().gpu("H100-SXM"), 3.0),
    ]
    run = replace(published_run(), gpu=None)
    found = cheapest_gpu(run, gpus)
    assert found is not None
    for gpu, price in gpus:
        told = estimate(replace(run, gpu=gpu))
        assert told.fits != "fits" or told.train_hours.likely * price >= found[1] * 0.999999
    assert cheapest_gpu(run, gpus, deadline_hours=1e-4) is None


def test_leaving_a_source_out_changes_its_constants_only() -> None:
    assert coefficients.fitted() == coefficients.fitted("a source nobody fitted on")
    assert coefficients.fitted("huggingface/peft") != coefficients.fitted()


def test_the_longest_batch_is_named_where_nobody_looked_at_the_data() -> None:
    run = a_run(mean_tokens=300.0, seq_len=4096, padding_free=False)
    tokens = f"{longest_batch(run):,.0f} tokens per sequence"
    assert any(tokens in line for line in estimate(run).notes)
    stated = replace(run, longest_tokens=900.0)
    assert not any("longest batch" in line for line in estimate(stated).notes)


def test_one_run_resolves_how_many_copies_of_the_logits_a_trainer_makes() -> None:
    """A trainer that upcasts once more: 20 bytes per logit, not the 12 of the documented loss."""

    def upcasting(seq_len: int) -> tuple[TrainingRun, float]:
        run = a_run("Qwen2.5-7B", "H100-SXM", seq_len=seq_len, packed=True, checkpointing="full")
        run = replace(run, memory_basis="allocated")
        terms = estimate(run).terms
        return run, sum(terms.values()) + terms["logits"] * (20.0 / 12.0 - 1.0)

    short, measured_gib = upcasting(4096)
    longer, actual_gib = upcasting(16_384)
    blind = estimate(longer).memory_gib.likely
    corrected = estimate(longer, (TrainingMeasurement(short, measured_gib),)).memory_gib
    assert blind < 0.75 * actual_gib
    assert corrected.likely == pytest.approx(actual_gib, rel=0.15)
    assert corrected.range.p10 < actual_gib < corrected.range.p90


@pytest.mark.parametrize(("count", "words"), [(1, "1 own run"), (2, "2 own runs")])
def test_a_corrected_figure_says_by_how_many_runs(count: int, words: str) -> None:
    shares = {"matrix": 1.0}
    sources = [SourceRun(0.1, 0.3, shares, 0.05)] * count
    found = estimator._corrected(100.0, 0.3, shares, sources, coefficients.fitted(), "speed")
    assert (found.source, found.basis) == (f"corrected by {words}", "measured")
    assert 100.0 < found.likely < 100.0 * math.exp(0.1)


def test_other_readings_of_a_run_are_predicted_as_the_run_itself() -> None:
    run = replace(published_run(), software_date="")
    shape, k = estimator.shape_of(run), coefficients.fitted()
    assert shape is not None
    estimated = estimate(run)
    assert estimator._speed_of(shape, k)(run) == pytest.approx(estimated.tokens_per_second.likely)
    assert estimator._memory_of(shape, k)(run) == pytest.approx(sum(estimated.terms.values()))
    assert estimator._speed_of(shape, k)(replace(run, gpu=None)) is None
