"""What a layer keeps, beside the table of docs/reference/formulas-training.md added up by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from advisor.estimate.training import activations
from advisor.estimate.training.activations import AdapterWidths, Precision, adapter_widths
from tests.estimate.training.by_hand import HEADS, KV, LAYER, F, H, Q, run_of
from tests.estimate.training.catalogue import a_run, book

INPUTS = 3 * H + Q + 2 * H + F  # query, key, value, output, gate, up, down
OUTPUTS = Q + 2 * KV + H + 2 * F + H
SHARED = H + H + F  # once for query, key, value; once for gate and up; down


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"method": "full"}, Precision.HALF),
        ({"method": "full", "compute_dtype": "bf16"}, Precision.HALF),
        ({"method": "full", "compute_dtype": "mixed-bf16"}, Precision.MIXED),
        ({"method": "full", "compute_dtype": "fp8"}, Precision.MIXED),
        ({"method": "full", "dtype": "fp32"}, Precision.SINGLE),
        ({"method": "full", "dtype": "fp32", "compute_dtype": "mixed-fp16"}, Precision.MIXED),
        ({"method": "full", "dtype": "fp32", "compute_dtype": "fp16"}, Precision.MIXED),
        ({"method": "full", "dtype": "fp32", "compute_dtype": "fp32"}, Precision.SINGLE),
        ({"method": "lora"}, Precision.MIXED),
        ({"method": "lora", "framework": "torchtune"}, Precision.HALF),
        ({"method": "lora", "framework": "deepspeed"}, Precision.HALF),
        ({"method": "lora", "framework": "nemo"}, Precision.HALF),
        ({"method": "lora", "dtype": "fp32"}, Precision.SINGLE),
    ],
)
def test_fp32_weights_compute_in_fp32_but_under_autocast(
    changes: dict[str, Any], expected: Precision
) -> None:
    assert activations.precision(run_of(**changes)) is expected


SHARDED = {"method": "full", "dtype": "fp32", "sharding": "fsdp", "compute_dtype": "mixed-bf16"}


@pytest.mark.parametrize(
    ("changes", "gathers"),
    [
        ({}, True),
        ({"compute_dtype": "nvfp4"}, True),
        ({"method": "lora"}, False),
        ({"dtype": "bf16"}, False),
        ({"sharding": "zero3"}, False),
        ({"compute_dtype": "bf16"}, False),
    ],
)
def test_only_fsdp_gathers_trained_fp32_weights_in_sixteen_bits(
    changes: dict[str, Any], gathers: bool
) -> None:
    run = run_of(**{**SHARDED, **changes})
    assert activations.gathers_half(run) is gathers
    if gathers:
        assert activations.precision(run) is Precision.HALF


NORMS, ATTENTION, GATED = 2 * 4 * H, 2 * (2 * Q + 2 * KV), 2 * 3 * F
"""Kept in 16 bits of frozen weights: the fp32 inputs of two norms, queries, keys, values and the
output, and gate, activation and up.
"""
TRAINED = 2 * 2 * H + 2 * 2 * H + 2 * F
"""What training adds: two outputs of norms, and what two matrices and the down projection read."""


@pytest.mark.parametrize(
    ("changes", "shape", "expected"),
    [
        ({"method": "full"}, {}, NORMS + ATTENTION + GATED + TRAINED),
        (
            {"method": "full", "compute_dtype": "mixed-bf16", "dtype": "fp32"},
            {},
            NORMS + ATTENTION + GATED + 18 * H + 2 * F,
        ),
        (
            {"method": "full", "dtype": "fp32"},
            {},
            NORMS + 2 * ATTENTION + 2 * (GATED + 2 * F) + 2 * 4 * H + 2 * 4 * H,
        ),
        (SHARDED, {}, NORMS + ATTENTION + GATED + TRAINED),
        ({"method": "full", "compile": True}, {}, 2 * 2 * H + ATTENTION + 2 * 3 * F + 2 * 2 * H),
        ({"method": "full", "framework": "nemo"}, {}, 2 * 2 * H + ATTENTION + 6 * F + 4 * H),
        ({"method": "full"}, {"norms": 4}, 2 * NORMS + ATTENTION + GATED + TRAINED + 4 * H),
        (
            {"method": "full"},
            {"head_norms": True},
            NORMS + ATTENTION + GATED + TRAINED + (4 + 2) * (Q + KV),
        ),
        (
            {"method": "full", "attention": "eager"},
            {},
            NORMS + 8 * Q + 600 * HEADS + GATED + TRAINED,
        ),
        (
            {"method": "full"},
            {"gated": False},
            2 * 2 * H + ATTENTION + 2 * 2 * F + 2 * 2 * H,
        ),
        (
            {"method": "full"},
            {"gated": False, "encoder": True},
            2 * 2 * H + ATTENTION + 2 * 2 * F + 2 * 2 * H + 2 * H,
        ),
        ({"method": "full"}, {"routed": 3}, NORMS + ATTENTION + GATED + TRAINED + 2 * 3 * 2 * H),
        (
            {"method": "full"},
            {"attending": 0.25, "recurrent": 0.75, "kept_by_recurrence": 40.0},
            NORMS + 0.25 * ATTENTION + GATED + TRAINED + 0.75 * 2 * 40,
        ),
        (
            {"method": "full"},
            {"with_mlp": 0.5},
            NORMS + ATTENTION + 0.5 * (GATED + 2 * F) + TRAINED - 2 * F,
        ),
        ({"method": "lora"}, {}, NORMS + ATTENTION + GATED + 2 * INPUTS),
        (
            {"method": "lora", "targets": "attention"},
            {},
            NORMS + ATTENTION + GATED + 2 * (3 * H + Q),
        ),
        ({"method": "lora", "targets": "qv"}, {}, NORMS + ATTENTION + GATED + 2 * 2 * H),
        ({"method": "dora"}, {}, NORMS + ATTENTION + GATED + 2 * INPUTS + 4 * OUTPUTS),
        ({"method": "prefix"}, {}, NORMS + ATTENTION + GATED),
        ({"method": "soft-prompt"}, {}, NORMS + ATTENTION + GATED),
        ({"method": "lora", "targets": ""}, {}, NORMS + ATTENTION + GATED),
        (
            {"method": "lora", "framework": "torchtune"},
            {},
            NORMS + ATTENTION + GATED + 2 * SHARED,
        ),
        (
            {"method": "lora", "framework": "deepspeed"},
            {},
            NORMS + ATTENTION + GATED + 4 * INPUTS,
        ),
        (
            {"method": "lora", "dtype": "fp32"},
            {},
            NORMS + 2 * ATTENTION + 2 * GATED + 4 * SHARED,
        ),
        (
            {"method": "lora", "framework": "unsloth"},
            {},
            2 * 2 * H + ATTENTION + 2 * 2 * F + 2 * SHARED,
        ),
        (
            {"method": "qlora", "quantization": "nf4", "framework": "advisor", "targets": "qv"},
            {},
            NORMS + ATTENTION + GATED + 2 * (2 * H + F),
        ),
        (
            {"method": "qlora", "quantization": "nf4"},  # peft's preparation: the MLP in fp32
            {},
            NORMS + ATTENTION + 2 * GATED + 2 * (2 * H + F),
        ),
        (
            {"method": "qlora", "quantization": "nf4", "compute_dtype": "fp16"},
            {},
            NORMS + 2 * ATTENTION + 2 * GATED + 2 * (2 * H + F),
        ),
        (
            {"method": "lora", "framework": "litgpt"},
            {},
            NORMS + ATTENTION + GATED + 3 * INPUTS,
        ),
        (
            {"method": "dora", "framework": "litgpt", "dtype": "fp32"},
            {},
            NORMS + 2 * ATTENTION + 2 * GATED + 5 * INPUTS + 4 * OUTPUTS,
        ),
        (
            {"method": "lora", "framework": "trl"},
            {},
            NORMS + ATTENTION + GATED + 3 * INPUTS,
        ),
        (
            {"method": "qlora", "framework": "trl", "quantization": "int8"},
            {},
            NORMS + ATTENTION + GATED + 3 * INPUTS + 2 * (2 * H + F),
        ),
    ],
)
def test_a_layer_keeps_what_the_table_says(
    changes: dict[str, Any], shape: dict[str, Any], expected: float
) -> None:
    run = run_of(**changes)
    assert activations.layer_bytes_per_token(run, replace(LAYER, **shape)) == pytest.approx(
        expected, rel=1e-12
    )


def test_quantised_weights_keep_what_their_products_read_or_more_where_adapters_read_more() -> None:
    wide = replace(LAYER, query=400)
    run = run_of(method="qlora", quantization="int8", framework="advisor", targets="o_proj")
    run = replace(run, model=replace(book().model("Llama-3.2-3B"), head_dim=128))
    widths = adapter_widths(run, wide)
    assert widths.shared == 0.0  # what the output projection reads is kept by the attention
    kept = activations.layer_bytes_per_token(run, wide)
    whole = activations.layer_bytes_per_token(replace(run, targets="all-linear"), wide)
    h, f = 3072, 8192
    assert adapter_widths(replace(run, targets="all-linear"), wide).shared == 2 * h + f
    assert whole - kept == 2 * (2 * h + f) - 2 * (2 * H + F)


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        ("qv", AdapterWidths(2 * H, H, Q + KV, 2)),
        ("q_proj+v_proj", AdapterWidths(2 * H, H, Q + KV, 2)),
        ("q_proj,v_proj", AdapterWidths(2 * H, H, Q + KV, 2)),
        ("attention", AdapterWidths(3 * H + Q, H, Q + 2 * KV + H, 4)),
        ("all-linear", AdapterWidths(INPUTS, SHARED, OUTPUTS, 7)),
        ("anything", AdapterWidths(INPUTS, SHARED, OUTPUTS, 7)),
    ],
)
def test_typical_adapters_by_hand(targets: str, expected: AdapterWidths) -> None:
    assert activations.typical_widths(LAYER, targets) == expected
    run = run_of(targets=targets)
    assert adapter_widths(run, LAYER) == expected
    named_otherwise = replace(run, model=book().model("Llama-3.2-3B"), targets="nowhere")
    assert adapter_widths(named_otherwise, LAYER) == activations.typical_widths(LAYER, "nowhere")


def test_adapters_of_a_mixture_stand_at_its_attention() -> None:
    mixture = replace(LAYER, moe=True)
    attention = activations.typical_widths(LAYER, "attention")
    assert activations.typical_widths(mixture, "all-linear") == attention


@pytest.mark.parametrize(
    ("targets", "shared"),
    [
        ("gate_proj,up_proj", 3072),
        ("down_proj", 8192),
        ("v_proj,o_proj", 3072),
        ("k_proj,up_proj,down_proj", 3072 + 3072 + 8192),
    ],
)
def test_modules_that_read_the_same_tensor_keep_it_once(targets: str, shared: float) -> None:
    run = a_run("Llama-3.2-3B", targets=targets)
    assert adapter_widths(run, LAYER).shared == shared


@pytest.mark.parametrize("method", ["full", "soft-prompt", "prefix"])
def test_whole_models_and_prompts_have_no_adapters(method: str) -> None:
    assert adapter_widths(run_of(method=method), LAYER) == AdapterWidths(0, 0, 0, 0)
    assert adapter_widths(run_of(targets=""), LAYER) == AdapterWidths(0, 0, 0, 0)


def test_a_hybrid_reads_each_tensor_once_in_the_layers_that_have_it() -> None:
    """Nemotron-H 8B: of 52 layers 4 attend, 24 scan and 24 have an MLP without a gate."""
    model = book().model("Nemotron-H-8B")
    run = replace(a_run("Nemotron-H-8B"), targets="all-linear")
    found = adapter_widths(run, LAYER)
    h, f = model.hidden, model.intermediate
    q, kv = model.heads * model.head_dim, model.kv_heads * model.head_dim
    inner = 128 * 64
    projected = 2 * inner + 2 * 8 * 128 + 128
    assert found.shared == pytest.approx((4 * h + 24 * h + 24 * (h + f)) / 52)
    assert found.inputs == pytest.approx((4 * (3 * h + q) + 24 * (h + inner) + 24 * (h + f)) / 52)
    assert found.outputs == pytest.approx(
        (4 * (q + 2 * kv + h) + 24 * (projected + h) + 24 * (f + h)) / 52
    )
    assert found.modules == pytest.approx((4 * 4 + 24 * 2 + 24 * 2) / 52)


@pytest.mark.parametrize(
    ("changes", "width"),
    [
        ({}, 2),
        ({"dtype": "fp32"}, 4),
        (SHARDED, 2),
        ({"method": "qlora", "quantization": "nf4"}, 4),
        ({"method": "qlora", "quantization": "int8"}, 4),
        ({"method": "qlora", "quantization": "gptq4"}, 2),
        ({"method": "qlora", "quantization": "nf4", "framework": "trl"}, 2),
        ({"method": "full", "quantization": "nf4"}, 2),
    ],
)
def test_full_checkpointing_keeps_the_input_of_a_layer(changes: dict[str, Any], width: int) -> None:
    assert activations.boundary_bytes_per_token(run_of(**changes), LAYER) == width * H


def test_eager_attention_holds_twelve_bytes_per_head_and_pair_while_it_is_differentiated() -> None:
    assert activations.eager_bytes_per_token(run_of(attention="eager"), LAYER) == 12 * HEADS * 100
    assert activations.eager_bytes_per_token(run_of(attention="sdpa"), LAYER) == 0.0


@pytest.mark.parametrize(
    ("changes", "is_fp32"),
    [
        ({"compute_dtype": "bf16"}, True),
        ({"compute_dtype": "fp16"}, True),
        ({"compute_dtype": "mixed-bf16"}, False),
        ({}, False),
        ({"compute_dtype": "bf16", "quantization": "none"}, False),
    ],
)
def test_attention_after_k_bit_preparation_is_fp32_unless_something_casts(
    changes: dict[str, Any], is_fp32: bool
) -> None:
    run = run_of(**{"method": "qlora", "quantization": "nf4", **changes})
    assert activations.attends_in_fp32(run) is is_fp32


def test_fp16_that_is_trained_whole_under_autocast_is_kept_in_fp32() -> None:
    def kept(method: str, compute: str, sharding: str = "none") -> str:
        return activations.trained_dtype(method, "fp16", compute, sharding)

    assert kept("full", "mixed-fp16") == "fp32"
    assert kept("full", "mixed-fp16", "zero2") == kept("lora", "mixed-fp16") == "fp16"
    assert kept("full", "fp16") == "fp16"
