"""What mixes the tokens of a layer, sized from a config.json: attention of every kind, short
convolutions and recurrences (Mamba, gated delta rule, Kimi's delta attention).

Which of them a file describes is seen by its keys, not by its model_type, so that models whose
code is on the hub alone are sized as well. Biases, norms and convolution kernels are left out where
they are less than a hundredth.
"""

from __future__ import annotations

from collections.abc import Mapping

from advisor.core.config_file import HEADS, INTERMEDIATE, KEY_VALUE_HEADS, ConfigJson, first_size

STATE_SPACE = ("mamba", "falcon_mamba", "mamba2")
"""By model_type: every layer is Mamba and has no MLP."""

RECURRENT = frozenset({"M", "mamba", "mamba2", "linear_attention", "kda"})
"""Names of layers that are a recurrence; which one, the sizes say."""

KINDS = ("layer_types", "layers_block_type", "hybrid_override_pattern", "block_types")
"""Keys with the kind of each layer; a shorter list recurs."""

MAMBA_HEADS = ("mamba_num_heads", "mamba_n_heads", "n_mamba_heads", "num_heads")
MAMBA_HEAD = ("mamba_head_dim", "mamba_d_head", "mamba_headdim")
MAMBA_GROUPS = ("n_groups", "mamba_n_groups", "mamba_ngroups")
MAMBA_STATE = ("ssm_state_size", "mamba_d_state", "state_size")
MAMBA_CONVOLUTION = ("mamba_d_conv", "conv_kernel")
MAMBA_RANK = ("mamba_dt_rank", "time_step_rank")


def named_kind(text: ConfigJson, key: str, i: int) -> str:
    """What a list of kinds says of a layer; a shorter list recurs."""
    kinds = text.get(key)
    return str(kinds[i % len(kinds)]) if isinstance(kinds, list | str) and kinds else ""


def nas_block(text: ConfigJson, i: int) -> ConfigJson | None:
    """The layer's own block of a model whose layers were searched one by one (Nemotron NAS)."""
    blocks = text.get("block_configs")
    block = blocks[i] if isinstance(blocks, list) and i < len(blocks) else None
    return block if isinstance(block, Mapping) else None


def mixer(text: ConfigJson, hidden: int, i: int) -> float:
    """Weights of what mixes the tokens of layer `i`."""
    block = nas_block(text, i)
    if block is not None:
        return _searched_attention(text, hidden, block.get("attention"))
    if named_kind(text, "layer_types", i) == "conv":
        return 4.0 * hidden * hidden  # LFM2's short convolution
    if named_kind(text, "block_types", i) == "recurrent":
        return _gated_recurrence(text, hidden)
    if is_recurrent(text, i):
        return recurrence(text, hidden, i)
    both = mamba(text, hidden) if text.get("model_type") == "falcon_h1" else 0.0
    return both + attention(text, hidden, i)


def is_recurrent(text: ConfigJson, i: int) -> bool:
    """Whether layer `i` has a recurrence instead of attention."""
    if text.get("model_type") in STATE_SPACE:
        return True
    for key in KINDS:
        kind = named_kind(text, key, i)
        if kind:
            return kind in RECURRENT
    linear = text.get("linear_attn_config")
    if isinstance(linear, Mapping) and isinstance(linear.get("full_attn_layers"), list):
        return i + 1 not in linear["full_attn_layers"]  # counted from 1
    period = text.get("attn_layer_period")
    if isinstance(period, int) and period > 0:
        return bool(i % period != text.get("attn_layer_offset", 0))
    if text.get("model_type") == "bamba":
        return i not in _listed(text.get("attn_layer_indices"))
    interval = text.get("full_attention_interval")
    return isinstance(interval, int) and interval > 0 and (i + 1) % interval != 0


def _listed(entry: object) -> list[object]:
    return entry if isinstance(entry, list) else []


