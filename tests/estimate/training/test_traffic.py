"""Bytes that the small operations of a layer move, counted by hand for Llama's shape."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from advisor.estimate.training import activations, coefficients, shape_of, throughput, traffic
from advisor.estimate.training.activations import adapter_widths
from tests.estimate.training.by_hand import HEADS as HEADS_BY_HAND
from tests.estimate.training.by_hand import KV, LAYER, F, H, Q, run_of
from tests.estimate.training.catalogue import a_run

HIDDEN, INTERMEDIATE, HEADS = 4096, 11_008, 4096


def test_a_layer_of_llama_in_eager_kernels() -> None:
    """Two norms of 38 bytes per channel, residuals of 12, rotation of queries and keys of 20, and
    10 per channel of the gated MLP; forward once, backward as `BACKWARD` says.
    """
    run = a_run("Llama-2-7b", method="full", attention="flash", checkpointing="none")
    forward = 2 * 38 * HIDDEN + 12 * HIDDEN + 20 * 2 * HEADS + 10 * INTERMEDIATE
    moved = traffic.layer_bytes(run, shape_of(run), 2048)
    assert moved == pytest.approx((1 + traffic.BACKWARD) * forward)


def test_checkpointing_repeats_the_forward_pass() -> None:
    plain = a_run("Llama-2-7b", method="full", attention="flash", checkpointing="none")
    again = a_run("Llama-2-7b", method="full", attention="flash", checkpointing="full")
    shape = shape_of(plain)
    more = traffic.layer_bytes(again, shape, 2048) / traffic.layer_bytes(plain, shape, 2048)
    assert more == pytest.approx((2 + traffic.BACKWARD) / (1 + traffic.BACKWARD))


def test_scores_of_eager_attention_grow_with_the_length() -> None:
    run = a_run("Llama-2-7b", method="full", attention="eager", checkpointing="none")
    shape = shape_of(run)
    grown = traffic.layer_bytes(run, shape, 4096) - traffic.layer_bytes(run, shape, 2048)
    assert grown == pytest.approx((1 + traffic.BACKWARD) * traffic.EAGER_BYTES * 32 * 2048)


def test_gradients_of_sharded_weights_are_reduced_only_where_all_are_trained() -> None:
    """Weights are gathered twice in bf16; of a full run the gradients travel once as well."""
    full, lora = (
        a_run("Llama-3.1-8B", method=method, sharding="fsdp", gpus=4) for method in ("full", "lora")
    )
    k = coefficients.fitted()
    seconds = [
        throughput.seconds_by_term(run, run.gpu, shape_of(run), k)["link"] for run in (full, lora)
    ]
    assert seconds[0] / seconds[1] == pytest.approx((2 * 2 + 2) / (2 * 2), rel=0.02)


@pytest.mark.parametrize(("gpus", "share"), [(2, 1 / 2), (4, 3 / 4), (8, 7 / 8)])
def test_a_gpu_gathers_what_the_others_hold(gpus: int, share: float) -> None:
    """Of a model whose bytes travel at the speed of the link, (D − 1) ÷ D."""
    k = coefficients.fitted()
    one, other = (
        a_run("Llama-3.1-8B", "H100-SXM", method="full", sharding="fsdp", gpus=n) for n in (2, gpus)
    )
    seconds = [
        throughput.seconds_by_term(run, run.gpu, shape_of(run), k)["link"] for run in (one, other)
    ]
    assert seconds[1] / seconds[0] == pytest.approx(2 * share)
    speed = throughput._link_speed(one.gpu, k)
    assert seconds[0] == pytest.approx(6 * 8_030_261_248 / 2 / speed)


def test_a_compiled_layer_moves_each_tensor_once() -> None:
    """Norms: 10 bytes per channel; queries and keys: 6; the gated MLP: 8."""
    run = a_run("Llama-2-7b", method="full", attention="flash", checkpointing="none", compile=True)
    forward = 2 * 10 * HIDDEN + 6 * 2 * HEADS + 8 * INTERMEDIATE
    moved = traffic.layer_bytes(run, shape_of(run), 2048)
    assert moved == pytest.approx((1 + traffic.BACKWARD) * forward)


def test_adapters_of_a_layer_keep_each_input_once() -> None:
    """Query, key and value read the same input; gate and up another; down a third."""
    run = a_run("Llama-2-7b", method="lora", targets="all-linear")
    widths = adapter_widths(run, shape_of(run))
    assert widths.shared == HIDDEN + HIDDEN + INTERMEDIATE
    assert widths.inputs == 4 * HIDDEN + 2 * HIDDEN + INTERMEDIATE
    assert widths.outputs == 4 * HIDDEN + 2 * INTERMEDIATE + HIDDEN


def test_adapters_move_bytes_of_their_own_and_full_tuning_moves_none() -> None:
    plain = {"attention": "flash", "checkpointing": "none"}
    full, lora = a_run("Llama-2-7b", method="full", **plain), a_run("Llama-2-7b", **plain)
    shape = shape_of(lora)
    more = traffic.layer_bytes(lora, shape, 2048) - traffic.layer_bytes(full, shape, 2048)
    widths = adapter_widths(lora, shape)
    least = (1 + traffic.ADAPTER_BACKWARD) * (2 * widths.inputs + 4 * widths.outputs)
    assert more >= least > 0


def test_the_magnitudes_of_dora_keep_their_outputs_in_fp32() -> None:
    lora, dora = a_run("Llama-2-7b"), a_run("Llama-2-7b", method="dora")
    shape = shape_of(lora)
    more = activations.layer_bytes_per_token(dora, shape) - activations.layer_bytes_per_token(
        lora, shape
    )
    assert more == pytest.approx(4 * adapter_widths(dora, shape).outputs)


@pytest.mark.parametrize(
    ("changes", "times"),
    [
        ({}, 1.0),
        ({"micro_batch": 4}, 4.0),
        ({"seq_len": 4096}, 2.0),
        ({"context_parallel": 2, "gpus": 8}, 0.5),
        ({"tensor_parallel": 2, "gpus": 2}, (1 / 2) / (3 / 4)),
        ({"tensor_parallel": 1, "gpus": 1}, 0.0),
    ],
)
def test_tensor_parallel_gpus_add_up_the_hidden_states(
    changes: dict[str, object], times: float
) -> None:
    """Of each position, (D − 1) ÷ D of it between D GPUs."""
    usual = {"method": "full", "tensor_parallel": 4, "gpus": 4, "seq_len": 2048, "packed": True}
    k = coefficients.fitted()
    seconds = [
        throughput._tensor_seconds(run, run.gpu, shape_of(run), k)
        for run in (
            a_run("Llama-3.1-8B", "H100-SXM", **usual),
            a_run("Llama-3.1-8B", "H100-SXM", **{**usual, **changes}),
        )
    ]
    assert seconds[0] > 0
    assert seconds[1] / seconds[0] == pytest.approx(times)


T, V = 100, 11
FORWARD = 2 * 38 * H + 12 * H + 20 * (Q + KV) + 10 * F
FUSED = 2 * 10 * H + 6 * (Q + KV) + 8 * F
INPUTS, OUTPUTS = 5 * H + Q + F, 2 * H + Q + 2 * KV + 2 * F


@pytest.mark.parametrize(
    ("changes", "shape", "expected"),
    [
        ({"method": "full"}, {}, 3 * FORWARD),
        ({"method": "full", "checkpointing": "full"}, {}, 4 * FORWARD),
        ({"method": "full", "checkpointing": "selective"}, {}, 3.2 * FORWARD),
        ({"method": "full", "attention": "eager"}, {}, 3 * (FORWARD + 26 * HEADS_BY_HAND * T)),
        ({"method": "full", "compile": True}, {}, 3 * FUSED),
        ({"method": "full", "framework": "unsloth"}, {}, 3 * FUSED),
        ({"method": "full", "framework": "nemo"}, {}, 3 * FUSED),
        ({"method": "full"}, {"gated": False}, 3 * (FORWARD - 2 * 28 * H)),
        ({"method": "full"}, {"norms": 4}, 3 * (FORWARD + 2 * 38 * H)),
        ({"method": "full"}, {"head_norms": True}, 3 * (FORWARD + 38 * (Q + KV))),
        ({"method": "full"}, {"attending": 0.5}, 3 * (FORWARD - 10 * (Q + KV))),
        ({"method": "full"}, {"with_mlp": 0.5}, 3 * (FORWARD - 5 * F)),
        (
            {"method": "full"},
            {"recurrent": 0.5, "kept_by_recurrence": 9.0},
            3 * (FORWARD + 0.5 * 4 * 9),
        ),
        ({"method": "full", "dtype": "fp32"}, {}, 3 * (2 * FORWARD - 2 * 38 * H)),
        ({"method": "full", "dtype": "fp32", "compile": True}, {}, 6 * FUSED),
        ({}, {}, 3 * FORWARD + 2.5 * (14 * INPUTS + 12 * OUTPUTS)),
        (
            {"checkpointing": "full"},
            {},
            4 * FORWARD + 3.5 * (14 * INPUTS + 12 * OUTPUTS),
        ),
        ({"method": "dora"}, {}, 3 * FORWARD + 2.5 * (14 * INPUTS + 24 * OUTPUTS)),
        ({"framework": "torchtune"}, {}, 3 * FORWARD + 2.5 * (2 * INPUTS + 12 * OUTPUTS)),
        ({"framework": "deepspeed"}, {}, 3 * FORWARD + 2.5 * (2 * INPUTS + 12 * OUTPUTS)),
        (
            {"framework": "torchtune", "compute_dtype": "mixed-bf16"},
            {},
            3 * FORWARD + 2.5 * (2 * INPUTS + 12 * OUTPUTS),
        ),
        ({"framework": "unsloth"}, {}, 3 * FUSED + 2.5 * (2 * INPUTS + 4 * OUTPUTS)),
        ({"compile": True}, {}, 3 * FUSED + 2.5 * (14 * INPUTS + 12 * OUTPUTS)),
        (
            {"framework": "unsloth", "compile": True},
            {},
            3 * FUSED + 2.5 * (14 * INPUTS + 12 * OUTPUTS),
        ),
        (
            {"method": "qlora", "quantization": "nf4", "compute_dtype": "mixed-bf16"},
            {},
            3 * (2 * FORWARD - 2 * 38 * H) + 2.5 * (14 * INPUTS + 12 * OUTPUTS),
        ),
    ],
)
def test_traffic_of_a_layer_by_hand(
    changes: dict[str, Any], shape: dict[str, Any], expected: float
) -> None:
    found = traffic.layer_bytes(run_of(**changes), replace(LAYER, **shape), T)
    assert found == pytest.approx(expected)


@pytest.mark.parametrize(
    ("changes", "shape", "each"),
    [
        ({}, {}, 40),
        ({"fused_loss": "kernel"}, {}, 12),
        ({"fused_loss": "projection"}, {}, 8),
        ({"fused_loss": "unheard"}, {}, 30),
        ({"objective": "rm"}, {}, 0),
        ({}, {"encoder": True}, 0),
        ({}, {"has_logits": False}, 0),
    ],
)
def test_a_loss_moves_bytes_per_word(
    changes: dict[str, Any], shape: dict[str, Any], each: float
) -> None:
    assert traffic.loss_bytes(run_of(**changes), replace(LAYER, **shape)) == each * V
