"""What a config.json says of layers, their kinds and their sizes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.config_file import (
    ConfigError,
    check,
    finite,
    layer_count,
    layer_kinds,
    pattern,
    text_part,
)
from advisor.core.config_sizes import parameters

LLAMA = {"model_type": "llama", "hidden_size": 64, "num_hidden_layers": 4, "vocab_size": 100}


@pytest.mark.parametrize(
    "part", ["text_config", "llm_config", "language_config", "thinker_config", "language_model"]
)
def test_of_a_model_that_also_sees_the_text_part_counts(part: str) -> None:
    config = {"model_type": "sees", "hidden_size": 1, part: LLAMA, "vision_config": {"depth": 9}}
    text = text_part(config)
    assert text["hidden_size"] == 64
    assert text["model_type"] == "llama"
    assert layer_count(text) == 4


def test_parts_may_be_nested() -> None:
    config = {"model_type": "omni", "thinker_config": {"text_config": LLAMA}}
    assert layer_count(text_part(config)) == 4


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ([], "is not a JSON object"),
        ({"hidden_size": 4}, "has no model_type"),
        ({"model_type": 7}, "has no model_type"),
        (LLAMA | {"hidden_size": "64"}, "hidden_size: '64' is not a whole number"),
        (LLAMA | {"hidden_size": 64.5}, "hidden_size: 64.5 is not a whole number"),
        (LLAMA | {"hidden_size": True}, "hidden_size: True is not a whole number"),
        (LLAMA | {"hidden_size": {}}, "hidden_size: {} is not a whole number"),
        (LLAMA | {"num_hidden_layers": 0}, "num_hidden_layers: 0 is impossible"),
        (LLAMA | {"vocab_size": -5}, "vocab_size: -5 is impossible"),
        (LLAMA | {"hidden_size": 10**400}, "hidden_size: 1000"),
        (LLAMA | {"num_hidden_layers": 20_000}, "has 20,000 layers"),
        (LLAMA | {"intermediate_size": [8] * 4}, "is a list of sizes per layer, which model_type"),
        (LLAMA | {"layer_types": ["a", "b"]}, "layer_types: has 2 entries for 4 layers"),
        (
            LLAMA | {"model_type": "gemma3n_text", "intermediate_size": [8, 8]},
            "intermediate_size: has 2 entries for 4 layers",
        ),
    ],
)
def test_what_describes_no_model_is_refused_with_its_key(config: object, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check(config)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


def test_sizes_per_layer_are_taken_where_transformers_takes_them() -> None:
    config = LLAMA | {"model_type": "gemma3n_text", "intermediate_size": [8, 8, 16, 16]}
    assert check(config) == config
    assert pattern(layer_kinds(config)) == (2, 1)


@pytest.mark.parametrize(
    ("keys", "reading"),
    [
        ({}, (0, 1)),
        ({"num_hidden_layers": 8, "layer_types": ["l", "l", "l", "f"] * 2}, (0, 4)),
        ({"num_hidden_layers": 8, "full_attention_interval": 4}, (0, 4)),
        ({"num_hidden_layers": 16, "attn_layer_period": 8, "attn_layer_offset": 4}, (0, 8)),
        ({"num_hidden_layers": 9, "first_k_dense_replace": 3}, (3, 1)),
        ({"num_hidden_layers": 9, "mlp_only_layers": [0, 1]}, (2, 1)),
        ({"num_hidden_layers": 12, "sliding_window_pattern": 6}, (0, 6)),
        ({"num_hidden_layers": 8, "attn_layer_indices": [3, 7]}, (0, 4)),
        ({"num_hidden_layers": 9, "block_types": ["r", "r", "a"]}, (0, 3)),
        ({"num_hidden_layers": 8, "linear_attn_config": {"full_attn_layers": [4, 8]}}, (0, 4)),
        ({"num_hidden_layers": 8, "hybrid_override_pattern": "M-M*M-M*"}, (0, 4)),
        ({"num_hidden_layers": 8, "moe_layers": list(range(8))}, (0, 1)),
        (
            {"num_hidden_layers": 9, "layer_types": list("abcacbbca")},
            None,
        ),
        (
            {
                "num_hidden_layers": 20,
                "layer_types": list("ssssf" * 4),
                "activation_sparsity_pattern": [0.95] * 10 + [0.0] * 10,
            },
            (10, 5),
        ),
    ],
)
def test_kinds_of_layers_repeat(keys: dict, reading: tuple[int, int] | None) -> None:
    assert pattern(layer_kinds(LLAMA | keys)) == reading


def test_a_pattern_alone_says_how_many_layers_there_are() -> None:
    text = {"model_type": "nemotron_h", "hybrid_override_pattern": "M-M-M*-"}
    assert layer_count(text) == 7


@given(
    st.lists(st.sampled_from("abc"), max_size=3),
    st.lists(st.sampled_from("abc"), min_size=1, max_size=5),
    st.integers(2, 5),
)
def test_a_pattern_describes_all_layers_and_is_the_shortest(
    first: list[str], every: list[str], times: int
) -> None:
    kinds = first + every * times
    reading = pattern(kinds)
    assert reading is not None
    length, period = reading
    assert all(kinds[i] == kinds[i + period] for i in range(length, len(kinds) - period))
    assert length + period <= len(first) + len(every)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


def test_numbers_that_json_does_not_have_are_left_to_the_library():
    """As Nemotron-H, Granite 4 and Falcon-H1 have them; transformers 5 writes them as objects."""
    config = {"model_type": "nemotron_h", "hidden_size": 64, "time_step_limit": [0.0, float("inf")],
              "text_config": {"time_step_limit": [0.0, {"__float__": "Infinity"}], "head_dim": 8},
              "rope_scaling": {"factor": 2.0}}  # fmt: skip
    kept = {"model_type": "nemotron_h", "hidden_size": 64, "text_config": {"head_dim": 8}}
    assert finite(config) == kept | {"rope_scaling": {"factor": 2.0}}


KEYS = st.sampled_from(
    [
        *("num_hidden_layers", "hidden_size", "intermediate_size", "layer_types", "vocab_size"),
        *("text_config", "block_types", "linear_attn_config", "attn_layer_period", "moe_layers"),
        *("attn_layer_offset", "first_k_dense_replace", "hybrid_override_pattern", "num_experts"),
        *("block_configs", "attn_layer_indices", "kv_lora_rank", "moe_layer_freq", "layer_kinds"),
        *("full_attention_interval", "ssm_state_size", "num_shared_experts", "tie_word_embeddings"),
    ]
)


@given(st.dictionaries(KEYS, JSON, max_size=6))
def test_any_json_is_read_or_refused_in_one_line(keys: dict) -> None:
    config = {"model_type": "llama", **json.loads(json.dumps(keys))}
    refusals = []
    try:
        check(config)
    except ConfigError as error:
        refusals.append(str(error))
    assert "\n" not in "".join(refusals)
    if refusals:
        return
    text = text_part(config)
    kinds = layer_kinds(text)
    assert len(kinds) == (layer_count(text) or 0)
    pattern(kinds)
    assert parameters(config | {"num_hidden_layers": min(len(kinds), 40)}).total > 0


@pytest.mark.parametrize(
    ("digits", "words"), [(40, "1" * 40), (41, "1" * 39 + "…")], ids=["whole", "cut"]
)
def test_a_refused_entry_is_written_on_forty_places(digits: int, words: str) -> None:
    with pytest.raises(ConfigError, match=f"hidden_size: {words} is impossible"):
        check({**LLAMA, "hidden_size": int("1" * digits)})
