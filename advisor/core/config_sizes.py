"""How many parameters a config.json describes, estimated from its sizes.

Within a few percent of what transformers builds for decoders of the usual kind, Zamba and models of
an encoder and a decoder too; state-space layers within a tenth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

LONG_ATTENTION = frozenset({"led", "longformer"})
"""Kinds whose encoder attends within a window, and to all from some tokens."""

UNGATED = frozenset(
    {
        "arcee",
        "apertus",
        "bart",
        "bert",
        "blenderbot",
        "bloom",
        "codegen",
        "falcon",
        "gpt2",
        "gpt_bigcode",
        "gpt_neo",
        "gpt_neox",
        "gptj",
        "jais2",
        "led",
        "longformer",
        "m2m_100",
        "marian",
        "mbart",
        "mpt",
        "nanochat",
        "nemotron",
        "opt",
        "pegasus",
        "phi",
        "persimmon",
        "prophetnet",
        "roberta",
        "starcoder2",
        "xlm-roberta",
        "switch_transformers",
    }
)
"""By model_type: MLPs of two matrices (up, down); all others have a gate as well."""

STATE_SPACE = ("mamba", "falcon_mamba", "mamba2")
SHARED_ATTENTION = ("zamba", "zamba2")
"""By model_type: layers of Mamba, some of which share a block of attention."""

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
    stacks = [config.get("encoder"), config.get("decoder")]
    if all(isinstance(stack, Mapping) for stack in stacks):
        return _of_stacks([stack for stack in stacks if isinstance(stack, Mapping)], layers)
    text = text_part(config)
    hidden = first_size(text, HIDDEN, TYPICAL_HIDDEN)
    depth = layers or layer_count(text) or TYPICAL_LAYERS
    tables = _tables(text, hidden, depth)
    per_layer = [_layer(text, hidden, i) for i in range(depth)]
    total = sum(layer.total for layer in per_layer)
    active = sum(layer.active for layer in per_layer)
    if text.get("is_encoder_decoder"):
        decoder = first_size(text, ("num_decoder_layers", "decoder_layers"), depth) / depth
        across = sum(_attention(text, hidden, i) for i in range(depth))  # to the encoder
        total += decoder * (total + across)
        active += decoder * (active + across)
    shared = _shared_blocks(text, hidden) + _long_attention(text, hidden, depth)
    return Parameters(tables + total + shared, tables + active + shared)


def _long_attention(text: ConfigJson, hidden: int, depth: int) -> float:
    """What Longformer and LED add: three matrices per (encoder) layer for the tokens that attend to
    all, and learned positions of thousands of tokens.
    """
    if text.get("model_type") not in LONG_ATTENTION:
        return 0.0
    names = ("max_encoder_position_embeddings", "max_decoder_position_embeddings",
             "max_position_embeddings")  # fmt: skip
    positions = sum(first_size(text, (name,), 0) for name in names)
    return float(3 * depth * hidden * hidden + positions * hidden)


def _of_stacks(stacks: Sequence[ConfigJson], layers: int) -> Parameters:
    """An encoder and a decoder with a configuration each (T5Gemma); each has its token table, and
    the decoder also attends to the encoder.
    """
    total = sum(parameters({"tie_word_embeddings": True, **s}, layers).total for s in stacks)
    decoder = stacks[-1]
    depth = layers or layer_count(decoder) or TYPICAL_LAYERS
    hidden = first_size(decoder, HIDDEN, TYPICAL_HIDDEN)
    total += sum(_attention(decoder, hidden, i) for i in range(depth))
    return Parameters(total, total)


def _shared_blocks(text: ConfigJson, hidden: int) -> float:
    """The blocks that layers of Zamba share: attention over the hidden state beside the embeddings
    (width 2·h), and a gated MLP.
    """
    if text.get("model_type") not in SHARED_ATTENTION:
        return 0.0
    blocks = first_size(text, ("num_mem_blocks",), 1)
    wide = first_size(text, INTERMEDIATE, 4 * hidden)
    attention = 3.0 * (2 * hidden) ** 2 + 2.0 * hidden * hidden
    return blocks * (attention + 3.0 * hidden * wide)


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
    if text.get("model_type") in SHARED_ATTENTION:
        mixer = 3.0 * first_size(text, ("expand", "mamba_expand"), 2) * hidden * hidden
        is_hybrid = _named_kind(text, "layers_block_type", i) == "hybrid"
        own = mixer + (float(hidden * hidden) if is_hybrid else 0.0)
        return Parameters(own, own)
    if kind in ("-", "mlp"):
        mlp = 2.0 * hidden * first_size(text, INTERMEDIATE, 4 * hidden, i)
        return Parameters(mlp, mlp)
    attention = _attention(text, hidden, i)
    if kind in ("*", "attention", "full_attention"):
        return Parameters(attention, attention)
    experts = _mlp(text, hidden, i)
    mixer = 0.0 if kind in ("E", "moe") else _mixer(text, hidden, i, attention)
    return Parameters(mixer + experts.total, mixer + experts.active)


def _mixer(text: ConfigJson, hidden: int, i: int, attention: float) -> float:
    """What mixes the tokens of a layer: attention, a short convolution (LFM2: 4·h²) or a gated
    recurrence (RecurrentGemma: three matrices and two gates in blocks, one per head).
    """
    if _named_kind(text, "layer_types", i) == "conv":
        return 4.0 * hidden * hidden
    if _named_kind(text, "block_types", i) == "recurrent":
        width = first_size(text, ("lru_width",), hidden)
        heads = first_size(text, HEADS, 1)
        return 3.0 * hidden * width + 2.0 * width * width / heads
    return attention


def _named_kind(text: ConfigJson, key: str, i: int) -> str:
    """What a list of kinds says of a layer; a shorter list recurs."""
    kinds = text.get(key)
    return str(kinds[i % len(kinds)]) if isinstance(kinds, list) and kinds else ""


def _block(text: ConfigJson, i: int) -> str:
    """What a layer of Nemotron-H is: there a layer is a mixer or an MLP, not both."""
    if text.get("model_type") != "nemotron_h":
        return ""
    kinds = text.get("hybrid_override_pattern") or text.get("layers_block_type") or ""
    return str(kinds[i]) if isinstance(kinds, list | str) and i < len(kinds) else ""


def _attention(text: ConfigJson, hidden: int, i: int) -> float:
    heads = first_size(text, HEADS, max(hidden // 128, 1), i)
    width = first_size(text, ("head_dim", "d_kv"), max(hidden // heads, 1), i)
    key_value = min(first_size(text, KEY_VALUE_HEADS, heads, i), heads)
    return 2.0 * hidden * width * (heads + key_value)


def _mlp(text: ConfigJson, hidden: int, i: int) -> Parameters:
    wide = _width(text, hidden, i)
    matrices = 3.0 if _is_gated(text) else 2.0
    experts = first_size(text, EXPERTS, 1, i)
    if experts <= 1 or _is_dense(text, i):
        return Parameters(matrices * hidden * wide, matrices * hidden * wide)
    expert = matrices * hidden * first_size(text, EXPERT_SIZE, int(wide), i)
    chosen = min(first_size(text, EXPERTS_PER_TOKEN, 2, i), experts)
    shared = text.get("n_shared_experts") or (1 if "shared_expert_intermediate_size" in text else 0)
    common = expert * (shared if isinstance(shared, int) else 0) + hidden * experts
    return Parameters(common + experts * expert, common + chosen * expert)


def _width(text: ConfigJson, hidden: int, i: int) -> float:
    """Size of an MLP: of what the file says RecurrentGemma takes half, and LFM2 two thirds where it
    adjusts it.
    """
    wide = float(first_size(text, INTERMEDIATE, 4 * hidden, i))
    if text.get("model_type") == "recurrent_gemma":
        return wide / 2.0
    return wide * 2.0 / 3.0 if text.get("block_auto_adjust_ff_dim") else wide


def _is_gated(text: ConfigJson) -> bool:
    """T5 says so itself; else it is the family's."""
    projection = text.get("feed_forward_proj")
    if isinstance(projection, str):
        return "gated" in projection
    return text.get("model_type") not in UNGATED


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
