"""Loads the weights of a local folder: safetensors only, no code of the model's own, no network."""

from __future__ import annotations

from typing import Any

from advisor.calibrate.worker.device import Device


def load(folder: str, device: Device) -> tuple[Any, Any]:
    """(model, tokenizer).

    The model writes greedily whatever its folder recommends; its end tokens stay.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig

    tokenizer = AutoTokenizer.from_pretrained(
        folder, local_files_only=True, trust_remote_code=False
    )
    dtype = torch.float32 if device.kind == "cpu" else torch.bfloat16
    model = AutoModelForCausalLM.from_pretrained(
        folder, local_files_only=True, trust_remote_code=False, use_safetensors=True, dtype=dtype
    )
    model.generation_config = GenerationConfig(eos_token_id=model.generation_config.eos_token_id)
    model.config.use_cache = False
    return model.to(device.kind), tokenizer


def most_tokens(model: Any, tokenizer: Any, limit: int) -> int:
    """How many tokens of a text an encoder reads, at most `limit`."""
    positions = int(getattr(model.config, "max_position_embeddings", None) or limit)
    padding_offset = 2 if model.config.model_type.endswith("roberta") else 0
    return min(limit, positions - padding_offset, int(tokenizer.model_max_length))


def end_tokens(model: Any, tokenizer: Any) -> frozenset[int]:
    """The tokens that end an answer, by the model's folder and its tokenizer; empty where neither
    has one.
    """
    configured = model.generation_config.eos_token_id
    named = configured if isinstance(configured, list) else [configured]
    return frozenset(int(t) for t in (*named, tokenizer.eos_token_id) if t is not None)
