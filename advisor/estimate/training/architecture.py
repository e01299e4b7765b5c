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
    counted = rule(model)
    return None if counted is None else embeddings + counted


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


def _opt(m: Model) -> int | None:
    """GPT-2's block with two positions more; opt-350m has a token table of its own width."""
    if "word_embed_proj_dim" in dict(m.settings):
        return None
    return _positions(m) + 2 * m.hidden


def _bloom(m: Model) -> int:
    """GPT-2's block without positions, and a norm behind the token table."""
    return _ungated_with_biases(m) + 2 * m.hidden


def _gpt_j(m: Model) -> int:
    """One norm per layer, biases in the MLP and in the head alone."""
    mlp = 2 * m.hidden * m.intermediate + m.intermediate + m.hidden
    return m.layers * (_attention(m) + mlp + 2 * m.hidden) + 2 * m.hidden + m.vocabulary


def _gpt_neo(m: Model) -> int:
    """GPT-2's block without biases on query, key and value."""
    return _positions(m) - m.layers * 3 * m.hidden


def _cohere(m: Model) -> int | None:
    """One norm per layer without a bias; Command R+ also has norms per head."""
    if dict(m.settings).get("use_qk_norm"):
        return None
    return _rms(1)(m)


def _nemotron(m: Model) -> int:
    """Two matrices in the MLP, norms with biases."""
    return m.layers * (_attention(m) + 2 * m.hidden * m.intermediate + 4 * m.hidden) + 2 * m.hidden


def _apertus(m: Model) -> int:
    """Two matrices in the MLP, norms per head, and two numbers of each layer's activation."""
    layer = _attention(m) + 2 * m.hidden * m.intermediate + 2 * m.hidden + 2 * m.head_dim + 2
    return m.layers * layer + m.hidden


def _electra(m: Model) -> int | None:
    """BERT without a pooler, where its token table is as wide as its layers."""
    is_wide = dict(m.settings).get("embedding_size") == m.hidden
    return _bert(512, 2, pooled=False)(m) if is_wide else None


def _qwen2_moe(m: Model) -> int:
    """A mixture with biases on query, key and value, and a shared expert behind a gate."""
    q, kv = _widths(m)
    shared = int(dict(m.settings)["shared_expert_intermediate_size"] or 0)
    return _mixture(m) + m.layers * (q + 2 * kv + 3 * m.hidden * shared + m.hidden)


def _xlm_roberta(m: Model) -> int:
    """RoBERTa with two positions more than the longest row."""
    return _bert((m.context_tokens or 0) + 2, 1, pooled=True)(m)


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

_RULES: Mapping[str, Callable[[Model], int | None]] = {
    "OPTForCausalLM": _opt,
    "BloomForCausalLM": _bloom,
    "GPTJForCausalLM": _gpt_j,
    "GPTNeoForCausalLM": _gpt_neo,
    "CohereForCausalLM": _cohere,
    "Cohere2ForCausalLM": _cohere,
    "Starcoder2ForCausalLM": _ungated_with_biases,
    "NemotronForCausalLM": _nemotron,
    "ApertusForCausalLM": _apertus,
    "ElectraForSequenceClassification": _electra,
    "HunYuanDenseV1ForCausalLM": _with_head_norms(2),
    "Qwen2MoeForCausalLM": _qwen2_moe,
    "XLMRobertaForSequenceClassification": _xlm_roberta,
    "CamembertForSequenceClassification": _xlm_roberta,
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
