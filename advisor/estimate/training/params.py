"""Parameters of models and adapters by formula: what is trained, and how large the linear modules
are.

The counts equal those of the models of transformers instantiated on the meta device, and of
adapters attached by peft.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from advisor.core.errors import UsageError, did_you_mean
from advisor.core.facts import Model
from advisor.estimate.training import hybrid
from advisor.estimate.training.architecture import params_by_formula

VIRTUAL_TOKENS = 20
"""Length of a soft prompt or prefix where none is stated: peft's documentation uses 20."""


@dataclass(frozen=True, slots=True)
class Linear:
    """A linear module: its name in transformers, its sizes, whether it is attention's or a
    recurrence's, and the share of the layers that have it.
    """

    name: str
    inputs: int
    outputs: int
    attention: bool
    recurrent: bool = False
    share: float = 1.0


@lru_cache(maxsize=256)
def linear_modules(model: Model) -> tuple[Linear, ...]:
    """The linear modules of a layer that adapters can be attached to (experts are parameters, not
    modules).
    """
    mixing = hybrid.of_model(model)
    if mixing is None:
        return _of_every_layer(model)
    shares = (mixing.mlp, mixing.attending)
    own = (replace(m, share=shares[m.attention]) for m in _of_every_layer(model))
    scans = (
        Linear(name, inputs, outputs, False, True, mixing.recurrent)
        for name, inputs, outputs in mixing.recurrence.modules
    )
    return (*own, *(scans if mixing.recurrent else ()))


def _of_every_layer(model: Model) -> tuple[Linear, ...]:
    h = model.hidden
    f = model.intermediate
    q = model.heads * model.head_dim
    kv = model.kv_heads * model.head_dim
    gates = 2 if model.hf_class in _GATED_ATTENTION else 1
    names = _NAMES.get(model.hf_class, _LLAMA)
    qkv = names[: 3 if len(names) in (6, 7) else 1]
    attention = [Linear(qkv[0], h, q + 2 * kv, True)]
    if len(qkv) == 3:
        attention = [
            Linear(name, h, width, True)
            for name, width in zip(qkv, (gates * q, kv, kv), strict=True)
        ]
    out, *mlp = names[len(qkv) :]
    attention.append(Linear(out, q, h, True))
    if model.experts:
        return tuple(attention)
    *ups, down = mlp
    doubled = 2 if model.hf_class in _GATE_AND_UP else 1
    return (
        *attention,
        *(Linear(up, h, doubled * f, False) for up in ups),
        Linear(down, f, h, False),
    )


_LLAMA = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
_NEOX = ("query_key_value", "dense", "dense_h_to_4h", "dense_4h_to_h")
_BERT = ("query", "key", "value", "attention.output.dense", "intermediate.dense", "output.dense")
_NAMES: Mapping[str, tuple[str, ...]] = {
    "PhiForCausalLM": ("q_proj", "k_proj", "v_proj", "dense", "fc1", "fc2"),
    "Phi3ForCausalLM": ("qkv_proj", "o_proj", "gate_up_proj", "down_proj"),
    "GlmForCausalLM": ("q_proj", "k_proj", "v_proj", "o_proj", "gate_up_proj", "down_proj"),
    "Glm4ForCausalLM": ("q_proj", "k_proj", "v_proj", "o_proj", "gate_up_proj", "down_proj"),
    "GPTNeoXForCausalLM": _NEOX,
    "FalconForCausalLM": _NEOX,
    "GPT2LMHeadModel": ("c_attn", "attn.c_proj", "c_fc", "mlp.c_proj"),
    "GPTBigCodeForCausalLM": ("c_attn", "attn.c_proj", "c_fc", "mlp.c_proj"),
    "Lfm2ForCausalLM": ("q_proj", "k_proj", "v_proj", "self_attn.out_proj", "w1", "w3", "w2"),
    "NemotronHForCausalLM": ("q_proj", "k_proj", "v_proj", "o_proj", "up_proj", "down_proj"),
    "GraniteMoeHybridForCausalLM": (
        *("q_proj", "k_proj", "v_proj", "o_proj", "input_linear", "output_linear"),
    ),
    "MptForCausalLM": ("Wqkv", "out_proj", "up_proj", "down_proj"),
    "BertForSequenceClassification": _BERT,
    "RobertaForSequenceClassification": _BERT,
    "DebertaV2ForSequenceClassification": ("query_proj", "key_proj", "value_proj", *_BERT[3:]),
    "DistilBertForSequenceClassification": ("q_lin", "k_lin", "v_lin", "out_lin", "lin1", "lin2"),
    "ModernBertForSequenceClassification": ("Wqkv", "attn.Wo", "Wi", "mlp.Wo"),
    "XLMRobertaForSequenceClassification": _BERT,
    "CamembertForSequenceClassification": _BERT,
    "ElectraForSequenceClassification": _BERT,
    "OPTForCausalLM": ("q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2"),
    "BloomForCausalLM": _NEOX,
    "GPTJForCausalLM": ("q_proj", "k_proj", "v_proj", "out_proj", "fc_in", "fc_out"),
    "GPTNeoForCausalLM": ("q_proj", "k_proj", "v_proj", "out_proj", "c_fc", "c_proj"),
    "Starcoder2ForCausalLM": ("q_proj", "k_proj", "v_proj", "o_proj", "c_fc", "c_proj"),
    "NemotronForCausalLM": ("q_proj", "k_proj", "v_proj", "o_proj", "up_proj", "down_proj"),
    "ApertusForCausalLM": ("q_proj", "k_proj", "v_proj", "o_proj", "up_proj", "down_proj"),
}
"""Names of the modules: query, key and value apart or in one, output, then those of the MLP, the
last going down.
"""

