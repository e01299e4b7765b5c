"""Models with small, unlike sizes, built by transformers on the meta device and counted."""

from __future__ import annotations

import re
import warnings
from typing import Any

import pytest

from advisor.core.config_experts import Parameters
from advisor.core.config_sizes import parameters

LEFT_OUT = re.compile(
    r"position_embed|token_type|wpe|shared_expert_gate\.|conv\.conv|conv_1d|relative_attention_bias"
    r"|gate_bias|time_mix|e_score_correction|_adapter_list|gate\.A_log|predictions\.dense|transform\.dense|self_attn\.conv1d"
)
"""Positions, short convolutions and parts of a row each, which the sizes leave out by design; so
are norms and biases.
"""

SIZES = {"hidden_size": 48, "num_hidden_layers": 3, "vocab_size": 31}
TOKENS = {"pad_token_id": 0, "bos_token_id": 0, "eos_token_id": 0}
HEADS = {"num_attention_heads": 6, "num_key_value_heads": 2, "intermediate_size": 40}
HEAD = {"head_dim": 10}


def built_and_sized(model_type: str, sizes: dict[str, Any]) -> tuple[Parameters, Parameters]:
    """The matrices that transformers builds, and what its config.json is sized at."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    if model_type not in transformers.CONFIG_MAPPING:
        pytest.skip(f"no {model_type} in this transformers")
    config = transformers.CONFIG_MAPPING[model_type](**{**SIZES, **TOKENS, **sizes})
    kind = transformers.AutoModelForCausalLM
    if config.is_encoder_decoder:
        kind = transformers.AutoModelForSeq2SeqLM
    elif type(config) not in transformers.MODEL_FOR_CAUSAL_LM_MAPPING:
        kind = transformers.AutoModelForMaskedLM
    with warnings.catch_warnings(), torch.device("meta"):
        warnings.simplefilter("ignore")
        model = kind.from_config(config)
    model.tie_weights()
    file = config.to_dict()
    matrices = {
        name: weight.numel()
        for name, weight in model.named_parameters()
        if weight.ndim >= 2 and not LEFT_OUT.search(name)
    }
    total = sum(matrices.values())
    of_experts = sum(count for name, count in matrices.items() if ".experts." in name)
    chosen, experts = routing(file)
    return Parameters(total, total - of_experts * (experts - chosen) / experts), parameters(file)


def routing(file: dict[str, Any]) -> tuple[int, int]:
    """Experts that a token passes, of how many; 1 of 1 without any."""
    chosen = next((file[k] for k in file if k in CHOSEN and file[k]), 1)
    return chosen, next((file[k] for k in file if k in EXPERTS and file[k]), 1)


CHOSEN = ("num_experts_per_tok", "num_experts_per_token", "moe_k", "top_k_experts")
EXPERTS = ("num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts")
