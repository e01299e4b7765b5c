"""Model names as people write them, read as a family and size of our table.

Hubs, converters and trainers decorate a name: `unsloth/Qwen3-4B-Instruct-2507-bnb-4bit` has the
shape of Qwen3-4B. What is taken off changes neither layers nor widths; the reading is always told
to the user. A different architecture under a similar name (`-VL-`, `-MoE`, another size) is never
read as its namesake.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from advisor.core.errors import UsageError
from advisor.core.facts import Model
from advisor.core.other_models import why_not_estimated

MOST_ALIKE = 0.8
"""Similarity (difflib) from which another name is suggested."""

_FILES = re.compile(r"\.(?:gguf|ggml|safetensors|bin|pth|pt|onnx|json)$")
_SHARD = re.compile(r"-\d{5}-of-\d{5}$")
_MAKERS = re.compile(
    r"^(?:meta-(?=llama)|mistralai-|nvidia-|ibm-(?:granite-)?(?=granite)|deepseek-ai-|unsloth-"
    r"|google-|microsoft-|qwen-(?=qw)|huggingfacetb-|allenai-|openai-|thudm-|zai-org-)"
)
_CLOUDS = re.compile(
    r"^(?:(?:us|eu|apac|global|us-gov|au|jp|ca|sa)\.)?(?:anthropic|meta|mistral|amazon|cohere|ai21|deepseek"
    r"|qwen|openai|google|nvidia|writer|moonshotai|minimax|zai|moonshot)\.(?=[a-z])|^databricks-(?!dbrx|bge|gte)"
)
"""A region and a maker before a name, as Bedrock has them, or the service itself."""

_RELEASE = re.compile(r"-v\d+:\d+(?::\d+k)?$")
_ROUTE = re.compile(r":(?:free|nitro|floor|exacto|extended|online|beta|latest)$")
"""A revision of Bedrock, and how OpenRouter or Ollama serve a name."""

_QUANTIZED = re.compile(
    r"-(?:i?q\d(?:[.-](?:k|0|1|nl|xxs|xs|s|m|l|xl))*|ud|gguf|ggml|awq|gptq|mlx|exl[23]|hqq|aqlm"
    r"|bnb|unsloth|dynamic|quantized(?:\.w\d+a\d+)?|quant|torchao|onnx|openvino|fp[48]|nvfp4|mxfp[48]"
    r"|int[348]|[2-8]-?bits?|w\d+a\d+|g\d{2,3}|marlin|autoround|imatrix|i1|qat|\d(?:\.\d+)?bpw)$"
)
_VARIANT = re.compile(
    r"-(?:instruct|inst|it|chat|base|pt|pretrained|thinking|think|reasoning|hf|sft|dpo|grpo|rl|rlhf"
    r"|preview|latest|exp|experimental|original|merged|abliterated|uncensored|text|bf16|fp16|f16"
    r"|fp32|f32|v\d+(?:\.\d+)*|20\d{2}-?\d{2}-?\d{2}|2[3-9](?:0[1-9]|1[0-2])|(?:0[1-9]|1[0-2])\d{2}"
    r"|\d{1,4}k|1m)$"
)
_SIZE = re.compile(r"(?<![\w.])(?:\d+x)?\d+(?:\.\d+)?[bm](?![a-z0-9])")
_ACTIVE_SIZE = re.compile(r"-a\d+(?:\.\d+)?[bm](?![a-z0-9])")
_OTHER = re.compile(
    r"(?:^|-)(?:vl|vision|visual|audio|omni|moe|\d+x\d+(?:\.\d+)?b|a\d+(?:\.\d+)?b|embedding"
    r"|reranker|reward|rm|draft|eagle\d*|medusa|pruned|minitron|mamba|multimodal|speech|ocr|llava"
    r"|mini|nano|small|large|math|coder|code)(?:-|$)"
)
"""Words of a name that may stand for another architecture than that of its namesake."""

_FIRST_OF_FAMILY = re.compile(r"(?:qwen|llama|gemma|yi|phi|glm)-\d")
"""Qwen-7B itself; but `-Distill-Qwen-7B` is more likely a Qwen2.5."""


@dataclass(frozen=True, slots=True)
class ModelMatch:
    """The model that a name is read as; `note` says how, and is empty for its own name."""

    model: Model
    note: str = ""


def match(name: str, names: Mapping[str, Model]) -> ModelMatch | None:
    """The model that `name` means, of `names` in lower case; None where none is sure."""
    listed = names.get(name.strip().lower())
    if listed is not None:
        return ModelMatch(listed, _listed_note(name, listed))
    index = _index(tuple(names.items()))
    spelling = canonical(name)
    for reading, removed, quantized in _readings(spelling):
        model = index.get(reading)
        if model is not None:
            return ModelMatch(model, _note(name, model, removed, quantized))
    return _derived(name, spelling, index)


def _listed_note(name: str, model: Model) -> str:
    """Empty where the name is the model's own or a variant of it; else whose shape it has."""
    if name.strip().lower() == model.name.lower():
        return ""
    if model.name.endswith("(text)"):
        return f"{name} is taken as {model.name}: its language model alone, without its towers"
    if _is_bare_family(canonical(name), canonical(model.name)):
        return _bare_note(name, model)
    own = {reading for reading, _, _ in _readings(canonical(model.name))}
    if any(reading in own for reading, _, _ in _readings(canonical(name))):
        return ""
    return f"{name} has the shape of {model.name}"


