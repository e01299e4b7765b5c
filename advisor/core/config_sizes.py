"""How many parameters a config.json describes, estimated from its sizes.

Within a few percent of what transformers builds, also for mixtures with latent or shared experts,
latent attention, recurrences, searched layers, and models of an encoder and a decoder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from advisor.core.config_experts import Parameters, mlp, plain_mlp
from advisor.core.config_families import family_layer
from advisor.core.config_file import (
    HIDDEN,
    INTERMEDIATE,
    ConfigJson,
    first_size,
    layer_count,
    text_part,
)
from advisor.core.config_mixers import STATE_SPACE, attention, mamba, mixer, named_kind

LONG_ATTENTION = frozenset({"led", "longformer"})
"""Kinds whose encoder attends within a window, and to all from some tokens."""

SHARED_ATTENTION = ("zamba", "zamba2")
"""By model_type: layers of Mamba, some of which share a block of attention."""

TIED = frozenset(
    (
        "albert", "bart", "bert", "bert-generation", "big_bird", "bigbird_pegasus", "biogpt",
        "blenderbot", "blenderbot-small", "bloom", "camembert", "cohere", "cohere2", "convbert",
        "ctrl", "data2vec-text", "deberta", "deberta-v2", "distilbert", "electra", "ernie",
        "ernie4_5", "ernie4_5_moe", "esm", "falcon", "falcon_mamba", "gemma", "gemma2", "gemma3",
        "gemma3_text", "gemma3n", "gemma3n_text", "gemma4", "gemma4_text", "gpt2", "gpt_bigcode",
        "gpt_neo", "gpt_neox_japanese", "gte", "jetmoe", "layoutlm", "led", "lfm2", "lfm2_moe",
        "longformer", "longt5", "m2m_100", "mamba", "marian", "mbart", "megatron-bert", "minicpm3",
        "mobilebert",
        "modernbert", "modernbert-decoder", "mpnet", "mpt", "mt5", "mvp", "nomic_bert",
        "openai-gpt", "opt", "pegasus", "pegasus_x", "phi3small", "plbart", "prophetnet",
        "recurrent_gemma", "roberta", "roberta-prelayernorm", "roc_bert", "roformer", "smollm3",
        "squeezebert", "starcoder2", "switch_transformers", "t5", "t5gemma", "umt5", "vaultgemma",
        "whisper", "xglm", "xlm", "xlm-roberta", "xlm-roberta-xl", "xlnet", "xmod",
        "zamba", "zamba2",
    )
)  # fmt: skip
"""By model_type: the head is the token table where the file does not say so (transformers 5.23)."""

TYPICAL_LAYERS = 12
TYPICAL_HIDDEN = 1024
TYPICAL_VOCABULARY = 32_000


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
    groups = min(depth, first_size(text, ("num_hidden_groups",), depth))  # ALBERT's layers share
    per_layer = [_layer(text, hidden, i) for i in range(groups)]
    total = sum(layer.total for layer in per_layer)
    active = sum(layer.active for layer in per_layer)
    if text.get("is_encoder_decoder"):
        decoder = first_size(text, ("num_decoder_layers", "decoder_layers"), depth) / depth
        across = sum(attention(text, hidden, i) for i in range(depth))  # to the encoder
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
    total += sum(attention(decoder, hidden, i) for i in range(depth))
    return Parameters(total, total)


def _shared_blocks(text: ConfigJson, hidden: int) -> float:
    """The blocks that layers of Zamba share: attention over the hidden state beside the embeddings
    (width 2·h), and a gated MLP.
    """
    if text.get("model_type") not in SHARED_ATTENTION:
        return 0.0
    blocks = first_size(text, ("num_mem_blocks",), 1)
    wide = first_size(text, INTERMEDIATE, 4 * hidden)
    wide_attention = 3.0 * (2 * hidden) ** 2 + 2.0 * hidden * hidden
    return blocks * (wide_attention + 3.0 * hidden * wide)


def _tables(text: ConfigJson, hidden: int, depth: int) -> float:
    """Token table, head and the tables per layer of Gemma 3n and 4."""
    vocabulary = first_size(text, ("vocab_size",), TYPICAL_VOCABULARY)
    width = first_size(text, ("embedding_size",), hidden)  # ALBERT and ELECTRA widen it after
    tables = vocabulary * width * (1 if is_tied(text) else 2)
    widening = width * hidden if width != hidden else 0
    per_layer = first_size(text, ("hidden_size_per_layer_input",), 0)
    extra = first_size(text, ("vocab_size_per_layer_input",), vocabulary) * per_layer * depth
    return float(tables + widening + extra)


def is_tied(text: ConfigJson) -> bool:
    """Whether the head is the token table: as the file says, else as its model_type has it."""
    otherwise = text.get("model_type") in TIED or bool(text.get("is_encoder_decoder"))
    return bool(text.get("tie_word_embeddings", otherwise))


def _layer(text: ConfigJson, hidden: int, i: int) -> Parameters:
    """A layer: what mixes its tokens and its MLP; of some kinds of layers only one of the two."""
    of_family = family_layer(text, hidden)
    if of_family is not None:
        return of_family
    if text.get("model_type") in SHARED_ATTENTION:
        own = mamba(text, hidden)
        own += hidden * hidden if named_kind(text, "layers_block_type", i) == "hybrid" else 0.0
        return Parameters(own, own)
    alone = _alone(text, i)
    if alone in ("-", "mlp"):
        plain = plain_mlp(text, hidden, i)
        return Parameters(plain, plain)
    mixed = 0.0 if alone in ("E", "moe") else mixer(text, hidden, i)
    if text.get("model_type") in STATE_SPACE or alone not in ("", "E", "moe"):
        return Parameters(mixed, mixed)
    experts = mlp(text, hidden, i)
    return Parameters(mixed + experts.total, mixed + experts.active)


def _alone(text: ConfigJson, i: int) -> str:
    """What a layer of Nemotron-H is: there a layer is a mixer or an MLP, not both."""
    if text.get("model_type") != "nemotron_h":
        return ""
    return named_kind(text, "hybrid_override_pattern", i) or named_kind(
        text, "layers_block_type", i
    )
