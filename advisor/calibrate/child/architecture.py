"""Builds a model from sizes alone, with random weights: speed and memory do not depend on what the weights say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DTYPES = {"bf16": "bfloat16", "fp16": "float16", "fp32": "float32"}

LAYER_LISTS = ("layer_types", "mlp_layer_types", "no_rope_layers", "attn_type_list")
"""Settings of a configuration that hold one entry a layer."""


def config_of(architecture: Mapping[str, Any], layers: int, attention: str) -> Any:
    """The transformers configuration of `{"profile": sizes}` or `{"config": config.json}`; `layers` 0 means all.

    Raises ValueError where transformers does not know the architecture or it would need remote code.
    """
    held = architecture.get("config")
    config = _from_json(held) if held is not None else _from_profile(architecture["profile"])
    config._attn_implementation = _possible(config, attention)
    config.use_cache = False
    if layers:
        _cut(config, layers)
    return config


def full_layers(config: Any) -> int:
    """How many layers the configuration has."""
    return int(config.num_hidden_layers)


def build(config: Any, dtype: str, device: str) -> Any:
    """A causal language model with random weights on the device."""
    import torch
    from transformers import AutoModelForCausalLM

    with torch.device(device):
        model = AutoModelForCausalLM.from_config(config, dtype=getattr(torch, DTYPES[dtype]))
    return model.to(device)


def counted_params(config: Any) -> int:
    """Parameters of the model, counted without making them; tied ones once."""
    import torch
    from transformers import AutoModelForCausalLM

    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config)
    model.tie_weights()
    return int(sum(p.numel() for p in {id(p): p for p in model.parameters()}.values()))


def _from_json(held: Mapping[str, Any]) -> Any:
    from transformers import AutoConfig

    if "auto_map" in held:
        raise ValueError("config.json asks for code of its own (auto_map), which is never run")
    if "model_type" not in held:
        raise ValueError("config.json names no model_type")
    known = {k: v for k, v in held.items() if k not in ("model_type", "architectures", "transformers_version")}
    config = AutoConfig.for_model(held["model_type"], **known)
    return config.get_text_config()


def _from_profile(sizes: Mapping[str, Any]) -> Any:
    from transformers import AutoConfig
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

    types = {v: k for k, v in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES.items() if isinstance(v, str)}
    if sizes["hf_class"] not in types:
        raise ValueError(f"transformers knows no causal model {sizes['hf_class']!r}")
    settings = {
        "hidden_size": sizes["hidden"],
        "num_hidden_layers": sizes["layers"],
        "num_attention_heads": sizes["heads"],
        "num_key_value_heads": sizes["kv_heads"],
        "head_dim": sizes["head_dim"],
        "intermediate_size": sizes["intermediate"] or sizes["moe_intermediate"],
        "vocab_size": sizes["vocabulary"],
        "tie_word_embeddings": sizes["tied_embeddings"],
        "max_position_embeddings": sizes["context_tokens"] or 4096,
        "pad_token_id": 0,
    }
    if sizes["experts"]:
        settings |= {"num_experts": sizes["experts"], "num_local_experts": sizes["experts"]}
        settings["num_experts_per_tok"] = sizes["experts_per_token"]
        if sizes["moe_intermediate"]:
            settings["moe_intermediate_size"] = sizes["moe_intermediate"]
    model_type = types[sizes["hf_class"]]
    fixed = type(AutoConfig.for_model(model_type))
    own = {k: v for k, v in settings.items() if not isinstance(getattr(fixed, k, None), property)}
    return AutoConfig.for_model(model_type, **own)


def _possible(config: Any, asked: str) -> str:
    """The attention asked for, or eager where this architecture has no fused one in transformers."""
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING

    if asked != "sdpa" or type(config) not in MODEL_FOR_CAUSAL_LM_MAPPING:
        return asked
    return asked if MODEL_FOR_CAUSAL_LM_MAPPING[type(config)]._supports_sdpa else "eager"


def _cut(config: Any, layers: int) -> None:
    """The first `layers` layers alone."""
    config.num_hidden_layers = layers
    for name in LAYER_LISTS:
        held = getattr(config, name, None)
        if isinstance(held, list):
            setattr(config, name, held[:layers])
