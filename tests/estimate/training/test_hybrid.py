"""Recurrent layers by hand, with the sizes of the configurations of transformers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from advisor.core.facts import Model
from advisor.estimate.training import hybrid
from advisor.estimate.training.hybrid import Recurrence
from tests.options import LLAMA

H = 4096


def of(hf_class: str, **settings: Any) -> hybrid.Mixing:
    model = replace(LLAMA, hf_class=hf_class, settings=tuple(settings.items()))
    found = hybrid.of_model(model)
    assert found is not None
    return found


def mamba2(heads: int, width: int, groups: int, state: int, chunk: int) -> Recurrence:
    """Gates, values, B and C of each group, and a step per head; then back."""
    inner = heads * width
    projected = inner + inner + groups * state + groups * state + heads
    kept = projected + inner
    scan = inner * chunk + groups * state * chunk + 2 * inner * state + 2 * inner * state
    return Recurrence((("in_proj", H, projected), ("out_proj", inner, H)), kept, scan)


@pytest.mark.parametrize(
    ("hf_class", "settings", "expected"),
    [
        ("NemotronHForCausalLM", {}, mamba2(128, 64, 8, 128, 128)),
        (
            "NemotronHForCausalLM",
            {
                "mamba_num_heads": 96,
                "mamba_head_dim": 80,
                "n_groups": 4,
                "ssm_state_size": 64,
                "chunk_size": 32,
            },
            mamba2(96, 80, 4, 64, 32),
        ),
        (
            "NemotronHForCausalLM",
            {"n_groups": None, "chunk_size": "8"},
            mamba2(128, 64, 8, 128, 128),
        ),
        ("GraniteMoeHybridForCausalLM", {}, mamba2(128, 64, 1, 256, 256)),
        (
            "GraniteMoeHybridForCausalLM",
            {
                "mamba_n_heads": 48,
                "mamba_d_head": 32,
                "mamba_n_groups": 2,
                "mamba_d_state": 128,
                "mamba_chunk_size": 64,
            },
            mamba2(48, 32, 2, 128, 64),
        ),
        ("FalconH1ForCausalLM", {"mamba_n_heads": 24}, mamba2(24, 64, 1, 256, 256)),
        (
            "Lfm2ForCausalLM",
            {},
            Recurrence((("in_proj", H, 3 * H), ("out_proj", H, H)), 5.0 * H, 6.0 * H),
        ),
        (
            "Lfm2MoeForCausalLM",
            {},
            Recurrence((("in_proj", H, 3 * H), ("out_proj", H, H)), 5.0 * H, 6.0 * H),
        ),
    ],
)
def test_a_recurrent_layer_by_hand(
    hf_class: str, settings: dict[str, Any], expected: Recurrence
) -> None:
    assert of(hf_class, **settings).recurrence == expected


def delta(keys: int, values: int, key_dim: int, value_dim: int) -> tuple[float, float]:
    """Kept per position: query, key and value twice, queries and keys normalised, gate and output;
    a row of the triangle of 64 per head. Operations of a chunk of 64: its scores, their products
    with keys, values and states.
    """
    k, v = keys * key_dim, values * value_dim
    kept = 2 * (2 * k + v) + 2 * k + v + v + 64 * values
    scan = values * (64 * (3 * key_dim + 2 * value_dim) + 6 * key_dim * value_dim)
    return kept, scan


@pytest.mark.parametrize(
    ("settings", "sizes"),
    [
        ({}, (16, 32, 128, 128)),
        (
            {
                "linear_num_key_heads": 4,
                "linear_num_value_heads": 12,
                "linear_key_head_dim": 32,
                "linear_value_head_dim": 64,
            },
            (4, 12, 32, 64),
        ),
    ],
)
def test_a_gated_delta_rule_by_hand(settings: dict[str, int], sizes: tuple[int, ...]) -> None:
    keys, values, key_dim, value_dim = sizes
    k, v = keys * key_dim, values * value_dim
    joined = of("Qwen3NextForCausalLM", **settings).recurrence
    assert joined.modules == (
        ("in_proj_qkvz", H, 2 * k + 2 * v),
        ("in_proj_ba", H, 2 * values),
        ("out_proj", v, H),
    )
    for hf_class in ("Qwen3_5ForCausalLM", "Qwen3_5MoeForCausalLM"):
        apart = of(hf_class, **settings).recurrence
        assert apart.modules == (
            ("in_proj_qkv", H, 2 * k + v),
            ("in_proj_z", H, v),
            ("in_proj_b", H, values),
            ("in_proj_a", H, values),
            ("out_proj", v, H),
        )
        assert (apart.kept_values, apart.scan_flops) == delta(*sizes)
    assert (joined.kept_values, joined.scan_flops) == delta(*sizes)


@pytest.mark.parametrize(("hidden", "heads"), [(4096, 128), (100, 3), (20, 1)])
def test_a_typical_recurrence_is_mamba_2_as_published(hidden: int, heads: int) -> None:
    found = hybrid.typical(hidden)
    inner = heads * 64
    assert found.modules == (
        ("in_proj", hidden, 2 * inner + 2 * 128 + heads),
        ("out_proj", inner, hidden),
    )
    assert found.scan_flops == inner * 256 + 128 * 256 + 4 * inner * 128


@pytest.mark.parametrize(
    ("hf_class", "settings", "expected"),  # attending, recurrent, MLP, norms
    [
        ("FalconH1ForCausalLM", {}, (1.0, 1.0, 1.0, 2)),
        ("FalconH1ForCausalLM", {"layer_types": "attention"}, (1.0, 1.0, 1.0, 2)),
        ("Qwen3NextForCausalLM", {}, (0.25, 0.75, 1.0, 2)),
        ("Qwen3_5MoeForCausalLM", {"layer_types": ""}, (0.25, 0.75, 1.0, 2)),
        ("Lfm2ForCausalLM", {}, (1.0, 0.0, 1.0, 2)),
        ("Lfm2ForCausalLM", {"layer_types": "3*conv+full_attention"}, (0.25, 0.75, 1.0, 2)),
        (
            "Qwen3_5ForCausalLM",
            {"layer_types": "linear_attention+sliding_attention"},
            (0.5, 0.5, 1.0, 2),
        ),
        (
            "NemotronHForCausalLM",
            {"layers_block_type": "mamba+mlp+2*attention+moe+3*mamba"},
            (0.25, 0.5, 0.25, 1),
        ),
        ("GraniteMoeHybridForCausalLM", {"layers_block_type": "mamba"}, (0.0, 1.0, 1.0, 2)),
    ],
)
def test_layers_are_shared_out_by_their_kinds(
    hf_class: str, settings: dict[str, str], expected: tuple[float, ...]
) -> None:
    found = of(hf_class, **settings)
    assert (found.attending, found.recurrent, found.mlp, found.norms) == pytest.approx(expected)


def test_other_models_have_no_recurrence() -> None:
    plain: Model = LLAMA
    assert hybrid.of_model(plain) is None
