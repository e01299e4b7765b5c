"""No config.json breaks the sizing of a model: it has finite sizes, or is refused in one line."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.errors import AdvisorError
from advisor.facts.config_model import model_of_config
from tests.fuzz.data_files import values
from tests.fuzz.invariants import answer_or_refusal, check_numbers, runs

TYPES = (
    "llama", "qwen2", "qwen3_moe", "gemma3_text", "gemma3n", "mamba", "mamba2", "zamba2", "bert",
    "t5", "mixtral", "nemotron_h", "recurrent_gemma", "deepseek_v3", "gpt_oss", "xyz", "",
)  # fmt: skip
SIZES = (
    "hidden_size", "num_hidden_layers", "vocab_size", "num_attention_heads", "intermediate_size",
    "num_key_value_heads", "head_dim", "num_experts", "num_local_experts", "num_experts_per_tok",
    "moe_intermediate_size", "kv_lora_rank", "q_lora_rank", "first_k_dense_replace", "d_model",
    "hidden_size_per_layer_input", "sliding_window", "max_position_embeddings", "decoder_layers",
)  # fmt: skip
OTHERS = (
    "layer_types", "hybrid_override_pattern", "text_config", "auto_map", "tie_word_embeddings",
    "is_encoder_decoder", "quantization_config", "block_types", "_block_types", "attn_layer_period",
    "decoder_sparse_step", "mlp_only_layers", "torch_dtype", "architectures", "num_labels",
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("model")


def sizes() -> st.SearchStrategy[Any]:
    """A size as models have it, an impossible one, a list of them, or anything."""
    likely = st.sampled_from([1, 2, 4, 8, 12, 32, 64, 128, 768, 1024, 4096, 14336, 32000, 151936])
    odd = st.sampled_from([0, -1, 10**5, 10**9, 10**18, 10**400, 1.5, True, None, "8"])
    return st.one_of(likely, likely, likely, odd, st.lists(likely, max_size=4), values())


def configs() -> st.SearchStrategy[Any]:
    parts = st.dictionaries(st.sampled_from(SIZES), sizes(), min_size=4)
    others = st.dictionaries(st.sampled_from(OTHERS), values() | sizes(), max_size=3)
    known = st.builds(
        lambda kind, a, b: {"model_type": kind, **a, **b}, st.sampled_from(TYPES), parts, others
    )
    inner = known.map(lambda config: {"model_type": "llava", "text_config": config})
    return st.one_of(known, known, inner, values())


@runs(100, share=0.1)
@given(config=configs())
def test_a_config_has_sizes_or_is_refused_in_one_line(folder: Path, config: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(config))
    outcome = answer_or_refusal("model configs", lambda: model_of_config(path))
    if isinstance(outcome, AdvisorError):
        assert str(outcome).startswith(f"--config {path}: ")
        return
    check_numbers(outcome)
    for count in (outcome.params, outcome.active_params):
        assert math.isfinite(count)
        assert count > 0
