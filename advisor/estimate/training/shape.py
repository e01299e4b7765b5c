"""The few sizes of a model that memory and speed depend on, exact where the architecture is known, else typical."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from advisor.core.facts import Model

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
    }
)
"""Classes whose MLP is up, activation, down; all others have a gate beside the up projection."""

TYPICAL_ASPECT = 128  # hidden size over layers, as in most decoders from 7B to 70B
TYPICAL_VOCABULARY = 100_000


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes in elements. `embedding_params` are those of the token table and of the head, once where they are tied.

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

    @property
    def projections(self) -> int:
        """Width of query, key and value together."""
        return self.query + 2 * self.key_value


def of_model(model: Model) -> Shape:
    """The shape of a known architecture; a mixture's MLP width follows from its active parameters."""
    gated = model.hf_class not in UNGATED
    query, key_value = model.heads * model.head_dim, model.kv_heads * model.head_dim
    apart = model.kind != "encoder" and not model.tied_embeddings
    embeddings = model.embedding_params * (2 if apart else 1)
    moe = model.experts > 0
    mlp: float = model.intermediate
    if moe:
        attention = model.hidden * (2 * query + 2 * key_value)
        rest = (model.active_params - embeddings) / model.layers - attention
        mlp = max(rest / ((3 if gated else 2) * model.hidden), 1.0)
    return Shape(
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
    )


@lru_cache(maxsize=256)
def of_size(params: float) -> Shape:
    """A typical gated decoder of that many parameters: 12 hidden² a layer, hidden = 128 layers."""
    hidden = max(round((params * TYPICAL_ASPECT / 12) ** (1 / 3) / 64), 1) * 64
    layers = max(round(params / (12 * hidden * hidden)), 1)
    heads = max(hidden // 128, 1)
    return Shape(
        params=params,
        active_params=params,
        embedding_params=min(2.0 * TYPICAL_VOCABULARY * hidden, 0.5 * params),
        expert_params=0.0,
        hidden=hidden,
        layers=layers,
        query=hidden,
        key_value=hidden // 2,
        heads=heads,
        mlp=3.0 * hidden,
        gated=True,
        vocabulary=TYPICAL_VOCABULARY,
        encoder=False,
        moe=False,
    )
