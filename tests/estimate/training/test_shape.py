"""Sizes of models: exact where the architecture is known, typical where only the size is."""

from __future__ import annotations

import math
import statistics
from dataclasses import replace

import pytest

from advisor.estimate.training import estimate
from advisor.estimate.training.memory import typical_trained_params
from advisor.estimate.training.model_name import active_by_name, size_in_name
from advisor.estimate.training.shape import _width, of_encoder_decoder, of_model, of_size
from tests.estimate.training.catalogue import a_run, book
from tests.options import LLAMA, ROBERTA


@pytest.mark.parametrize(
    ("kind", "is_tied", "tables"),
    [("decoder", False, 2), ("decoder", True, 1), ("encoder", False, 1), ("encoder", True, 1)],
)
def test_a_head_counts_beside_the_token_table_where_it_is_apart(
    kind: str, is_tied: bool, tables: int
) -> None:
    """An encoder has no vocabulary head, whatever its configuration says of tying."""
    base = ROBERTA if kind == "encoder" else LLAMA
    model = replace(base, tied_embeddings=is_tied)
    assert of_model(model).embedding_params == tables * 525_000_000
    assert of_model(model).has_logits is (kind == "decoder")


def test_a_typical_decoder_of_seven_billion_parameters() -> None:
    """12 · h² · h ÷ 128 = 7e9 gives h = 4,211, of which 64 · 66 = 4,224 is the nearest."""
    shape = of_size(7e9)
    assert shape.hidden == 4224
    assert shape.layers == round(7e9 / (12 * 4224**2)) == 33
    assert (shape.query, shape.key_value, shape.mlp) == (4224, 2112, 3 * 4224)
    assert shape.embedding_params == 2 * 100_000 * 4224


