"""Which options a brief has."""

from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.core.brief import Brief, Current, Retrieval, Score, Segment
from advisor.core.facts import TokenPrice
from advisor.core.option import Place, Serving
from advisor.core.quantity import Range
from advisor.core.setting import Setting
from advisor.core.training import TrainingEstimate
from advisor.estimate.options import adapters, may_wait, options, tuned_techniques
from tests.estimate.test_gpu_hours import L40S
from tests.options import CITED, LLAMA, ROBERTA, SONNET, TUNED, brief, setting


def facts(**changes: object) -> Setting:
    """The prices of the tests, with the shapes of two open models."""
    return replace(setting(), models={"llama-3.1-8b": LLAMA, "roberta-base": ROBERTA}, **changes)


def ids(held: Brief, known: Setting | None = None) -> list[str]:
    return [a.id for a in options(held, known or facts())]


def models(
    held: Brief, prompt: tuple[str, ...] = ("claude-sonnet-5",), tune: tuple[str, ...] = ()
) -> Brief:
    return replace(held, models=replace(held.models, prompt=prompt, tune=tune))


def test_a_prompt_is_served_uncached_through_each_cache_and_in_batches() -> None:
    head = "prompt/few-shot@claude-sonnet-5"
    assert ids(models(brief())) == [
        f"{head}+{s}" for s in ("uncached", "cached-5m", "cached-1h", "batch")
    ]


def test_no_batch_where_results_cannot_wait_or_must_come_within_a_day() -> None:
    assert not any("batch" in i for i in ids(models(brief(traffic__can_wait_24h=False))))
    assert not any("batch" in i for i in ids(models(brief(traffic__max_latency_seconds=2.0))))
    assert may_wait(brief(traffic__max_latency_seconds=86_400.0))
    assert not may_wait(brief(traffic__max_latency_seconds=0.5))
    assert not may_wait(brief(traffic__max_latency_seconds=3600.0))


def test_an_empty_list_of_models_means_no_such_option() -> None:
    assert ids(models(brief(), prompt=())) == []


def test_an_open_model_can_be_prompted_on_ones_own_gpus() -> None:
    assert ids(models(brief(), prompt=("llama-3.1-8b",))) == ["prompt/few-shot@llama-3.1-8b+rented"]
    owned = models(brief(hardware__owned=True), prompt=("llama-3.1-8b",))
    assert ids(owned) == ["prompt/few-shot@llama-3.1-8b+owned"]


def test_a_tuned_model_runs_on_gpus_and_keeps_its_prompt_or_passes_on_as_hybrids() -> None:
    found = ids(models(brief(), tune=("llama-3.1-8b",)))[4:]
    assert found == [
        "tune/lora@llama-3.1-8b+rented",
        "hybrid/tuned-few-shot@llama-3.1-8b+rented",
        "hybrid/cascade@llama-3.1-8b+rented",
    ]


def test_without_gpus_only_a_provider_can_tune() -> None:
    held = models(brief(hardware__gpu="none"), prompt=(), tune=("llama-3.1-8b", "gpt-4.1-mini"))
    known = facts(tuned={"gpt-4.1-mini": TUNED})
    assert ids(replace(held, task=replace(held.task, type="generation")), known) == [
        "tune/hosted@gpt-4.1-mini+hosted",
        "hybrid/tuned-few-shot@gpt-4.1-mini+hosted",
    ]


def test_a_long_prompt_that_a_tuned_model_keeps_is_cached_where_its_provider_can() -> None:
    cached = replace(TUNED, cached_input_usd=0.1, cache_minimum_tokens=1024, cache_minutes=(10,))
    held = models(brief(hardware__gpu="none"), prompt=(), tune=("gpt-4.1-mini",))
    found = ids(
        replace(held, task=replace(held.task, type="generation")),
        facts(tuned={"gpt-4.1-mini": cached}),
    )
    assert found == [
        "tune/hosted@gpt-4.1-mini+hosted",
        "hybrid/tuned-few-shot@gpt-4.1-mini+hosted",
        "hybrid/tuned-few-shot@gpt-4.1-mini+hosted+cached",
    ]


def test_a_model_that_does_not_fit_is_tuned_with_quantised_weights() -> None:
    full = TrainingEstimate.__new__(TrainingEstimate)
    object.__setattr__(full, "fits", "no")
    known = facts(training={("llama-3.1-8b", "lora"): full})
    assert "tune/qlora@llama-3.1-8b+rented" in ids(models(brief(), tune=("llama-3.1-8b",)), known)


def test_an_encoder_is_an_option_where_the_output_is_a_label() -> None:
    held = models(brief(), prompt=(), tune=("roberta-base",))
    assert ids(replace(held, task=replace(held.task, type="generation"))) == []
    label = replace(held, task=replace(held.task, output="label"))
    assert ids(label) == ["tune/encoder@roberta-base+rented+cpu"]
    assert options(label, facts())[0].runs_on == "rented CPU"


def test_an_encoder_marks_the_parts_of_a_text_where_the_brief_names_one() -> None:
    named = models(brief(), prompt=(), tune=("roberta-base",))
    assert ids(named) == ["tune/encoder@roberta-base+rented+cpu"]
    origins = {k: o for k, o in named.origins.items() if k != "models.tune"}
    assert ids(replace(named, origins=origins)) == []


def test_an_encoder_also_runs_on_gpus_whose_data_sheet_is_known() -> None:
    label = models(brief(task__output="label"), prompt=(), tune=("roberta-base",))
    head = "tune/encoder@roberta-base"
    assert ids(label, facts(gpu=L40S)) == [f"{head}+rented+cpu", f"{head}+rented"]


