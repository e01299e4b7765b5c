"""Experts of mixtures: looped over or grouped, quantised or not, by stack and day."""

from __future__ import annotations

import pytest

from advisor.core.training import TrainingRun
from advisor.estimate.training import coefficients, estimate, experts, memory, shape_of
from advisor.estimate.training.frameworks import GROUPED_SINCE
from tests.estimate.training.catalogue import a_run

K = coefficients.fitted()
BEFORE = "2025-11"


def mixture(**changes: object) -> TrainingRun:
    return a_run("Qwen3-30B-A3B", "H200-SXM", **{"method": "lora", **changes})


@pytest.mark.parametrize(
    ("changes", "looped"),
    [
        ({}, False),
        ({"software_date": GROUPED_SINCE}, False),
        ({"software_date": BEFORE}, True),
        ({"software_date": "2025"}, True),
        ({"software_date": "2026"}, False),
        ({"software_date": "2026-01"}, False),
        ({"software_date": "2026-01-25"}, True),
        ({"framework": "litgpt"}, True),
        ({"framework": "megatron", "software_date": BEFORE}, False),
        ({"framework": "torchtitan"}, False),
        ({"quantization": "nf4"}, False),  # bitsandbytes leaves them as they are
        ({"quantization": "nf4", "framework": "unsloth"}, True),
        ({"quantization": "nf4", "framework": "megatron"}, False),
    ],
)
def test_experts_are_looped_over(changes: dict[str, object], looped: bool) -> None:
    run = mixture(**changes)
    shape = shape_of(run)
    assert experts.are_looped_over(run, shape) == looped
    by_pytorch = run.framework not in ("megatron", "torchtitan") and not looped
    assert experts.are_grouped_by_pytorch(run, shape) == by_pytorch


def test_a_dense_model_has_none_to_loop_over() -> None:
    run = a_run("Llama-3.1-8B", framework="litgpt")
    assert not experts.are_looped_over(run, shape_of(run))
    assert experts.in_16_bits(run, shape_of(run)) == 0.0


@pytest.mark.parametrize(
    ("changes", "wide"),
    [
        ({"quantization": "nf4"}, True),
        ({"quantization": "int8"}, True),
        ({"quantization": "nf4", "software_date": BEFORE}, False),
        ({"quantization": "nf4", "framework": "unsloth"}, False),
        ({"quantization": "gptq4"}, False),  # quantised before, by tools that know experts
        ({}, False),
    ],
)
def test_bitsandbytes_leaves_experts_of_one_tensor_in_16_bits(
    changes: dict[str, object], wide: bool
) -> None:
    """By hand: 48 layers of 128 experts of 3 × 2,048 × 768, two bytes each."""
    run = mixture(**changes)
    shape = shape_of(run)
    by_hand = 48 * 128 * 3 * 2048 * 768
    assert experts.in_16_bits(run, shape) == (by_hand if wide else 0.0)
    weights = memory.terms(run, shape, K)["weights"]
    if wide:
        assert weights > 2 * by_hand
    elif run.quantization != "none":
        assert weights < 0.8 * by_hand + 4 * run.model.embedding_params
    assert any("bitsandbytes issue 1849" in note for note in estimate(run).notes) == wide


def test_the_linear_modules_of_transformers_are_what_bitsandbytes_replaces() -> None:
    """The experts of today's classes are parameters, which no module for linear maps holds."""
    import torch
    from transformers import MixtralConfig, MixtralForCausalLM

    config = MixtralConfig(
        vocab_size=32,
        hidden_size=16,
        intermediate_size=24,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=1,
        num_local_experts=3,
    )
    with torch.device("meta"):
        model = MixtralForCausalLM(config)
    linear = [n for n, module in model.named_modules() if isinstance(module, torch.nn.Linear)]
    assert linear
    assert not any(".experts" in name for name in linear)
    in_experts = sum(p.numel() for n, p in model.named_parameters() if ".experts." in n)
    assert in_experts == 3 * 3 * 16 * 24
    assert model.get_correct_experts_implementation(None) == "grouped_mm"