def _is_bare_family(spelling: str, model: str) -> bool:
    """Whether the model's spelling goes on with its size: `gemma3` of `gemma3-4b`."""
    rest = model.removeprefix(f"{spelling}-")
    return rest != model and _SIZE.match(rest) is not None


def canonical(name: str) -> str:
    """A spelling that is the same however a name is punctuated: `llama3.1-8b` of `Llama_3_1:8B`."""
    text = name.strip().lower().replace("\\", "/").rstrip("/").rpartition("/")[2]
    text = served_name(text)
    text = _FILES.sub("", text)
    text = re.sub(r"(?<=\d)p(?=\d+-)", ".", text)  # Fireworks: llama-v3p1-8b
    text = re.sub(r"(?<=[a-z])-v(?=\d+\.\d+-\d+b)", "-", text)
    text = re.sub(r"(?<=[a-z]\d)-(?=\d-\d+b)|(?<=[a-z]-\d)-(?=\d-\d+b)", ".", text)  # llama3-1-8b
    text = re.sub(r"(?<=\d)_(?=\d)", ".", text)
    text = re.sub(r"[\s_:@()]+", "-", text).strip("-")
    text = _SHARD.sub("", text)
    text = _MAKERS.sub("", text)
    text = re.sub(r"(?<=[a-z])-(?=\d{1,2}(?:\.\d+)?(?:-|$))", "", text)  # llama-3.1 is llama3.1
    return re.sub(r"-+", "-", text)


def served_name(name: str) -> str:
    """A maker's own name for a model, of the name under which a cloud or a router serves it."""
    return _ROUTE.sub("", _RELEASE.sub("", _CLOUDS.sub("", name.strip().lower())))


def begins_with(name: str, prefix: str) -> bool:
    """Whether a name is the prefix or goes on after it with something other than a letter, or with
    the `o` of GPT-4o.
    """
    rest = name.removeprefix(prefix) if name.startswith(prefix) else None
    return rest is not None and (not rest[:1].isalnum() or rest[:1] == "o")


def similar(name: str, names: Iterable[str], count: int = 3) -> list[str]:
    """Names that differ from this one in little more than punctuation or a digit, best first."""
    by_spelling = {canonical(other): other for other in names}
    near = difflib.get_close_matches(canonical(name), by_spelling, count, MOST_ALIKE)
    return [by_spelling[spelling] for spelling in near]


