"""Plain names of options, models and inputs, for everything that a client reads.

Ids such as `prompt/few-shot@gpt-6-luna+cached` stay in JSON, in the app's detail and in appendices.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from types import MappingProxyType
from typing import TypeAlias

from advisor.core.text import printable

Words: TypeAlias = MappingProxyType[str, str]

_ID = re.compile(r"(?P<approach>[a-z-]+)/(?P<technique>[^@/\s]+)@(?P<rest>.+)", re.DOTALL)

_SERVING: Words = MappingProxyType(
    {
        "uncached": "uncached",
        "cached": "cached",
        "cached-5m": "cached for 5 minutes",
        "cached-1h": "cached for 1 hour",
        "batch": "in batches",
        "shared-first": "shared text first",
        "owned": "on own GPUs",
        "rented": "on rented GPUs",
        "hosted": "hosted",
        "cpu": "on CPUs",
    }
)
"""The suffixes of an id, in words."""

_PROMPTED: Words = MappingProxyType(
    {
        "zero-shot": "",
        "one-shot": " with one example",
        "few-shot": " with examples",
        "retrieved-examples": " with retrieved examples",
        "chain-of-thought": " with step-by-step reasoning",
        "searched": " with a searched prompt",
        "retrieval": " with retrieval",
        "tools": " with tools",
    }
)
_TUNED: Words = MappingProxyType(
    {
        "lora": " (LoRA)",
        "qlora": " (QLoRA)",
        "dora": " (DoRA)",
        "full": " (all weights)",
        "soft-prompt": " (soft prompt)",
        "dpo": " on preferences (DPO)",
        "encoder": " as a classifier",
        "hosted": " by its provider",
    }
)
_HYBRID: Words = MappingProxyType(
    {
        "tuned-few-shot": " with examples in the prompt",
        "tuned-retrieval": " with retrieval",
        "cascade": " backed by a larger prompted model",
    }
)
_LOWER = frozenset({"mini", "nano", "micro", "base", "large", "small", "cased", "uncased"})
_FAMILIES: Words = MappingProxyType(
    {
        "bert": "BERT",
        "chatglm": "ChatGLM",
        "deberta": "DeBERTa",
        "deepseek": "DeepSeek",
        "distilbert": "DistilBERT",
        "electra": "ELECTRA",
        "glm": "GLM",
        "gpt": "GPT",
        "modernbert": "ModernBERT",
        "mpt": "MPT",
        "roberta": "RoBERTa",
        "stablelm": "StableLM",
        "starcoder": "StarCoder",
        "xlm": "XLM",
    }
)
"""Families as their makers write them, where that is more than a capital at the start."""


def option_name(option_id: str) -> str:
    """`Prompted GPT-6 Luna, cached` for `prompt/zero-shot@gpt-6-luna+cached`.

    What is not an id of an option comes back as it is, made safe to show.
    """
    match = _ID.fullmatch(option_id)
    if match is None:
        return _safe(option_id)
    model, servings = _split(match["rest"])
    what = _what(match["approach"], match["technique"], model_name(model))
    if "cpu" in servings:
        where = "own" if "owned" in servings else "rented"
        return f"{what}, on {where} CPUs"
    return ", ".join((what, *(_SERVING[word] for word in servings)))


def model_name(model: str) -> str:
    """`Claude Sonnet 5.5` for `claude-sonnet-5-5`; a name with capitals stays as published."""
    name = _safe(model.rpartition("/")[2])
    if name != name.lower() or re.match(r"o\d", name):
        return name
    return _joined([_capital(word) for word in _versions(name.split("-"))])


def names(option_ids: Iterable[str]) -> dict[str, str]:
    """The name of each option; where two would read alike, the id stands behind."""
    by_id = {option_id: option_name(option_id) for option_id in option_ids}
    plain = list(by_id.values())
    return {
        option_id: name if plain.count(name) == 1 else f"{name} [{_safe(option_id)}]"
        for option_id, name in by_id.items()
    }


def _what(approach: str, technique: str, model: str) -> str:
    if approach == "as-is":
        return f"Today: {model}{_PROMPTED.get(technique) or _TUNED.get(technique, '')}"
    if approach == "prompt":
        return f"Prompted {model}{_prompted(technique)}"
    if approach == "tune":
        return f"Tuned {model}{_TUNED.get(technique, f' ({_words(technique)})')}"
    return f"Tuned {model}{_HYBRID.get(technique, f' ({_words(technique)})')}"


def _prompted(technique: str) -> str:
    if technique in _PROMPTED:
        return _PROMPTED[technique]
    count = re.fullmatch(r"(?:many|few)-shot-(\d+)", technique)
    return f" with {int(count[1]):,} examples" if count else f" ({_words(technique)})"


def _split(rest: str) -> tuple[str, list[str]]:
    """The model and the servings behind it; a `+` may also be part of a model's name."""
    parts = rest.split("+")
    servings: list[str] = []
    while len(parts) > 1 and parts[-1] in _SERVING:
        servings.insert(0, parts.pop())
    return "+".join(parts), servings


def _versions(words: list[str]) -> list[str]:
    """`sonnet, 5, 5` → `sonnet, 5.5`: digits that follow each other are one version."""
    merged: list[str] = []
    for word in words:
        is_minor = re.fullmatch(r"\d", word) and merged and re.fullmatch(r"\d{1,2}", merged[-1])
        if is_minor:
            merged[-1] += f".{word}"
        else:
            merged.append(word)
    return merged


