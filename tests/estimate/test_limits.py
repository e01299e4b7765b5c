"""Speeds that no GPU can reach, and what a reader hears beside the figures."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core import format as fmt
from advisor.core.brief import Brief, Current
from advisor.core.errors import UsageError
from advisor.core.facts import Gpu
from advisor.core.option import Estimate, Option, Place, Serving
from advisor.core.precision import tokens_per_second_alone
from advisor.core.probes import DataReport
from advisor.core.quantity import Basis, Quantity, Range
from advisor.core.setting import Setting
from advisor.estimate.advice import cautions
from advisor.estimate.limits import bounds, doubtful, refuse_impossible
from tests.options import (
    CITED,
    DAY,
    LLAMA,
    ROBERTA,
    SONNET,
    TUNED,
    brief,
    dated,
    estimated,
    prompt,
    rented,
    setting,
)

L40S = Gpu("L40S", "NVIDIA", "Ada", "8.9", 48.0, 864.0, 362.0, 362.0, 350.0, "NVIDIA L40S", CITED)
SIZE = 8_030_000_000 - 525_000_000


def facts() -> Setting:
    return replace(setting(), models={"llama-3.1-8b": LLAMA}, gpu=L40S)


KEYS = {
    "hardware.train_tokens_per_second": 2 * 362e12 / (4 * SIZE),
    "hardware.prefill_tokens_per_second": 4 * 362e12 / (2 * SIZE) * (1650 + 180) / 180,
    "hardware.decode_tokens_per_second": 4 * 362e12 / (2 * SIZE),
}


@pytest.mark.parametrize("key", KEYS)
def test_a_speed_above_the_arithmetic_of_the_gpu_is_refused_by_its_key(key: str) -> None:
    name = key.replace(".", "__")
    refuse_impossible(brief(**{name: KEYS[key] * 0.999}), facts())
    with pytest.raises(
        UsageError, match=rf"test\.toml.*{key.partition('.')[2]}.*L40S.*llama-3\.1-8b"
    ) as told:
        refuse_impossible(brief(**{name: KEYS[key] * 1.001}), facts())
    assert "\n" not in str(told.value)


@given(st.floats(1, 4e4))
def test_what_needs_narrow_numbers_draws_a_caution(stated: float) -> None:
    found = list(doubtful(brief(hardware__decode_tokens_per_second=stated), facts()))
    assert bool(found) == (stated > 362e12 / (2 * SIZE))


def test_an_unknown_gpu_or_model_bounds_nothing() -> None:
    fast = brief(hardware__decode_tokens_per_second=1e9)
    refuse_impossible(fast, setting())
    refuse_impossible(replace(fast, models=replace(fast.models, tune=None, prompt=None)), facts())
    refuse_impossible(fast, replace(facts(), models={}))
    refuse_impossible(fast, replace(facts(), gpu=replace(L40S, bf16_tflops=None, fp16_tflops=None)))
    assert (
        tokens_per_second_alone(replace(L40S, bandwidth_gb_per_second=None), LLAMA, 1, 16) is None
    )


def test_one_answer_alone_is_bound_by_memory() -> None:
    """The check value of the literature: an 8B model in 16 bits on 2.0 TB/s writes about 125 tokens
    a second.
    """
    a100 = replace(L40S, bandwidth_gb_per_second=2000.0)
    assert tokens_per_second_alone(a100, LLAMA, 1, 16) == pytest.approx(125, rel=0.1)


def told(held: Brief, known: Setting, *options: Option) -> tuple[str, ...]:
    estimates: list[Estimate] = [estimated(option, held, known) for option in options]
    lines = cautions(estimates, held, known)
    sentences = [s for line in lines for s in re.split(r"(?<=[.;:])\s", line)]
    assert not [sentence for sentence in sentences if len(sentence.split()) > 25]
    return lines


def test_putting_the_shared_part_first_is_advised_with_its_saving() -> None:
    held = brief(
        traffic__distinct_prefixes=20,
        traffic__shared_tokens=1200,
        traffic__shared_first=False,
        traffic__requests_per_month=7300,
    )
    pair = prompt("cached-5m"), prompt("cached-5m", "shared-first")
    costs = [estimated(option, held)["run.total"].value for option in pair]
    line = told(held, setting(), *pair)[0]
    assert costs[1] < costs[0]
    assert f"{fmt.money(costs[0] - costs[1])} less" in line
    assert not told(held, setting(), pair[0])


def test_a_change_of_price_is_told_once_with_its_day() -> None:
    day = DAY + timedelta(days=60)
    known = dated(SONNET, replace(SONNET, start=day, input_usd=6.0))
    found = told(brief(), known, prompt("uncached"), prompt("batch"))
    assert len(found) == 1
    assert f"{day}" in found[0]
    assert "$30,870" in found[0]


def test_a_latency_that_no_gpu_reaches_is_told() -> None:
    least = 320 / (864e9 / (0.55 * SIZE))  # in 4 bits, the quickest
    late = told(brief(traffic__max_latency_seconds=least * 0.9), facts(), rented())
    assert any("at least" in line and "max_latency_seconds" in line for line in late)
    early = told(brief(traffic__max_latency_seconds=least * 1.1), facts(), rented())
    assert any("does not finish one answer alone" in line for line in early)
    busy = brief(traffic__max_latency_seconds=20.0, traffic__requests_per_month=3e7)
    assert any("At the busiest hour" in line for line in told(busy, facts(), rented()))
    assert not any(
        " within " in line
        for line in told(brief(traffic__max_latency_seconds=60.0), facts(), rented())
    )
    assert not told(brief(), facts(), rented())


def test_a_load_of_several_sets_is_told_where_speeds_are_not_known() -> None:
    unknown = {
        "hardware__prefill_tokens_per_second": None,
        "hardware__decode_tokens_per_second": None,
    }
    each = 3e6 / estimated(rented(), brief(**unknown), facts())["serve.load"].value
    busy = brief(**unknown, traffic__requests_per_month=each * 1.01)
    assert any("fills 2 sets" in line for line in told(busy, facts(), rented()))
    assert not any(
        "fills" in line
        for line in told(
            brief(**unknown, traffic__requests_per_month=each * 0.99), facts(), rented()
        )
    )


def test_an_interval_that_was_worked_out_is_told() -> None:
    held = brief(quality__error_cost_usd=0.05, task__knowledge_change_per_month=0.04)
    assert not told(held, setting(), rented())
    open_ = replace(
        held, origins={k: o for k, o in held.origins.items() if k != "team.retrain_every_months"}
    )
    months = estimated(rented(), open_)["retrain.months"].value
    assert f"every {fmt.months(months)}" in told(open_, setting(), rented())[0]


def test_padded_rows_and_months_of_720_hours_are_told() -> None:
    tokens = Quantity(Range.exact(620.0), "tokens/row", Basis.MEASURED, "counted", "2026-11-20")
    report = DataReport(
        ("a.jsonl",), 10, 10, 0, (), 0, "p", "a", "exact", tokens, tokens, tokens, 2048
    )
    known = replace(setting(tuned={"gpt-4.1-mini": TUNED}), data=report)
    option = Option("tune", "hosted", "gpt-4.1-mini", "azure", Serving(Place.HOSTED))
    found = estimated(option, brief(), known)
    assert found["train.padded_tokens"].value == 18_000 * 2048 * 3
    assert found["train.run_padded_usd"].value == pytest.approx(18_000 * 2048 * 3 * 5 / 1e6)
    assert found["train.run_usd"].value == pytest.approx(18_000 * 620 * 3 * 5 / 1e6)
    lines = told(brief(), known, option)
    assert any(
        "packing" in line and fmt.money(found["train.run_padded_usd"].value) in line
        for line in lines
    )
    assert any("$1,241" in line and "$1,224" in line for line in lines)


def unmeasured(**answers: object) -> Brief:
    """The test's brief without stated speeds, answers wanted at once."""
    speeds = {f"hardware__{task}_tokens_per_second": None for task in ("prefill", "decode")}
    return brief(**{"traffic__can_wait_24h": False, **speeds, **answers})