_GATED_ATTENTION = frozenset(
    {"Qwen3NextForCausalLM", "Qwen3_5ForCausalLM", "Qwen3_5MoeForCausalLM"}
)
"""Families whose query projection also makes a gate of the same width."""

_GATE_AND_UP = frozenset(
    {"Phi3ForCausalLM", "GlmForCausalLM", "Glm4ForCausalLM", "ModernBertForSequenceClassification"}
    | {"GraniteMoeHybridForCausalLM"}
)
"""Families whose gate and up projections are one matrix."""


def targeted(model: Model, targets: str) -> tuple[Linear, ...]:
    """The modules of a layer that `targets` names: qv, attention, all-linear or module names joined
    by , or +.

    Raises UsageError on a name that the model does not have.
    """
    modules = linear_modules(model)
    chosen: dict[str, Linear] = {}
    for word in filter(None, (w.strip() for w in targets.replace("+", ",").split(","))):
        matching = [m for m in modules if _matches(word, m)]
        if not matching and word not in HEADS and not (word == "experts" and model.experts):
            choices = ["all-linear", "attention", "qv", *(m.name for m in modules), *HEADS]
            raise UsageError(
                f"--targets: {model.name} has no module {word!r}{did_you_mean(word, choices)}"
            )
        chosen.update((m.name, m) for m in matching)
    return tuple(chosen.values())


def _matches(word: str, module: Linear) -> bool:
    if word == "all-linear":
        return True
    if word == "attention":
        return module.attention
    if word == "qv":
        return module.name in _QUERY_AND_VALUE
    return word == module.name or module.name.endswith("." + word)


_QUERY_AND_VALUE = frozenset(
    {
        "q_proj",
        "v_proj",
        "qkv_proj",
        "query_key_value",
        "c_attn",
        "Wqkv",
        "query",
        "value",
        "query_proj",
        "value_proj",
    }
    | {"q_lin", "v_lin"}
)

EMBEDDINGS = frozenset({"wte", "embed_tokens"})
HEADS = frozenset({"lm_head", "wte", "embed_tokens", "model.embed_tokens"})


@lru_cache(maxsize=1024)
def trainable_params(model: Model, method: str, rank: int, targets: str) -> int:
    """Parameters that are trained; for lora rank × Σ(in + out) over targets and layers (Hu et al.

    2021, table 1).

    DoRA adds a magnitude per output (Liu et al. 2024), a soft prompt `VIRTUAL_TOKENS` embeddings
    (Lester et al. 2021), a prefix keys and values of as many tokens in every layer (Li and Liang
    2021). Raises UsageError on unknown targets.
    """
    if method == "full":
        return model.params
    if method == "soft-prompt":
        return VIRTUAL_TOKENS * model.hidden
    if method in ("prefix", "adapter"):
        return VIRTUAL_TOKENS * model.layers * 2 * model.kv_heads * model.head_dim
    modules = targeted(model, targets)
    if method == "ia3":
        scaled = (m.share * (m.outputs if m.attention else m.inputs) for m in modules)
        return round(model.layers * sum(scaled))
    per_layer = sum(
        m.share * (rank * (m.inputs + m.outputs) + (m.outputs if method == "dora" else 0))
        for m in modules
    )
    words = set(targets.replace("+", ",").split(","))
    heads = 0 if words & EMBEDDINGS else len(words & HEADS)
    if "experts" in words:
        inner = model.moe_intermediate or model.intermediate
        per_layer += rank * model.experts * (2 * model.hidden + 3 * inner)
    return round(model.layers * per_layer) + heads * rank * (model.hidden + model.vocabulary)


def trained_whole(matrix: float, method: str, targets: str) -> float:
    """Parameters of embeddings and head that are trained whole beside an adapter, where the
    embeddings are named.
    """
    words = set(targets.replace("+", ",").split(","))
    if method == "full" or not words & EMBEDDINGS:
        return 0.0
    return matrix * (2.0 if "lm_head" in words else 1.0)


def total_params(model: Model) -> int:
    """All parameters of the model, each once where embeddings are tied: by formula, else as counted
    for the table.
    """
    return params_by_formula(model) or model.params
