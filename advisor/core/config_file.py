"""A model's config.json read without its library: its part for text, its layers and their kinds.

Every key is optional, as in transformers; sizes may be given per layer, as a list. What the file
leaves out has the library's default, which is not known here: then None, or a typical value.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from advisor.core.experiment import JsonObject

ConfigJson: TypeAlias = JsonObject
"""The object of a config.json, or its part for text."""

TEXT_PARTS = ("text_config", "llm_config", "language_config", "language_model", "thinker_config")
"""Where models that also see or hear keep the configuration of their language model."""

DEPTHS = ("num_hidden_layers", "n_layer", "n_layers", "num_layers", "encoder_layers")
HIDDEN = ("hidden_size", "d_model", "n_embd", "dim", "model_dim", "emb_dim")
HEADS = ("num_attention_heads", "n_head", "n_heads", "num_heads", "num_query_heads")
KEY_VALUE_HEADS = ("num_key_value_heads", "num_kv_heads", "multi_query_group_num")
INTERMEDIATE = (
    "intermediate_size",
    "d_ff",
    "encoder_ffn_dim",
    "n_inner",
    "hidden_dim",
    "ffn_dim",
    "ffn_hidden_size",
    "dff",
)
SIZES = (*DEPTHS, *HIDDEN, *HEADS, *KEY_VALUE_HEADS, *INTERMEDIATE, "head_dim", "vocab_size")
"""Keys that must be positive whole numbers wherever they are given."""

LARGEST_SIZE = 10**9
MOST_LAYERS = 10_000

SIZES_PER_LAYER: Mapping[str, frozenset[str]] = {
    "gemma3n_text": frozenset({"intermediate_size"}),
    "ernie4_5_vl_moe_text": frozenset({"moe_intermediate_size"}),
}
"""By model_type: the sizes that transformers takes as a list with an entry per layer."""

ABSENT = ("num_kv_shared_layers",)
"""Keys that change no size of a slice: sharing is switched off there."""


class ConfigError(ValueError):
    """A config.json that describes no model; says which key, what is wrong and what to write."""


def text_part(config: ConfigJson) -> ConfigJson:
    """The configuration of the part that reads text: of a model that also sees, the inner one."""
    for name in TEXT_PARTS:
        inner = config.get(name)
        if isinstance(inner, Mapping):
            return text_part({**config, name: None, **inner})
    return config


def check(config: object) -> ConfigJson:
    """`config` if it can describe a model. Raises ConfigError, naming the key."""
    if not isinstance(config, Mapping):
        raise ConfigError("is not a JSON object; give the config.json of a model folder")
    model_type = config.get("model_type")
    if not isinstance(model_type, str) or not model_type:
        raise ConfigError("has no model_type; give the config.json of a model folder")
    text = text_part(config)
    for key in SIZES:
        if text.get(key) is not None:
            _check_size(text, key)
    layers = layer_count(text)
    if layers is not None and layers > MOST_LAYERS:
        raise ConfigError(f"has {layers:,} layers; the most that can be planned is {MOST_LAYERS:,}")
    kinds = text.get("layer_types")
    if isinstance(kinds, list) and layers is not None and len(kinds) != layers:
        raise ConfigError(f"layer_types: has {len(kinds)} entries for {layers} layers")
    return config


def finite(config: ConfigJson) -> ConfigJson:
    """Without the keys that hold Infinity or NaN, which no plan can hold: models with time steps
    have `[0.0, Infinity]` as their limits, as is the library's default.
    """
    return {
        key: finite(entry) if isinstance(entry, Mapping) else entry
        for key, entry in config.items()
        if _is_finite(entry)
    }


def _is_finite(entry: object) -> bool:
    if isinstance(entry, list):
        return all(map(_is_finite, entry))
    if isinstance(entry, Mapping):
        return "__float__" not in entry  # as transformers writes them since version 5
    return not isinstance(entry, float) or math.isfinite(entry)


def _check_size(text: ConfigJson, key: str) -> None:
    size = text[key]
    model_type = str(text.get("model_type", ""))
    if isinstance(size, list):
        if key not in SIZES_PER_LAYER.get(model_type, ()):
            raise ConfigError(
                f"{key}: is a list of sizes per layer, which model_type {model_type!r} of "
                "transformers does not take; write one whole number"
            )
        layers = layer_count(text)
        if layers is not None and len(size) != layers:
            raise ConfigError(f"{key}: has {len(size)} entries for {layers} layers")
    for number in size if isinstance(size, list) else [size]:
        if isinstance(number, bool) or not isinstance(number, int):
            raise ConfigError(f"{key}: {_short(number)} is not a whole number")
        if not 0 < number <= LARGEST_SIZE:
            raise ConfigError(f"{key}: {_short(number)} is impossible; write a positive size")


def _short(entry: object) -> str:
    text = repr(entry)
    return text if len(text) <= 40 else f"{text[:39]}…"


def layer_count(text: ConfigJson) -> int | None:
    """How many layers there are (of two stacks, the encoder's); None where the file is silent."""
    for name in DEPTHS:
        count = text.get(name)
        if isinstance(count, int) and not isinstance(count, bool) and count > 0:
            return count
    for name in ("hybrid_override_pattern", "layers_block_type", "layer_types", "block_configs"):
        kinds = text.get(name)
        if isinstance(kinds, str | list) and kinds:
            return len(kinds)
    return None


def layer_kinds(text: ConfigJson) -> tuple[tuple[object, ...], ...]:
    """What distinguishes each layer from others; equal entries are layers of one kind.

    Empty where the number of layers is not known.
    """
    layers = layer_count(text) or 0
    traits = [[trait(i) for i in range(layers)] for trait in _traits(text, layers)]
    return tuple(zip(*traits, strict=True)) if traits else ((),) * layers


Trait: TypeAlias = Callable[[int], object]
"""Of a layer's number, from 0: what sets it apart."""


def _traits(text: ConfigJson, layers: int) -> list[Trait]:
    traits = [trait for key in text if (trait := _trait(text, key, layers)) is not None]
    blocks = text.get("block_types")
    if isinstance(blocks, list) and blocks and len(blocks) != layers:
        traits.append(_recurring(blocks))
    linear = text.get("linear_attn_config")
    if isinstance(linear, Mapping) and isinstance(linear.get("full_attn_layers"), list):
        traits.append(_one_of([n - 1 for n in linear["full_attn_layers"]]))  # counted from 1
    return traits


def _trait(text: ConfigJson, key: str, layers: int) -> Trait | None:
    """What one key says of the layers; None where it does not tell them apart."""
    entry = text[key]
    if key in ABSENT:
        return None
    if key in INDICES and isinstance(entry, list):
        return _one_of(entry)
    if isinstance(entry, list | str) and len(entry) == layers and _is_per_layer(key):
        return _recurring([repr(kind) for kind in entry])
    if key in FIRST and _is_count(entry):
        return _before(entry)
    if key in EVERY and _is_count(entry) and entry > 1:
        offset = text.get(EVERY[key]) if EVERY[key] else entry - 1
        return _recurring([n == offset for n in range(entry)])
    return None


def _one_of(numbers: Sequence[object]) -> Trait:
    return lambda i: i in numbers


def _recurring(kinds: Sequence[object]) -> Trait:
    return lambda i: kinds[i % len(kinds)]


def _before(count: int) -> Trait:
    return lambda i: i < count


INDICES = frozenset(
    {
        "attn_layer_indices",
        "full_attn_idxs",
        "cross_attention_layers",
        "mlp_only_layers",
        "moe_layers",
        "global_attn_layers",
        "local_layer_ids",
        "ple_layer_ids",
    }
)
"""Keys that list the numbers of the layers of one kind."""

FIRST = frozenset({"first_k_dense_replace", "num_dense_layers", "moe_layer_start_index"})
"""Keys that say how many layers at the beginning are of another kind."""

EVERY: Mapping[str, str] = {
    "attn_layer_period": "attn_layer_offset",
    "expert_layer_period": "expert_layer_offset",
    "decoder_sparse_step": "",
    "full_attention_interval": "",
    "sliding_window_pattern": "",
    "interleave_moe_layer_step": "",
    "global_attn_every_n_layers": "",
    "moe_layer_freq": "",
    "moe_layer_interval": "",
}
"""Keys that say after how many layers a kind recurs, and the key of its first place."""


def _is_per_layer(key: str) -> bool:
    words = ("layer", "pattern", "size", "heads", "multiplier", "configs", "block", "freq", "dim")
    return any(word in key for word in words)


def _is_count(entry: object) -> bool:
    return isinstance(entry, int) and not isinstance(entry, bool) and entry > 0


def pattern(kinds: Sequence[object]) -> tuple[int, int] | None:
    """Layers of their own at the beginning, and the length of the pattern that repeats after them
    to the end; the shortest such reading. None where nothing repeats.
    """
    layers = len(kinds)
    for length in range(1, layers):
        for every in range(1, length + 1):
            first = length - every
            if first + 2 * every <= layers and _repeats(kinds, first, every):
                return first, every
    return None


def _repeats(kinds: Sequence[object], first: int, every: int) -> bool:
    return all(kinds[i] == kinds[i + every] for i in range(first, len(kinds) - every))


def first_size(text: ConfigJson, names: Sequence[str], otherwise: int, layer: int = 0) -> int:
    """The first of these sizes that is given; of a list per layer, that of the layer.

    Raises ConfigError for one that is impossible.
    """
    for name in names:
        size = text.get(name)
        if isinstance(size, list) and size:
            size = size[min(layer, len(size) - 1)]
        if isinstance(size, int) and not isinstance(size, bool) and size > 0:
            if size > LARGEST_SIZE:
                raise ConfigError(f"{name}: {_short(size)} is impossible; write a positive size")
            return size
    return otherwise
