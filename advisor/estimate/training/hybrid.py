"""Hybrids and recurrent models: which layers attend, and what the recurrent ones keep and compute.

A recurrent layer has a state of constant size in place of keys and values, so nothing of it grows
with the square of the length. Sizes are those of transformers' configurations.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from advisor.core.facts import Model
from advisor.core.layer_pattern import PER_LAYER, expanded

CHUNK = 256
"""Positions that a scan of Mamba-2 treats as one matrix (mamba_ssm, chunk_size)."""

DELTA_CHUNK = 64
"""The same of the gated delta rule (fla, chunk_gated_delta_rule)."""

ATTENTION_KINDS = frozenset({"full_attention", "sliding_attention", "attention"})
MLP_KINDS = frozenset({"mlp", "moe"})


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A recurrent layer: its linear modules (name, inputs, outputs), the values that it keeps per
    position beside their inputs, and the operations of its scan per position, forward.
    """

    modules: tuple[tuple[str, int, int], ...]
    kept_values: float
    scan_flops: float


@dataclass(frozen=True, slots=True)
class Mixing:
    """Shares of the layers that attend, are recurrent and have an MLP; what a recurrent one is."""

    attending: float
    recurrent: float
    mlp: float
    recurrence: Recurrence
    norms: int = 2
    """Norms of a layer: 1 where attention, recurrence and MLP are layers of their own."""


def mamba2(
    hidden: int, heads: int, head_dim: int, groups: int, state: int, chunk: int = CHUNK
) -> Recurrence:
    """Mamba-2 (Dao and Gu 2024): mamba_ssm's fused kernel keeps its input projection and the output
    of the scan (MambaSplitConv1dScanCombinedFn), and computes convolution and states again.

    The scan multiplies, per position, scores of a chunk (half of them causal) with each head's
    values, and builds and reads the states: d Q + G N Q + 4 N d operations.
    """
    inner = heads * head_dim
    projected = 2 * inner + 2 * groups * state + heads
    return Recurrence(
        (("in_proj", hidden, projected), ("out_proj", inner, hidden)),
        float(projected + inner),
        float(inner * chunk + groups * state * chunk + 4 * state * inner),
    )


def gated_delta(
    hidden: int, key_heads: int, value_heads: int, key_dim: int, value_dim: int, joined: bool
) -> Recurrence:
    """The gated delta rule (Yang et al. 2025), by fla's kernel: kept are query, key and value
    before and after the convolution, normalised queries and keys, gate, output, and a triangle per
    head.
    """
    keys = key_heads * key_dim
    values = value_heads * value_dim
    parts = (
        (("in_proj_qkvz", 2 * keys + 2 * values), ("in_proj_ba", 2 * value_heads))
        if joined
        else (
            ("in_proj_qkv", 2 * keys + values),
            ("in_proj_z", values),
            ("in_proj_b", value_heads),
            ("in_proj_a", value_heads),
        )
    )
    scores = DELTA_CHUNK * (3 * key_dim + 2 * value_dim)
    return Recurrence(
        (*((name, hidden, width) for name, width in parts), ("out_proj", values, hidden)),
        float(6 * keys + 4 * values + DELTA_CHUNK * value_heads),
        float(value_heads * (scores + 6 * key_dim * value_dim)),
    )


def short_convolution(hidden: int) -> Recurrence:
    """LFM2's gated convolution: its three inputs, their product and its filtered form are kept."""
    return Recurrence(
        (("in_proj", hidden, 3 * hidden), ("out_proj", hidden, hidden)), 5.0 * hidden, 6.0 * hidden
    )


def typical(hidden: int) -> Recurrence:
    """Mamba-2 as published: twice the hidden size, heads of 64, a state of 128."""
    return mamba2(hidden, max(2 * hidden // 64, 1), 64, 1, 128)


Settings = Mapping[str, int | str | None]


def _whole(settings: Settings, name: str, default: int) -> int:
    value = settings.get(name, default)
    return value if isinstance(value, int) else default


def _nemotron(model: Model, own: Settings) -> Recurrence:
    return mamba2(
        model.hidden,
        _whole(own, "mamba_num_heads", 128),
        _whole(own, "mamba_head_dim", 64),
        _whole(own, "n_groups", 8),
        _whole(own, "ssm_state_size", 128),
        _whole(own, "chunk_size", 128),
    )


def _granite(model: Model, own: Settings) -> Recurrence:
    return mamba2(
        model.hidden,
        _whole(own, "mamba_n_heads", 128),
        _whole(own, "mamba_d_head", 64),
        _whole(own, "mamba_n_groups", 1),
        _whole(own, "mamba_d_state", 256),
        _whole(own, "mamba_chunk_size", CHUNK),
    )


def _delta(model: Model, own: Settings) -> Recurrence:
    return gated_delta(
        model.hidden,
        _whole(own, "linear_num_key_heads", 16),
        _whole(own, "linear_num_value_heads", 32),
        _whole(own, "linear_key_head_dim", 128),
        _whole(own, "linear_value_head_dim", 128),
        model.hf_class == "Qwen3NextForCausalLM",
    )


_RECURRENCES: Mapping[str, Callable[[Model, Settings], Recurrence]] = {
    "NemotronHForCausalLM": _nemotron,
    "GraniteMoeHybridForCausalLM": _granite,
    "FalconH1ForCausalLM": _granite,
    "Qwen3NextForCausalLM": _delta,
    "Qwen3_5ForCausalLM": _delta,
    "Qwen3_5MoeForCausalLM": _delta,
    "Lfm2ForCausalLM": lambda model, own: short_convolution(model.hidden),
    "Lfm2MoeForCausalLM": lambda model, own: short_convolution(model.hidden),
}
"""Recurrent layers by class; what a model does not state is the default of its configuration."""

EVERY_FOURTH = frozenset({"Qwen3NextForCausalLM", "Qwen3_5ForCausalLM", "Qwen3_5MoeForCausalLM"})
"""Classes of which every fourth layer attends unless they list their layers
(full_attention_interval 4).
"""


SIDE_BY_SIDE = frozenset({"FalconH1ForCausalLM"})
"""Classes whose every layer attends and scans."""


@lru_cache(maxsize=256)
def of_model(model: Model) -> Mixing | None:
    """How the layers of a hybrid are made up; None of other models."""
    rule = _RECURRENCES.get(model.hf_class)
    if rule is None:
        return None
    own = dict(model.settings)
    if model.hf_class in SIDE_BY_SIDE:
        return Mixing(1.0, 1.0, 1.0, rule(model, own))
    pattern = next((str(own[name]) for name in PER_LAYER if own.get(name)), "")
    if not pattern:
        attending = 0.25 if model.hf_class in EVERY_FOURTH else 1.0
        return Mixing(attending, 1.0 - attending, 1.0, rule(model, own))
    count = Counter(expanded(pattern, model.layers))
    attending = sum(count[kind] for kind in ATTENTION_KINDS) / model.layers
    apart = sum(count[kind] for kind in MLP_KINDS) / model.layers
    recurrent = 1.0 - attending - apart
    return Mixing(attending, recurrent, apart or 1.0, rule(model, own), norms=1 if apart else 2)