def test_an_encoder_of_data_that_must_stay_runs_on_a_server_of_ones_own() -> None:
    held = brief(task__output="label", hardware__gpu="none", policy__data_may_leave=False)
    assert ids(models(held, prompt=(), tune=("roberta-base",))) == [
        "tune/encoder@roberta-base+owned+cpu"
    ]


def test_documents_to_look_up_add_retrieval_to_prompts_and_hybrids() -> None:
    found = ids(models(replace(brief(), retrieval=Retrieval()), tune=("llama-3.1-8b",)))
    assert "prompt/retrieval@claude-sonnet-5+batch" in found
    assert "hybrid/tuned-retrieval@llama-3.1-8b+rented" in found
    assert not any("retrieval" in i for i in ids(models(brief(), tune=("llama-3.1-8b",))))


def test_a_measured_curve_is_one_option_for_each_length_of_prompt() -> None:
    points = tuple(
        Score(
            "prompt",
            "many-shot",
            "claude-sonnet-5",
            0.8,
            100,
            train_examples=n,
            static_tokens=Range.exact(27.0 * n),
        )
        for n in (10, 100)
    )
    held = models(brief(traffic__can_wait_24h=False))
    held = replace(held, quality=replace(held.quality, measured=points))
    assert ids(held) == [
        "prompt/many-shot-10@claude-sonnet-5+uncached",
        "prompt/many-shot-100@claude-sonnet-5+uncached",
        "prompt/many-shot-100@claude-sonnet-5+cached-5m",
        "prompt/many-shot-100@claude-sonnet-5+cached-1h",
    ]


def test_what_is_in_place_comes_first_and_is_named_so() -> None:
    held = replace(models(brief()), current=Current("prompt", "zero-shot", "claude-sonnet-5", None))
    assert ids(held)[0] == "as-is/zero-shot@claude-sonnet-5+cached-5m"
    last = replace(
        brief(
            traffic__distinct_prefixes=20, traffic__shared_tokens=1200, traffic__shared_first=False
        ),
        current=held.current,
    )
    assert ids(models(last))[0] == "as-is/zero-shot@claude-sonnet-5+cached-5m"


def test_a_cache_without_a_read_price_or_a_lifetime_is_none() -> None:
    for lacking in (replace(SONNET, cached_input_usd=None), replace(SONNET, cache_minutes=())):
        assert not any(
            "+cached" in i for i in ids(models(brief()), facts(prices={"claude-sonnet-5": lacking}))
        )


@pytest.mark.parametrize("minutes", [(5,), (30,), (60,)])
def test_one_lifetime_needs_no_name(minutes: tuple[int, ...]) -> None:
    price = TokenPrice("x", "m", 1.0, 1.0, cached_input_usd=0.1, cache_minutes=minutes, cited=CITED)
    assert ids(models(brief(), prompt=("m",)), facts(prices={"m": price})) == [
        "prompt/few-shot@m+uncached",
        "prompt/few-shot@m+cached",
    ]


def test_every_segment_is_an_adapter_else_every_task() -> None:
    held = replace(brief(), segments=(Segment("a", 6), Segment("b", 2)))
    assert adapters(held) == 8
    assert adapters(brief()) == 1
    assert adapters(replace(brief(), task=replace(brief().task, tasks_sharing_model=3))) == 3


def test_every_measured_way_to_tune_a_model_competes() -> None:
    scores = tuple(
        Score("tune", technique, "llama-3.1-8b", 0.9, 400)
        for technique in ("full", "lora", "qlora", "soft-prompt", "lora")
    )
    held = models(brief(), tune=("llama-3.1-8b",))
    held = replace(held, quality=replace(held.quality, measured=scores))
    tuned = [i for i in ids(held) if i.startswith("tune/")]
    assert tuned == [
        f"tune/{technique}@llama-3.1-8b+rented"
        for technique in ("full", "lora", "qlora", "soft-prompt")
    ]


def test_a_classifier_runs_on_the_teams_own_server_where_the_machines_are_its_own() -> None:
    held = models(brief(), tune=("roberta-base",))
    held = replace(held, task=replace(held.task, output="label"))
    assert "tune/encoder@roberta-base+rented+cpu" in ids(held)
    owned = replace(held, hardware=replace(held.hardware, owned=True))
    assert "tune/encoder@roberta-base+owned+cpu" in ids(owned)
    assert not any("rented" in i for i in ids(owned))


@pytest.mark.parametrize(
    ("measured", "hosted", "rented"),
    [
        ((), ("hosted",), ("lora",)),
        (("hosted",), ("hosted",), ("hosted",)),  # nothing else is known to work here
        (("full", "lora"), ("full", "lora"), ("full", "lora")),
        (("lora", "hosted"), ("hosted",), ("lora",)),
        (("lora", "lora"), ("lora",), ("lora",)),
    ],
)
def test_a_provider_tunes_its_own_way_and_gpus_each_measured_one(
    measured: tuple[str, ...], hosted: tuple[str, ...], rented: tuple[str, ...]
) -> None:
    model = "llama-3.1-8b"
    scores = [Score("tune", technique, "Llama-3.1-8B", 0.8, 400) for technique in measured]
    others = [
        Score("prompt", "few-shot", model, 0.8, 400),
        Score("tune", "dora", "other", 0.8, 400),
    ]
    scored = brief(quality__measured=(*scores, *others))
    assert tuned_techniques(scored, facts(), model, Serving(Place.HOSTED)) == hosted
    assert tuned_techniques(scored, facts(), model, Serving(Place.RENTED)) == rented
    assert tuned_techniques(scored, facts(), "roberta-base", Serving(Place.RENTED)) == ("encoder",)
