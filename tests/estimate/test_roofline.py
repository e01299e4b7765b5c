"""What GPUs can serve by their data sheet, beside the same sums by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from advisor.core.facts import Gpu, Model
from advisor.core.option import Estimate, Option, Place, Serving
from advisor.core.setting import Setting
from tests.estimate.test_limits import L40S, SIZE, facts, unmeasured
from tests.options import LLAMA, TUNED, estimated, rented

CACHE = 2 * 32 * 8 * 128 * 2
"""Bytes of one token of Llama 3.1 8B: keys and values of 8 heads of 128 in 32 layers, 16 bits."""


def served(gpu: Gpu = L40S, model: Model = LLAMA, **answers: Any) -> Estimate:
    known = replace(facts(), gpu=gpu, models={"llama-3.1-8b": model})
    return estimated(rented(), unmeasured(**answers), known)


def room(memory_gb: float, gpus: int = 1) -> float:
    """Tokens whose caches fit beside 16-bit weights in nine tenths of the memory."""
    return (memory_gb * 1e9 * gpus * 0.9 - 2 * LLAMA.params) / CACHE


@pytest.mark.parametrize(("memory_gb", "gpus"), [(24.0, 1), (40.0, 1), (48.0, 2)])
@pytest.mark.parametrize("output", [320, 2000])
def test_as_many_requests_are_batched_as_fit_with_half_their_answers(
    memory_gb: float, gpus: int, output: int
) -> None:
    """The static prompt of 120 tokens once, 180 fresh tokens and half of each answer."""
    found = served(
        replace(L40S, memory_gb=memory_gb),
        hardware__count=gpus,
        traffic__output_tokens=output,
    )
    fit = (room(memory_gb, gpus) - 120) / (180 + output / 2)
    assert found["serve.fit"].value == pytest.approx(fit)
    assert found["serve.batch"].value == pytest.approx(min(fit, 256.0))


@pytest.mark.parametrize(
    ("prefixes", "is_stored"), [(1, True), (2, True), (15, True), (20, False), (400, False)]
)
def test_static_prompts_are_stored_where_that_leaves_room_for_no_fewer_requests(
    prefixes: int, is_stored: bool
) -> None:
    """24 GB keep 42,267 tokens: with prompts of 2,000 tokens 18 requests fit as they are."""
    found = served(
        replace(L40S, memory_gb=24.0),
        tuning__static_tokens=2000,
        traffic__distinct_prefixes=prefixes,
    )
    plain = room(24.0) / (2000 + 180 + 160)
    stored = (room(24.0) - prefixes * 2000) / (180 + 160)
    assert (stored >= plain) is is_stored
    assert found["serve.fit"].value == pytest.approx(max(stored, plain))
    assert found["serve.read_tokens"].value == (180 if is_stored else 2180)


def test_a_model_too_large_for_its_gpu_serves_one_request_at_a_time() -> None:
    small = served(replace(L40S, memory_gb=4.0))
    assert small["serve.fit"].value == 0.0
    assert small["serve.batch"].value == 1.0


@pytest.mark.parametrize("gpus", [1, 2])
def test_a_request_keeps_its_set_for_its_own_work_and_its_share_of_the_weights(gpus: int) -> None:
    """Prompt and answer at 0.45 of the rated arithmetic, caches and weights at 0.6 of the rated
    bandwidth, both of all GPUs of the set.
    """
    found = served(hardware__count=gpus, traffic__output_tokens=1000)
    operations, bandwidth = 362e12 * 0.45 * gpus, 864e9 * 0.6 * gpus
    read = 180 * 2 * SIZE / operations
    cache = 120 + 180 + 1000 / 2
    step = 2 * SIZE / operations + cache * CACHE / bandwidth
    write = 1000 * 2 * SIZE / bandwidth
    batch = min((room(48.0, gpus) - 120) / (180 + 500), 256.0)
    assert found["serve.read_seconds"].value == pytest.approx(read)
    assert found["serve.further_seconds"].value == pytest.approx(read + 1000 * step)
    assert found["serve.write_seconds"].value == pytest.approx(write)
    assert found["serve.set_seconds"].value == pytest.approx(read + 1000 * step + write / batch)


@pytest.mark.parametrize("waits", [True, False])
def test_only_answers_at_once_need_room_for_the_busiest_hour(waits: bool) -> None:
    found = served(traffic__can_wait_24h=waits, traffic__active_hours_per_month=200)
    hours, peak = (730, 1.0) if waits else (200, 2.5)
    mean = 3e6 * found["serve.set_seconds"].value / 3600 / hours
    assert found["serve.load"].value == pytest.approx(mean * peak)


def test_a_cache_is_as_large_as_its_configuration_says_else_by_its_heads() -> None:
    said = served(model=replace(LLAMA, kv_bytes_per_token=CACHE // 2))
    by_heads = served()
    assert said["serve.fit"].value == pytest.approx((2 * room(48.0) - 120) / (180 + 160), rel=1e-6)
    assert by_heads["serve.fit"].value == pytest.approx((room(48.0) - 120) / (180 + 160))


@pytest.mark.parametrize(
    "changes",
    [
        {"bandwidth_gb_per_second": None},
        {"memory_gb": None},
        {"bf16_tflops": None, "fp16_tflops": None},
    ],
)
def test_without_memory_bandwidth_or_rate_nothing_is_known_of_a_load(
    changes: dict[str, Any],
) -> None:
    found = served(replace(L40S, **changes), traffic__max_latency_seconds=15.0)
    assert not {"serve.load", "serve.fit", "serve.at_once", "serve.further_seconds"} & set(
        found.figures
    )
    assert found["serve.hours"].value == 730


def test_a_model_that_is_all_embeddings_has_no_known_load() -> None:
    tables = replace(LLAMA, embedding_params=LLAMA.active_params)
    assert "serve.load" not in served(model=tables).figures
    assert (
        "serve.load" not in estimated(rented(), unmeasured(), replace(facts(), models={})).figures
    )


def test_a_gpu_without_bf16_is_rated_by_fp16() -> None:
    old = served(replace(L40S, bf16_tflops=None, fp16_tflops=181.0))
    both = served(replace(L40S, fp16_tflops=181.0))
    ratio = old["serve.read_seconds"].value / both["serve.read_seconds"].value
    assert ratio == pytest.approx(2.0)


def test_a_mixture_reads_and_multiplies_what_is_active_and_stores_all() -> None:
    mixture = replace(LLAMA, active_params=2_525_000_000)
    found = served(model=mixture)
    active = 2_525_000_000 - LLAMA.embedding_params
    assert found["serve.write_seconds"].value == pytest.approx(320 * 2 * active / (864e9 * 0.6))
    assert found["serve.read_seconds"].value == pytest.approx(180 * 2 * active / (362e12 * 0.45))
    assert found["serve.fit"].value == served()["serve.fit"].value


@pytest.mark.parametrize("goal", [8.2, 11.0, 15.0, 60.0])
@pytest.mark.parametrize("memory_gb", [20.0, 48.0])
def test_sets_that_keep_a_goal(goal: float, memory_gb: float) -> None:
    """Little's law: requests in flight are arrivals × the time of an answer, and a set works on as
    many as the goal and its memory allow, at 0.65 of its time.
    """
    found = served(replace(L40S, memory_gb=memory_gb), traffic__max_latency_seconds=goal)
    write, further = (found[f"serve.{part}_seconds"].value for part in ("write", "further"))
    at_once = max(0.0, min((goal - write) / further, found["serve.fit"].value))
    assert found["serve.at_once"].value == pytest.approx(at_once)
    taken = max(at_once, 1.0)
    assert found["serve.answer_seconds"].value == pytest.approx(write + taken * further)
    arrivals = 3e6 / 730 / 3600 * 2.5
    flight = arrivals * (write + taken * further)
    assert found["serve.in_flight"].value == pytest.approx(flight)
    assert found["serve.replicas_in_time"].value == max(1, math.ceil(flight / taken / 0.65))


def test_a_little_traffic_needs_one_set() -> None:
    few = served(traffic__max_latency_seconds=15.0, traffic__requests_per_month=100)
    assert few["serve.replicas_in_time"].value == 1.0
    assert few["serve.replicas"].value == 1.0


def hosted(known: Setting, requests: float) -> Estimate:
    option = Option("tune", "hosted", "llama-3.1-8b", "together", Serving(Place.HOSTED))
    return estimated(option, unmeasured(traffic__requests_per_month=requests), known)


def test_a_deployment_is_filled_as_one_gpu_whatever_the_brief_has() -> None:
    terms = replace(TUNED, provider="together", model="ft:llama-3.1-8b", gpu="L40S")
    known = replace(facts(), tuned={"llama-3.1-8b": terms}, hosted_gpus={"L40S": L40S})
    full = 3e6 / served()["serve.load"].value
    for filled, deployments in ((0.99, 1), (1.01, 2), (3.5, 4)):
        assert hosted(known, filled * full)["serve.deployments"].value == deployments
    unknown = replace(known, hosted_gpus={})
    assert "serve.deployments" not in hosted(unknown, full).figures
