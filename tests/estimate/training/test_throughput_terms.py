"""Every term of the time of a small layer, added up by hand from the formulas page."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from advisor.core.facts import Link
from advisor.estimate.training import launches, rates, throughput, traffic
from tests.estimate.training.by_hand import LAYER, H, Q, run_of
from tests.estimate.training.by_hand import SPEEDS as K
from tests.estimate.training.catalogue import book

LAYERS, V, T = 3, 11, 100
L40S = book().gpu("L40S")
assert L40S is not None

N, LOOKED_UP, INNER = 600.0, 200.0 - V * H, 400.0
"""Active parameters; those of the token table, the head left in; those of the layers."""


@pytest.mark.parametrize(
    ("changes", "shape", "expected"),
    [
        ({"method": "full"}, {}, 6 * (N - LOOKED_UP)),
        ({"method": "lora"}, {}, 4 * (N - LOOKED_UP)),
        ({"method": "other", "trainable_params": 301.0}, {}, 6 * (N - LOOKED_UP)),
        ({"method": "other", "trainable_params": 300.0}, {}, 4 * (N - LOOKED_UP)),
        ({"method": "lora"}, {"embedding_params": 50.0}, 4 * N),
        ({"method": "full", "objective": "dpo"}, {}, 8 * (N - LOOKED_UP)),
        ({"method": "lora", "objective": "kto"}, {}, 10 * (N - LOOKED_UP)),
        ({"checkpointing": "full"}, {}, 4 * (N - LOOKED_UP) + 2 * INNER),
        ({"checkpointing": "selective"}, {}, 4 * (N - LOOKED_UP) + 0.2 * 2 * INNER),
        (
            {"checkpointing": "selective", "framework": "torchtitan"},
            {},
            4 * (N - LOOKED_UP) + 0.5 * 2 * INNER,
        ),
    ],
)
def test_products_by_hand(changes: dict[str, Any], shape: dict[str, Any], expected: float) -> None:
    run, layer = run_of(**changes), replace(LAYER, **shape)
    assert throughput.matmul_flops_per_token(run, layer) == pytest.approx(expected)


def test_some_classes_pass_all_tokens_through_all_experts() -> None:
    scout = replace(run_of(method="full"), model=book().model("Llama-4-Scout-17B-16E"))
    assert throughput.passes_every_expert(scout)
    assert throughput.matmul_flops_per_token(scout, LAYER) == 6 * (1000 - LOOKED_UP)
    assert not throughput.passes_every_expert(replace(scout, framework="megatron"))
    assert not throughput.passes_every_expert(run_of())
    llama = replace(scout, model=book().model("Llama-3.2-3B"))
    assert not throughput.passes_every_expert(llama)


@pytest.mark.parametrize(
    ("changes", "shape", "expected"),
    [
        ({}, {}, 6 * LAYERS * Q * T),
        ({}, {"encoder": True}, 12 * LAYERS * Q * T),
        ({"checkpointing": "full"}, {}, 8 * LAYERS * Q * T),
        ({}, {"attending": 0.25}, 6 * 0.25 * LAYERS * Q * T),
    ],
)
def test_scores_by_hand(changes: dict[str, Any], shape: dict[str, Any], expected: float) -> None:
    run, layer = run_of(**changes), replace(LAYER, **shape)
    assert throughput.attention_flops_per_token(run, layer, T) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("checkpointing", "passes"), [("none", 3), ("selective", 3.2), ("full", 4)]
)
def test_a_scan_is_computed_three_times_and_again(checkpointing: str, passes: float) -> None:
    layer = replace(LAYER, recurrent=0.5, scan_flops=70.0)
    found = throughput.scan_flops_per_token(run_of(checkpointing=checkpointing), layer)
    assert found == pytest.approx(passes * 0.5 * LAYERS * 70)


USUAL = 0.5 * 0.9
MIXED = USUAL * 0.7 * 0.6
"""The same of experts in PyTorch's grouped product."""


