"""The shipped tables: typed, sourced, dated, consistent with one another and with independent
counts.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from advisor import shipped
from advisor.core.facts import Model
from advisor.facts import Facts, load
from advisor.facts.table import read

PROFILES = shipped.folder("profiles")
SHARED = Path(__file__).parents[2].parent / "shared" / "facts"
TABLES = {
    "gpus.csv": ("gpu",),
    "gpu_achieved.csv": ("gpu",),
    "gpu_prices.csv": ("provider", "quoted_gpu", "offer", "region"),
    "models.csv": ("model",),
    "hosted_tuning.csv": ("provider", "model", "method"),
    "hosted_names.csv": ("model", "provider"),
    "prompt_caches.csv": ("provider", "model"),
    "lifecycle.csv": ("provider", "model"),
    "providers.csv": ("provider",),
    "constants.csv": ("key",),
}


@pytest.fixture(scope="module")
def facts() -> Facts:
    return load()


@pytest.mark.parametrize(("name", "key"), TABLES.items())
def test_every_row_has_key_source_date_and_confidence_and_stands_once(
    name: str, key: tuple[str, ...]
) -> None:
    rows = read(name, key)
    assert rows
    for row in rows:
        assert row.text(key[0]), row
        assert row.text("source"), row
        assert row.text("as_of"), row
        assert row.text("confidence") in ("high", "medium", "low"), row
    keys = [tuple(row.text(column).lower() for column in key) for row in rows]
    assert len(set(keys)) == len(keys)


def test_every_cell_reads_as_its_type(facts: Facts) -> None:
    assert len(facts.gpus) == len(read("gpus.csv", ("gpu",)))
    assert len(facts.models) == len(read("models.csv", ("model",)))
    assert len(facts.tuning_offers) == len(read("hosted_tuning.csv", ("provider",)))
    assert facts.providers
    assert facts.constants
    for gpu in facts.gpus:
        assert facts.gpu_offers(gpu.name, billing="") is not None
        assert facts.achieved_tflops(gpu.name).unit == "TFLOPS"


def test_tables_name_only_what_other_tables_know(facts: Facts) -> None:
    gpus = {gpu.name for gpu in facts.gpus}
    for name, column in (("gpu_prices.csv", "gpus"), ("gpu_achieved.csv", "gpu")):
        for row in read(name, ("gpu",)):
            assert set(row.words(column)) <= gpus, row
    for name in ("hosted_names.csv", "prompt_caches.csv", "lifecycle.csv", "hosted_tuning.csv"):
        for row in read(name, ("provider",)):
            assert row.text("provider") in facts.providers, row
    for candidate in (*facts.candidates().prompt, *facts.candidates().tune):
        assert facts.is_known_model(candidate.model)
        assert candidate.reason
        assert candidate.cited.source
    for candidate in facts.candidates().tune:
        assert facts.architecture(candidate.model) is not None


def test_every_hosted_name_is_sold_under_that_name() -> None:
    """A row without a name says of a model that the library does list that it is not sold."""
    from advisor.facts.hosted import price_rows

    for row in read("hosted_names.csv", ("model", "provider")):
        name = row.text("hosted_name") or row.text("model")
        assert price_rows(row.text("provider"), name, "undated"), row


def test_other_names_lead_to_one_model_only() -> None:
    seen: dict[str, str] = {}
    for row in read("models.csv", ("model",)):
        for name in (row.text("model"), *row.words("aliases")):
            assert seen.setdefault(name.lower(), row.text("model")) == row.text("model"), name


LLAMA_LIKE = (
    "TinyLlama",
    "Llama 2",
    "Llama 3",
    "LLaMA",
    "SmolLM2",
    "Yi",
    "Qwen2.5",
    "Qwen3",
    "Mistral",
)


def dense_params(model: Model) -> int:
    """Weights of a decoder with gated MLP, RMS norms and no biases, by hand; Qwen's extras on
    top.
    """
    queries, keys = model.heads * model.head_dim, model.kv_heads * model.head_dim
    layer = (
        model.hidden * (2 * queries + 2 * keys)
        + 3 * model.hidden * model.intermediate
        + 2 * model.hidden
    )
    if model.family == "Qwen2.5":
        layer += queries + 2 * keys  # biases of query, key and value
    if model.family == "Qwen3":
        layer += 2 * model.head_dim  # norms of query and key
    tables = 1 if model.tied_embeddings else 2
    return model.layers * layer + tables * model.vocabulary * model.hidden + model.hidden


def test_shapes_give_the_counted_parameters(facts: Facts) -> None:
    dense = [
        m for m in facts.models if m.family in LLAMA_LIKE and not m.experts and m.kind == "decoder"
    ]
    assert len(dense) > 30
    wrong = {m.name: (dense_params(m), m.params) for m in dense if dense_params(m) != m.params}
    assert not wrong


def test_embeddings_and_experts_fit_the_shapes(facts: Facts) -> None:
    for model in facts.models:
        assert model.params >= model.active_params > 0, model.name
        assert model.expert_params <= model.params - model.embedding_params, model.name
        if model.kind == "decoder" and model.family not in ("MPT", "GPT-2"):
            width = dict(model.settings).get("word_embed_proj_dim", model.hidden)
            assert model.embedding_params == model.vocabulary * int(width or 0), model.name
    mixtral = facts.model("Mixtral-8x7B-v0.1")
    assert mixtral.expert_params == 32 * 8 * 3 * 4096 * 14336
    assert mixtral.params - mixtral.active_params == mixtral.expert_params * 6 // 8


@pytest.mark.parametrize(
    ("name", "positions", "types", "pooler"),
    [
        ("bert-base-uncased", 512, 2, True),
        ("distilbert-base", 512, 0, False),
        ("roberta-base", 514, 1, True),
        ("roberta-large", 514, 1, True),
    ],
)
def test_encoders_have_the_parameters_of_their_published_layers(
    facts: Facts, name: str, positions: int, types: int, pooler: bool
) -> None:
    model = facts.model(name)
    h, i = model.hidden, model.intermediate
    tables = (model.vocabulary + positions + types) * h + 2 * h
    layer = 4 * (h * h + h) + 2 * h * i + i + h + 4 * h
    assert model.kind == "encoder"
    assert model.params == tables + model.layers * layer + (h * h + h if pooler else 0)


def test_gpu_rates_follow_multiprocessors_and_clock(facts: Facts) -> None:
    assert facts.gpu("RTX 4060").memory_gb == 8
    assert facts.gpu("RTX 4060").bandwidth_gb_per_second == 272
    assert facts.gpu("RTX 4060").power_watts == 115
    for name, multiprocessors, ghz, per_clock in (
        ("RTX 4090", 128, 2.52, 512),
        ("RTX 3090", 82, 1.695, 512),
        ("RTX 5090", 170, 2.407, 512),
        ("RTX 4060", 24, 2.46, 512),
        ("RTX A6000", 84, 1.8, 1024),
    ):
        assert facts.gpu(name).bf16_tflops == pytest.approx(
            multiprocessors * ghz * per_clock / 1000, rel=0.005
        )


needs_shared = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the figures the tables were taken from are not here"
)


def _given(name: str) -> list[dict[str, str]]:
    with (SHARED / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@needs_shared
def test_models_are_carried_over_whole() -> None:
    ours = {row.text("model"): row for row in read("models.csv", ("model",))}
    same = {
        "params_total": "params",
        "params_active_per_token": "active_params",
        "hidden": "hidden",
    }
    same |= {
        "layers": "layers",
        "kv_heads": "kv_heads",
        "vocab_padded": "vocabulary",
        "source": "source",
    }
    same |= {"kv_bytes_per_token_fp16": "kv_bytes_per_token", "context_in_source": "context_tokens"}
    for row in _given("models.csv"):
        assert {new: ours[row["model"]].text(new) for new in same.values()} == {
            n: row[o] for o, n in same.items()
        }


@needs_shared
def test_gpus_are_carried_over_whole() -> None:
    ours = {row.text("gpu"): row for row in read("gpus.csv", ("gpu",))}
    for row in _given("gpus.csv"):
        mine = ours[row["gpu"]]
        assert (
            mine.text("memory_gb"),
            mine.text("bandwidth_gb_per_second"),
            mine.text("power_watts"),
        ) == (row["memory_gb"], row["memory_bw_gb_s"], row["tdp_w"])
        for old, new in (
            ("dense_bf16_tflops", "bf16_tflops"),
            ("dense_fp16_tflops", "fp16_tflops"),
        ):
            assert mine.text(new) == row[old] or (
                not row[old] and "derived" in mine.text("tflops_source")
            )


@needs_shared
def test_gpu_prices_and_constants_are_carried_over_whole() -> None:
    columns = (
        "provider",
        "offer",
        "usd_per_hour",
        "spot_usd_per_hour",
        "billing",
        "region",
        "source",
        "as_of",
    )
    old = (
        "provider",
        "offer",
        "price_usd_per_gpu_hour",
        "spot_usd_per_gpu_hour",
        "billing",
        "region",
        "source",
        "as_of",
    )
    ours = [tuple(row.text(c) for c in columns) for row in read("gpu_prices.csv", ("provider",))]
    assert ours == [tuple(row[c] for c in old) for row in _given("gpu_prices.csv")]
    ends = {
        row.text("ends")
        for name in ("hosted_tuning.csv", "lifecycle.csv")
        for row in read(name, ("provider",))
    }
    days = ends | {
        row.text(c)
        for row in read("hosted_tuning.csv", ("provider",))
        for c in ("closed", "last_jobs")
    }
    known = {row.text("key"): row.text("value") for row in read("constants.csv", ("key",))}
    elsewhere = {"together_minimum_job_charge", "azure_finetuned_hosting"}
    for row in _given("other.csv"):
        assert (
            known.get(row["key"]) == row["value"] or row["value"] in days or row["key"] in elsewhere
        ), row


@needs_shared
def test_tuning_prices_are_carried_over_whole() -> None:
    ours = {
        (
            r.text("service"),
            r.text("model"),
            r.text("availability"),
            r.text("as_of"),
            r.text("note"),
        ): r
        for r in read("hosted_tuning.csv", ("provider",))
    }
    rows = [row for row in _given("hosted_prices.csv") if row["kind"] != "inference (base model)"]
    assert len(rows) == len(read("hosted_tuning.csv", ("provider",)))
    for row in rows:
        assert (
            row["provider"],
            row["model"],
            row["availability"],
            row["as_of"],
            row["note"],
        ) in ours


@needs_shared
def test_base_model_prices_agree_with_the_price_library(facts: Facts) -> None:
    from datetime import date

    from advisor.facts import in_force
    from advisor.facts.hosted import price_rows

    rows = [row for row in _given("hosted_prices.csv") if row["kind"] == "inference (base model)"]
    assert len(rows) > 40
    for row in rows:
        (price,) = in_force(
            price_rows(row["provider"], row["model"], "undated"), date(2026, 11, 20)
        )
        assert (price.input_usd, price.output_usd) == (
            float(row["input_usd_per_1m"]),
            float(row["output_usd_per_1m"]),
        )
        assert price.cached_input_usd == (
            float(row["cached_input_usd_per_1m"]) if row["cached_input_usd_per_1m"] else None
        )
        if row["batch_output_usd_per_1m"]:
            assert price.batch_factor is not None
            assert price.batch_factor * (price.output_usd or 0) == pytest.approx(
                float(row["batch_output_usd_per_1m"])
            )
