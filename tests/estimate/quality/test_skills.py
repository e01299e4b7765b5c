"""What of a task and of a model's name moves a score."""

from __future__ import annotations

import pytest

from advisor.estimate.quality.skills import TaskProfile, release_year


@pytest.mark.parametrize(
    ("names", "year"),
    [
        (("gpt-2", "t5-base", "google/t5-large", "bart-large", "SetFit", "PET", "ELECTRA"), 2019.5),
        (("GPT-3 175B", "gpt-3", "gpt-j-6b", "cerebras-gpt", "OPT-30B", "flan-ul2"), 2021.5),
        (("text-davinci-003", "text-ada-001", "Jurassic-1", "mT0-xxl"), 2021.5),
        (("gpt-3.5-turbo", "GPT35", "ChatGPT", "Palmyra", "BloombergGPT"), 2022.9),
        (("llama-7b", "Vicuna-13B", "falcon-7b", "MPT-7B", "PaLM-2", "ChatGLM-6B"), 2023.2),
        (("gpt-4", "GPT4-turbo"), 2023.3),
        (("Llama-2-7b", "Mistral-7B", "mixtral-8x7b", "phi-2", "codellama"), 2023.6),
        (("gemma-7b", "gemma-2b"), 2024.1),
        (
            ("gpt-4o-mini", "Claude 3 Opus", "claude-3-5-sonnet", "Llama-3-8B", "llama-3.1-8b"),
            2024.4,
        ),
        (("gemini 1.5 pro", "Gemini-1.5-flash"), 2024.4),
        (("gemma-2-9b", "Llama-3.2-3B", "llama-3.3-70b", "Qwen2.5-7B", "phi-4"), 2024.7),
        (("gpt-4.1-mini", "Qwen3-8B", "gemma-3-4b", "gemini-2.0-flash", "llama-4-scout"), 2025.3),
        (("claude-sonnet-4", "claude-4-opus"), 2025.3),
        (("gpt-5-mini", "claude-sonnet-4-5", "claude-opus-5", "gemini-3-pro"), 2026.0),
        (("mystery", ""), 2026.5),
    ],
)
def test_a_family_has_a_year(names: tuple[str, ...], year: float) -> None:
    for name in names:
        assert release_year(name) == year, name


@pytest.mark.parametrize(
    ("kind", "labels", "classes"),
    [
        ("classification", 0, 3.0),
        ("classification", 1, 2.0),
        ("classification", 2, 2.0),
        ("classification", 3, 3.0),
        ("extraction", 9, 3.0),
    ],
)
def test_classes_to_tell_apart(kind: str, labels: int, classes: float) -> None:
    assert TaskProfile(kind, labels=labels).classes == classes