@pytest.mark.parametrize(
    ("changes", "shape", "expected"),
    [
        ({"packed": True}, {}, USUAL),
        ({}, {}, USUAL * 0.95),
        ({"tokens_basis": "padded"}, {}, USUAL),
        ({"packed": True, "tokens_basis": "padded"}, {}, USUAL),
        ({"packed": True, "method": "other"}, {}, USUAL * 0.8),
        ({"packed": True, "framework": "torchtune"}, {}, USUAL * 1.1),
        ({"packed": True, "framework": "nemo"}, {}, USUAL * 1.1),
        ({"packed": True, "framework": "unsloth"}, {}, USUAL),
        ({"packed": True}, {"moe": True, "mlp": 4096.0, "routed": 4}, MIXED / 2),
        ({"packed": True}, {"moe": True, "mlp": 1024.0}, MIXED / 2),
        ({"packed": True, "software_date": "2025"}, {"moe": True, "mlp": 1024.0}, MIXED / 0.6 / 2),
        ({"packed": True, "framework": "nemo"}, {"moe": True, "mlp": 2048.0}, MIXED / 0.6 * 1.1),
        ({"packed": True, "gpus": 4}, {}, USUAL),
        ({"packed": True, "gpus": 32}, {}, USUAL * 0.97**2),
        (
            {"packed": True, "gpus": 32},
            {"moe": True, "mlp": 2048.0, "routed": 1},
            MIXED * (0.97 * 0.9) ** 2,
        ),
    ],
)
def test_the_share_that_products_reach(
    changes: dict[str, Any], shape: dict[str, Any], expected: float
) -> None:
    found = throughput.efficiency(run_of(**changes), L40S, replace(LAYER, **shape), K)
    assert found == pytest.approx(expected)
    other = replace(L40S, arch="Gaudi")
    ratio = throughput.efficiency(run_of(**changes), other, replace(LAYER, **shape), K) / expected
    assert ratio == pytest.approx(1 / 0.9)


def test_experts_of_a_known_model_have_the_width_it_says() -> None:
    mixture = replace(LAYER, moe=True, mlp=1.0)
    mixtral = replace(run_of(packed=True), model=book().model("Mixtral-8x7B-v0.1"))
    assert throughput.efficiency(mixtral, L40S, mixture, K) == pytest.approx(MIXED * 14_336 / 2048)
    qwen = replace(mixtral, model=book().model("Qwen3-30B-A3B"))
    assert throughput.efficiency(qwen, L40S, mixture, K) == pytest.approx(MIXED * 768 / 2048)


@pytest.mark.parametrize(
    ("changes", "arch", "peak", "expected"),
    [
        ({}, "Ada", 362.0, 0.4),
        ({}, "Ada", 1810.0, 0.1),
        ({}, "Hopper", 100.0, 0.35),
        ({"attention": "eager"}, "Ada", 1810.0, 0.25),
        ({"framework": "nemo"}, "Hopper", 1810.0, 0.5),
        ({"framework": "nemo"}, "Ada", 1810.0, 0.4),
    ],
)
def test_the_share_that_attention_reaches(
    changes: dict[str, Any], arch: str, peak: float, expected: float
) -> None:
    found = throughput.attention_share(run_of(**changes), replace(L40S, arch=arch), peak, K)
    assert found == pytest.approx(expected)


def test_busy_seconds_of_a_gpu_by_hand() -> None:
    run = run_of(packed=True, micro_batch=2, objective="dpo", method="full")
    layer = replace(LAYER, recurrent=0.5, scan_flops=70.0, kept_by_recurrence=9.0)
    found = throughput._gpu_terms(run, L40S, layer, 200.0, K)
    tokens = 2 * 2 * T
    products = throughput.matmul_flops_per_token(run, layer)
    assert found["matrix"] == pytest.approx(tokens * products / (200e12 * USUAL))
    scores = throughput.attention_flops_per_token(run, layer, T)
    scan = throughput.scan_flops_per_token(run, layer) / 0.4
    assert found["attention"] == pytest.approx(tokens * (scores + scan) / (362e12 * 0.4))
    moved = 1.3 * LAYERS * traffic.layer_bytes(run, layer, T) + traffic.loss_bytes(run, layer)
    assert found["traffic"] == pytest.approx(tokens * moved / (864e9 * 0.8))
    assert found["dequantize"] == 0.0