@pytest.mark.parametrize("rank", [1, 16])
def test_an_adapter_of_a_typical_decoder_by_hand(rank: int) -> None:
    """Query and output h → h, key and value h → h/2, gate, up and down h ↔ 3h, in 33 layers."""
    h = 4224
    modules = [(h, h), (h, h), (h, h // 2), (h, h // 2), (h, 3 * h), (h, 3 * h), (3 * h, h)]
    expected = rank * 33 * sum(inputs + outputs for inputs, outputs in modules)
    assert typical_trained_params(of_size(7e9), "lora", rank, "all-linear") == expected


@pytest.mark.parametrize(
    ("method", "expected"),
    [("full", 7e9), ("soft-prompt", 20 * 4224), ("prefix", 20 * 4224 * 33)],
)
def test_other_methods_of_a_typical_decoder(method: str, expected: float) -> None:
    assert typical_trained_params(of_size(7e9), method, 16, "") == expected


@pytest.mark.parametrize(
    ("name", "active"),
    [
        ("Qwen3-30B-A3B", 3e9),
        ("30B-A3B", 3e9),
        ("X-A2.5B-it", 2.5e9),
        ("granite-3.0-3b-a800m-instruct", 8e8),
        ("Nemotron-3-Nano", 3.2e9),
        ("moe-16b-a3bit", None),
        ("Llama-8B", None),
    ],
)
def test_active_parameters_by_name(name: str, active: float | None) -> None:
    assert active_by_name(name) == active


@pytest.mark.parametrize(
    ("name", "share"),
    [
        ("mamba-2.8b", 0.0),
        ("Nemotron-H-8B", 0.08),
        ("granite-4.0-h-micro", 0.1),
        ("NVIDIA-Nemotron-3-Nano-30B-A3B", 0.115),
        ("Nemotron-3-8B", 1.0),
        ("LFM2-1.2B", 0.375),
        ("llama-3.1-8b", 1.0),
    ],
)
def test_recurrent_models_attend_in_few_layers(name: str, share: float) -> None:
    shape = of_size(8e9, name=name)
    assert shape.attending == share
    assert shape.recurrent == pytest.approx(1.0 - share)
    assert shape.with_mlp == 1.0


@pytest.mark.parametrize("name", ["Falcon-H1-7B-Base", "Hymba-1.5B"])
def test_some_attend_and_scan_in_every_layer(name: str) -> None:
    shape = of_size(8e9, name=name)
    assert (shape.attending, shape.recurrent, shape.with_mlp) == (1.0, 1.0, 1.0)


def test_a_recurrent_model_does_not_slow_down_with_length() -> None:
    def seconds_per_token(name: str, seq_len: int) -> float:
        run = a_run("llama-3.1-8b", "H100-SXM", seq_len=seq_len, packed=True)
        run = replace(run, model=None, model_name=name, params=8e9, checkpointing="full")
        return 1.0 / estimate(run).tokens_per_second.likely

    recurrent, attending = (
        seconds_per_token(name, 65_536) / seconds_per_token(name, 4096)
        for name in ("mamba-8b", "decoder-8b")
    )
    assert recurrent == pytest.approx(1.0, rel=0.1)
    assert attending > 1.5


@pytest.mark.parametrize(
    ("name", "width"), [("Mixtral-8x7B-v0.1", 2 * 14_336), ("Mixtral-8x22B-v0.1", 2 * 16_384)]
)
def test_a_known_mixture_passes_through_two_experts(name: str, width: int) -> None:
    """The widths of config.json; the router adds some."""
    assert of_model(book().model(name)).mlp == pytest.approx(width, rel=1e-3)


@pytest.mark.parametrize(("params", "active"), [(30e9, 12e9), (47e9, 13e9), (141e9, 39e9)])
def test_a_typical_mixture_computes_with_its_active_parameters(
    params: float, active: float
) -> None:
    """Attention, the widths that a token passes and the tables add up to what is active."""
    shape = of_size(params, active)
    layer = 2.0 * shape.hidden * (shape.query + shape.key_value) + 3.0 * shape.hidden * shape.mlp
    found = shape.layers * layer + shape.embedding_params
    assert found == pytest.approx(active, rel=1e-6)
    assert shape.params == params
    assert shape.expert_params == pytest.approx(params - active)
    dense = of_size(params)
    assert dense.active_params == params
    assert dense.hidden > shape.hidden


def test_a_typical_mixture_has_the_sizes_of_published_ones() -> None:
    """38 mixtures of the table, known by total and active size alone: none is a factor of two off
    in its width, and their middle is right.
    """
    mixtures = [m for m in book().models if m.experts and m.active_params < 0.9 * m.params]
    pairs = [(of_size(m.params, m.active_params, m.name), of_model(m)) for m in mixtures]
    assert len(pairs) >= 30
    of_width = [math.log(typical.hidden / known.hidden) for typical, known in pairs]
    assert max(map(abs, of_width)) < math.log(2.0)
    for measure in ("hidden", "layers", "mlp", "query"):
        ratios = [getattr(typical, measure) / getattr(known, measure) for typical, known in pairs]
        assert statistics.median(ratios) == pytest.approx(1.0, abs=0.15)


def test_adapters_of_a_typical_mixture_are_those_of_attention() -> None:
    """By hand: rank × (inputs + outputs) of query, key, value and output in every layer."""
    shape = of_size(30e9, 3e9)
    h, q, kv = shape.hidden, shape.query, shape.key_value
    by_hand = 8 * shape.layers * (2 * (h + q) + 2 * (h + kv))
    assert typical_trained_params(shape, "lora", 8, "all-linear") == by_hand


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("granite-7b", 7e9),
        ("Qwen3-30B-A3B", 30e9),
        ("stablelm-2-1_6b", 1.6e9),
        ("SmolLM2-135M", 135e6),
        ("flan-t5-large", 7.83e8),
        ("Mixtral-8x7B", None),
        ("mystery-large", None),
    ],
)
def test_a_name_may_state_the_size(name: str, params: float | None) -> None:
    assert size_in_name(name) == params


@pytest.mark.parametrize(
    ("params", "multilingual", "hidden", "layers"),
    [  # google/t5-v1_1-*, google/mt5-*
        (247_577_856, False, 768, 24),
        (783_150_080, False, 1024, 48),
        (2_849_757_184, False, 2048, 48),
        (11_135_332_352, False, 4096, 48),
        (76_961_152, False, 512, 16),
        (300_176_768, True, 512, 16),
        (582_401_280, True, 768, 24),
        (1_229_581_312, True, 1024, 48),
    ],
)
def test_t5_has_its_published_sizes(
    params: int, multilingual: bool, hidden: int, layers: int
) -> None:
    shape = of_encoder_decoder(params, multilingual)
    assert (shape.layers, shape.hidden) == (layers, pytest.approx(hidden, rel=0.04, abs=64))
    assert (shape.gated, shape.encoder, shape.moe) == (True, False, False)
    vocabulary = 250_112 if multilingual else 32_128
    assert shape.vocabulary == vocabulary
    assert shape.embedding_params == 2 * vocabulary * shape.hidden
    pair = 12 * shape.hidden**2 + 2 * 3 * shape.hidden * shape.mlp  # and two gated MLPs
    assert layers / 2 * pair + shape.embedding_params == pytest.approx(params, rel=0.12)
    assert shape.query == shape.key_value == 64 * shape.heads == shape.hidden