def sentence_start(text: str, *names: str) -> str:
    """A sentence with a capital at its beginning, unless it begins with one of `names` or with a
    word that only a name can be (`gpt-oss-20b`, `unsloth/llama`, `iPhone`): names never change.
    """
    first = text.split(" ", 1)[0]
    if _NAME.search(first.rstrip(".,;:")) or any(name and text.startswith(name) for name in names):
        return text
    return text[:1].upper() + text[1:]


_NAME = re.compile(r"[\d/_.@:\\+=]|.[A-Z]")
"""What words of prose do not hold."""


def _capital(word: str) -> str:
    if word in _FAMILIES:
        return _FAMILIES[word]
    if re.fullmatch(r"a?\d+(\.\d+)?[bmk]", word):
        return word.upper()
    return word if word in _LOWER or not word[:1].isalpha() else word[0].upper() + word[1:]


def _joined(words: list[str]) -> str:
    name = " ".join(words)
    return re.sub(r"^(GPT|GLM) (?=\d)", r"\1-", name)


def _words(technique: str) -> str:
    return _safe(technique.replace("-", " "))


def _safe(text: str) -> str:
    return printable(" ".join(text.split()))


_INPUTS: Words = MappingProxyType(
    {
        "compare.only": "the list of options to compare",
        "traffic.requests_per_month": "requests per month",
        "traffic.growth_per_month": "growth of traffic",
        "traffic.active_hours_per_month": "active hours per month",
        "traffic.distinct_prefixes": "distinct prompts",
        "traffic.static_tokens": "length of the static prompt",
        "traffic.shared_tokens": "length of the shared prompt",
        "traffic.input_tokens": "length of the input",
        "traffic.output_tokens": "length of the answer",
        "traffic.cache_hit_rate": "cache hit rate",
        "traffic.batch_cache_hit_rate": "cache hit rate in batches",
        "traffic.retry_rate": "share of repeated requests",
        "traffic.max_latency_seconds": "latency limit",
        "quality.error_cost_usd": "cost of a wrong answer",
        "quality.expected_uplift": "quality gained by tuning",
        "quality.target": "quality target",
        "data.examples": "labelled examples",
        "data.eval_examples": "test items",
        "data.tokens_per_example": "length of an example",
        "data.label_usd": "price of a label",
        "data.eval_label_usd": "price of a graded test item",
        "data.labels_per_week": "labels per week",
        "budget.discount_rate": "discount rate",
        "budget.horizon_months": "horizon",
        "budget.weeks": "deadline",
        "budget.one_off_usd": "one-off budget",
        "budget.monthly_usd": "monthly budget",
        "current.monthly_usd": "today's bill",
        "retrieval.tokens": "length of the retrieved text",
        "retrieval.usd_per_month": "cost of index and search",
        "retrieval.build_hours": "hours to build the retrieval",
        "tuning.epochs": "passes over the examples",
        "tuning.static_tokens": "length of the tuned model's prompt",
        "quality.human_ceiling": "agreement of annotators",
        "data.label_setup_usd": "price of setting up labelling",
        "team.hourly_usd": "hourly rate of the team",
        "team.prompt_hours": "hours of prompt engineering",
        "team.tuning_hours": "hours of tuning work",
        "team.adapter_hours": "hours for each adapter",
        "team.evaluation_hours": "hours to set up the test",
        "team.retrain_hours": "hours of each retraining",
        "team.retrain_every_months": "months between retrainings",
        "team.ops_hours_per_month": "hours of operations per month",
        "team.training_runs": "training runs until one is accepted",
        "hardware.usd_per_hour": "price of a GPU hour",
        "hardware.train_tokens_per_second": "training speed",
        "hardware.prefill_tokens_per_second": "reading speed of a GPU",
        "hardware.decode_tokens_per_second": "writing speed of a GPU",
        "prices.multiple": "token prices, as a multiple of today's",
        "hardware.electricity_usd_per_kwh": "price of electricity",
        "hardware.life_months": "life of a GPU",
        "hardware.purchase_usd": "purchase of a GPU",
        "hardware.watts": "power of a GPU",
        "cascade.passed_on": "share that the cascade passes on",
        "cpu.gflops": "speed of a CPU",
        "encoder.arithmetic_share": "part of a GPU's arithmetic that an encoder reaches",
        "cpu.usd_per_hour": "price of a CPU hour",
        "gpu.usd_per_hour": "price of a GPU hour",
        "own_cpu.usd_per_hour": "price of an hour of an own CPU",
        "provider.first_token_seconds": "time to the first token",
        "provider.hours": "hours of a tuning job",
        "provider.tokens_per_second": "writing speed of a provider",
        "search.calls": "calls of a prompt search",
        "search.usd": "price of the prompt search",
        "serve.arithmetic_share": "arithmetic rate reached in serving",
        "serve.bandwidth_share": "bandwidth reached in serving",
        "serve.peak_factor": "busiest hour over the mean",
        "technique.reasoning_tokens": "length of the reasoning",
        "train.start_hours": "hours to start a training run",
        "train.tokens_per_second": "training speed",
        "task.knowledge_change_per_month": "facts that change per month",
        "task.factual_share": "share of factual requests",
    }
)


def input_name(key: str) -> str:
    """`requests per month` for `traffic.requests_per_month`; other keys by their last part."""
    if key in _INPUTS:
        return _INPUTS[key]
    head, _, option_id = key.partition(" of ")
    if option_id:
        return _safe(f"{_tail(head)} of {option_name(option_id)}")
    name, _, model = key.partition("@")
    if model:
        return _safe(f"{_INPUTS.get(name) or _tail(name)} of {model_name(model.split('/')[0])}")
    return _safe(_tail(name))


def _tail(key: str) -> str:
    return key.rpartition(".")[2].replace("_", " ")
