"""How many parameters a config.json describes, estimated from its sizes.

Within a few percent of what transformers builds for decoders of the usual kind; state-space layers
and encoder-decoders within a third.
"""

from __future__ import annotations

from dataclasses import dataclass

from advisor.core.config_file import (
    HEADS,
    HIDDEN,
    INTERMEDIATE,
    KEY_VALUE_HEADS,
    ConfigJson,
    first_size,
    layer_count,
    text_part,
)

EXPERTS = ("num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts")
EXPERTS_PER_TOKEN = (
    "num_experts_per_tok",
    "num_experts_per_token",
    "experts_per_token",
    "moe_k",
    "top_k_experts",
    "moe_topk",
)
EXPERT_SIZE = ("moe_intermediate_size", "expert_ffn_hidden_size", "ffn_hidden_size")

UNGATED = frozenset(
    {
        "arcee",
        "apertus",
        "bart",
        "bert",
        "bloom",
        "codegen",
        "falcon",
        "gpt2",
        "gpt_bigcode",
        "gpt_neo",
        "gpt_neox",
        "gptj",
        "jais2",
        "mbart",
        "mpt",
        "nanochat",
        "nemotron",
        "opt",
        "phi",
        "persimmon",
        "roberta",
        "starcoder2",
        "xlm-roberta",
    }
)
"""By model_type: MLPs of two matrices (up, down); all others have a gate as well."""

STATE_SPACE = ("mamba", "falcon_mamba", "mamba2")
TYPICAL_LAYERS = 12
TYPICAL_HIDDEN = 1024
TYPICAL_VOCABULARY = 32_000


@dataclass(frozen=True, slots=True)
class Parameters:
    """Parameters of a model: all of them, and those that one token passes."""

    total: float
    active: float


def parameters(config: ConfigJson, layers: int = 0) -> Parameters:
    """Parameters of the text part; of its first `layers` layers, or of all where 0.

    Per layer 2·h·d·(heads + key-value heads) for attention and 3·h·f for a gated MLP (h hidden
    size, d head size, f intermediate size), the latter per expert of a mixture; V·h for the token
    table and as much for the head, unless they are tied.
    """
    text = text_part(config)
    hidden = first_size(text, HIDDEN, TYPICAL_HIDDEN)
    depth = layers or layer_count(text) or TYPICAL_LAYERS
    tables = _tables(text, hidden, depth)
    per_layer = [_layer(text, hidden, i) for i in range(depth)]
    total = sum(layer.total for layer in per_layer)
    active = sum(layer.active for layer in per_layer)
    if text.get("is_encoder_decoder"):
        decoder = first_size(text, ("num_decoder_layers", "decoder_layers"), depth) / depth
        total *= 1.0 + decoder * (1.0 + 1.0 / 3.0)  # a decoder layer also attends to the encoder
        active = total
    return Parameters(tables + total, tables + active)


def _tables(text: ConfigJson, hidden: int, depth: int) -> float:
    """Token table, head, and the tables per layer of Gemma 3n and 4."""
    vocabulary = first_size(text, ("vocab_size",), TYPICAL_VOCABULARY)
    is_tied = text.get("tie_word_embeddings", bool(text.get("is_encoder_decoder")))
    per_layer = first_size(text, ("hidden_size_per_layer_input",), 0)
    extra = first_size(text, ("vocab_size_per_layer_input",), vocabulary) * per_layer * depth
    return float(vocabulary * hidden * (1 if is_tied else 2) + extra)


def _layer(text: ConfigJson, hidden: int, i: int) -> Parameters:
    kind = _block(text, i)
    if text.get("model_type") in STATE_SPACE or kind in ("M", "mamba", "linear_attention"):
        mixer = 3.0 * first_size(text, ("expand", "mamba_expand"), 2) * hidden * hidden
        return Parameters(mixer, mixer)
    if kind in ("-", "mlp"):
        mlp = 2.0 * hidden * first_size(text, INTERMEDIATE, 4 * hidden, i)
        return Parameters(mlp, mlp)
    attention = _attention(text, hidden, i)
    if kind in ("*", "attention", "full_attention"):
        return Parameters(attention, attention)
    experts = _mlp(text, hidden, i)
    mixer = 0.0 if kind in ("E", "moe") else attention
    return Parameters(mixer + experts.total, mixer + experts.active)


def _block(text: ConfigJson, i: int) -> str:
    """What a layer of Nemotron-H is: there a layer is a mixer or an MLP, not both."""
    if text.get("model_type") != "nemotron_h":
        return ""
    kinds = text.get("hybrid_override_pattern") or text.get("layers_block_type") or ""
    return str(kinds[i]) if isinstance(kinds, list | str) and i < len(kinds) else ""


def _attention(text: ConfigJson, hidden: int, i: int) -> float:
    heads = first_size(text, HEADS, max(hidden // 128, 1), i)
    width = first_size(text, ("head_dim",), max(hidden // heads, 1), i)
    key_value = min(first_size(text, KEY_VALUE_HEADS, heads, i), heads)
    return 2.0 * hidden * width * (heads + key_value)


def _mlp(text: ConfigJson, hidden: int, i: int) -> Parameters:
    wide = first_size(text, INTERMEDIATE, 4 * hidden, i)
    matrices = 2.0 if text.get("model_type") in UNGATED else 3.0
    experts = first_size(text, EXPERTS, 1, i)
    if experts <= 1 or _is_dense(text, i):
        return Parameters(matrices * hidden * wide, matrices * hidden * wide)
    expert = matrices * hidden * first_size(text, EXPERT_SIZE, wide, i)
    chosen = min(first_size(text, EXPERTS_PER_TOKEN, 2, i), experts)
    shared = text.get("n_shared_experts") or (1 if "shared_expert_intermediate_size" in text else 0)
    common = expert * (shared if isinstance(shared, int) else 0) + hidden * experts
    return Parameters(common + experts * expert, common + chosen * expert)


def _is_dense(text: ConfigJson, i: int) -> bool:
    """Whether a layer of a mixture has a plain MLP."""
    first = text.get("first_k_dense_replace") or text.get("num_dense_layers") or 0
    if isinstance(first, int) and i < first:
        return True
    only = text.get("mlp_only_layers")
    if isinstance(only, list) and i in only:
        return True
    kinds = text.get("mlp_layer_types")
    if isinstance(kinds, list) and i < len(kinds):
        return bool(kinds[i] == "dense")
    period = text.get("expert_layer_period")
    if isinstance(period, int) and period > 1:
        return bool(i % period != text.get("expert_layer_offset", period - 1))
    step = text.get("decoder_sparse_step") or text.get("interleave_moe_layer_step") or 1
    return isinstance(step, int) and (i + 1) % step != 0