def set_seconds(
    params: float,
    layer_bytes: float,
    prompt: float,
    output: float,
    shares: tuple[float, float] = (0.45, 0.6),
    gpu: tuple[float, float, float] = (362e12, 864e9, 48e9),
    each: float = 2.0,
    most: float = 256.0,
) -> float:
    """Seconds of a GPU (operations per second, bytes per second, bytes) for one request in a full
    batch, `each` bytes per parameter: the roofline by hand.
    """
    arithmetic, bandwidth = gpu[0] * shares[0], gpu[1] * shares[1]
    cache = (prompt + output / 2) * layer_bytes
    batch = max(1.0, min(most, (gpu[2] * 0.9 - each * params) / cache))
    operations = (prompt + output) * 2 * params / arithmetic
    return operations + output * (each * params / batch + cache) / bandwidth


LLAMA_CACHE = 2 * 32 * 8 * 128 * 2


def test_a_load_of_unknown_speed_fills_sets_by_the_roofline_at_the_busiest_hour() -> None:
    prompt, output = 120 + 180, 320
    arithmetic, bandwidth = 362e12 * 0.45, 864e9 * 0.6
    cache = (prompt + output / 2) * LLAMA_CACHE
    room = (48e9 * 0.9 - 2 * LLAMA.params) / LLAMA_CACHE
    batch = min(256.0, (room - 120) / (180 + output / 2))  # the static prompt is stored once
    each = (180 + output) * 2 * SIZE / arithmetic
    each += output * (2 * SIZE / batch + cache) / bandwidth
    found = estimated(rented(), unmeasured(), facts())
    assert found["serve.load"].value == pytest.approx(3e6 * each / 3600 / 730 * 2.5)
    for requests, sets in ((1e5, 1), (0.999 * 7 * 730 * 3600 / each / 2.5, 7)):
        one = unmeasured(traffic__requests_per_month=requests)
        assert estimated(rented(), one, facts())["run.hosting"].value == pytest.approx(
            sets * 730 * 1.861
        )
    assert any("likely number, 7, is charged" in line for line in told(one, facts(), rented()))


