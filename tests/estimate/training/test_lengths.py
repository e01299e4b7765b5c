"""Lengths of batches against drawn lengths, and of a published pair of padded and unpadded runs."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from advisor.estimate.training import estimate, lengths, shape_of
from advisor.estimate.training.alternatives import moves
from advisor.estimate.training.lengths import SPREAD_OF_LENGTHS
from tests.estimate.training.catalogue import a_run

MEAN = 300.0


def drawn(batches: int, count: int) -> np.ndarray:
    rng = np.random.default_rng(1)
    lengths_drawn = rng.lognormal(-0.5 * SPREAD_OF_LENGTHS**2, SPREAD_OF_LENGTHS, (batches, count))
    return MEAN * lengths_drawn


@pytest.mark.parametrize("count", [1, 2, 4, 16])
def test_the_longest_of_a_batch_is_that_of_drawn_lengths(count: int) -> None:
    batches = drawn(200_000, count)
    assert lengths.longest_of(count) == pytest.approx(
        batches.max(axis=1).mean() / batches.mean(), rel=0.02
    )


@pytest.mark.parametrize("examples", [100, 1000, 10_000])
def test_the_longest_of_a_run_is_that_of_drawn_lengths(examples: int) -> None:
    longest = drawn(500, examples).max(axis=1)
    assert lengths.longest_example(MEAN, examples) == pytest.approx(np.median(longest), rel=0.03)


@pytest.mark.parametrize("limit", [1024, 32_768])
@pytest.mark.parametrize("count", [1, 2, 4, 8, 32])
def test_the_longest_batch_without_padding_is_that_of_drawn_lengths(count: int, limit: int) -> None:
    cut = np.minimum(drawn(200 * 1024 // count, count), limit)
    batches = cut.sum(axis=1).reshape(200, -1)
    run = a_run(mean_tokens=MEAN, seq_len=limit, micro_batch=count, examples=1024.0)
    run = replace(run, padding_free=True, sorted_by_length=False)
    expected = np.median(batches.max(axis=1)) / count
    assert lengths.longest_batch(run) == pytest.approx(expected, rel=0.2)


def test_padding_and_sorting_make_the_longest_batch_long() -> None:
    run = a_run(mean_tokens=MEAN, seq_len=2048, micro_batch=8)
    plain = lengths.longest_batch(replace(run, padding_free=False))
    alike = lengths.longest_batch(replace(run, padding_free=True, sorted_by_length=True))
    apart = lengths.longest_batch(replace(run, padding_free=True, sorted_by_length=False))
    unsaid = lengths.longest_batch(replace(run, padding_free=True))
    assert plain == alike == pytest.approx(lengths.longest_example(MEAN, 1000.0))
    assert apart < 0.35 * plain
    assert unsaid == pytest.approx((apart * plain) ** 0.5)


def test_a_limit_or_a_known_longest_example_bounds_the_batch() -> None:
    run = a_run(mean_tokens=MEAN, seq_len=1024, padding_free=False)
    assert lengths.longest_batch(run) == 1024
    assert lengths.longest_batch(replace(run, longest_tokens=700.0)) == 700
    assert lengths.longest_batch(replace(run, packed=True)) == 1024
    assert lengths.longest_batch(replace(run, mean_tokens=None)) == 1024


def test_why_batches_hold_no_padding_moves_the_estimate_where_it_is_not_stated() -> None:
    run = a_run(mean_tokens=MEAN, seq_len=4096, micro_batch=8, padding_free=True)
    assert moves(run, lengths.longest_batch) > 0.2
    assert moves(replace(run, sorted_by_length=True), lengths.longest_batch) == 0.0


def test_computed_lengths_are_padded_unless_batches_hold_no_padding() -> None:
    run = a_run("Llama-2-7b", mean_tokens=200, seq_len=2048, micro_batch=8, padding_free=False)
    shape = shape_of(run)
    assert lengths.computed_length(run, shape) == pytest.approx(200 * lengths.longest_of(8))
    assert lengths.computed_length(replace(run, seq_len=256), shape) == 256
    assert lengths.computed_length(replace(run, micro_batch=1), shape) == pytest.approx(200)
    between = lengths.computed_length(replace(run, padding_free=None), shape)
    assert between == pytest.approx(200 * lengths.longest_of(8) ** 0.5)
    for full in (replace(run, padding_free=True), replace(run, tokens_basis="padded")):
        assert lengths.computed_length(full, shape) == 200


def test_a_soft_prompt_stands_before_every_sequence() -> None:
    run = a_run("Llama-3.2-3B", method="soft-prompt", mean_tokens=200)
    shape = shape_of(run)
    assert lengths.computed_length(run, shape) == 220
    assert lengths.computed_length(replace(run, trainable_params=200 * 3072), shape) == 400
    assert lengths.computed_length(replace(run, trainable_params=28e6), shape) == 220


def test_an_unstated_mean_length_leaves_the_hours_open_downwards() -> None:
    """10,000 rows of at most 2,048 tokens: full rows at most, and usual sets hold 118 to 1,040."""
    stated = a_run("Llama-3.1-8B", "L40S", seq_len=2048, mean_tokens=2048.0, examples=10_000.0)
    run = replace(stated, mean_tokens=None, assumed=("mean_tokens",))
    low, high = lengths.mean_doubt(run)
    factor = math.exp(1.2816 * 0.85)
    assert low == pytest.approx(350.0 / factor / 2048.0, rel=1e-3)
    assert high == 1.0
    hours, usual = estimate(run).train_hours.range, estimate(stated).train_hours.range
    assert hours.p50 == usual.p50
    assert hours.p10 < 0.1 * hours.p50
    assert lengths.mean_doubt(stated) == lengths.mean_doubt(replace(run, packed=True)) == (1.0, 1.0)


def test_a_guessed_mean_length_is_open_both_ways_up_to_the_limit() -> None:
    run = a_run(seq_len=4096, mean_tokens=350.0, assumed=("mean_tokens",))
    low, high = lengths.mean_doubt(run)
    assert high == pytest.approx(1.0 / low) == pytest.approx(math.exp(1.2816 * 0.85), rel=1e-3)
    short = replace(run, seq_len=600, mean_tokens=lengths.usual_mean(600))
    assert lengths.usual_mean(600) == 200.0
    assert lengths.mean_doubt(short)[1] == pytest.approx(2.97, rel=0.01)


@pytest.mark.parametrize(
    ("changes", "mean", "varies"),
    [
        ({"mean_tokens": 300.0}, 300.0, True),
        ({"mean_tokens": None}, 2048.0, False),
        ({"mean_tokens": 300.0, "packed": True}, 2048.0, False),
        ({"mean_tokens": 2048.0}, 2048.0, False),
        ({"mean_tokens": 2047.0}, 2047.0, True),
    ],
)
def test_examples_are_as_long_as_stated_unless_they_are_packed(
    changes: dict[str, object], mean: float, varies: bool
) -> None:
    run = replace(a_run(seq_len=2048), **changes)  # type: ignore[arg-type]
    assert lengths.mean_length(run) == mean
    assert lengths.vary(run) is varies


@pytest.mark.parametrize(("limit", "mean"), [(3000, 350.0), (1050, 350.0), (900, 300.0)])
def test_a_usual_mean_is_at_most_a_third_of_the_limit(limit: float, mean: float) -> None:
    assert lengths.usual_mean(limit) == mean


def test_a_longest_row_that_is_known_bounds_the_padding() -> None:
    run = a_run(mean_tokens=200.0, seq_len=2048, micro_batch=8, padding_free=False)
    shape = shape_of(run)
    assert lengths.computed_length(replace(run, longest_tokens=260.0), shape) == 260.0
    assert lengths.computed_length(replace(run, longest_tokens=100.0), shape) == 200.0
    assert lengths.padding_doubt(run) == 0.0
    doubt = lengths.padding_doubt(replace(run, padding_free=None))
    assert doubt == pytest.approx(0.5 * math.log(lengths.longest_of(8)))


@pytest.mark.parametrize(
    ("trained", "tokens"),
    [(None, 20), (0.9, 20), (1.0, 1), (512.0, 512), (513.0, 20), (30.0, 30)],
)
def test_virtual_tokens_are_believed_up_to_a_limit(trained: float | None, tokens: float) -> None:
    run = a_run("Llama-3.2-3B", method="soft-prompt", packed=True, seq_len=100)
    shape = shape_of(run)
    stated = replace(run, trainable_params=None if trained is None else trained * 3072)
    assert lengths.computed_length(stated, shape) == 100 + tokens
    other = replace(stated, method="lora")
    assert lengths.computed_length(other, shape) == 100


def test_lognormal_lengths_that_are_cut_have_the_moments_of_drawn_ones() -> None:
    cut = np.minimum(drawn(400_000, 1), 500.0)
    mean, variation = lengths._cut(MEAN, 500.0)
    assert mean == pytest.approx(cut.mean(), rel=0.005)
    assert variation == pytest.approx(cut.var() / cut.mean() ** 2, rel=0.01)


def test_the_longest_batch_by_hand_where_one_example_is_far_longer() -> None:
    """One of 2,000 tokens beside 31 of 300; never longer than the longest."""
    run = a_run(mean_tokens=300.0, seq_len=4096, micro_batch=32, examples=64.0)
    run = replace(run, longest_tokens=4000.0, padding_free=True, sorted_by_length=False)
    assert lengths.longest_batch(run) == pytest.approx((4000 + 31 * 300) / 32)
    one = replace(run, micro_batch=1)
    assert lengths.longest_batch(one) == pytest.approx(4000.0)
    tight = replace(run, longest_tokens=301.0)
    assert 299.0 < lengths.longest_batch(tight) <= 301.0
    assert lengths.longest_batch(replace(run, padding_free=None)) == 4000.0


@pytest.mark.parametrize("examples", [1.0, 0.5])
def test_the_longest_of_one_example_has_its_median(examples: float) -> None:
    expected = MEAN * math.exp(-0.5 * SPREAD_OF_LENGTHS**2)
    assert lengths.longest_example(MEAN, examples) == pytest.approx(expected)
