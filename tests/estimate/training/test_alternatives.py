"""What open settings could move, which kernels attention runs in, and defaults by date."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from advisor.core.training import TrainingRun
from advisor.estimate.training import (
    alternatives,
    estimate,
    frameworks,
    lengths,
    rates,
    throughput,
)
from advisor.estimate.training.alternatives import moves
from advisor.estimate.training.coefficients import fitted
from tests.estimate.training.catalogue import a_run

OPEN = ("checkpointing", "fused_loss", "seq_len", "micro_batch", "mean_tokens", "dtype")


def memory(run: TrainingRun) -> float:
    return estimate(replace(run, assumed=())).memory_gib.likely


def test_nothing_moves_where_everything_is_stated() -> None:
    assert moves(a_run(packed=True), memory) == 0.0


@pytest.mark.parametrize("name", OPEN)
def test_an_open_setting_moves_the_estimate_and_widens_it(name: str) -> None:
    run = a_run(mean_tokens=600, seq_len=2048, micro_batch=4)
    is_open = replace(run, assumed=(name,))
    assert moves(is_open, memory) > 0.0

    def width(one: TrainingRun) -> float:
        span = estimate(one).memory_gib.range
        return (span.p90 or 0.0) / (span.p10 or 1.0)

    assert width(is_open) > width(run)


def test_two_open_settings_move_it_by_the_sum_of_their_squares() -> None:
    run = a_run(mean_tokens=600, seq_len=2048, micro_batch=4)
    each = [moves(replace(run, assumed=(name,)), memory) for name in ("dtype", "checkpointing")]
    both = moves(replace(run, assumed=("dtype", "checkpointing")), memory)
    assert both == pytest.approx(sum(each))


@pytest.mark.parametrize(
    ("gpu", "framework", "tflops"),
    [
        ("A100-80GB-SXM", "hf", 0.45 * 312),
        ("H100-SXM", "hf", 280),  # FlashAttention-2: about 350 forward and 300 backward
        ("B200-SXM", "torchtitan", 280),
        ("RTX 5090", "hf", 0.45 * 209.5),
        ("H100-SXM", "nemo", 0.5 * 989),
        ("MI300X", "hf", 0.13 * 1300),
        ("MI300X", "vendor", 0.28 * 1300),
    ],
)
def test_attention_reaches_what_its_kernels_reach(gpu: str, framework: str, tflops: float) -> None:
    run = a_run(gpu=gpu, framework=framework)
    assert run.gpu is not None
    peak = rates.peak_tflops(run.gpu, fitted())
    assert peak is not None
    share = throughput.attention_share(run, run.gpu, peak, fitted())
    assert share * peak == pytest.approx(tflops)


@pytest.mark.parametrize(
    ("name", "date", "compiled"),
    [
        ("torchtitan", "2024-11", "no"),
        ("torchtitan", "2025-06-01", "kernel"),
        ("torchtitan", "", "kernel"),
        ("torchtune", "2024", "no"),
        ("torchtune", "2024-10", "kernel"),
        ("torchtune", "", "projection"),
    ],
)
def test_defaults_hold_by_date(name: str, date: str, compiled: str) -> None:
    assert frameworks.by_name(name, date).loss(compiled=True) == compiled


@pytest.mark.parametrize(
    ("gpu", "of_a100"), [("H100-SXM", 1.5), ("B200-SXM", 3.0), ("H800-SXM", 2 / 3)]
)
def test_links_differ_by_generation(gpu: str, of_a100: float) -> None:
    run = a_run(gpu=gpu)
    assert run.gpu is not None
    assert rates.fast_link(run.gpu) == pytest.approx(of_a100)


@pytest.mark.parametrize(
    ("changes", "is_open"),
    [
        ({"method": "full", "compute_dtype": "mixed-bf16"}, True),  # masters may be kept in fp32
        ({"method": "full", "compute_dtype": "mixed-bf16", "dtype": "fp32"}, False),
        ({"method": "full"}, False),
        ({"method": "lora", "compute_dtype": "mixed-bf16"}, False),
        ({"fused_loss": "yes"}, True),
        ({"memory_basis": "unstated"}, True),
    ],
)
def test_words_of_two_meanings_are_open(changes: dict[str, object], is_open: bool) -> None:
    assert (moves(a_run(packed=True, **changes), memory) > 0.0) is is_open


@pytest.mark.parametrize(
    ("changes", "others"),
    [
        ({"assumed": ("grad_accum",)}, [[{"grad_accum": 1}, {"grad_accum": 8}]]),
        (
            {"assumed": ("micro_batch",), "micro_batch": 3},
            [[{"micro_batch": 2}, {"micro_batch": 6}]],
        ),
        ({"assumed": ("micro_batch",)}, [[{"micro_batch": 1}, {"micro_batch": 2}]]),
        (
            {"assumed": ("mean_tokens",), "mean_tokens": 300.0},
            [[{"mean_tokens": 150.0}, {"mean_tokens": 600.0}]],
        ),
        (
            {"assumed": ("mean_tokens",), "longest_tokens": 900.0, "examples": 1.0},
            [[{"mean_tokens": 150.0}, {"mean_tokens": 600.0}]],
        ),
        (
            {"assumed": ("mean_tokens",), "mean_tokens": 1.0},
            [[{"mean_tokens": 1.0}, {"mean_tokens": 2.0}]],
        ),
        (
            {"assumed": ("seq_len",), "mean_tokens": 300.0, "longest_tokens": None},
            [[{"seq_len": 512, "mean_tokens": 150.0}, {"seq_len": 2048, "mean_tokens": 600.0}]],
        ),
        ({"fused_loss": "yes"}, [[{"fused_loss": "kernel"}, {"fused_loss": "projection"}]]),
        (
            {"memory_basis": "unstated"},
            [[{"memory_basis": "allocated"}, {"memory_basis": "process"}]],
        ),
        (
            {"padding_free": True, "packed": False, "mean_tokens": 300.0},
            [[{"sorted_by_length": True}, {"sorted_by_length": False}]],
        ),
        ({"assumed": ("framework",)}, []),
    ],
)
def test_an_open_setting_may_be_one_of_these(
    changes: dict[str, object], others: list[list[dict[str, object]]]
) -> None:
    run = replace(a_run(packed=True, seq_len=1024), **changes)  # type: ignore[arg-type]
    found = list(alternatives._alternatives(run))
    assert [
        [
            {name: getattr(other, name) for name in stated}
            for other, stated in zip(group, expected, strict=True)
        ]
        for group, expected in zip(found, others, strict=True)
    ] == others


def test_another_mean_never_makes_the_longest_row_longer_than_is_known() -> None:
    run = a_run(mean_tokens=300.0, longest_tokens=900.0, examples=500.0)
    shorter, longer = (alternatives._of_mean(run, factor) for factor in (0.1, 2.0))
    assert longer.longest_tokens == 900.0
    assert shorter.longest_tokens == pytest.approx(lengths.longest_example(30.0, 500.0))
    usual = alternatives._of_mean(replace(run, examples=None), 0.1)
    assert usual.longest_tokens == pytest.approx(lengths.longest_example(30.0, 1000.0))
    both = alternatives._of_length(replace(run, longest_tokens=900.0, seq_len=1000), 0.5)
    assert (both.seq_len, both.mean_tokens, both.longest_tokens) == (500, 150.0, 450.0)


def test_a_move_is_half_the_range_of_its_logarithm_squared() -> None:
    run = a_run(packed=True, assumed=("grad_accum",))
    found = moves(run, lambda one: 4.0 if one.grad_accum == 8 else 1.0)
    assert found == pytest.approx((0.5 * math.log(4.0)) ** 2)
    assert moves(run, lambda one: None) == 0.0
    assert moves(run, lambda one: None if one.grad_accum == 8 else 1.0) == 0.0
