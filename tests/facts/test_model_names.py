"""Model names as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.errors import UsageError
from advisor.facts import load
from advisor.facts.model_names import canonical, size_in

FACTS = load()


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("Qwen/Qwen3-4B-Instruct-2507", "Qwen3-4B"),
        ("unsloth/Qwen3-4B-Instruct-2507-bnb-4bit", "Qwen3-4B"),
        ("Qwen3-4B-Thinking-2507-FP8", "Qwen3-4B"),
        ("Qwen/Qwen3-30B-A3B-Instruct-2507", "Qwen3-30B-A3B"),
        ("Qwen/Qwen2.5-7B-Instruct-GPTQ-Int4", "Qwen2.5-7B"),
        ("Qwen/Qwen2.5-14B-Instruct-AWQ", "Qwen2.5-14B"),
        ("unsloth/Meta-Llama-3.1-8B-Instruct-unsloth-bnb-4bit", "Llama-3.1-8B"),
        ("RedHatAI/Llama-3.3-70B-Instruct-quantized.w4a16", "Llama-3.3-70B-Instruct"),
        ("neuralmagic/Meta-Llama-3.1-70B-Instruct-FP8-dynamic", "Llama-3.1-70B"),
        ("mlx-community/Llama-3.2-3B-Instruct-4bit", "Llama-3.2-3B"),
        ("TheBloke/Llama-2-13B-chat-GPTQ", "Llama-2-13b"),
        ("TheBloke/Mistral-7B-Instruct-v0.2-GGUF", "Mistral-7B-v0.1"),
        ("Meta-Llama-3.1-8B-Instruct-Q4_K_M.gguf", "Llama-3.1-8B"),
        ("./models/qwen2.5-7b-instruct-q5_k_m-00001-of-00002.gguf", "Qwen2.5-7B"),
        ("llama3.1:8b-instruct-q4_K_M", "Llama-3.1-8B"),
        ("gemma2:9b", "Gemma-2-9b"),
        ("bartowski/microsoft_Phi-4-mini-instruct-GGUF", "Phi-4-mini-instruct"),
        ("google/gemma-3-27b-it-qat-q4_0-gguf", "Gemma-3-27b-it"),
        ("NousResearch/Hermes-3-Llama-3.1-8B", "Llama-3.1-8B"),
        ("unsloth/gpt-oss-20b-BF16", "gpt-oss-20b"),
        ("us.meta.llama3-3-70b-instruct-v1:0", "Llama-3.3-70B-Instruct"),
        ("meta.llama3-1-8b-instruct-v1:0", "Llama-3.1-8B"),
        ("meta-llama/llama-3.1-8b-instruct:free", "Llama-3.1-8B"),
        ("google/gemma-3-27b-it:free", "Gemma-3-27b-it"),
        ("accounts/fireworks/models/llama-v3p1-8b-instruct", "Llama-3.1-8B"),
        (
            "fireworks_ai/accounts/fireworks/models/llama-v3p3-70b-instruct",
            "Llama-3.3-70B-Instruct",
        ),
        ("accounts/fireworks/models/qwen2p5-72b-instruct", "Qwen2.5-72B"),
        ("databricks-meta-llama-3-3-70b-instruct", "Llama-3.3-70B-Instruct"),
        ("hf.co/bartowski/Llama-3.2-3B-Instruct-GGUF:Q4_K_M", "Llama-3.2-3B"),
        ("@cf/meta/llama-3.1-8b-instruct-fp8-fast", "Llama-3.1-8B"),
        ("qwen 2.5 7b", "Qwen2.5-7B"),
        ("together_ai/meta-llama/Meta-Llama-3.1-8B-Instruct-Turbo", "Llama-3.1-8B"),
        ("LiquidAI/LFM2-1.2B-GGUF", "LFM2-1.2B"),
        ("unsloth/granite-4.0-h-micro-unsloth-bnb-4bit", "granite-4.0-h-micro"),
    ],
)
def test_decorated_names_are_read_and_the_reading_is_told(name: str, model: str) -> None:
    reading = FACTS.matched(name)
    assert reading is not None
    assert reading.model.name == model
    assert reading.note.startswith(f"{name} is taken as {model}")
    assert FACTS.model(name) == FACTS.model(model)
    assert FACTS.is_known_model(name)


@pytest.mark.parametrize(
    ("name", "note"),
    [
        ("meta-llama/Llama-3.1-8B-Instruct", ""),
        ("google/gemma-2-9b-it", ""),
        ("deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", "has the shape of Qwen2.5-7B"),
        ("microsoft/Phi-4-reasoning-plus", "has the shape of phi-4"),
        ("Qwen/Qwen2.5-VL-7B-Instruct", "its language model alone"),
        ("google/gemma-3n-E4B-it", "its language model alone"),
        ("qwen3", "is taken as Qwen3-8B: it names no size"),
        ("qwen3:latest", "is taken as Qwen3-8B: it names no size"),
        ("gemma3", "is taken as Gemma-3-4b-it: it names no size"),
        ("deepseek-r1:14b", "has the shape of Qwen2.5-14B"),
    ],
)
def test_another_model_of_the_same_shape_is_told(name: str, note: str) -> None:
    reading = FACTS.matched(name)
    assert reading is not None
    assert note in reading.note
    assert bool(note) == bool(reading.note)


@pytest.mark.parametrize("name", [model.name for model in FACTS.models])
def test_listed_names_need_no_note(name: str) -> None:
    reading = FACTS.matched(name)
    assert reading is not None
    assert (reading.model.name, reading.note) == (name, "")


@pytest.mark.parametrize(
    "name",
    [
        "nvidia/Llama-3.1-Nemotron-51B-Instruct",
        "someone/Llama-3.1-8B-Vision-Adapter",
        "someone/Qwen2.5-7B-Omni",
        "someone/Llama-3.1-8B-4x8B-MoE",
        "someone/Distill-Qwen-7B",
        "Qwen9-4B",
        "Llama-3.1-9B",
        "",
        "-",
        "7B",
        "instruct",
    ],
)
def test_another_architecture_is_not_taken_for_its_namesake(name: str) -> None:
    assert FACTS.matched(name) is None


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("gpt-4o", "OpenAI does not publish its weights"),
        ("openai/gpt-4.1-mini", "OpenAI does not publish"),
        ("o3-mini", "OpenAI does not publish"),
        ("anthropic/claude-sonnet-5", "Anthropic does not publish"),
        ("gemini-3-pro", "Google does not publish"),
    ],
)
def test_only_closed_models_are_called_closed(name: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        FACTS.model(name)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("someone/New-Thing-24B-Instruct", "24B"),
        ("someone/New-Thing", "24B"),
        ("gpt-oss-500b", "500B"),
        ("gpt4all-j", "24B"),
        ("o1labs/Open-7B", "7B"),
    ],
)
def test_an_unknown_open_model_has_two_ways_out(name: str, size: str) -> None:
    with pytest.raises(UsageError) as caught:
        FACTS.model(name)
    assert "not in our table" in str(caught.value)
    assert "--config" in str(caught.value)
    assert f"--model {size}" in str(caught.value)
    assert "public" not in str(caught.value)


def test_a_slip_of_the_pen_is_suggested() -> None:
    with pytest.raises(UsageError, match=r"did you mean 'Qwen3-8B'"):
        FACTS.model("Qwen3-8BB")


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("A-24B", "24B"),
        ("A-8x7B", ""),
        ("A-30B-A3B", "30B-A3B"),
        ("A-135M", "135M"),
        ("A-3B-7B", ""),
    ],
)
def test_the_size_in_a_name(name: str, size: str) -> None:
    assert size_in(name) == size


@given(st.text(max_size=40))
def test_any_text_is_read_or_not_without_trouble(name: str) -> None:
    reading = FACTS.matched(name)
    assert reading is None or reading.model in FACTS.models
    assert canonical(canonical(name)) == canonical(name)


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("google/gemma-4-E2B-it", "gemma-4-E2B"),
        ("Qwen/Qwen2-VL-7B-Instruct", "Qwen2-VL-7B (text)"),
        ("Qwen/Qwen3-VL-8B-Instruct-FP8", "Qwen3-VL-8B (text)"),
        ("unsloth/Qwen3-VL-32B-Instruct-bnb-4bit", "Qwen3-VL-32B (text)"),
        ("ByteDance-Seed/Seed-OSS-36B-Instruct", "Seed-OSS-36B"),
        ("mistralai/Ministral-3-3B-Instruct-2512", "Ministral-3-3B (text)"),
        ("deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B", "DeepSeek-R1-Distill-Qwen-1.5B"),
        ("deepseek-r1:7b", "Qwen2.5-7B"),
        ("mistralai/Devstral-Small-2-24B-Instruct-2512", "Mistral-Small-24B"),
        ("google/medgemma-4b-it", "Gemma-3-4b-it"),
        ("Qwen/Qwen3-Embedding-0.6B", "Qwen3-0.6B"),
        ("NousResearch/Hermes-4-14B", "Qwen3-14B"),
        ("mistralai/Ministral-3-14B-Instruct-2512", "Ministral-3-14B (text)"),
        ("tiiuae/Falcon-H1-7B-Instruct", "Falcon-H1-7B"),
        ("ibm-granite/granite-4.0-h-tiny", "granite-4.0-h-tiny"),
        ("zai-org/GLM-4.6", "GLM-4.5"),
        ("deepseek-ai/DeepSeek-V3.2-Exp", "DeepSeek-V3.2"),
        ("nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-BF16", "Nemotron-3-Nano-30B-A3B"),
        ("Qwen/Qwen3.6-27B", "Qwen3.5-27B"),
        ("unsloth/gemma-3-270m-it-bnb-4bit", "gemma-3-270m"),
        ("facebook/opt-350m", "opt-350m"),
        ("EleutherAI/pythia-410m-deduped", "pythia-410m"),
        ("openai-community/gpt2", "gpt2"),
        ("FacebookAI/xlm-roberta-base", "xlm-roberta-base"),
        ("BAAI/bge-m3", "bge-m3"),
        ("llama4:scout", "Llama-4-Scout-17B-16E (text)"),
        ("granite4:tiny-h", "granite-4.0-h-tiny"),
        ("llama3.1:70b-instruct-q4_K_M", "Llama-3.1-70B"),
    ],
)
def test_models_of_2025_and_2026_are_in_the_table(name: str, model: str) -> None:
    assert load().model(name).name == model


@pytest.mark.parametrize(
    ("name", "published"),
    [  # counts that the models' own pages state
        ("pythia-160m", 162_322_944),
        ("pythia-12b", 11_846_072_320),
        ("Ministral-8B-Instruct-2410", 8_019_808_256),
        ("stablelm-3b-4e1t", 2_795_443_200),
        ("bloom-560m", 559_214_592),
        ("bloom-7b1", 7_069_016_064),
        ("xlm-roberta-base", 278_043_648),
        ("bert-large-uncased", 335_141_888),
    ],
)
def test_counts_equal_what_is_published(name: str, published: int) -> None:
    assert FACTS.model(name).params == published