def test_without_a_printed_bandwidth_it_follows_from_the_peak() -> None:
    run = run_of(packed=True)
    unknown = replace(L40S, bandwidth_gb_per_second=None)
    found = throughput._gpu_terms(run, unknown, LAYER, 200.0, K)["traffic"]
    known = throughput._gpu_terms(run, L40S, LAYER, 200.0, K)["traffic"]
    assert found / known == pytest.approx(864 / (362 / 0.16))
    neither = replace(unknown, bf16_tflops=None, fp16_tflops=None)
    by_rate = throughput._gpu_terms(run, neither, LAYER, 200.0, K)["traffic"]
    assert by_rate / known == pytest.approx(864 / (200 / 0.16))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, 0),
        ({"quantization": "nf4"}, 4 * 6 * 1000),
        ({"quantization": "mxfp4"}, 4 * 6 * 1000),
        ({"quantization": "nvfp4"}, 4 * 6 * 1000),
        ({"quantization": "int8"}, 4 * 20 * 1000),
        ({"method": "dora"}, 24 * INNER),
        ({"method": "dora", "quantization": "int8"}, 4 * 20 * 1000 + 24 * INNER),
    ],
)
def test_what_is_unpacked_and_normed_is_moved(changes: dict[str, Any], expected: float) -> None:
    run = run_of(packed=True, **changes)
    assert throughput._dequantized_bytes(run, LAYER, K) == pytest.approx(expected)
    seconds = throughput._gpu_terms(run, L40S, LAYER, 200.0, K)["dequantize"]
    assert seconds == pytest.approx(expected / (864e9 * 0.8))


def test_attention_in_fp32_runs_at_the_fp32_rate() -> None:
    """L40S: 91.6 of 362 TFLOPS by data sheet, a quarter; FlashAttention's share where it is no
    eager attention.
    """
    run = run_of(method="qlora", quantization="nf4", compute_dtype="bf16", packed=True)
    fp32 = rates.fp32_tflops(L40S, K)
    assert fp32 is not None
    scores = T * throughput.attention_flops_per_token(run, LAYER, T)
    found = throughput._gpu_terms(run, L40S, LAYER, 200.0, K)["attention"]
    assert found == pytest.approx(scores / (fp32 * 0.35 * 1e12))
    eager = replace(run, attention="eager")
    found = throughput._gpu_terms(eager, L40S, LAYER, 200.0, K)["attention"]
    assert found == pytest.approx(scores / (fp32 * 0.25 * 1e12))


def test_attention_in_single_precision_is_at_most_as_fast_as_products() -> None:
    run = run_of(dtype="fp32", packed=True)
    scores = T * throughput.attention_flops_per_token(run, LAYER, T)
    for tflops, share in ((36.2, 0.1), (300.0, 0.4)):
        found = throughput._gpu_terms(run, L40S, LAYER, tflops, K)["attention"]
        assert found == pytest.approx(scores / (362e12 * share))


LINKED = replace(book().gpu("H100-SXM"), link=Link.NVLINK)
FAST = 120e9 * 900 / 600


