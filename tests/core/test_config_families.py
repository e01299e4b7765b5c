"""Families that are laid out unlike all others, beside what transformers builds."""

from __future__ import annotations

from typing import Any

import pytest

from advisor.core.config_experts import Parameters
from advisor.core.config_families import family_layer
from tests.core.built import built_and_sized

CASES: list[tuple[str, dict[str, Any]]] = [
    (
        "jetmoe",
        {
            "num_key_value_heads": 3,
            "kv_channels": 10,
            "num_local_experts": 5,
            "num_experts_per_tok": 2,
            "intermediate_size": 40,
        },
    ),
    (
        "xlstm",
        {"num_heads": 4, "qk_dim_factor": 0.25, "v_dim_factor": 0.75, "ffn_proj_factor": 3.0},
    ),
    ("xlstm", {"num_heads": 4, "ffn_proj_factor": 4.0}),
    ("rwkv", {"attention_hidden_size": 60, "intermediate_size": 100}),
    ("rwkv", {}),
]


@pytest.mark.parametrize(("model_type", "sizes"), CASES)
def test_every_matrix_is_counted(model_type: str, sizes: dict[str, Any]) -> None:
    built, sized = built_and_sized(model_type, sizes)
    assert sized.total == built.total
    if model_type != "jetmoe":  # experts of its attention do not stand under that name
        assert sized.active == built.active


def test_of_jetmoe_a_token_passes_two_experts_of_attention_and_mlp() -> None:
    sizes = {"model_type": "jetmoe", "num_key_value_heads": 3, "kv_channels": 10}
    sizes |= {"num_local_experts": 5, "intermediate_size": 40}
    h, width = 48, 30
    routers_and_keys = 2 * 5 * h + 2 * h * width
    expert = 2 * h * width + 3 * h * 40
    for says, chosen in (({}, 2), ({"num_experts_per_tok": 4}, 4), ({"num_experts_per_tok": 7}, 5)):
        assert family_layer(sizes | says, h) == Parameters(
            routers_and_keys + 5 * expert, routers_and_keys + chosen * expert
        )


def test_what_a_file_leaves_out_is_the_default_of_the_family() -> None:
    """Of the configuration classes: JetMoE 16 heads of 128 and 8 experts; xLSTM 8 heads, queries of
    half the width, an MLP of 2.667 in steps of 64.
    """
    h = 64
    jet = family_layer({"model_type": "jetmoe"}, h)
    expert = 2 * h * 16 * 128 + 3 * h * 4 * h
    assert jet is not None
    assert jet.total == h * (2 * 16 * 128 + 2 * 8) + 8 * expert
    xlstm = h * (2 * 32 + 3 * h + 2 * 8 + 3 * 192)  # 2.667 · 64 = 170.7, in steps of 64: 192
    for odd in (0, 100, "1", None):
        factors = dict.fromkeys(("qk_dim_factor", "v_dim_factor", "ffn_proj_factor"), odd)
        assert family_layer({"model_type": "xlstm", **factors}, h) == Parameters(xlstm, xlstm)
    exact = {"model_type": "xlstm", "ffn_proj_factor": 2}
    narrower = family_layer(exact, h)
    assert narrower is not None
    assert narrower.total == h * (2 * 32 + 3 * h + 2 * 8 + 3 * 128)


@pytest.mark.parametrize(("kind", "squares"), [("rwkv", 13), ("rwkv6", 13), ("rwkv7", 12)])
def test_the_channel_mixing_of_rwkv_is_gated_up_to_version_6(kind: str, squares: int) -> None:
    found = family_layer({"model_type": kind}, 10)
    assert found == Parameters(squares * 100, squares * 100)


def test_other_families_have_no_layer_of_their_own() -> None:
    assert family_layer({"model_type": "llama"}, 64) is None