def test_static_prompts_are_read_each_time_where_their_caches_do_not_fit() -> None:
    """L40S with 16 bits: room for 27e9 ÷ 131,072 = 207,000 tokens; 200 prompts take more."""
    answers = {"tuning__static_tokens": Range.exact(1650)}
    for prefixes, read in ((1, 180), (200, 1830)):
        few = unmeasured(**answers, traffic__distinct_prefixes=prefixes)
        assert estimated(rented(), few, facts())["serve.read_tokens"].value == read


@pytest.mark.parametrize(
    ("params", "layer_bytes", "prompt", "output", "gpu", "each", "most", "measured"),
    [
        # 1,000 ShareGPT requests, Qwen3-32B in bf16 on one H100 NVL, at most 32 at once:
        # github.com/vllm-project/vllm/issues/17788
        (32.8e9, 2 * 64 * 8 * 128 * 2, 217, 201, (835e12, 3.9e12, 94e9), 2.0, 32.0, 653.6),
        # the same requests, Qwen3-VL-32B-Instruct-FP8 on one L40S:
        # github.com/vllm-project/vllm/pull/29217
        (32.8e9, 2 * 64 * 8 * 128 * 2, 217, 190, (362e12, 864e9, 48e9), 1.06, 256.0, 621.9),
    ],
)
def test_the_roofline_holds_published_speeds_of_vllm(
    params: float,
    layer_bytes: float,
    prompt: float,
    output: float,
    gpu: tuple[float, float, float],
    each: float,
    most: float,
    measured: float,
) -> None:
    """Tokens written per second lie between the model's low shares and its high ones."""
    slow, fast = (
        output / set_seconds(params, layer_bytes, prompt, output, shares, gpu, each, most)
        for shares in ((0.25, 0.4), (0.65, 0.8))
    )
    assert slow <= measured <= fast


def test_a_deployment_on_a_known_gpu_is_not_endless() -> None:
    """A provider's GPU with free tokens: as many deployments as the load fills, at least one."""
    together = replace(
        TUNED,
        provider="together",
        model="ft:llama-3.1-8b",
        input_usd=0.0,
        output_usd=0.0,
        gpu="L40S",
    )
    known = replace(facts(), tuned={"llama-3.1-8b": together}, hosted_gpus={"L40S": L40S})
    option = Option("tune", "hosted", "llama-3.1-8b", "together", Serving(Place.HOSTED))
    one = estimated(rented(), unmeasured(), facts())["serve.load"].value / 3e6
    full = 1 / one
    for filled, deployments in ((0.5, 1), (2.5, 3)):
        found = estimated(option, unmeasured(traffic__requests_per_month=filled * full), known)
        assert found["run.hosting"].value == pytest.approx(deployments * 730 * 1.7)


def in_time(goal: float, **answers: object) -> Estimate:
    return estimated(rented(), unmeasured(traffic__max_latency_seconds=goal, **answers), facts())


