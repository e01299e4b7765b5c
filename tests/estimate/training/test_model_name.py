"""What names of published models tell of them, beside their model cards."""

from __future__ import annotations

import pytest

from advisor.estimate.training.model_name import (
    BOTH_IN_EVERY_LAYER,
    active_by_name,
    attending_by_name,
    is_embedder,
    is_encoder_decoder,
    size_by_name,
    size_in_name,
    vocabulary_by_name,
)


@pytest.mark.parametrize(
    ("names", "share"),
    [
        (("mamba-2.8b", "mamba2-1.3b", "falcon-mamba-7b", "RWKV-7-World-2.9B", "xLSTM-7b"), 0.0),
        (("Mamba-Codestral-mamba-7B",), 0.0),
        (("Nemotron-H-56B", "NVIDIA-Nemotron-Nano-9B-v2"), 4 / 52),
        (("Zamba2-7B", "zamba-7b-v1"), 12 / 81),
        (("Bamba-9B", "granite-4.0-h-small", "granite4-tiny-h"), 4 / 40),
        (("Nemotron-3-Nano-30B-A3B", "nemotron-3-super", "Nemotron-3-Ultra"), 6 / 52),
        (("Jamba-v0.1", "MiniMax-Text-01", "minimax-m1-40k"), 1 / 8),
        (("Qwen3-Next-80B-A3B", "Qwen3.5-9B", "Qwen-3.6-27B", "Kimi-Linear-48B"), 1 / 4),
        (("LFM2-1.2B", "lfm-2-350m"), 6 / 16),
        (("llama-3.1-8b", "granite-3.3-8b", "Qwen3-8B", "minimax-m2", "Nemotron-4-15B"), 1.0),
    ],
)
def test_recurrent_models_are_known_by_their_names(names: tuple[str, ...], share: float) -> None:
    """Layers that attend, of all layers of a config.json."""
    for name in names:
        assert attending_by_name(name) == pytest.approx(share, abs=0.006), name


def test_some_attend_and_scan_in_every_layer() -> None:
    assert [
        bool(BOTH_IN_EVERY_LAYER.search(name))
        for name in ("Falcon-H1-7B", "falconh1-1.5b", "Hymba-1.5B", "Falcon3-7B")
    ] == [True, True, True, False]


@pytest.mark.parametrize(
    ("name", "millions"),
    [
        ("flan-t5-small", 77),
        ("google/flan-t5-base", 248),
        ("t5-v1_1-large", 783),
        ("t5-xl", 2850),
        ("FLAN-T5-XXL", 11_140),
        ("mt5-small", 300),
        ("mt5-base", 580),
        ("umt5-large", 1230),
        ("mt0-xl", 3740),
        ("mT5-XXL", 12_920),
        ("bart-base", 139),
        ("facebook/bart-large", 406),
        ("mbart-large", 406),
        ("bart-small", None),
        ("bert-large", None),
        ("mystery-xl", None),
        ("t5-11b", None),
        ("flan-t5", None),
    ],
)
def test_an_encoder_decoder_is_named_with_its_size(name: str, millions: float | None) -> None:
    assert size_by_name(name) == (None if millions is None else pytest.approx(millions * 1e6))


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("granite-7b", 7e9),
        ("stablelm-2-1_6b", 1.6e9),
        ("Qwen3-0.6B", 6e8),
        ("SmolLM2-135M", 1.35e8),
        ("smollm2-360m-instruct", 3.6e8),
        ("t5-11b", 1.1e10),
        ("flan-t5-large", 7.83e8),
        ("Mixtral-8x7B", None),
        ("gpt-4bit", None),
        ("v1.5.7b2", None),
        ("mystery", None),
    ],
)
def test_the_size_that_a_name_states(name: str, params: float | None) -> None:
    assert size_in_name(name) == (None if params is None else pytest.approx(params))


@pytest.mark.parametrize(
    ("name", "active"),
    [
        ("Qwen3-235B-A22B", 22e9),
        ("granite-3.0-1b-a400m", 4e8),
        ("ERNIE-4.5-21B-A3b-PT", 3e9),
        ("Nemotron-3-Nano", 3.2e9),
        ("nemotron-3-super", 12e9),
        ("Nemotron-3-Ultra", 55e9),
        ("Nemotron-3-Super-120B-A12B", 12e9),
        ("Llama-A3bit", None),
        ("llama-8b", None),
    ],
)
def test_active_parameters_that_a_name_states(name: str, active: float | None) -> None:
    assert active_by_name(name) == (None if active is None else pytest.approx(active))


@pytest.mark.parametrize(
    ("names", "vocabulary"),
    [
        (("gemma-2-9b", "EmbeddingGemma-300M"), 262_144),
        (("bloom-7b1", "mt5-xl", "mt0-large"), 250_880),
        (("Qwen2.5-7B", "glm-4-9b", "InternVL2", "MiMo-7B"), 151_936),
        (("Llama-3.1-8B", "llama4-scout", "Mistral-Small-24B", "Ministral-8B"), 131_072),
        (("Magistral-Small", "Devstral", "Apertus-8B", "Nemotron-4"), 131_072),
        (("granite-4.0-micro", "ERNIE-4.5", "Olmo-3-7B", "moe-7b"), 100_352),
        (("LFM2-1.2B", "Falcon3-7B", "Yi-34B"), 65_536),
        (("gpt-j-6b", "starcoder2-3b", "roberta-large", "phi-2", "opt-1.3b"), 50_304),
        (
            (
                "Llama-2-7b",
                "vicuna-13b",
                "Mistral-7B",
                "TinyLlama-1.1B",
                "codellama-34b",
                "llama-30b",
            ),
            32_000,
        ),
        (("mystery-7b",), 100_000),
    ],
)
def test_families_have_vocabularies(names: tuple[str, ...], vocabulary: int) -> None:
    for name in names:
        found = vocabulary_by_name(name)
        assert found == vocabulary, name


def test_embedders_and_encoder_decoders_are_known_by_words_of_their_own() -> None:
    for name in ("Qwen3-Embedding-4B", "bge-m3", "gte-large", "e5-mistral-7b", "all-MiniLM-L6"):
        assert is_embedder(name), name
    for name in ("bridge-7b", "llama-8b", "gemma-e2b"):
        assert not is_embedder(name), name
    for name in ("t5-small", "flan-ul2", "byt5-base", "codet5-large", "longt5-base", "umt5-xl"):
        assert is_encoder_decoder(name), name
    for name in ("qat5x", "bartleby-7b", "mistral-7b"):
        assert not is_encoder_decoder(name), name
