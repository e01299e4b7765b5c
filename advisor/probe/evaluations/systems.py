"""What was scored, named as an option: approach/technique@model."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

from advisor.core.techniques import names_of

MARKS = {"c": 1.0, "correct": 1.0, "i": 0.0, "incorrect": 0.0, "p": 0.5, "n": 0.0}
"""Marks of inspect_ai: correct, incorrect, partly correct, no answer."""

_TECHNIQUES = (
    (re.compile(r"chain.of.thought|\bcot\b|step.by.step|think", re.IGNORECASE), "chain-of-thought"),
    (re.compile(r"\brag\b|retriev", re.IGNORECASE), "retrieval"),
    (re.compile(r"few.?shot|\b[2-9].?shot|examples", re.IGNORECASE), "few-shot"),
    (re.compile(r"one.?shot|\b1.?shot", re.IGNORECASE), "one-shot"),
)


_SERVICES = (
    "openai|anthropic|google|vertex|vertex_ai|azure|azureopenai|azureai|bedrock|aws|mistral"
    "|mistralai|ollama|vllm|hf|huggingface|groq|together|togetherai|fireworks|openrouter|litellm"
    "|replicate|cohere|deepseek|xai|grok|cerebras|sagemaker|localai|llamafile|perplexity"
    "|databricks|watsonx|github|cloudflare-ai|lmstudio|nvidia|nim"
)
_SERVICE = re.compile(rf"^(?:{_SERVICES}):", re.IGNORECASE)
_KIND = re.compile(
    r"^(?:chat|completions?|messages|responses|text-generation|text|assistant|realtime|converse"
    r"|inference|chat-completion):",
    re.IGNORECASE,
)
_SERVED = re.compile(rf"^(?:(?:{_SERVICES})/)+", re.IGNORECASE)
"""Before a model: who serves it, and through which kind of call."""


@dataclass(slots=True)
class ScoredSystem:
    """Scores from 0 to 1 by item; `mean` and `count` where a file gives no items."""

    name: str
    marks: dict[str, list[float]] = field(default_factory=dict)
    mean: float | None = None
    count: int = 0

    @property
    def scores(self) -> dict[str, float]:
        """By item; of one that was scored several times the mean."""
        return {item: fmean(marks) for item, marks in self.marks.items()}


@dataclass(slots=True)
class Systems:
    """The systems of a file by name, and what was not kept of it."""

    by_name: dict[str, ScoredSystem] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add(self, name: str, item: str, score: float | None) -> None:
        """A score of one item; None is left out."""
        if score is None:
            return
        system = self.by_name.setdefault(name, ScoredSystem(name))
        system.marks.setdefault(item, []).append(score)

    def note(self, text: str) -> None:
        """Something that was left out, once."""
        if text not in self.notes:
            self.notes.append(text)


def option_name(model: str, about: str = "", shots: int | None = None) -> str:
    """The option that a prompted model is, by what its prompt is called or how many examples it
    shows.
    """
    technique = next((name for pattern, name in _TECHNIQUES if pattern.search(about)), "zero-shot")
    if shots is not None:
        technique = {0: "zero-shot", 1: "one-shot"}.get(shots, "few-shot")
    return f"prompt/{technique}@{model}".lower()


def as_option(name: str) -> str:
    """A column's name as an option: a model alone is one without examples."""
    name = name.strip().lower()
    approach, _, rest = name.partition("/")
    technique = rest.partition("@")[0]
    if approach in ("prompt", "tune", "hybrid") and "@" in rest:
        return name
    if technique and technique in names_of("prompt"):
        return name
    return f"prompt/zero-shot@{name}"


def model_in(provider: str) -> str:
    """The model in a provider's id, such as `openai:chat:gpt-4.1-mini`, `ollama/qwen2.5:0.5b` or
    `openai/azure/gpt-4.1-mini`; what stands after a colon of its own (`:0.5b`, `-v1:0`) is kept.
    """
    name = provider.strip()
    if _SERVICE.match(name) and "://" not in name:
        name = _KIND.sub("", _SERVICE.sub("", name))
    return _SERVED.sub("", name)


def score_of(value: Any) -> float | None:
    """A mark, a truth value or a number from 0 to 1; None for anything else."""
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, str):
        return MARKS.get(value.strip().lower(), _number(value))
    if isinstance(value, Mapping):
        return None
    return _number(value)


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) and 0.0 <= number <= 1.0 else None