@pytest.mark.parametrize(
    ("changes", "gpu", "expected"),
    [
        ({}, L40S, 0),
        ({"gpus": 4, "sharding": "ddp"}, L40S, 0),
        ({"gpus": 1, "sharding": "fsdp"}, L40S, 0),
        ({"gpus": 4, "sharding": "fsdp"}, L40S, 2 * 2 * 1000 * 3 / 4 / 5e9),
        ({"gpus": 4, "sharding": "fsdp", "method": "full"}, L40S, 6 * 1000 * 3 / 4 / 5e9),
        ({"gpus": 4, "sharding": "zero3"}, LINKED, 4 * 1000 * 3 / 4 / FAST),
        ({"gpus": 8, "sharding": "fsdp"}, LINKED, 4 * 1000 * 7 / 8 / FAST),
        ({"gpus": 16, "sharding": "fsdp"}, LINKED, 4 * 1000 * 15 / 16 / 50e9),
        ({"gpus": 16, "sharding": "fsdp"}, L40S, 4 * 1000 * 15 / 16 / 5e9),
        (
            {"gpus": 4, "sharding": "fsdp", "quantization": "int8"},
            L40S,
            2 * 1.03 * 1000 * 3 / 4 / 5e9,
        ),
        (
            {"gpus": 8, "sharding": "fsdp", "tensor_parallel": 2, "pipeline_parallel": 2},
            L40S,
            4 * 1000 * 1 / 2 / 5e9 / 2 / 2,
        ),
        ({"offload": "optimizer"}, L40S, 4 * 1000 / 8e9),
        ({"offload": "full", "method": "full"}, L40S, 6 * 1000 / 8e9),
        ({"offload": "full", "gpus": 4, "sharding": "ddp"}, L40S, 4 * 1000 / 8e9 / 4),
        (
            {"offload": "full", "gpus": 4, "sharding": "fsdp"},
            L40S,
            4 * 1000 * 3 / 4 / 5e9 + 4 * 1000 / 8e9 / 4,
        ),
    ],
)
def test_links_by_hand(changes: dict[str, Any], gpu: Any, expected: float) -> None:
    found = throughput._link_seconds(run_of(**changes), gpu, LAYER, K)
    assert found == pytest.approx(expected)


def test_experts_that_are_spread_over_gpus_are_not_gathered() -> None:
    mixture = replace(LAYER, expert_params=700.0)
    run = run_of(gpus=4, sharding="fsdp", framework="megatron")
    found = throughput._link_seconds(run, L40S, mixture, K)
    assert found == pytest.approx(4 * 300 * 3 / 4 / 5e9)
    plain = throughput._link_seconds(replace(run, framework="hf"), L40S, mixture, K)
    assert plain == pytest.approx(4 * 1000 * 3 / 4 / 5e9)


@pytest.mark.parametrize(
    ("changes", "divided"),
    [({}, 1), ({"gpus": 8, "pipeline_parallel": 2}, 2), ({"context_parallel": 2}, 2)],
)
def test_tensor_parallel_gpus_reduce_the_hidden_states_four_times_per_layer(
    changes: dict[str, Any], divided: float
) -> None:
    run = run_of(**{"gpus": 4, "tensor_parallel": 4, "packed": True, "micro_batch": 3, **changes})
    moved = 4 * 2 * 3 / 4 * 2 * 3 * T * H * LAYERS
    found = throughput._tensor_seconds(run, L40S, LAYER, K)
    assert found == pytest.approx(0.6 * moved / divided / 5e9)
    assert throughput._tensor_seconds(run_of(), L40S, LAYER, K) == 0.0


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, 40 * 1000),
        ({"framework": "torchtune"}, 16 * 1000),
        ({"grad_accum": 4}, 40 * 1000 / 4),
        ({"gpus": 8, "sharding": "zero1"}, 40 * 1000 / 8),
        ({"gpus": 8, "sharding": "ddp"}, 40 * 1000),
        ({"method": "lora"}, 0),
    ],
)
def test_an_optimiser_passes_over_its_states(changes: dict[str, Any], expected: float) -> None:
    run = run_of(**{"method": "full", **changes})
    found = throughput._optimizer_seconds(run, L40S, LAYER, 1, K)
    assert found == pytest.approx(expected / 864e9)
    assert throughput._optimizer_seconds(run, L40S, LAYER, 2, K) == pytest.approx(found / 2)
    unknown = replace(L40S, bandwidth_gb_per_second=None)
    assert throughput._optimizer_seconds(run, unknown, LAYER, 1, K) == 0.0