def recurrence(text: ConfigJson, hidden: int, i: int) -> float:
    """The recurrence whose sizes the file has; without any, Lightning Attention (five matrices)."""
    if first_size(text, ("linear_num_value_heads",), 0):
        return _delta_rule(text, hidden)
    if isinstance(text.get("linear_attn_config"), Mapping):
        return _kimi_delta(text["linear_attn_config"], hidden)
    if text.get("model_type") in STATE_SPACE or first_size(text, MAMBA_STATE, 0):
        return mamba(text, hidden)
    heads = first_size(text, HEADS, max(hidden // 128, 1), i)
    return 5.0 * hidden * heads * first_size(text, ("head_dim",), max(hidden // heads, 1), i)


def mamba(text: ConfigJson, hidden: int) -> float:
    """Mamba 2 where the file has heads, else Mamba 1: in-projection to twice the inner width,
    state and step of each, out-projection (Gu and Dao 2023; Dao and Gu 2024).
    """
    inner = first_size(text, ("expand", "mamba_expand"), 2) * hidden
    heads = first_size(text, MAMBA_HEADS, 0)
    state = first_size(text, MAMBA_STATE, 0)
    window = first_size(text, MAMBA_CONVOLUTION, 4)
    head = first_size(
        text, (*MAMBA_HEAD, "head_dim" if text.get("model_type") == "mamba2" else ""), 0
    )
    if heads and head and state:
        inner = first_size(text, ("mamba_d_ssm",), heads * head)
        both = 2 * first_size(text, MAMBA_GROUPS, 1) * state
        return float(hidden * (3 * inner + both + heads) + (inner + both) * window)
    if text.get("model_type") in ("mamba", "falcon_mamba"):
        inner = first_size(text, INTERMEDIATE, inner)
    rank = first_size(text, MAMBA_RANK, -(-hidden // 16)) if state else 0
    return float(3 * hidden * inner + inner * (2 * rank + 3 * state + window))


def _delta_rule(text: ConfigJson, hidden: int) -> float:
    """Gated DeltaNet (Yang et al. 2024) as Qwen3-Next has it: queries, keys, values and gate, two
    scalars per head, out-projection.
    """
    values = first_size(text, ("linear_num_value_heads",), 1)
    value = values * first_size(text, ("linear_value_head_dim",), 128)
    keys = first_size(text, ("linear_num_key_heads",), values)
    key = keys * first_size(text, ("linear_key_head_dim",), 128)
    window = first_size(text, ("linear_conv_kernel_dim",), 4)
    return float(hidden * (2 * key + 3 * value + 2 * values) + (2 * key + value) * window)


def _kimi_delta(linear: ConfigJson, hidden: int) -> float:
    """Kimi Delta Attention (Kimi Linear, 2025): queries, keys, values and out-projection; decay and
    output gate of low rank, or the gate of full rank.
    """
    heads = first_size(linear, ("num_heads",), max(hidden // 128, 1))
    head = first_size(linear, ("head_dim",), 128)
    wide = heads * head
    low = head * (hidden + wide)
    gate = hidden * wide if linear.get("use_full_rank_gate") else low
    return float(4 * hidden * wide + low + gate + hidden * heads)


def _gated_recurrence(text: ConfigJson, hidden: int) -> float:
    """RecurrentGemma: three matrices, and two gates in blocks, one per head."""
    width = first_size(text, ("lru_width",), hidden)
    return 3.0 * hidden * width + 2.0 * width * width / first_size(text, HEADS, 1)


def attention(text: ConfigJson, hidden: int, i: int) -> float:
    """Attention with full queries, or with latent ones where the file has their ranks."""
    heads = first_size(text, HEADS, max(hidden // 128, 1), i)
    if first_size(text, ("kv_lora_rank",), 0):
        return _latent_attention(text, hidden, heads)
    width = first_size(text, ("head_dim", "d_kv"), max(hidden // heads, 1), i)
    if first_size(text, ("o_lora_rank",), 0):
        return _grouped_output(text, hidden, heads * width, width)
    key_value = min(_key_value_heads(text, heads, i), heads)
    value = first_size(text, ("v_head_dim",), width)
    is_gated = text.get("attn_output_gate") or text.get("model_type") == "qwen3_next"
    queries = heads * width * (2 if is_gated else 1)
    return float(hidden * (queries + key_value * (width + value) + heads * value))


def _key_value_heads(text: ConfigJson, heads: int, i: int) -> int:
    """Heads of keys and values; one where Falcon or StarCoder share them."""
    is_shared = text.get("multi_query") is True and not text.get("new_decoder_architecture")
    return 1 if is_shared else first_size(text, KEY_VALUE_HEADS, heads, i)


def _latent_attention(text: ConfigJson, hidden: int, heads: int) -> float:
    """Multi-head latent attention (DeepSeek-V2, 2024, section 2.1), with the indexer of V3.2 where
    there is one.
    """
    keys = first_size(text, ("kv_lora_rank",), 0)
    queries = first_size(text, ("q_lora_rank",), 0)
    rotary = first_size(text, ("qk_rope_head_dim",), 0)
    plain = first_size(text, ("qk_nope_head_dim",), 128)
    value = first_size(text, ("v_head_dim",), plain)
    wide = heads * (plain + rotary)
    for_queries = queries * (hidden + wide) if queries else hidden * wide
    for_keys = hidden * (keys + rotary) + keys * heads * (plain + value)
    gate = hidden * heads * value if text.get("mla_use_output_gate") else 0
    return float(
        for_queries + for_keys + hidden * heads * value + gate + _indexer(text, hidden, queries)
    )


def _indexer(text: ConfigJson, hidden: int, queries: int) -> int:
    """What chooses the tokens that sparse attention reads (DeepSeek-V3.2)."""
    heads = first_size(text, ("index_n_heads",), 0)
    width = first_size(text, ("index_head_dim",), 0)
    return heads * width * (queries or hidden) + hidden * (width + heads) if heads else 0


def _grouped_output(text: ConfigJson, hidden: int, wide: int, width: int) -> float:
    """DeepSeek-V4: queries of low rank, one head of keys that are the values too, and an
    out-projection of low rank by groups of heads.
    """
    queries = first_size(text, ("q_lora_rank",), hidden)
    rank = first_size(text, ("o_lora_rank",), 0)
    groups = first_size(text, ("o_groups",), 1)
    out = wide * rank + groups * rank * hidden
    return float(queries * (hidden + wide) + hidden * width + out)


def _searched_attention(text: ConfigJson, hidden: int, own: object) -> float:
    """Attention of a searched layer: with as many heads per group of keys as it says, one matrix,
    or none.
    """
    if not isinstance(own, Mapping) or own.get("no_op"):
        return 0.0
    if own.get("replace_with_linear"):
        return float(hidden * hidden)
    heads = first_size(text, HEADS, max(hidden // 128, 1))
    key_value = heads // first_size(own, ("n_heads_in_group",), 1)
    return attention({**text, "num_key_value_heads": key_value}, hidden, 0)
