from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.brief import questions
from advisor.core.naming import input_name, model_name, names, option_name, sentence_start


@pytest.mark.parametrize(
    ("option_id", "name"),
    [
        ("prompt/zero-shot@gpt-6-luna+cached", "Prompted GPT-6 Luna, cached"),
        (
            "prompt/few-shot@claude-sonnet-5-5+batch",
            "Prompted Claude Sonnet 5.5 with examples, in batches",
        ),
        ("prompt/many-shot-1000@m", "Prompted M with 1,000 examples"),
        ("prompt/new-idea@Qwen3-8B+rented", "Prompted Qwen3-8B (new idea), on rented GPUs"),
        (
            "prompt/few-shot@m+cached-5m+shared-first",
            "Prompted M with examples, cached for 5 minutes, shared text first",
        ),
        (
            "tune/lora@llama-3.1-8b+batch+rented",
            "Tuned Llama 3.1 8B (LoRA), in batches, on rented GPUs",
        ),
        ("tune/encoder@org/BERT-base+owned", "Tuned BERT-base as a classifier, on own GPUs"),
        ("tune/hosted@gpt-4.1-mini+hosted", "Tuned GPT-4.1 mini by its provider, hosted"),
        (
            "hybrid/cascade@qwen3-4b+hosted",
            "Tuned Qwen3 4B backed by a larger prompted model, hosted",
        ),
        ("as-is/zero-shot@gpt-4.1-mini+uncached", "Today: GPT-4.1 mini, uncached"),
        ("as-is/lora@m+owned", "Today: M (LoRA), on own GPUs"),
        ("prompt/zero-shot@a+b+cached", "Prompted A+b, cached"),
        ("no option", "no option"),
        ("", ""),
    ],
)
def test_an_option_has_a_plain_name(option_id: str, name: str) -> None:
    assert option_name(option_id) == name


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("claude-haiku-4-5", "Claude Haiku 4.5"),
        ("gpt-5-mini", "GPT-5 mini"),
        ("o4-mini", "o4-mini"),
        ("gemini-3.1-flash-lite", "Gemini 3.1 Flash Lite"),
        ("meta-llama/Llama-3.1-8B", "Llama-3.1-8B"),
        ("qwen3-30b-a3b", "Qwen3 30B A3B"),
        ("modernbert-base", "ModernBERT base"),
        ("roberta-large", "RoBERTa large"),
        ("bert-base-uncased", "BERT base uncased"),
        ("deepseek-chat", "DeepSeek Chat"),
    ],
)
def test_a_model_is_called_as_its_maker_calls_it(model: str, name: str) -> None:
    assert model_name(model) == name


@given(st.text())
def test_any_text_is_safe_to_show(text: str) -> None:
    assert option_name(text).isprintable()
    assert input_name(text).isprintable()
    assert option_name(f"prompt/few-shot@{text}+batch").isprintable()


def test_names_that_read_alike_carry_the_id() -> None:
    ids = ["prompt/zero-shot@claude-4-5", "prompt/zero-shot@claude-4.5", "prompt/zero-shot@x"]
    by_id = names(ids)
    assert len(set(by_id.values())) == 3
    assert by_id[ids[2]] == "Prompted X"
    assert by_id[ids[0]] == "Prompted Claude 4.5 [prompt/zero-shot@claude-4-5]"


def test_an_input_is_named_without_its_key() -> None:
    assert input_name("traffic.requests_per_month") == "requests per month"
    assert input_name("train.tokens_per_second@Qwen3-8B/lora") == "training speed of Qwen3-8B"
    assert input_name("quality.score of tune/lora@m") == "score of Tuned M (LoRA)"


def test_no_two_numbers_of_a_brief_share_a_name() -> None:
    keys = [
        k for k, q in questions().items() if q.kind in ("number", "share", "score") and "[" not in k
    ]
    by_name: dict[str, list[str]] = {}
    for key in keys:
        by_name.setdefault(input_name(key), []).append(key)
    assert {name: twins for name, twins in by_name.items() if len(twins) > 1} == {}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("the prompt costs more", "The prompt costs more"),
        ("fine-tuning is best", "Fine-tuning is best"),
        ("unsloth/Qwen3-4B is taken as Qwen3-4B", "unsloth/Qwen3-4B is taken as Qwen3-4B"),
        ("gpt-oss-20b fits", "gpt-oss-20b fits"),
        ("eBay's rows are few", "eBay's rows are few"),
        ("roberta-base is small", "roberta-base is small"),
        ("", ""),
    ],
)
def test_a_name_at_the_start_of_a_sentence_stays_as_it_is(text: str, shown: str) -> None:
    assert sentence_start(text, "roberta-base") == shown
