"""What a configuration needs beyond the sizes of our tables, by the model's class in
transformers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from advisor.core.experiment import JsonObject
from advisor.core.layer_pattern import PER_LAYER, expanded

SHAPED_LIKE = {"MptForCausalLM": "GPT2LMHeadModel"}
"""MPT as it was trained has biases and learned positions, which the class of transformers leaves
out: GPT-2's shape.
"""

NEW_FOR_THE_TASK: Mapping[str, tuple[str, ...]] = {
    "BertForSequenceClassification": ("classifier",),
    "RobertaForSequenceClassification": ("classifier.out_proj",),
    "DistilBertForSequenceClassification": ("pre_classifier", "classifier"),
    "DebertaV2ForSequenceClassification": ("pooler", "classifier"),
    "ModernBertForSequenceClassification": ("head", "classifier"),
    "XLMRobertaForSequenceClassification": ("classifier.out_proj",),
    "CamembertForSequenceClassification": ("classifier.out_proj",),
    "MPNetForSequenceClassification": ("classifier.out_proj",),
    "ElectraForSequenceClassification": ("classifier",),
    "AlbertForSequenceClassification": ("classifier",),
}
"""Modules that a classifier gets new: no part of the published model, so not of its parameter
count.
"""

_LATENT = frozenset({"DeepseekV3ForCausalLM", "Glm4MoeLiteForCausalLM", "Mistral4ForCausalLM"})
"""Latent attention has widths of its own, the defaults of its configuration."""

_ROBERTA = {"max_position_embeddings": 514, "type_vocab_size": 1, "pad_token_id": 1}

_OWN: Mapping[str, JsonObject] = {
    "RobertaForSequenceClassification": _ROBERTA,
    "XLMRobertaForSequenceClassification": _ROBERTA,
    "CamembertForSequenceClassification": _ROBERTA,
    "MPNetForSequenceClassification": {"max_position_embeddings": 514, "pad_token_id": 1},
    "DebertaV2ForSequenceClassification": {
        "relative_attention": True,
        "position_buckets": 256,
        "norm_rel_ebd": "layer_norm",
        "share_att_key": True,
        "pos_att_type": ["p2c", "c2p"],
        "position_biased_input": False,
        "type_vocab_size": 0,
    },
}


def class_name(sizes: JsonObject) -> str:
    """The class of transformers that has these shapes."""
    named = str(sizes["hf_class"])
    return SHAPED_LIKE.get(named, named)


def settings(sizes: JsonObject) -> dict[str, Any]:
    """The configuration's settings, by the names of transformers, of a model in our tables."""
    kind = class_name(sizes)
    config: dict[str, Any] = {
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
        "bos_token_id": 0,
        "eos_token_id": 0,
    }
    if kind in _LATENT:
        del config["head_dim"], config["num_key_value_heads"]
    if kind == "FalconForCausalLM":
        del config["head_dim"], config["intermediate_size"]
        config |= {
            "ffn_hidden_size": sizes["intermediate"],
            "new_decoder_architecture": sizes["kv_heads"] > 1,
        }
        config |= {"num_kv_heads": sizes["kv_heads"], "multi_query": sizes["kv_heads"] == 1}
    if kind == "GPTBigCodeForCausalLM":
        config["multi_query"] = sizes["kv_heads"] == 1
    if kind == "DistilBertForSequenceClassification":
        config["hidden_dim"] = sizes["intermediate"]
    return config | _experts(sizes) | dict(_OWN.get(kind, {})) | dict(_settings(sizes))


def _settings(sizes: JsonObject) -> JsonObject:
    """Settings of a model's own, with the kind of each layer listed."""
    return {
        name: expanded(value, sizes["layers"]) if name in PER_LAYER else value
        for name, value in sizes.get("settings", ())
    }


def _experts(sizes: JsonObject) -> dict[str, Any]:
    if not sizes["experts"]:
        return {}
    config = dict.fromkeys(
        ("num_experts", "num_local_experts", "n_routed_experts"), sizes["experts"]
    )
    config["num_experts_per_tok"] = sizes["experts_per_token"]
    if sizes["moe_intermediate"]:
        config["moe_intermediate_size"] = sizes["moe_intermediate"]
    return config
