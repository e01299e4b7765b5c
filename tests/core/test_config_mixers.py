"""What mixes the tokens of a layer, beside what transformers builds: every matrix is counted."""

from __future__ import annotations

from typing import Any

import pytest

from advisor.core.config_mixers import attention, is_recurrent, mamba, mixer, recurrence
from tests.core.built import HEAD, HEADS, built_and_sized

DELTA = {
    "linear_num_value_heads": 4,
    "linear_num_key_heads": 2,
    "linear_key_head_dim": 6,
    "linear_value_head_dim": 7,
    "linear_conv_kernel_dim": 3,
    "full_attention_interval": 3,
    "num_hidden_layers": 5,
}
MAMBA_1 = {"mamba_d_state": 5, "mamba_d_conv": 3, "mamba_expand": 3, "mamba_dt_rank": 7}
MAMBA_2 = {
    "mamba_n_heads": 6,
    "mamba_d_head": 16,
    "mamba_n_groups": 2,
    "mamba_d_state": 5,
    "mamba_d_conv": 3,
    "mamba_expand": 2,
}
LATENT = {
    **HEADS,
    "num_key_value_heads": 6,
    "kv_lora_rank": 7,
    "qk_rope_head_dim": 4,
    "qk_nope_head_dim": 5,
    "v_head_dim": 3,
    "n_routed_experts": 8,
    "n_shared_experts": 2,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 11,
    "first_k_dense_replace": 1,
    "n_group": 4,
    "topk_group": 2,
}
FALCON = {
    "num_attention_heads": 6,
    "num_kv_heads": 2,
    "multi_query": True,
    "ffn_hidden_size": 40,
    "alibi": False,
}
NEMOTRON_H = {
    **HEADS,
    **HEAD,
    "num_hidden_layers": 6,
    "hybrid_override_pattern": "M-*EM-",
    "mamba_num_heads": 6,
    "mamba_head_dim": 4,
    "n_groups": 2,
    "ssm_state_size": 5,
    "conv_kernel": 3,
    "n_routed_experts": 5,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 11,
    "moe_shared_expert_intermediate_size": 13,
    "n_shared_experts": 1,
    "moe_latent_size": 17,
}
CASES: list[tuple[str, dict[str, Any]]] = [
    ("llama", HEADS | HEAD),
    ("falcon", FALCON | {"new_decoder_architecture": False}),
    ("falcon", FALCON | {"new_decoder_architecture": True}),
    ("gpt_bigcode", {"n_embd": 48, "n_layer": 3, "n_head": 6, "n_inner": 40, "multi_query": True}),
    ("qwen3_next", HEADS | HEAD | DELTA | {"num_experts": 0}),
    ("qwen3_5_text", HEADS | HEAD | DELTA | {"attn_output_gate": True}),
    ("mamba", {"state_size": 5, "expand": 3, "conv_kernel": 3, "time_step_rank": 7}),
    ("mamba", {"state_size": 5, "expand": 3}),
    (
        "falcon_mamba",
        {"state_size": 5, "intermediate_size": 100, "conv_kernel": 3, "time_step_rank": 7},
    ),
    (
        "mamba2",
        {
            "state_size": 5,
            "expand": 2,
            "head_dim": 16,
            "num_heads": 6,
            "n_groups": 2,
            "conv_kernel": 3,
        },
    ),
    ("falcon_h1", HEADS | HEAD | MAMBA_2 | {"mamba_d_ssm": 24, "mamba_d_head": 4}),
    (
        "jamba",
        HEADS
        | MAMBA_1
        | {
            "num_hidden_layers": 6,
            "attn_layer_period": 3,
            "attn_layer_offset": 1,
            "num_experts": 1,
            "use_mamba_kernels": False,
        },
    ),
    ("bamba", HEADS | MAMBA_2 | {"num_hidden_layers": 5, "attn_layer_indices": [1, 4]}),
    ("nemotron_h", NEMOTRON_H),
    ("nemotron_h", NEMOTRON_H | {"moe_latent_size": None}),
    (
        "lfm2",
        HEADS
        | {
            "num_hidden_layers": 4,
            "layer_types": ["conv", "full_attention", "conv", "conv"],
            "block_auto_adjust_ff_dim": False,
        },
    ),
    (
        "recurrent_gemma",
        HEADS
        | {
            "num_hidden_layers": 4,
            "lru_width": 60,
            "block_types": ["recurrent", "recurrent", "attention"],
            "head_dim": 8,
        },
    ),
    ("deepseek_v3", LATENT | {"q_lora_rank": 9}),
    ("deepseek_v2", LATENT | {"q_lora_rank": None, "num_attention_heads": 6}),
    ("deepseek_v32", LATENT | {"q_lora_rank": 9, "index_n_heads": 2, "index_head_dim": 6}),
    (
        "kimi_linear",
        LATENT
        | {
            "q_lora_rank": None,
            "num_hidden_layers": 4,
            "linear_attn_config": {
                "full_attn_layers": [2],
                "kda_layers": [1, 3, 4],
                "head_dim": 10,
                "num_heads": 3,
                "short_conv_kernel_size": 3,
            },
            "num_experts": 8,
            "num_experts_per_token": 2,
            "num_shared_experts": 2,
        },
    ),
    (
        "minimax",
        HEADS
        | HEAD
        | {
            "num_local_experts": 5,
            "num_experts_per_tok": 2,
            "layer_types": ["linear_attention", "full_attention", "linear_attention"],
        },
    ),
    (
        "granitemoehybrid",
        HEADS
        | MAMBA_2
        | {
            "num_local_experts": 5,
            "num_experts_per_tok": 2,
            "shared_intermediate_size": 13,
            "layer_types": ["mamba", "attention", "mamba"],
        },
    ),
]


