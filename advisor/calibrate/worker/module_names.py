"""What the names of a model's modules tell."""

from __future__ import annotations


def in_layer(name: str) -> str:
    """A module's name behind the number of its last list: `layers.3.self_attn.q_proj` gives
    `self_attn.q_proj`.
    """
    parts = name.split(".")
    numbered = [i for i, part in enumerate(parts) if part.isdigit()]
    return ".".join(parts[numbered[-1] + 1 :]) if numbered else name
