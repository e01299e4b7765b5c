"""MLPs and mixtures of experts, sized from a config.json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from advisor.core.config_file import INTERMEDIATE, ConfigJson, first_size
from advisor.core.config_mixers import nas_block

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
LATENT_SIZE = ("moe_latent_size", "routed_expert_hidden_size")
"""Width of the experts' inputs where it is not the hidden size (Nemotron 3, Kimi K3)."""

SHARED_EXPERTS = ("n_shared_experts", "num_shared_experts", "moe_num_shared_experts")
SHARED_SIZE = (
    "moe_shared_expert_intermediate_size",
    "shared_expert_intermediate_size",
    "shared_intermediate_size",
    "share_expert_dim",
)
"""Width of all experts together that every token passes."""

DENSE_SIZE = ("dense_intermediate_size", "intermediate_size_mlp", "ff_intermediate_size")
"""Width of the layers of a mixture that have a plain MLP; Phi-3-small's of all its layers."""

LLAMA4 = ("llama4", "llama4_text")
GEMMA4 = ("gemma4", "gemma4_text")

UNGATED = frozenset(
    {
        "albert",
        "arcee",
        "apertus",
        "bart",
        "bert",
        "bert-generation",
        "big_bird",
        "bigbird_pegasus",
        "biogpt",
        "blenderbot",
        "blenderbot-small",
        "bloom",
        "camembert",
        "codegen",
        "convbert",
        "ctrl",
        "data2vec-text",
        "deberta",
        "deberta-v2",
        "distilbert",
        "electra",
        "ernie",
        "esm",
        "falcon",
        "gpt2",
        "gpt_bigcode",
        "gpt_neo",
        "gpt_neox",
        "gpt_neox_japanese",
        "gptj",
        "jais2",
        "layoutlm",
        "led",
        "longformer",
        "m2m_100",
        "marian",
        "mbart",
        "megatron-bert",
        "mpnet",
        "mpt",
        "mvp",
        "nanochat",
        "nemotron",
        "nemotron_h",
        "openai-gpt",
        "opt",
        "pegasus",
        "pegasus_x",
        "persimmon",
        "phi",
        "plbart",
        "prophetnet",
        "rembert",
        "roberta",
        "roberta-prelayernorm",
        "roc_bert",
        "roformer",
        "starcoder2",
        "switch_transformers",
        "whisper",
        "xglm",
        "xlm",
        "xlm-roberta",
        "xlm-roberta-xl",
        "xlnet",
        "xmod",
    }
)
"""By model_type: MLPs of two matrices (up, down); all others have a gate as well."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """Parameters of a model: all of them, and those that one token passes."""

    total: float
    active: float


def mlp(text: ConfigJson, hidden: int, i: int) -> Parameters:
    """The MLP or the experts of layer `i`."""
    block = nas_block(text, i)
    if block is not None:
        searched = _searched_mlp(hidden, block.get("ffn"))
        return Parameters(searched, searched)
    plain = plain_mlp(text, hidden, i)
    experts = first_size(text, EXPERTS, 1, i)
    if experts <= 1 or text.get("is_moe") is False or _is_dense(text, i):
        return Parameters(plain, plain)
    beside = plain if text.get("model_type") in GEMMA4 else 0.0  # Gemma 4 has both in a layer
    mixture = _mixture(text, hidden, i, experts)
    return Parameters(beside + mixture.total, beside + mixture.active)


def plain_mlp(text: ConfigJson, hidden: int, i: int) -> float:
    """An MLP without experts: three matrices with a gate, else two."""
    width = first_size(text, DENSE_SIZE, 0, i) or _width(text, hidden, i)
    return _matrices(text) * hidden * width


def _mixture(text: ConfigJson, hidden: int, i: int, experts: int) -> Parameters:
    """The router, the experts, what every token passes, and the way into the experts' width."""
    wide = first_size(text, EXPERT_SIZE, int(_width(text, hidden, i)), i)
    latent = first_size(text, LATENT_SIZE, hidden)
    expert = _matrices(text) * latent * wide
    into = 2.0 * hidden * latent if latent != hidden else 0.0
    shared = _matrices(text) * hidden * _shared_width(text, wide)
    common = shared + into + hidden * experts
    chosen = min(first_size(text, EXPERTS_PER_TOKEN, 2, i), experts)
    return Parameters(common + experts * expert, common + chosen * expert)


def _shared_width(text: ConfigJson, expert: int) -> int:
    """Width of what every token passes beside its experts; Llama 4 always has one expert of it."""
    count = first_size(text, SHARED_EXPERTS, 1 if text.get("model_type") in LLAMA4 else 0)
    return first_size(text, SHARED_SIZE, count * expert)


def _matrices(text: ConfigJson) -> float:
    """Matrices of an MLP; T5 says itself whether it is gated, else it is the family's."""
    projection = text.get("feed_forward_proj")
    if isinstance(projection, str):
        return 3.0 if "gated" in projection else 2.0
    return 2.0 if text.get("model_type") in UNGATED else 3.0


def _width(text: ConfigJson, hidden: int, i: int) -> float:
    """Size of an MLP: of what the file says RecurrentGemma takes half, and LFM2 two thirds where it
    adjusts it.
    """
    wide = float(first_size(text, INTERMEDIATE, 4 * hidden, i))
    if text.get("model_type") == "recurrent_gemma":
        return wide / 2.0
    return wide * 2.0 / 3.0 if text.get("block_auto_adjust_ff_dim") else wide


def _searched_mlp(hidden: int, own: object) -> float:
    """The MLP of a searched layer: of its multiple of two thirds of the hidden size, in steps of
    256; one matrix; or none.
    """
    if not isinstance(own, Mapping) or own.get("no_op"):
        return 0.0
    if own.get("replace_with_linear"):
        return float(hidden * hidden)
    multiple = own.get("ffn_mult")
    usual = multiple if isinstance(multiple, int | float) and 0 < multiple < 100 else 4.0
    return 3.0 * hidden * -(-int(2 * usual * hidden / 3) // 256) * 256


def _is_dense(text: ConfigJson, i: int) -> bool:
    """Whether a layer of a mixture has a plain MLP."""
    first = text.get("first_k_dense_replace") or text.get("num_dense_layers")
    if isinstance(first, int) and i < first:
        return True
    only = text.get("mlp_only_layers")
    if isinstance(only, list) and i in only:
        return True
    listed = _listed_as_dense(text, i)
    if listed is not None:
        return listed
    period = text.get("expert_layer_period")
    if isinstance(period, int) and period > 0:
        return bool(i % period != text.get("expert_layer_offset", period - 1))
    step = text.get("decoder_sparse_step") or text.get("interleave_moe_layer_step") or 1
    return isinstance(step, int) and (i + 1) % step != 0


def _listed_as_dense(text: ConfigJson, i: int) -> bool | None:
    """What a list of layers says: their kinds, 0 and 1, or the numbers of those with experts."""
    kinds = text.get("mlp_layer_types")
    if isinstance(kinds, list) and i < len(kinds):
        return bool(kinds[i] == "dense")
    marks = text.get("moe_layer_freq")
    if isinstance(marks, list) and i < len(marks):
        return not marks[i]
    numbers = text.get("moe_layers")
    return i not in numbers if isinstance(numbers, list) and numbers else None
