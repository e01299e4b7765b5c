"""Layers of families that are laid out unlike all others, sized from a config.json: RWKV, xLSTM and
JetMoE. Biases, norms, decays and low-rank parts are left out: less than a hundredth, a twenty-fifth
in RWKV 7.
"""

from __future__ import annotations

from advisor.core.config_experts import Parameters
from advisor.core.config_file import INTERMEDIATE, ConfigJson, first_size

_ROUND_UP = 64


def family_layer(text: ConfigJson, hidden: int) -> Parameters | None:
    """A layer of such a family; None for all other families."""
    kind = str(text.get("model_type"))
    if kind.startswith("rwkv"):
        return _of_all(_rwkv(text, hidden, gated=kind != "rwkv7"))
    if kind == "xlstm":
        return _of_all(_xlstm(text, hidden))
    return _jetmoe(text, hidden) if kind == "jetmoe" else None


def _of_all(weights: float) -> Parameters:
    return Parameters(weights, weights)


def _rwkv(text: ConfigJson, hidden: int, *, gated: bool) -> float:
    """Time mixing by receptance, key, value and output; channel mixing by key and value, gated by a
    receptance of its own up to version 6 (Peng et al. 2023, 2025).
    """
    width = first_size(text, ("attention_hidden_size",), hidden)
    wide = first_size(text, INTERMEDIATE, 4 * hidden)
    gate = hidden * hidden if gated else 0
    return float(4 * hidden * width + 2 * hidden * wide + gate)


def _xlstm(text: ConfigJson, hidden: int) -> float:
    """mLSTM with query and key of half the width, value, output gate and projection, two gates per
    head, and a gated MLP in steps of 64 (Beck et al. 2025).
    """
    queries = _share(text, "qk_dim_factor", 0.5) * hidden
    values = _share(text, "v_dim_factor", 1.0) * hidden
    heads = first_size(text, ("num_heads",), 8)
    wide = -(-int(_share(text, "ffn_proj_factor", 2.667) * hidden) // _ROUND_UP) * _ROUND_UP
    return hidden * (2 * queries + 3 * values + 2 * heads + 3 * wide)


def _share(text: ConfigJson, name: str, otherwise: float) -> float:
    value = text.get(name)
    return float(value) if isinstance(value, int | float) and 0 < value < 100 else otherwise


def _jetmoe(text: ConfigJson, hidden: int) -> Parameters:
    """Attention whose query and output are experts too, beside one key and value; and experts with
    a gate (Shen et al. 2024).
    """
    heads = first_size(text, ("num_key_value_heads",), 16)
    width = heads * first_size(text, ("kv_channels",), 128)
    experts = first_size(text, ("num_local_experts",), 8)
    chosen = min(first_size(text, ("num_experts_per_tok",), 2), experts)
    common = hidden * (2 * width + 2 * experts)
    expert = hidden * (2 * width + 3 * first_size(text, INTERMEDIATE, 4 * hidden))
    return Parameters(common + experts * expert, common + chosen * expert)
