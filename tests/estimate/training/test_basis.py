"""Allocated memory on other bases, against a simulated allocator and printed GPU memories."""

from __future__ import annotations

import math
import statistics
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.estimate.training import basis, coefficients, estimate, spread
from advisor.estimate.training.lengths import SPREAD_OF_LENGTHS
from tests.estimate.training.allocator import Network, reserved_over_allocated
from tests.estimate.training.catalogue import a_run

K = coefficients.fitted()
NETWORKS = (
    Network(4096, 11008, 151_936, 32, checkpointing=True),
    Network(4096, 11008, 32_000, 32, checkpointing=True),
    Network(4096, 11008, 32_000, 32, checkpointing=False),
    Network(4096, 14336, 128_256, 32, checkpointing=True, logits=False),
)
SIZES = {"weights": 10.0, "activations": 6.0, "logits": 4.0}


def test_batches_of_one_length_leave_few_fragments() -> None:
    for net in NETWORKS:
        kept = reserved_over_allocated(net, 350.0, 2048, 0.0, batch=2, steps=4)
        assert 1.0 <= kept < 1.6


@pytest.mark.parametrize(("term", "net"), [("logits", NETWORKS[0]), ("activations", NETWORKS[2])])
def test_batches_of_many_lengths_leave_blocks_that_no_longer_fit(term: str, net: Network) -> None:
    kept = [
        reserved_over_allocated(net, 350.0, 2048, SPREAD_OF_LENGTHS, batch, 40, seed)
        for batch in (1, 4)
        for seed in range(5)
    ]
    logs = [math.log(one) for one in kept]
    assert basis.KEPT_OF_BATCHES[term] == pytest.approx(math.exp(statistics.mean(logs)), rel=0.15)
    assert min(kept) > K.reserved


def test_fragments_are_counted_where_lengths_vary_and_segments_do_not_grow() -> None:
    one = a_run(seq_len=2048, memory_basis="reserved")
    many = replace(one, mean_tokens=300.0)
    moving = SIZES["activations"] + SIZES["logits"]
    kept = (K.reserved_varying - K.reserved) * moving
    plain = basis.shown_gib(one, SIZES, K)
    assert plain == pytest.approx(K.reserved * 20.0)
    assert basis.shown_gib(many, SIZES, K) == pytest.approx(plain + kept)
    assert basis.shown_gib(replace(many, framework="unsloth"), SIZES, K) == plain
    assert basis.shown_gib(replace(many, memory_basis="allocated"), SIZES, K) == 20.0


def test_a_stack_that_empties_no_cache_keeps_what_the_simulated_allocator_keeps() -> None:
    many = a_run(seq_len=2048, mean_tokens=300.0, memory_basis="reserved", framework="trl")
    plain = basis.shown_gib(replace(many, mean_tokens=None), SIZES, K)
    by_hand = (1.4 - K.reserved) * 6.0 + (2.2 - K.reserved) * 4.0
    assert basis.shown_gib(many, SIZES, K) == pytest.approx(plain + by_hand)
    more = (2.0 - 1.4) * 6.0 + (4.2 - 2.2) * 4.0
    assert basis.most_fragments_gib(many, SIZES, K) == pytest.approx(more)


def test_what_is_kept_at_most_widens_the_range_upwards() -> None:
    many = a_run(seq_len=2048, mean_tokens=300.0, memory_basis="reserved")
    by_hand = (2.0 - K.reserved_varying) * 6.0 + (4.2 - K.reserved_varying) * 4.0
    assert basis.most_fragments_gib(many, SIZES, K) == pytest.approx(by_hand)
    without = ({"padding_free": True}, {"memory_basis": "allocated"}, {"framework": "unsloth"})
    for change in (*without, {"mean_tokens": None}):
        assert basis.most_fragments_gib(replace(many, **change), SIZES, K) == 0.0
    alike = replace(many, padding_free=True)
    assert estimate(many).memory_gib.range.p90 > estimate(alike).memory_gib.range.p90