def test_sets_in_time_by_hand() -> None:
    """Continuous batching by the roofline, at the likely shares; Little's law for the sets."""
    prompt, output, layer_bytes = 300.0, 320.0, 2 * 32 * 8 * 128 * 2
    operations, bandwidth = 362e12 * 0.45, 864e9 * 0.6
    write = output * 2 * SIZE / bandwidth
    cache = (prompt + output / 2) * layer_bytes
    further = (180 + output) * 2 * SIZE / operations + output * cache / bandwidth
    room = (48e9 * 0.9 - 2 * LLAMA.params) / layer_bytes
    at_once = min((15 - write) / further, (room - 120) / (180 + output / 2))
    found = in_time(15)
    assert found["serve.at_once"].value == pytest.approx(at_once)
    flight = 3e6 / 730 / 3600 * 2.5 * (write + at_once * further)
    assert found["serve.in_flight"].value == pytest.approx(flight)
    assert found["serve.replicas_in_time"].value == max(1, -(-flight / at_once / 0.65 // 1))


@pytest.mark.parametrize(("memory_gb", "each"), [(48.0, 2.0), (12.0, 1.06), (6.0, 0.55)])
def test_a_model_is_timed_in_the_widest_weights_that_fit(memory_gb: float, each: float) -> None:
    """8.03e9 parameters: 16.06 GB, 8.5 GB or 4.4 GB of 0.9 × memory."""
    small = replace(facts(), gpu=replace(L40S, memory_gb=memory_gb))
    found = estimated(rented(), unmeasured(traffic__max_latency_seconds=15), small)
    assert found["serve.weight_bytes"].value == each
    write = 320 * each * SIZE / (864e9 * 0.6)
    assert found["serve.write_seconds"].value == pytest.approx(write)


@given(st.floats(11, 60), st.floats(1.01, 4), st.floats(1e5, 1e8))
def test_a_tighter_goal_never_takes_fewer_gpus(
    goal: float, tighter: float, requests: float
) -> None:
    loose, tight = (
        in_time(g, traffic__requests_per_month=requests) for g in (goal, goal / tighter)
    )
    same_weights = tight["serve.weight_bytes"].value == loose["serve.weight_bytes"].value
    if tight["serve.at_once"].value >= 1 and same_weights:
        assert tight["serve.replicas_in_time"].value >= loose["serve.replicas_in_time"].value


def test_without_a_goal_nothing_is_said_of_latency() -> None:
    assert "serve.at_once" not in in_time(0).figures


@pytest.mark.parametrize(
    ("multiple", "told_of"), [(0.4, True), (1.0, False), (1.9, False), (2.1, True)]
)
def test_a_bill_far_from_what_its_traffic_costs_is_told(multiple: float, told_of: bool) -> None:
    plain = prompt("uncached")
    cost = estimated(plain, brief())["run.total"].value
    held = replace(
        brief(),
        current=Current("prompt", plain.technique, plain.model, Range.exact(multiple * cost)),
    )
    lines = told(held, facts(), replace(plain, as_is=True), plain)
    assert any("Check current.monthly_usd" in line for line in lines) == told_of


def test_bounds_are_of_decoders_that_are_tuned_or_served_there() -> None:
    """Training bounds concern tuned models alone; serving also those that are prompted."""
    small = replace(LLAMA, active_params=1_525_000_000)
    known = replace(
        facts(), models={"llama-3.1-8b": LLAMA, "small": small, "roberta-base": ROBERTA}
    )
    case = brief(
        hardware__train_tokens_per_second=9.0,
        hardware__prefill_tokens_per_second=9.0,
        hardware__decode_tokens_per_second=9.0,
    )
    models = replace(case.models, tune=("roberta-base", "llama-3.1-8b"), prompt=("small", "closed"))
    found = list(bounds(replace(case, models=models), known))
    assert [(b.task, b.model) for b in found] == [
        ("train", "llama-3.1-8b"),
        ("prefill", "llama-3.1-8b"),
        ("prefill", "small"),
        ("decode", "llama-3.1-8b"),
        ("decode", "small"),
    ]
    most = {(b.task, b.model): b.tokens_per_second for b in found}
    assert most["decode", "small"] == pytest.approx(362e12 / (2 * 1e9))
    assert most["train", "llama-3.1-8b"] == pytest.approx(362e12 / (4 * SIZE))
    prompt_tokens = max(case.traffic.static_tokens.likely, case.tuning.static_tokens.likely)
    assert most["prefill", "small"] == pytest.approx(
        most["decode", "small"] * (prompt_tokens + 180) / 180
    )
    old = replace(known, gpu=replace(L40S, bf16_tflops=None, fp16_tflops=100.0))
    first = next(iter(bounds(replace(case, models=models), old)))
    assert first.tokens_per_second == pytest.approx(100e12 / (4 * SIZE))
    all_tables = replace(LLAMA, embedding_params=LLAMA.active_params)
    assert not list(bounds(case, replace(facts(), models={"llama-3.1-8b": all_tables})))


def test_a_speed_that_some_model_of_the_brief_can_reach_is_not_refused() -> None:
    small = replace(LLAMA, active_params=1_525_000_000)
    known = replace(facts(), models={"llama-3.1-8b": LLAMA, "small": small})
    speed = 4 * 362e12 / (2 * 1e9)
    case = brief(hardware__decode_tokens_per_second=speed * 0.99)
    for order in (("llama-3.1-8b", "small"), ("small", "llama-3.1-8b")):
        refuse_impossible(replace(case, models=replace(case.models, tune=order)), known)
    with pytest.raises(UsageError):
        refuse_impossible(case, known)  # the large one alone


def test_an_input_of_nothing_bounds_reading_by_the_whole_prompt() -> None:
    case = brief(hardware__prefill_tokens_per_second=9.0, traffic__input_tokens=0.0)
    most = next(b for b in bounds(case, facts()) if b.task == "prefill").tokens_per_second
    assert most == pytest.approx(362e12 / (2 * SIZE) * (1650 + 1))