@pytest.mark.parametrize(("model_type", "sizes"), CASES)
def test_every_matrix_is_counted(model_type: str, sizes: dict[str, Any]) -> None:
    built, sized = built_and_sized(model_type, sizes)
    assert sized.total == built.total
    assert sized.active == built.active


@pytest.mark.parametrize(
    ("says", "recurrent"),
    [  # of six layers
        ({}, []),
        ({"model_type": "mamba2"}, [0, 1, 2, 3, 4, 5]),
        ({"layer_types": ["linear_attention", "full_attention"] * 3}, [0, 2, 4]),
        ({"layers_block_type": ["mamba", "mamba", "attention"]}, [0, 1, 3, 4]),
        ({"hybrid_override_pattern": "M*-"}, [0, 3]),
        ({"linear_attn_config": {"full_attn_layers": [1, 4]}}, [1, 2, 4, 5]),
        ({"linear_attn_config": {"full_attn_layers": 4}}, []),
        ({"linear_attn_config": [1]}, []),
        ({"attn_layer_period": 3, "attn_layer_offset": 1}, [0, 2, 3, 5]),
        ({"attn_layer_period": 3}, [1, 2, 4, 5]),
        ({"attn_layer_period": 1}, []),
        ({"attn_layer_period": 2, "attn_layer_offset": 1}, [0, 2, 4]),
        ({"attn_layer_period": "3"}, []),
        ({"model_type": "bamba", "attn_layer_indices": [2]}, [0, 1, 3, 4, 5]),
        ({"model_type": "bamba"}, [0, 1, 2, 3, 4, 5]),
        ({"full_attention_interval": 3}, [0, 1, 3, 4]),
        ({"full_attention_interval": 2}, [0, 2, 4]),
        ({"full_attention_interval": 1}, []),
        ({"full_attention_interval": 2.0}, []),
        ({"full_attention_interval": 0}, []),
        ({"attn_layer_period": 0}, []),
        ({"layer_types": 7}, []),
        ({"layer_types": [], "layers_block_type": ["mamba"]}, [0, 1, 2, 3, 4, 5]),
        ({"layer_types": {"0": "mamba"}}, []),
    ],
)
def test_recurrent_layers_are_those_the_file_names(
    says: dict[str, Any], recurrent: list[int]
) -> None:
    assert [i for i in range(6) if is_recurrent(says, i)] == recurrent


