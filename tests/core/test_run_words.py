"""Spellings of settings: those of libraries mean ours, and ours mean themselves."""

from __future__ import annotations

import pytest

from advisor.core.run_words import WORDS, canonical, layout_and_offload, storage_of


def test_each_of_our_words_is_a_spelling_of_itself() -> None:
    for column, words in WORDS.items():
        for word in set(words.values()):
            assert canonical(column, word) == word


@pytest.mark.parametrize(
    ("column", "text", "word"),
    [
        ("optimizer", "adamw_bnb_8bit", "adamw8bit"),
        ("optimizer", "paged_adamw_32bit", "paged-adamw"),
        ("sharding", "ZeRO-3", "zero3"),
        ("attention", "flash_attention_2", "flash"),
        ("method", "QDoRA", "dora"),
        ("method", "LoRA+", "lora"),
        ("weights_dtype", "torch.bfloat16", "bf16"),
        ("checkpointing", "unsloth", "full"),
        ("fused_loss", "Liger", "projection"),
        ("gpu", "L40S", "L40S"),
        ("method", "galore", None),
        ("attention", "", ""),
    ],
)
def test_spellings_of_libraries(column: str, text: str, word: str | None) -> None:
    assert canonical(column, text) == word


def test_a_method_may_name_the_storage_of_its_weights() -> None:
    assert [storage_of(m) for m in ("QLoRA", "qdora", "gptq-lora", "lora")] == [
        "nf4",
        "nf4",
        "gptq4",
        "",
    ]


@pytest.mark.parametrize(
    ("layout", "sharding", "offload"),
    [
        ("ZeRO-3 offload", "zero3", "full"),
        ("FSDP + CPU offload", "fsdp", "full"),
        ("DeepSpeed ZeRO-2 offload", "zero2", "optimizer"),
        ("zero3_offload_optimizer", "zero3", "optimizer"),
        ("ZeRO-Infinity", "zero3", "full"),
        ("FSDP2", "fsdp", ""),
        ("ZeRO stage 3", "zero3", ""),
        ("tensor parallelism", "tp", ""),
        ("sequence parallel", "cp", ""),
        ("ddp", "ddp", ""),
        ("", "", ""),
    ],
)
def test_a_layout_in_one_word_is_read(layout: str, sharding: str, offload: str) -> None:
    begin, offloaded = layout_and_offload(layout)
    assert (canonical("sharding", begin), offloaded) == (sharding, offload)
