"""Which depths a slice may have: layers come in patterns, and a line in depth holds from pattern to
pattern only.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

SLICES = (2, 4, 6)
"""Depths where the user names none: two draw the line, the third says how well it holds."""

PATTERNS: Mapping[str, tuple[int, int]] = {
    "deepseek_v2": (1, 1),
    "deepseek_v3": (3, 1),
    "gemma2": (0, 2),
    "gemma3_text": (0, 6),
    "glm4_moe_lite": (1, 1),
    "gpt_oss": (0, 2),
    "llama4_text": (0, 4),
    "modernbert": (0, 3),
    "qwen3_5_moe_text": (0, 4),
    "qwen3_5_text": (0, 4),
    "qwen3_next": (0, 4),
}
"""By model_type: first layers of another kind, and after how many the kinds repeat.

Others have layers of one kind.
"""

MODEL_TYPES: Mapping[str, str] = {
    "DeepseekV3ForCausalLM": "deepseek_v3",
    "Gemma2ForCausalLM": "gemma2",
    "Gemma3ForCausalLM": "gemma3_text",
    "Glm4MoeLiteForCausalLM": "glm4_moe_lite",
    "GptOssForCausalLM": "gpt_oss",
    "Llama4ForCausalLM": "llama4_text",
    "ModernBertForSequenceClassification": "modernbert",
    "Qwen3_5ForCausalLM": "qwen3_5_text",
    "Qwen3_5MoeForCausalLM": "qwen3_5_moe_text",
    "Qwen3NextForCausalLM": "qwen3_next",
}
"""model_type of the classes in our tables whose layers differ."""

DEPTHS = ("num_hidden_layers", "n_layer", "n_layers", "num_layers", "encoder_layers")


def pattern(architecture: Mapping[str, Any]) -> tuple[int, int]:
    """Layers of another kind at the beginning, and the length of the pattern after them."""
    if "profile" in architecture:
        return PATTERNS.get(MODEL_TYPES.get(architecture["profile"]["hf_class"], ""), (0, 1))
    config = text_part(architecture["config"])
    first, every = PATTERNS.get(str(config.get("model_type", "")), (0, 1))
    kinds = config.get("layer_types")
    if isinstance(kinds, list) and kinds:
        every = next(n for n in range(1, len(kinds) + 1) if kinds[n:] == kinds[:-n])
    return int(config.get("first_k_dense_replace", first) or 0), every


def text_part(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """The part of a config.json that reads text: of a model that also sees, the inner one."""
    for name in ("text_config", "llm_config", "language_config"):
        if isinstance(config.get(name), Mapping):
            return dict(config) | dict(config[name])
    return config


def layers_of(architecture: Mapping[str, Any]) -> int | None:
    """How many layers the whole model has (its encoder's, of two stacks); None where no word we
    know says it.
    """
    if "profile" in architecture:
        return int(architecture["profile"]["layers"])
    config = text_part(architecture["config"])
    layers = next((config[name] for name in DEPTHS if config.get(name)), None)
    return int(layers) if layers else None


def usual(architecture: Mapping[str, Any]) -> tuple[int, ...]:
    """2, 4 and 6 layers, or as many whole patterns as come next to them, behind the first layers of
    another kind.
    """
    first, every = pattern(architecture)
    step = math.lcm(2, every) if every <= 2 else every
    layers = layers_of(architecture)
    depths = [first + step * n for n in range(1, len(SLICES) + 1)]
    return tuple(d for d in depths if layers is None or d <= layers)