def test_what_a_file_leaves_out_is_typical() -> None:
    """Heads of 128, as many of keys; four positions in a convolution; Mamba 1 of rank h ÷ 16."""
    h = 512
    assert attention({}, h, 0) == 4 * h * h
    assert attention({}, 100, 0) == 4 * 100 * 100  # fewer than 128: one head
    assert attention({"head_dim": 40}, h, 0) == 4 * h * 4 * 40
    assert attention({"num_attention_heads": 4, "num_key_value_heads": 9}, h, 0) == 4 * h * h
    assert attention({"num_attention_heads": 2000}, h, 0) == 4 * h * 2000
    inner = 2 * h
    assert mamba({"mamba_d_state": 16}, h) == 3 * h * inner + inner * (2 * 32 + 3 * 16 + 4)
    assert mamba({"mamba_d_state": 16}, h + 1) == 3 * (h + 1) * (inner + 2) + (inner + 2) * (
        2 * 33 + 3 * 16 + 4
    )
    assert mamba({}, h) == 3 * h * inner + inner * 4
    lightning = 5 * h * h  # queries, keys, values, gate and output
    assert recurrence({}, h, 0) == lightning
    assert recurrence({}, 100, 0) == 5 * 100 * 100
    assert recurrence({"head_dim": 40}, h, 0) == 5 * h * 4 * 40
    keys, values = 128 * 3, 128 * 3
    delta = h * (2 * keys + 3 * values + 2 * 3) + 4 * (2 * keys + values)
    assert recurrence({"linear_num_value_heads": 3}, h, 0) == delta
    wide = 4 * 128
    kimi = 4 * h * wide + 2 * 128 * (h + wide) + h * 4
    assert recurrence({"linear_attn_config": {}}, h, 0) == kimi
    full = 4 * h * wide + 128 * (h + wide) + h * wide + h * 4
    assert recurrence({"linear_attn_config": {"use_full_rank_gate": True}}, h, 0) == full
    narrow = 4 * 100 * 128 + 2 * 128 * (100 + 128) + 100
    assert recurrence({"linear_attn_config": {}}, 100, 0) == narrow
    latent = h * 4 * 128 + h * 7 + 7 * 4 * (128 + 128) + h * 4 * 128
    assert attention({"kv_lora_rank": 7}, h, 0) == latent
    gated = {"block_types": ["recurrent"]}
    assert mixer(gated, h, 0) == 3 * h * h + 2 * h * h
    groups = {"mamba_n_heads": 4, "mamba_d_head": 64, "mamba_d_state": 16}
    inner, both = 4 * 64, 2 * 16
    assert mamba(groups, h) == h * (3 * inner + both + 4) + (inner + both) * 4


def test_an_out_projection_of_low_rank_by_groups_of_heads() -> None:
    """DeepSeek-V4: queries h → 9 → 6 · 10, keys that are the values h → 10, two groups of rank 7
    from three heads each, and back to h.
    """
    h = 48
    sizes = {"num_attention_heads": 6, "head_dim": 10, "q_lora_rank": 9, "o_lora_rank": 7}
    keys = h * 10
    in_groups = 2 * (3 * 10 * 7) + 2 * 7 * h
    assert attention(sizes | {"o_groups": 2}, h, 0) == 9 * (h + 60) + keys + in_groups
    assert attention(sizes, h, 0) == 9 * (h + 60) + keys + 60 * 7 + 7 * h
    whole = {k: v for k, v in sizes.items() if k != "q_lora_rank"}
    assert attention(whole, h, 0) == h * (h + 60) + keys + 60 * 7 + 7 * h


@pytest.mark.parametrize(
    ("own", "weights"),
    [
        ({"n_heads_in_group": 4}, 512 * 64 * (8 + 2 + 2 + 8)),
        ({}, 4 * 512 * 512),
        ({"no_op": True, "n_heads_in_group": 4}, 0),
        ({"replace_with_linear": True}, 512 * 512),
        (None, 0),
        ("whole", 0),
    ],
)
def test_attention_of_a_searched_layer(own: object, weights: int) -> None:
    text = {"num_attention_heads": 8, "block_configs": [{"attention": own}]}
    assert mixer(text, 512, 0) == weights


def test_a_layer_beyond_the_searched_ones_is_as_all_others() -> None:
    text = {"num_attention_heads": 8, "block_configs": [{"attention": None}, "none"]}
    assert [mixer(text, 512, i) for i in range(3)] == [0, 4 * 512 * 512, 4 * 512 * 512]
