"""The few sizes of a model that memory and speed depend on, exact where the architecture is known,
else typical.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache

from advisor.core.facts import Model
from advisor.estimate.training import hybrid
from advisor.estimate.training.model_name import (
    BOTH_IN_EVERY_LAYER,
    attending_by_name,
    is_embedder,
    vocabulary_by_name,
)

UNGATED = frozenset(
    {
        "MptForCausalLM",
        "PhiForCausalLM",
        "GPTNeoXForCausalLM",
        "FalconForCausalLM",
        "GPT2LMHeadModel",
        "GPTBigCodeForCausalLM",
        "BertForSequenceClassification",
        "RobertaForSequenceClassification",
        "DebertaV2ForSequenceClassification",
        "DistilBertForSequenceClassification",
        "XLMRobertaForSequenceClassification",
        "CamembertForSequenceClassification",
        "ElectraForSequenceClassification",
        "MPNetForSequenceClassification",
        "AlbertForSequenceClassification",
        "OPTForCausalLM",
        "BloomForCausalLM",
        "GPTNeoForCausalLM",
        "GPTJForCausalLM",
        "Starcoder2ForCausalLM",
        "NemotronForCausalLM",
        "ApertusForCausalLM",
    }
)
"""Classes whose MLP is up, activation, down; all others have a gate beside the up projection."""

FOUR_NORMS = frozenset(
    {"Gemma2ForCausalLM", "Gemma3ForCausalLM", "Gemma4ForCausalLM", "Glm4ForCausalLM"}
)
HEAD_NORMS = frozenset(
    {"Qwen3ForCausalLM", "Qwen3MoeForCausalLM", "Gemma3ForCausalLM", "Olmo2ForCausalLM"}
    | {"Gemma4ForCausalLM", "Olmo3ForCausalLM", "Qwen3NextForCausalLM", "Qwen3_5ForCausalLM"}
)

VOCABULARY_T5 = 32_128
VOCABULARY_MT5 = 250_112
WIDTHS_T5 = ((16, 512), (24, 768), (48, 1024))
"""Layers of encoder and decoder together, and their hidden size: small, base, large; larger ones
are as deep and wider (Raffel et al. 2020, table 15; the same in mT5, Xue et al. 2021).
"""

WIDER_T5 = 1.2
"""A width this many times the usual one belongs to a deeper model."""

MOST_EMBEDDED = 0.9
"""Share of a model that its vocabulary takes at most: 0.85 of mT5 small."""

TYPICAL_ASPECT = 128  # hidden size over layers, as in most decoders from 7B to 70B

MIXTURE_ASPECT = 80
MIXTURE_SQUARES = 14.0
MIXTURE_QUERY = 4.0 / 3.0
MIXTURE_KEY_VALUE = 0.25
MIXTURE_ROUTED = 8
"""Sparse mixtures in `profiles/models.csv`, the middle of 38: hidden size over layers, active
parameters of a layer over hidden², widths of queries and keys over hidden, experts of a token.
They are as wide as their active parameters ask for and deeper, whatever all experts amount to.
"""


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes in elements.

    `embedding_params` are those of the token table and of the head, once where they are tied.

    `mlp` is the width of the MLP that a token passes, over all its active experts.
    """

    params: float
    active_params: float
    embedding_params: float
    expert_params: float
    hidden: int
    layers: int
    query: int
    key_value: int
    heads: int
    mlp: float
    gated: bool
    vocabulary: int
    encoder: bool
    moe: bool
    norms: int = 2
    """Norms per layer: 4 where there is one after attention and MLP as well (Gemma 2 and 3)."""
    head_norms: bool = False
    """Queries and keys are normalised per head (Qwen 3, Gemma 3)."""
    routed: int = 0
    """Experts that a token passes, 0 in dense models."""
    attending: float = 1.0
    """Share of the layers whose attention sees all positions."""
    recurrent: float = 0.0
    """Share of the layers that are recurrent in place of it, or beside it."""
    with_mlp: float = 1.0
    """Share of the layers that have an MLP."""
    kept_by_recurrence: float = 0.0
    """Values that a recurrent layer keeps per position for its backward pass."""
    scan_flops: float = 0.0
    """Operations of its scan per position, forward."""
    has_logits: bool = True
    """Whether there is a vocabulary head; models of embeddings and classifiers have none."""

    @property
    def layer_norms(self) -> bool:
        """Layer norms, which are one kernel, in encoders and families without a gate."""
        return self.encoder or not self.gated

    @property
    def projections(self) -> int:
        """Width of query, key and value together."""
        return self.query + 2 * self.key_value


def of_model(model: Model) -> Shape:
    """The shape of a known architecture; a mixture's MLP width follows from its active
    parameters.
    """
    gated = model.hf_class not in UNGATED
    query = model.heads * model.head_dim
    key_value = model.kv_heads * model.head_dim
    apart = model.kind != "encoder" and not model.tied_embeddings
    embeddings = model.embedding_params * (2 if apart else 1)
    moe = model.experts > 0
    mlp: float = model.intermediate
    mixing = hybrid.of_model(model)
    if moe:
        attention = model.hidden * (2 * query + 2 * key_value)
        rest = (model.active_params - embeddings) / model.layers - attention
        mlp = max(rest / ((3 if gated else 2) * model.hidden), 1.0)
    shape = Shape(
        params=model.params,
        active_params=model.active_params or model.params,
        embedding_params=embeddings,
        expert_params=model.expert_params,
        hidden=model.hidden,
        layers=model.layers,
        query=query,
        key_value=key_value,
        heads=model.heads,
        mlp=mlp,
        gated=gated,
        vocabulary=model.vocabulary,
        encoder=model.kind == "encoder",
        moe=moe,
        norms=4 if model.hf_class in FOUR_NORMS else 2,
        head_norms=model.hf_class in HEAD_NORMS,
        routed=model.experts_per_token if moe else 0,
        has_logits=model.kind != "encoder" and not is_embedder(model.name),
    )
    return _mixed(shape, mixing)


