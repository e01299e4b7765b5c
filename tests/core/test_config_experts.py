"""MLPs and mixtures of experts, beside what transformers builds: every matrix is counted."""

from __future__ import annotations

from typing import Any

import pytest

from advisor.core.config_experts import Parameters, mlp
from tests.core.built import HEAD, HEADS, built_and_sized

CASES: list[tuple[str, dict[str, Any]]] = [
    ("mixtral", HEADS | HEAD | {"num_local_experts": 5, "num_experts_per_tok": 2}),
    ("phimoe", HEADS | {"num_local_experts": 5, "num_experts_per_tok": 3}),
    (
        "qwen2_moe",
        HEADS
        | {
            "num_experts": 5,
            "num_experts_per_tok": 2,
            "moe_intermediate_size": 11,
            "shared_expert_intermediate_size": 13,
            "decoder_sparse_step": 2,
        },
    ),
    (
        "qwen3_moe",
        HEADS
        | HEAD
        | {
            "num_experts": 5,
            "num_experts_per_tok": 2,
            "moe_intermediate_size": 11,
            "mlp_only_layers": [2],
        },
    ),
    (
        "llama4_text",
        HEADS
        | HEAD
        | {
            "intermediate_size_mlp": 23,
            "num_local_experts": 5,
            "num_experts_per_tok": 1,
            "interleave_moe_layer_step": 2,
        },
    ),
    (
        "jamba",
        HEADS
        | {
            "num_hidden_layers": 6,
            "attn_layer_period": 3,
            "attn_layer_offset": 1,
            "expert_layer_period": 2,
            "expert_layer_offset": 1,
            "num_experts": 5,
            "num_experts_per_tok": 2,
        },
    ),
    (
        "gemma4_text",
        HEADS
        | HEAD
        | {
            "num_experts": 5,
            "enable_moe_block": True,
            "top_k_experts": 2,
            "moe_intermediate_size": 11,
            "hidden_size_per_layer_input": 0,
            "global_head_dim": 10,
        },
    ),
    (
        "ernie4_5_moe",
        HEADS
        | HEAD
        | {
            "moe_num_experts": 5,
            "moe_k": 2,
            "moe_intermediate_size": 11,
            "moe_num_shared_experts": 2,
            "moe_layer_start_index": 0,
            "moe_layer_interval": 1,
        },
    ),
    (
        "lfm2",
        HEADS
        | {
            "intermediate_size": 48,
            "layer_types": ["conv", "full_attention", "conv"],
            "block_auto_adjust_ff_dim": True,
            "block_multiple_of": 1,
            "block_ffn_dim_multiplier": 1.0,
        },
    ),
    ("gpt2", {"n_embd": 48, "n_layer": 3, "n_head": 6, "n_inner": 40}),
    ("t5", {"d_model": 48, "d_kv": 10, "d_ff": 40, "num_layers": 3, "num_heads": 6}),
    (
        "t5",
        {
            "d_model": 48,
            "d_kv": 10,
            "d_ff": 40,
            "num_layers": 3,
            "num_heads": 6,
            "num_decoder_layers": 2,
            "feed_forward_proj": "gated-gelu",
        },
    ),
]


@pytest.mark.parametrize(("model_type", "sizes"), CASES)
def test_every_matrix_is_counted(model_type: str, sizes: dict[str, Any]) -> None:
    built, sized = built_and_sized(model_type, sizes)
    assert sized.total == built.total
    assert sized.active == built.active


H, WIDE = 48, 40
EXPERT = 3 * H * WIDE


@pytest.mark.parametrize(
    ("says", "experts", "chosen"),
    [
        ({"num_experts": 5}, 5, 2),  # two of them unless the file says how many
        ({"num_experts": 2}, 2, 2),
        ({"num_experts": 5, "num_experts_per_tok": 1}, 5, 1),
        ({"num_experts": 5, "num_experts_per_tok": 9}, 5, 5),
        ({"num_experts": [5, 3], "num_experts_per_tok": [4, 1]}, 5, 4),
    ],
)
def test_a_router_and_the_experts_of_a_token(
    says: dict[str, Any], experts: int, chosen: int
) -> None:
    found = mlp({"intermediate_size": WIDE, **says}, H, 0)
    router = H * experts
    assert found == Parameters(router + experts * EXPERT, router + chosen * EXPERT)


@pytest.mark.parametrize(
    "says", [{}, {"num_experts": 1}, {"num_experts": 5, "is_moe": False}, {"num_experts": 0}]
)
def test_one_expert_is_a_plain_mlp(says: dict[str, Any]) -> None:
    assert mlp({"intermediate_size": WIDE, **says}, H, 0) == Parameters(EXPERT, EXPERT)


def test_widths_that_a_file_leaves_out() -> None:
    assert mlp({}, H, 0).total == 3 * H * 4 * H
    assert mlp({"model_type": "gpt2"}, H, 0).total == 2 * H * 4 * H
    assert mlp({"intermediate_size": 40, "ff_intermediate_size": 23}, H, 0).total == 3 * H * 23
    assert mlp({"dense_intermediate_size": [20, 23]}, H, 1).total == 3 * H * 23
    assert mlp({"feed_forward_proj": "relu"}, H, 0).total == 2 * H * 4 * H


def test_a_latent_width_has_a_way_in_and_out() -> None:
    sizes = {"intermediate_size": WIDE, "num_experts": 5, "moe_latent_size": 7}
    latent = 3 * 7 * WIDE
    ways = 2 * H * 7
    assert mlp(sizes, H, 0) == Parameters(ways + H * 5 + 5 * latent, ways + H * 5 + 2 * latent)


def test_shared_experts_are_passed_by_every_token() -> None:
    sizes = {"intermediate_size": WIDE, "num_experts": 5}
    plain = mlp(sizes, H, 0)
    for says, width in (
        ({"n_shared_experts": 2}, 2 * WIDE),
        ({"shared_intermediate_size": 13}, 13),
        ({"shared_intermediate_size": 13, "n_shared_experts": 2}, 13),
        ({"model_type": "llama4"}, WIDE),
    ):
        found = mlp(sizes | says, H, 0)
        assert found.total - plain.total == found.active - plain.active == 3 * H * width


@pytest.mark.parametrize(
    ("own", "width"),
    [  # ⌈⌊2 · multiple · 512 ÷ 3⌋ ÷ 256⌉ · 256
        ({"ffn_mult": 1.5}, 512),
        ({"ffn_mult": 1.6}, 768),
        ({"ffn_mult": 4}, 1536),
        ({}, 1536),
        ({"ffn_mult": 0}, 1536),
        ({"ffn_mult": 100}, 1536),
        ({"ffn_mult": "2"}, 1536),
        ({"ffn_mult": 99}, 33_792),
        ({"no_op": True, "ffn_mult": 1}, 0),
        (None, 0),
    ],
)
def test_an_mlp_of_a_searched_layer_is_a_multiple_of_two_thirds(own: object, width: int) -> None:
    found = mlp({"block_configs": [{"ffn": own}]}, 512, 0)
    assert found == Parameters(3 * 512 * width, 3 * 512 * width)


def test_a_searched_layer_may_have_one_matrix() -> None:
    one = {"block_configs": [{"ffn": {"replace_with_linear": True}}]}
    assert mlp(one, 512, 0).total == 512 * 512
