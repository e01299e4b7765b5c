"""Parameter counts by formula, family by family, as the classes of transformers are built."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from advisor.core.facts import Model


def params_by_formula(model: Model) -> int | None:
    """All parameters, tied embeddings once; None for a family with parts that the table of models
    does not state.
    """
    rule = _RULES.get(model.hf_class)
    if rule is None:
        return None
    heads = 1 if model.tied_embeddings or model.kind == "encoder" else 2
    embeddings = model.vocabulary * model.hidden * heads
    return embeddings + rule(model)


def _widths(m: Model) -> tuple[int, int]:
    return m.heads * m.head_dim, m.kv_heads * m.head_dim


def _attention(m: Model, *, biases: bool = False, out_bias: bool = False) -> int:
    """Query, key, value and output matrices, with biases where the family has them."""
    q, kv = _widths(m)
    return 2 * m.hidden * (q + kv) + (q + 2 * kv if biases else 0) + (m.hidden if out_bias else 0)


def _gated(m: Model) -> int:
    return 3 * m.hidden * m.intermediate


def _experts(m: Model) -> int:
    """Router and the three matrices of every expert."""
    return m.experts * (m.hidden + 3 * m.hidden * (m.moe_intermediate or m.intermediate))


def _rms(per_layer: int) -> Callable[[Model], int]:
    """A family like Llama with so many RMS norms of the hidden size in each layer."""
    return lambda m: m.layers * (_attention(m) + _gated(m) + per_layer * m.hidden) + m.hidden


def _with_biases(per_layer: int) -> Callable[[Model], int]:
    """Like Llama with biases on query, key and value."""
    return lambda m: (
        m.layers * (_attention(m, biases=True) + _gated(m) + per_layer * m.hidden) + m.hidden
    )


def _with_head_norms(per_layer: int) -> Callable[[Model], int]:
    """Like Llama with norms on each head's query and key."""
    return lambda m: _rms(per_layer)(m) + m.layers * 2 * m.head_dim


def _olmo2(m: Model) -> int:
    return _rms(2)(m) + m.layers * sum(_widths(m))


def _phi(m: Model) -> int:
    mlp = 2 * m.hidden * m.intermediate + m.intermediate + m.hidden
    return (
        m.layers * (_attention(m, biases=True, out_bias=True) + mlp + 2 * m.hidden)
        + 2 * m.hidden
        + m.vocabulary
    )


def _ungated_with_biases(m: Model) -> int:
    """GPT-2's block: two layer norms and biases everywhere."""
    mlp = 2 * m.hidden * m.intermediate + m.intermediate + m.hidden
    return (
        m.layers * (_attention(m, biases=True, out_bias=True) + mlp + 4 * m.hidden) + 2 * m.hidden
    )


def _positions(m: Model) -> int:
    """GPT-2's block and learned positions."""
    return _ungated_with_biases(m) + (m.context_tokens or 0) * m.hidden


def _mpt(m: Model) -> int:
    """As its own training code builds it: layer norms and linear maps with biases, learned
    positions.
    """
    return _ungated_with_biases(m) + MPT_POSITIONS * m.hidden


def _falcon(m: Model) -> int:
    """One layer norm a layer, two where several key-value heads are kept; no other biases."""
    norms = 2 if m.kv_heads == 1 else 4
    return (
        m.layers * (_attention(m) + 2 * m.hidden * m.intermediate + norms * m.hidden) + 2 * m.hidden
    )


def _mixture(m: Model) -> int:
    return m.layers * (_attention(m) + _experts(m) + 2 * m.hidden) + m.hidden


def _mixture_with_head_norms(m: Model) -> int:
    return _mixture(m) + m.layers * 2 * m.head_dim


def _gpt_oss(m: Model) -> int:
    """Biases on attention, router and experts, and one sink for each head."""
    width = m.moe_intermediate or m.intermediate
    biases = m.heads + m.experts + m.experts * (2 * width + m.hidden)
    attention = _attention(m, biases=True, out_bias=True)
    return m.layers * (attention + _experts(m) + biases + 2 * m.hidden) + m.hidden


def _encoder_layers(m: Model) -> int:
    """BERT's block: four square maps, two maps of the MLP, two layer norms, biases everywhere."""
    mlp = 2 * m.hidden * m.intermediate + m.intermediate + m.hidden
    return m.layers * (_attention(m, biases=True, out_bias=True) + mlp + 4 * m.hidden)


def _bert(positions: int, kinds: int, *, pooled: bool) -> Callable[[Model], int]:
    """Positions and kinds of segments beside the words, their norm, and a pooler where there is
    one.
    """
    return lambda m: (
        _encoder_layers(m)
        + (positions + kinds + 2) * m.hidden
        + (m.hidden * (m.hidden + 1) if pooled else 0)
    )


def _deberta(m: Model) -> int:
    """Relative positions (256 buckets each way) with a norm of their own."""
    return _encoder_layers(m) + 2 * m.hidden + (2 * 256 + 2) * m.hidden


def _modern_bert(m: Model) -> int:
    """Gated MLP, no biases; the first attention has no norm before it, the embeddings and the end
    have one.
    """
    return m.layers * (_attention(m) + _gated(m) + 2 * m.hidden) + m.hidden


MPT_POSITIONS = 2048
"""Learned positions of MPT in its published sizes."""

_RULES: Mapping[str, Callable[[Model], int]] = {
    "LlamaForCausalLM": _rms(2),
    "MistralForCausalLM": _rms(2),
    "Ministral3ForCausalLM": _rms(2),
    "SmolLM3ForCausalLM": _rms(2),
    "GraniteForCausalLM": _rms(2),
    "Phi3ForCausalLM": _rms(2),
    "GemmaForCausalLM": _rms(2),
    "Gemma2ForCausalLM": _rms(4),
    "Gemma3ForCausalLM": _with_head_norms(4),
    "Qwen2ForCausalLM": _with_biases(2),
    "Qwen3ForCausalLM": _with_head_norms(2),
    "GlmForCausalLM": _with_biases(2),
    "Glm4ForCausalLM": _with_biases(4),
    "Olmo2ForCausalLM": _olmo2,
    "PhiForCausalLM": _phi,
    "GPTNeoXForCausalLM": _ungated_with_biases,
    "GPT2LMHeadModel": _positions,
    "GPTBigCodeForCausalLM": _positions,
    "MptForCausalLM": _mpt,
    "FalconForCausalLM": _falcon,
    "MixtralForCausalLM": _mixture,
    "GraniteMoeForCausalLM": _mixture,
    "Qwen3MoeForCausalLM": _mixture_with_head_norms,
    "GptOssForCausalLM": _gpt_oss,
    "BertForSequenceClassification": _bert(512, 2, pooled=True),
    "RobertaForSequenceClassification": _bert(514, 1, pooled=True),
    "DistilBertForSequenceClassification": _bert(512, 0, pooled=False),
    "DebertaV2ForSequenceClassification": _deberta,
    "ModernBertForSequenceClassification": _modern_bert,
}
