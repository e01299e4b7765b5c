"""How fast an encoder reads, by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.core.option import Option, Place, Serving
from advisor.core.setting import Setting
from tests.estimate.test_gpu_hours import L40S
from tests.options import ROBERTA, brief, estimated, setting

PARAMETERS = 125e6


def facts() -> Setting:
    return replace(setting(), models={"roberta-base": ROBERTA}, gpu=L40S)


def encoder(place: Place) -> Option:
    return Option("tune", "encoder", "roberta-base", "", Serving(place))


def test_gpus_read_at_a_quarter_of_their_rated_arithmetic() -> None:
    """The input alone: 180 tokens, 2 operations per parameter and token."""
    case = brief(task__output="label", hardware__count=2)
    found = estimated(encoder(Place.RENTED), case, facts())
    speed = 2 * 362e12 * 0.25 / (2 * PARAMETERS)
    busy = 3e6 * 180 / speed / 3600
    assert found["serve.busy_hours"].value == pytest.approx(busy)
    assert found["run.hosting"].value == pytest.approx(busy * 2 * 1.861)


def test_a_limit_of_latency_is_judged_by_the_reading_alone() -> None:
    case = brief(traffic__max_latency_seconds=0.2)
    on_gpu = estimated(encoder(Place.RENTED), case, facts())
    on_cpu = estimated(encoder(Place.CPU), case, facts())
    assert on_gpu["time.answer_seconds"].value == pytest.approx(
        180 * 2 * PARAMETERS / (362e12 * 0.25)
    )
    assert on_cpu["time.answer_seconds"].value == pytest.approx(180 * 2 * PARAMETERS / 150e9)
    assert "serve.at_once" not in on_gpu.figures  # nothing is written, so nothing is batched


def test_the_stated_speeds_of_decoders_are_not_those_of_an_encoder() -> None:
    slow = estimated(encoder(Place.RENTED), brief(), facts())
    fast = estimated(encoder(Place.RENTED), brief(hardware__prefill_tokens_per_second=1e6), facts())
    assert fast["serve.busy_hours"].value == slow["serve.busy_hours"].value
    assert not fast["train.hours"].is_known  # no run of an encoder was planned on this GPU


def test_without_a_data_sheet_nothing_is_known_of_its_speed() -> None:
    bare = replace(facts(), gpu=replace(L40S, bf16_tflops=None, fp16_tflops=None))
    assert "serve.busy_hours" not in estimated(encoder(Place.RENTED), brief(), bare).figures
