"""Parameter counts against the counts of the table, which were made on real classes, and against
hand formulas.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.errors import UsageError
from advisor.estimate.training import total_params, trainable_params
from advisor.estimate.training.architecture import params_by_formula
from advisor.estimate.training.model_name import is_encoder_decoder
from advisor.estimate.training.params import linear_modules, trained_whole
from tests.estimate.training.catalogue import book

BY_FORMULA = [m for m in book().models if params_by_formula(m) is not None]


@pytest.mark.parametrize("model", BY_FORMULA, ids=lambda m: m.name)
def test_the_formula_gives_what_was_counted(model) -> None:
    assert params_by_formula(model) == model.params


def test_most_families_have_a_formula_and_all_have_a_count() -> None:
    assert len(BY_FORMULA) >= 0.7 * len(book().models)  # the others are mostly hybrids
    assert all(total_params(m) == m.params for m in book().models)


def test_lora_by_hand() -> None:
    llama = book().model("Llama-3.2-3B")  # q: 3072 -> 3072, v: 3072 -> 1024, 28 layers
    assert (
        trainable_params(llama, "lora", 32, "q_proj,v_proj")
        == 28 * 32 * (3072 + 3072 + 3072 + 1024)
        == 9_175_040
    )
    assert trainable_params(llama, "lora", 32, "qv") == 9_175_040
    assert trainable_params(llama, "dora", 32, "qv") == 9_175_040 + 28 * (3072 + 1024)
    assert trainable_params(llama, "full", 32, "") == 3_212_749_824


def test_a_soft_prompt_is_twenty_embeddings() -> None:
    llama = book().model("Llama-3.2-3B")
    assert trainable_params(llama, "soft-prompt", 1, "") == 20 * 3072
    assert trainable_params(llama, "prefix", 1, "") == 20 * 28 * 2 * 8 * 128


@pytest.mark.parametrize(
    ("method", "targets", "count"),
    [
        # a vector per output of attention, per input of the MLP (Liu et al. 2022)
        ("ia3", "k_proj,v_proj,down_proj", 28 * (1024 + 1024 + 8192)),
        ("lora", "q_proj,lm_head", 16 * (28 * (3072 + 3072) + 3072 + 128_256)),
        ("lora", "q_proj+lm_head+embed_tokens", 16 * 28 * (3072 + 3072)),  # trained whole
    ],
)
def test_other_adapters_by_hand(method: str, targets: str, count: int) -> None:
    assert trainable_params(book().model("Llama-3.2-3B"), method, 16, targets) == count


@pytest.mark.parametrize(
    ("method", "targets", "matrices"),
    [
        ("lora", "q_proj", 0),
        ("lora", "q_proj,lm_head", 0),
        ("lora", "q_proj,embed_tokens", 1),
        ("lora", "embed_tokens+lm_head", 2),
        ("full", "embed_tokens", 0),
    ],
)
def test_embeddings_that_are_named_are_trained_whole(
    method: str, targets: str, matrices: int
) -> None:
    assert trained_whole(1000.0, method, targets) == 1000.0 * matrices


def test_encoder_decoders_are_known_by_name() -> None:
    assert all(
        map(
            is_encoder_decoder,
            ["Flan-T5-Large", "t5-base", "mt0-xxl", "google/umt5-xl", "bart-large", "flan-ul2"],
        )
    )
    assert not any(map(is_encoder_decoder, [m.name for m in book().models]))


def test_an_unknown_module_gets_the_nearest_name() -> None:
    with pytest.raises(UsageError, match="did you mean 'q_proj'"):
        trainable_params(book().model("Llama-3.2-3B"), "lora", 8, "q_prj")


@given(st.sampled_from(book().models), st.integers(1, 256))
def test_lora_is_linear_in_the_rank_and_attention_is_a_part_of_all(model, rank: int) -> None:
    whole = trainable_params(model, "lora", rank, "all-linear")
    assert whole == rank * trainable_params(model, "lora", 1, "all-linear")
    assert 0 < trainable_params(model, "lora", rank, "attention") <= whole


def test_experts_of_a_mixture_are_adapted_where_they_are_named() -> None:
    """Two inputs of the hidden size and one of the inner, two outputs of the inner and one of the
    hidden: h + i three times for each of 8 experts, less what gate and up share; 32 layers.
    """
    mixtral = book().model("Mixtral-8x7B-v0.1")
    attention = trainable_params(mixtral, "lora", 4, "attention")
    both = trainable_params(mixtral, "lora", 4, "attention,experts")
    assert both - attention == 32 * 4 * 8 * (2 * 4096 + 3 * 14_336)
    qwen = book().model("Qwen3-30B-A3B")
    more = trainable_params(qwen, "lora", 4, "attention,experts")
    more -= trainable_params(qwen, "lora", 4, "attention")
    assert more == 48 * 4 * 128 * (2 * 2048 + 3 * 768)
    with pytest.raises(UsageError, match="no module 'experts'"):
        trainable_params(book().model("Llama-3.2-3B"), "lora", 4, "experts")


@pytest.mark.parametrize(
    ("name", "modules"),
    [
        (
            "Phi-3-mini-4k-instruct",
            [
                ("qkv_proj", 3072, 3 * 3072, True),
                ("o_proj", 3072, 3072, True),
                ("gate_up_proj", 3072, 2 * 8192, False),
                ("down_proj", 8192, 3072, False),
            ],
        ),
        (
            "phi-2",
            [
                ("q_proj", 2560, 2560, True),
                ("k_proj", 2560, 2560, True),
                ("v_proj", 2560, 2560, True),
                ("dense", 2560, 2560, True),
                ("fc1", 2560, 10_240, False),
                ("fc2", 10_240, 2560, False),
            ],
        ),
        (
            "Mixtral-8x7B-v0.1",
            [
                ("q_proj", 4096, 4096, True),
                ("k_proj", 4096, 1024, True),
                ("v_proj", 4096, 1024, True),
                ("o_proj", 4096, 4096, True),
            ],
        ),
    ],
)
def test_modules_of_a_layer_with_their_sizes(
    name: str, modules: list[tuple[str, int, int, bool]]
) -> None:
    found = linear_modules(book().model(name))
    assert [(m.name, m.inputs, m.outputs, m.attention) for m in found] == modules
    assert all((m.share, m.recurrent) == (1.0, False) for m in found)


def test_a_gated_attention_makes_its_gate_beside_the_queries() -> None:
    model = book().model("Qwen3.5-9B")
    found = {m.name: m for m in linear_modules(model)}
    assert found["q_proj"].outputs == 2 * model.heads * model.head_dim
    assert found["o_proj"].inputs == model.heads * model.head_dim
    assert (found["q_proj"].share, found["in_proj_qkv"].share) == (0.25, 0.75)
    assert found["gate_proj"].share == 1.0
    assert found["in_proj_qkv"].recurrent