def test_batches_of_many_lengths_on_an_h200_reserve_as_much_as_was_measured() -> None:
    # Qwen2.5 1.5B, LoRA of rank 8 on all matrices, 4 rows of 256 to 2,048 tokens, 40 steps: 42.4
    # GiB allocated; 74.9 reserved by Trainer and 114.0 by our loop, which met the rows in another
    # order (benchmarks/training_loop.py --varied, torch 2.11).
    run = a_run("Qwen2.5-1.5B", "H200-SXM", rank=8, micro_batch=4, seq_len=2048)
    run = replace(run, mean_tokens=1152.0, longest_tokens=2048.0, framework="trl")
    run = replace(run, checkpointing="none", padding_free=False)
    allocated = estimate(replace(run, memory_basis="allocated")).memory_gib
    assert allocated.likely == pytest.approx(42.4, rel=0.08)
    reserved = estimate(replace(run, memory_basis="reserved")).memory_gib.range
    assert reserved.p10 < 74.9 < reserved.p90
    assert reserved.p90 == pytest.approx(114.0, rel=0.15)


def test_the_allocator_gives_blocks_back_before_a_gpu_is_full() -> None:
    run = a_run("Llama-2-7b", "RTX 4090", seq_len=2048, mean_tokens=300.0, memory_basis="process")
    full = basis.shown_gib(run, {"weights": 11.4, "activations": 5.0, "logits": 5.0}, K)
    assert full == pytest.approx(basis.usable_gib(run.gpu, K), rel=1e-9)
    above = {"weights": 30.0, "activations": 5.0, "logits": 5.0}
    assert basis.shown_gib(run, above, K) == pytest.approx(40.0 * K.reserved + K.context_gib)


def test_whether_a_run_fits_does_not_depend_on_what_the_allocator_keeps() -> None:
    run = a_run("Llama-3.1-8B", "H100-SXM", seq_len=2048, mean_tokens=2048.0, micro_batch=2)
    varied = replace(run, mean_tokens=2047.0, longest_tokens=2048.0, padding_free=False)
    assert estimate(varied).memory_gib.likely > 1.005 * estimate(run).memory_gib.likely
    assert estimate(varied).fits == estimate(run).fits


def test_error_correction_takes_a_sixteenth_of_graphics_memory() -> None:
    # torch reports 22.06 GiB of an A10G, 79.15 of an A100 of 80 GB and 23.65 of an RTX 4090
    for name, total in (("A10G", 22.06), ("A100-80GB-SXM", 79.15), ("RTX 4090", 23.65)):
        assert basis.usable_gib(a_run(gpu=name).gpu, K) == pytest.approx(total, rel=0.01)


def test_what_comes_and_goes_needs_more_room_than_what_stands() -> None:
    context = basis.needed_gib({"weights": 0.0, "activations": 0.0, "logits": 0.0}, K)
    standing = basis.needed_gib({"weights": 10.0, "activations": 0.0, "logits": 0.0}, K) - context
    moving = basis.needed_gib({"weights": 0.0, "activations": 6.0, "logits": 4.0}, K) - context
    assert 10.0 < standing < moving < 12.5


@given(st.floats(0.1, 500.0), st.booleans())
def test_bases_are_in_order(allocated_gib: float, varied: bool) -> None:
    run = replace(a_run(gpus=1, mean_tokens=300.0 if varied else None), gpu=None)
    sizes = {"weights": allocated_gib, "activations": allocated_gib, "logits": 0.0}
    shown = [
        basis.shown_gib(replace(run, memory_basis=name), sizes, K)
        for name in ("allocated", "active", "reserved", "process")
    ]
    assert shown == sorted(shown)


def test_a_stack_and_a_gpu_are_doubted_by_what_depends_on_them() -> None:
    """By hand: nothing of frozen weights depends on the stack, and no tensor on the GPU."""
    shares = {"weights": 0.7, "activations": 0.1, "buffers": 0.05, "allocator and context": 0.15}
    lora = spread.exposures(a_run(), "memory", shares)
    assert lora == pytest.approx({"stack": 0.3**2, "gpu": 0.2**2})
    assert spread.exposures(a_run(method="full"), "memory", shares)["stack"] == 1.0
    assert spread.exposures(a_run(), "speed", {}) == {"stack": 1.0, "gpu": 1.0}