@pytest.mark.parametrize(
    ("changes", "stages", "expected"),
    [
        ({}, 1, 1),
        ({"grad_accum": 8}, 4, 1 + 3 / 8),
        ({"grad_accum": 8, "micro_batch": 2}, 4, 1 + 3 / 8),
        ({"grad_accum": 8, "micro_batch": 2, "framework": "torchtitan"}, 4, 1 + 3 / 16),
        ({"micro_batch": 2, "framework": "torchtitan"}, 4, 1 + 3 / 2),
        ({"micro_batch": 2}, 4, 1.05**2),
        ({}, 4, 1.05**2),
    ],
)
def test_a_pipeline_fills_and_drains(changes: dict[str, Any], stages: int, expected: float) -> None:
    assert throughput._bubble(run_of(**changes), stages, K) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("changes", "is_naive"),
    [
        ({"sharding": "mp"}, True),
        ({"sharding": "pp"}, True),
        ({"sharding": "fsdp"}, False),
        ({"sharding": "pp", "framework": "megatron"}, False),
    ],
)
def test_a_loader_that_spreads_layers_has_no_schedule(
    changes: dict[str, Any], is_naive: bool
) -> None:
    assert throughput.naive_pipeline(run_of(gpus=4, **changes)) is is_naive


@pytest.mark.parametrize(
    ("changes", "gpus", "slower"),
    [
        ({}, 1, 1),
        ({"gpus": 8}, 1, 1),
        ({"gpus": 8, "tensor_parallel": 2}, 2, 1),
        ({"gpus": 8, "context_parallel": 4}, 4, 1.1**2),
        ({"gpus": 4, "sharding": "pp"}, 1, 1),
        ({"gpus": 4, "pipeline_parallel": 4, "framework": "megatron"}, 4, 1.05**2),
    ],
)
def test_busy_seconds_are_shared_by_the_gpus_of_a_replica(
    changes: dict[str, Any], gpus: int, slower: float
) -> None:
    run = run_of(packed=True, **changes)
    tflops = rates.achievable_tflops(run, L40S, K)
    assert tflops is not None
    alone = throughput._gpu_terms(run, L40S, LAYER, tflops, K)
    found = throughput.seconds_by_term(run, L40S, LAYER, K)
    assert found is not None
    for term, seconds in alone.items():
        assert found[term] == pytest.approx(seconds / gpus * slower)
    stages = 4 if "pipeline_parallel" in changes else 1
    assert found["launch"] == pytest.approx(launches.launch_seconds(run, LAYER, K) / stages)
    assert found["link"] == 0.0
    unknown = replace(L40S, bf16_tflops=None, fp16_tflops=None, bandwidth_gb_per_second=None)
    assert throughput.seconds_by_term(run, unknown, LAYER, K) is None
    assert throughput.micro_step_seconds(run, unknown, LAYER, K) is None
    assert throughput.shares(run, unknown, LAYER, K) == {}


TERMS = {"matrix": 1.0, "attention": 0.5, "traffic": 0.9, "dequantize": 0.6, "launch": 4.0}


@pytest.mark.parametrize(("link", "expected"), [(2.0, 6.0 + 0.2 * 2.0), (7.0, 7.0 + 0.2 * 6.0)])
def test_a_step_is_its_longer_part_and_what_is_not_hidden_of_the_other(
    link: float, expected: float
) -> None:
    """3 busy and 4 launched seconds take 5 at order 2; 1 of reductions; 0.5 of the optimiser."""
    terms = {**TERMS, "tensor": 1.0, "link": link, "optimizer": 0.5}
    assert throughput.together(terms, K) == pytest.approx(expected + 0.5)


@pytest.mark.parametrize(
    ("changes", "tokens"),
    [
        ({}, T),
        ({"gpus": 8, "micro_batch": 3}, 8 * 3 * T),
        ({"gpus": 8, "tensor_parallel": 2, "pipeline_parallel": 2}, 2 * T),
        ({"gpus": 8, "context_parallel": 4}, 2 * T),
        ({"gpus": 1, "tensor_parallel": 2}, T),
        ({"objective": "dpo"}, 2 * T),
        ({"mean_tokens": 30.0}, 30),
    ],
)
def test_tokens_of_a_step_are_those_of_all_replicas(changes: dict[str, Any], tokens: float) -> None:
    assert throughput.tokens_per_step(run_of(**changes)) == tokens