def size_in(name: str) -> str:
    """The size that a name states, such as `24B` or, of a mixture, `30B-A3B`; empty where it states
    none or several.
    """
    spelling = canonical(name)
    sizes = _SIZE.findall(spelling)
    if len(sizes) != 1 or "x" in sizes[0]:
        return ""
    active = _ACTIVE_SIZE.search(spelling)
    return f"{sizes[0]}{active[0] if active else ''}".upper()


def unsized(name: str, maker: str, names: Iterable[str]) -> UsageError:
    """The error for a model without a known shape, for the caller to raise; `maker` is who keeps
    its weights, where somebody does.
    """
    if maker:
        return UsageError(
            f"model {name!r}: {maker} does not publish its weights, so its architecture is not "
            "public; name an open model"
        )
    other = why_not_estimated(name)
    if other:
        return UsageError(f"model {other}")
    near = " or ".join(map(repr, similar(name, names)))
    hint = f" (did you mean {near}?)" if near else ""
    size = size_in(name) or "24B"
    return UsageError(
        f"model {name!r}: its shape is not in our table{hint}; give --config with its "
        f"config.json, or `advisor estimate` its size, such as --model {size}"
    )


@lru_cache(maxsize=4)
def _index(names: tuple[tuple[str, Model], ...]) -> Mapping[str, Model]:
    """Models by canonical spelling; of several under one, the first."""
    index: dict[str, Model] = {}
    spelled = [(canonical(name), model) for name, model in names]
    for spelling, model in spelled:
        index.setdefault(spelling, model)
    for spelling, model in spelled:  # a base model is also found by what its variants are called
        for reading, _, quantized in _readings(spelling):
            if not quantized and (_SIZE.search(reading) or reading in index):
                index.setdefault(reading, model)
    return index


def _readings(spelling: str) -> Iterator[tuple[str, str, bool]]:
    """The spelling with ever more decoration taken off its end: what is left, what was removed,
    and whether that says that the weights are quantised.
    """
    removed = ""
    quantized = False
    yield spelling, removed, quantized
    while True:
        ending = _QUANTIZED.search(spelling)
        quantized = quantized or ending is not None
        ending = ending or _VARIANT.search(spelling)
        if ending is None:
            return
        removed = ending.group(0) + removed
        spelling = spelling[: ending.start()]
        yield spelling, removed, quantized


def _derived(name: str, spelling: str, index: Mapping[str, Model]) -> ModelMatch | None:
    """A model that others tuned under a name with ours in it, such as Hermes-3-Llama-3.1-8B."""
    inside = [other for other in index if _is_distinct(other) and _contains(spelling, other)]
    if not inside:
        return None
    longest = max(inside, key=len)
    rest = spelling.replace(longest, "", 1)
    if _OTHER.search(rest.strip("-")) or _SIZE.search(rest):
        return None
    model = index[longest]
    note = (
        f"{name} is taken as {model.name}, the family and size in its name; "
        "if its architecture differs, give --config"
    )
    return ModelMatch(model, note)


def _is_distinct(spelling: str) -> bool:
    """Whether it names a family and a size that no later release of the family shares."""
    return _SIZE.search(spelling) is not None and not _FIRST_OF_FAMILY.match(spelling)


def _contains(spelling: str, part: str) -> bool:
    return f"-{part}-" in f"-{spelling}-"


def _bare_note(name: str, model: Model) -> str:
    return f"{name} is taken as {model.name}: it names no size, and Ollama serves this one"


def _note(name: str, model: Model, removed: str, quantized: bool) -> str:
    if _is_bare_family(canonical(name), canonical(model.name)):
        return _bare_note(name, model)
    if not removed:
        return f"{name} is taken as {model.name}, another spelling of it"
    note = f"{name} is taken as {model.name}: {removed.strip('-')!r} does not change its shape"
    if quantized:
        note += "; its weights are quantised, so estimate it with --quantization nf4 or int8"
    return note
