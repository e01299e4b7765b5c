"""Estimated parameters of a config.json against the models that transformers builds from it."""

from __future__ import annotations

import json

import pytest

from advisor.core.config_sizes import parameters

LLAMA_7B = {
    "model_type": "llama",
    "hidden_size": 4096,
    "intermediate_size": 11008,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 32,
    "vocab_size": 32000,
}


def test_llama_2_7b_has_as_many_parameters_as_its_paper_says() -> None:
    assert parameters(LLAMA_7B).total == pytest.approx(6.738e9, rel=0.001)


def test_slices_grow_by_one_layer_each() -> None:
    layer = 4 * 4096**2 + 3 * 4096 * 11008
    assert parameters(LLAMA_7B, 5).total - parameters(LLAMA_7B, 4).total == layer


def test_a_mixture_is_passed_in_part() -> None:
    """Mixtral 8x7B: 46.7 billion parameters, of which a token passes 12.9 (arXiv 2401.04088)."""
    mixtral = LLAMA_7B | {
        "model_type": "mixtral",
        "intermediate_size": 14336,
        "num_key_value_heads": 8,
        "num_local_experts": 8,
        "num_experts_per_tok": 2,
    }
    found = parameters(mixtral)
    assert found.total == pytest.approx(46.7e9, rel=0.005)
    assert found.active == pytest.approx(12.9e9, rel=0.005)


@pytest.mark.parametrize(
    ("model_type", "within"),
    [
        ("gemma2", 0.01),
        ("gemma3n_text", 0.03),
        ("qwen3_moe", 0.01),
        ("gpt2", 0.02),
        ("falcon_h1", 0.1),
        ("recurrent_gemma", 0.5),
        ("mamba2", 0.1),
        ("jamba", 0.1),
        ("olmo3", 0.01),
    ],
)
def test_estimates_are_near_what_transformers_builds(model_type: str, within: float) -> None:
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    config = transformers.CONFIG_MAPPING[model_type]()
    with torch.device("meta"):
        model = transformers.AutoModelForCausalLM.from_config(config)
    model.tie_weights()
    real = sum(p.numel() for p in model.parameters())
    document = json.loads(config.to_json_string(use_diff=False))
    assert parameters(document).total == pytest.approx(real, rel=within)