def test_a_dense_model_routes_nothing_and_every_layer_attends() -> None:
    for shape in (of_size(7e9), of_encoder_decoder(7.83e8), of_model(LLAMA)):
        assert (shape.routed, shape.recurrent, shape.kept_by_recurrence) == (0, 0.0, 0.0)
        assert (shape.attending, shape.with_mlp, shape.scan_flops) == (1.0, 1.0, 0.0)
        assert (shape.norms, shape.head_norms, shape.moe) == (2, False, False)
        assert shape.expert_params == 0.0
        assert shape.projections == shape.query + 2 * shape.key_value


@pytest.mark.parametrize(
    ("name", "norms", "head_norms", "gated", "layer_norms"),
    [
        ("Gemma-2-2b", 4, False, True, False),
        ("gemma-3-1b-it", 4, True, True, False),
        ("Qwen3-0.6B", 2, True, True, False),
        ("phi-2", 2, False, False, True),
        ("Llama-3.2-3B", 2, False, True, False),
        ("roberta-large", 2, False, False, True),
    ],
)
def test_families_differ_in_norms_and_gates(
    name: str, norms: int, head_norms: bool, gated: bool, layer_norms: bool
) -> None:
    """Of the classes of transformers: post-norms in Gemma, norms of heads in Qwen 3 and Gemma 3."""
    shape = of_model(book().model(name))
    assert (shape.norms, shape.head_norms) == (norms, head_norms)
    assert (shape.gated, shape.layer_norms) == (gated, layer_norms)


def test_an_ungated_mixture_has_two_matrices_per_expert() -> None:
    """Its MLP width is what its active parameters leave, over as many matrices as an expert has."""
    base = replace(
        LLAMA,
        experts=8,
        experts_per_token=2,
        expert_params=5_000_000_000,
        active_params=4_000_000_000,
    )
    gated, plain = (
        of_model(replace(base, hf_class=c)) for c in ("MixtralForCausalLM", "PhiForCausalLM")
    )
    q, kv = 32 * 128, 8 * 128
    rest = (4e9 - 2 * 525_000_000) / 32 - 4096 * (2 * q + 2 * kv)
    assert gated.mlp == pytest.approx(rest / (3 * 4096))
    assert plain.mlp == pytest.approx(rest / (2 * 4096))
    assert (gated.routed, gated.expert_params) == (2, 5_000_000_000)
    tiny = of_model(replace(base, active_params=10))
    assert tiny.mlp == 1.0
    assert of_model(replace(base, active_params=0)).active_params == base.params


def test_a_model_for_embeddings_has_no_vocabulary_head() -> None:
    assert not of_model(replace(LLAMA, name="bge-large")).has_logits
    assert not of_size(7e9, name="e5-mistral-7b").has_logits
    assert of_size(7e9, name="mistral-7b").has_logits


@pytest.mark.parametrize(
    ("params", "hidden", "layers", "heads"),
    [
        (1e9, 2176, 18, 17),  # ∛(1e9 · 128 ÷ 12) = 2,201
        (7e10, 9088, 71, 71),
        (1e4, 64, 1, 1),
        (3e5, 128, 2, 1),
    ],
)
def test_a_typical_decoder_is_128_times_as_wide_as_deep(
    params: float, hidden: int, layers: int, heads: int
) -> None:
    shape = of_size(params)
    assert (shape.hidden, shape.layers, shape.heads) == (hidden, layers, heads)
    assert shape.embedding_params == min(2 * 100_000 * hidden, 0.5 * params)


@pytest.mark.parametrize(("active", "is_mixture"), [(0.89, True), (0.9, False), (1.0, False)])
def test_nearly_all_active_is_a_dense_model(active: float, is_mixture: bool) -> None:
    assert of_size(1e10, active * 1e10).moe is is_mixture


def test_a_small_typical_mixture_keeps_its_least_sizes() -> None:
    shape = of_size(1e6, 1e4)
    assert (shape.hidden, shape.layers, shape.routed) == (64, 1, 8)
    assert (shape.query, shape.key_value, shape.heads) == (128, 128, 1)
    assert shape.mlp == 0.25 * 64
    assert (shape.gated, shape.encoder, shape.moe) == (True, False, True)
    assert shape.embedding_params == 0.5 * 1e4


def test_widths_are_multiples_of_64_next_to_a_cube_root() -> None:
    for root, width in ((31, 64), (95, 64), (97, 128), (4211, 4224), (4255, 4224), (4257, 4288)):
        assert _width(float(root) ** 3) == width
