"""Which depths a slice may have: layers come in patterns, and a line in depth holds from pattern to
pattern only.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from advisor.core.config_file import FIRST, layer_count, layer_kinds, text_part
from advisor.core.config_file import pattern as layer_pattern
from advisor.core.experiment import JsonObject
from advisor.core.layer_pattern import PER_LAYER, expanded

SLICES = (2, 4, 6)
"""Depths where the user names none: two draw the line, the third says how well it holds."""

PATTERNS: Mapping[str, tuple[int, int]] = {
    "deepseek_v2": (1, 1),
    "deepseek_v3": (3, 1),
    "exaone4": (0, 4),
    "gemma2": (0, 2),
    "gemma3_text": (0, 6),
    "gemma3n_text": (10, 5),
    "gemma4_text": (0, 6),
    "glm4_moe": (1, 1),
    "glm4_moe_lite": (1, 1),
    "gpt_oss": (0, 2),
    "llama4_text": (0, 4),
    "mllama_text_model": (0, 5),
    "modernbert": (0, 3),
    "olmo3": (0, 4),
    "qwen3_5_moe_text": (0, 4),
    "qwen3_5_text": (0, 4),
    "qwen3_next": (0, 4),
}
"""By model_type: first layers of another kind, and after how many the kinds repeat.

Others have layers of one kind.
"""

MODEL_TYPES: Mapping[str, str] = {
    "DeepseekV2ForCausalLM": "deepseek_v2",
    "DeepseekV3ForCausalLM": "deepseek_v3",
    "Gemma2ForCausalLM": "gemma2",
    "Gemma3ForCausalLM": "gemma3_text",
    "Gemma3nForCausalLM": "gemma3n_text",
    "Gemma4ForCausalLM": "gemma4_text",
    "Glm4MoeForCausalLM": "glm4_moe",
    "Glm4MoeLiteForCausalLM": "glm4_moe_lite",
    "GptOssForCausalLM": "gpt_oss",
    "Llama4ForCausalLM": "llama4_text",
    "MllamaForCausalLM": "mllama_text_model",
    "ModernBertForSequenceClassification": "modernbert",
    "Olmo3ForCausalLM": "olmo3",
    "Qwen3_5ForCausalLM": "qwen3_5_text",
    "Qwen3_5MoeForCausalLM": "qwen3_5_moe_text",
    "Qwen3NextForCausalLM": "qwen3_next",
}
"""model_type of the classes in our tables whose layers differ."""


def pattern(architecture: JsonObject) -> tuple[int, int]:
    """Layers of another kind at the beginning, and the length of the pattern after them."""
    if "profile" in architecture:
        sizes = architecture["profile"]
        listed = next((v for k, v in sizes.get("settings", ()) if k in PER_LAYER), "")
        if listed:
            every_layer = expanded(listed, sizes["layers"])
            begin, repeat = layer_pattern(every_layer) or (len(every_layer), 1)
            own = PATTERNS.get(MODEL_TYPES.get(sizes["hf_class"], ""), (0, 1))[0]
            return max(begin, own), repeat
        first, every = PATTERNS.get(MODEL_TYPES.get(sizes["hf_class"], ""), (0, 1))
        return int(dict(sizes.get("settings", ())).get("first_k_dense_replace", first)), every
    text = text_part(architecture["config"])
    kinds = layer_kinds(text)
    if len(set(kinds)) <= 1 and not any(key in text for key in (*FIRST, "layer_types")):
        return PATTERNS.get(str(text.get("model_type", "")), (0, 1))
    return layer_pattern(kinds) or (len(kinds), 1)  # nothing repeats: no slice stands for the rest


def layers_of(architecture: JsonObject) -> int | None:
    """How many layers the whole model has (its encoder's, of two stacks); None where no word we
    know says it.
    """
    if "profile" in architecture:
        return int(architecture["profile"]["layers"])
    return layer_count(text_part(architecture["config"]))


def usual(architecture: JsonObject) -> tuple[int, ...]:
    """2, 4 and 6 layers, or as many whole patterns as come next to them, behind the first layers of
    another kind.
    """
    first, every = pattern(architecture)
    step = math.lcm(2, every) if every <= 2 else every
    layers = layers_of(architecture)
    depths = [first + step * n for n in range(1, len(SLICES) + 1)]
    return tuple(d for d in depths if layers is None or d <= layers)