def _mixed(shape: Shape, mixing: hybrid.Mixing | None) -> Shape:
    """With the layers of a hybrid; as it is where all layers attend."""
    if mixing is None:
        return shape
    return replace(
        shape,
        norms=mixing.norms,
        attending=mixing.attending,
        recurrent=mixing.recurrent,
        with_mlp=mixing.mlp,
        kept_by_recurrence=mixing.recurrence.kept_values,
        scan_flops=mixing.recurrence.scan_flops,
    )


def _mixing_by_name(name: str, hidden: int) -> hybrid.Mixing | None:
    """Layers of Mamba-2 as published, in a model that is recurrent by its name."""
    attending = attending_by_name(name)
    if attending == 1.0 and not BOTH_IN_EVERY_LAYER.search(name):
        return None
    recurrent = 1.0 if attending == 1.0 else 1.0 - attending
    return hybrid.Mixing(attending, recurrent, 1.0, hybrid.typical(hidden))


@lru_cache(maxsize=512)
def of_size(params: float, active: float | None = None, name: str = "") -> Shape:
    """A typical gated decoder of that many parameters: 12 hidden² per layer, hidden = 128 layers.

    A mixture is one whose `active` parameters are fewer: its sizes follow from these.
    """
    if active is not None and active < 0.9 * params:
        shape = _mixture(params, active, vocabulary_by_name(name))
    else:
        shape = _dense(params, vocabulary_by_name(name))
    shape = replace(shape, has_logits=not is_embedder(name))
    return _mixed(shape, _mixing_by_name(name, shape.hidden))


def _dense(params: float, vocabulary: int) -> Shape:
    hidden = _width(params * TYPICAL_ASPECT / 12.0)
    return Shape(
        params=params,
        active_params=params,
        embedding_params=min(2.0 * vocabulary * hidden, 0.5 * params),
        expert_params=0.0,
        hidden=hidden,
        layers=max(round(params / (12 * hidden * hidden)), 1),
        query=hidden,
        key_value=hidden // 2,
        heads=max(hidden // 128, 1),
        mlp=3.0 * hidden,
        gated=True,
        vocabulary=vocabulary,
        encoder=False,
        moe=False,
    )


def _mixture(params: float, active: float, vocabulary: int) -> Shape:
    """A mixture of that many active parameters; the embeddings are taken off these first."""
    of_all = _width(active * MIXTURE_ASPECT / MIXTURE_SQUARES)
    embeddings = min(2.0 * vocabulary * of_all, 0.5 * active)
    inner = active - embeddings
    hidden = _width(inner * MIXTURE_ASPECT / MIXTURE_SQUARES)
    layers = max(round(inner / (MIXTURE_SQUARES * hidden * hidden)), 1)
    query = max(round(MIXTURE_QUERY * hidden / 128), 1) * 128
    key_value = max(round(MIXTURE_KEY_VALUE * hidden / 128), 1) * 128
    attention = 2.0 * hidden * (query + key_value)
    return Shape(
        params=params,
        active_params=active,
        embedding_params=embeddings,
        expert_params=params - active,
        hidden=hidden,
        layers=layers,
        query=query,
        key_value=key_value,
        heads=query // 128,
        mlp=max((inner / layers - attention) / (3.0 * hidden), 0.25 * hidden),
        gated=True,
        vocabulary=vocabulary,
        encoder=False,
        moe=True,
        routed=MIXTURE_ROUTED,
    )


def _width(cube: float) -> int:
    """The multiple of 64 next to a cube root."""
    return max(round(math.cbrt(cube) / 64), 1) * 64


@lru_cache(maxsize=256)
def of_encoder_decoder(params: float, multilingual: bool = False) -> Shape:
    """The T5 1.1 model of that many parameters: narrow and deep, with attention across in each
    decoder layer.

    A pair of layers has (4 + 8) h² in its attentions and 2 × 3 × 2.75 h² in gated MLPs; token table
    and head are apart.
    """
    vocabulary = VOCABULARY_MT5 if multilingual else VOCABULARY_T5
    linear = 2.0 * vocabulary

    def width(layers: int) -> float:
        square = layers / 2 * (12.0 + 16.5)
        return (math.sqrt(linear**2 + 4.0 * square * params) - linear) / (2.0 * square)

    layers = next((n for n, usual in WIDTHS_T5 if width(n) < WIDER_T5 * usual), WIDTHS_T5[-1][0])
    hidden = max(round(width(layers) / 64), 1) * 64
    return Shape(
        params=params,
        active_params=params,
        embedding_params=min(linear * hidden, MOST_EMBEDDED * params),
        expert_params=0.0,
        hidden=hidden,
        layers=layers,
        query=hidden,
        key_value=hidden,
        heads=max(hidden // 64, 1),
        mlp=2.75 * hidden,
        gated=True,
        vocabulary=vocabulary,
        encoder=False,
        moe=False,
    )
