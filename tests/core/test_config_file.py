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
    first_size,
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


@pytest.mark.parametrize(
    ("text", "layers"),
    [
        ({"num_hidden_layers": 4}, 4),
        ({"n_layer": 4, "num_layers": 7}, 4),
        ({"num_hidden_layers": 0, "encoder_layers": 6}, 6),
        ({"num_hidden_layers": True, "num_layers": 6}, 6),
        ({"num_hidden_layers": "4"}, None),
        ({"layers_block_type": ["a"] * 5}, 5),
        ({"layer_types": [], "block_configs": [{}] * 3}, 3),
        ({"layer_types": 5}, None),
        ({}, None),
    ],
)
def test_layers_are_counted_by_the_first_key_that_counts_them(
    text: dict, layers: int | None
) -> None:
    assert layer_count(text) == layers


@pytest.mark.parametrize(
    ("text", "names", "layer", "size"),
    [
        ({"a": 3}, ("a", "b"), 0, 3),
        ({"b": 5}, ("a", "b"), 0, 5),
        ({"a": 0, "b": 5}, ("a", "b"), 0, 5),
        ({"a": 1}, ("a",), 0, 1),
        ({"a": True, "b": 5}, ("a", "b"), 0, 5),
        ({"a": 2.0}, ("a",), 0, 7),
        ({"a": [3, 4]}, ("a",), 0, 3),
        ({"a": [3, 4]}, ("a",), 1, 4),
        ({"a": [3, 4]}, ("a",), 9, 4),
        ({"a": [], "b": 2}, ("a", "b"), 0, 2),
        ({"a": [0, 4]}, ("a",), 0, 7),
        ({}, ("a",), 0, 7),
    ],
)
def test_a_size_is_the_first_that_is_given_of_its_layer(
    text: dict, names: tuple[str, ...], layer: int, size: int
) -> None:
    assert first_size(text, names, 7, layer) == size


def kinds(keys: dict, layers: int = 6) -> list[int]:
    """The kind of each layer, numbered in the order in which they come up."""
    found = layer_kinds({"num_hidden_layers": layers, **keys})
    order = list(dict.fromkeys(found))
    return [order.index(kind) for kind in found]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({}, [0, 0, 0, 0, 0, 0]),
        ({"mlp_only_layers": [0, 5]}, [0, 1, 1, 1, 1, 0]),
        ({"mlp_only_layers": "0"}, [0, 0, 0, 0, 0, 0]),
        ({"num_kv_shared_layers": [0, 5, 0, 0, 0, 0]}, [0, 0, 0, 0, 0, 0]),
        ({"layer_types": ["a", "b", "a", "a", "b", "b"]}, [0, 1, 0, 0, 1, 1]),
        ({"layer_types": ["a", "b", "a"]}, [0, 0, 0, 0, 0, 0]),  # not one per layer
        ({"other": ["a", "b", "a", "a", "b", "b"]}, [0, 0, 0, 0, 0, 0]),
        ({"first_k_dense_replace": 2}, [0, 0, 1, 1, 1, 1]),
        ({"first_k_dense_replace": 0}, [0, 0, 0, 0, 0, 0]),
        ({"first_k_dense_replace": True}, [0, 0, 0, 0, 0, 0]),
        ({"decoder_sparse_step": 3}, [0, 0, 1, 0, 0, 1]),
        ({"decoder_sparse_step": 1}, [0, 0, 0, 0, 0, 0]),
        ({"decoder_sparse_step": 2.0}, [0, 0, 0, 0, 0, 0]),
        ({"attn_layer_period": 3, "attn_layer_offset": 1}, [0, 1, 0, 0, 1, 0]),
        ({"attn_layer_period": 3}, [0, 0, 0, 0, 0, 0]),
        ({"block_types": ["a", "b"]}, [0, 1, 0, 1, 0, 1]),
        ({"block_types": []}, [0, 0, 0, 0, 0, 0]),
        ({"linear_attn_config": {"full_attn_layers": [1, 4]}}, [0, 1, 1, 0, 1, 1]),
        ({"linear_attn_config": {"full_attn_layers": 4}}, [0, 0, 0, 0, 0, 0]),
        ({"linear_attn_config": [1]}, [0, 0, 0, 0, 0, 0]),
        (
            {"mlp_only_layers": [0], "decoder_sparse_step": 2},
            [0, 1, 2, 1, 2, 1],
        ),
    ],
)
def test_layers_are_told_apart_by_what_a_file_says_of_them(keys: dict, expected: list[int]) -> None:
    assert kinds(keys) == expected


def test_without_a_number_of_layers_there_are_no_kinds() -> None:
    assert layer_kinds({"mlp_only_layers": [0]}) == ()


@pytest.mark.parametrize(
    ("layers", "reading"),
    [
        ("aa", (0, 1)),
        ("ab", None),
        ("a", None),
        ("", None),
        ("abab", (0, 2)),
        ("baaa", (1, 1)),
        ("abcabca", (0, 3)),
        ("aab", None),
        ("abb", (1, 1)),
        ("cabab", (1, 2)),
    ],
)
def test_the_shortest_reading_of_a_pattern(layers: str, reading: tuple[int, int] | None) -> None:
    assert pattern(layers) == reading


@pytest.mark.parametrize(
    ("key", "size", "fits"),
    [
        ("hidden_size", 10**9, True),
        ("hidden_size", 10**9 + 1, False),
        ("hidden_size", 1, True),
        ("num_hidden_layers", 10_000, True),
        ("num_hidden_layers", 10_001, False),
        ("num_key_value_heads", None, True),
    ],
)
def test_sizes_are_possible_up_to_a_limit(key: str, size: int | None, fits: bool) -> None:
    config = {**LLAMA, key: size}
    if fits:
        assert check(config) == config
    else:
        with pytest.raises(ConfigError):
            check(config)


def test_kinds_of_layers_match_where_their_number_is_known() -> None:
    assert check({**LLAMA, "layer_types": ["a"] * 4})
    silent = {"model_type": "x", "layer_types": ["a"] * 3}
    assert check(silent) == silent
    per_layer = {"model_type": "gemma3n_text", "intermediate_size": [8, 8, 16]}
    assert check(per_layer) == per_layer


def test_an_impossible_size_is_refused_wherever_it_is_read() -> None:
    assert first_size({"a": 0, "b": 10**9}, ("a", "b"), 3) == 10**9
    with pytest.raises(ConfigError, match=r"^b: 1000000001 is impossible"):
        first_size({"b": 10**9 + 1}, ("a", "b"), 3)
