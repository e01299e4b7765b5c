"""Corrections by own runs, against draws of errors that are put together term by term."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from advisor.estimate.training.correction import (
    ADAPTER,
    COMMON,
    DOUBTS,
    OTHER_ADAPTER,
    OTHER_GPU,
    OTHER_SET_UP,
    SET_UP,
    SourceRun,
    noise,
    update,
)
from tests.estimate.training.catalogue import a_run

REPEAT = 0.05
RUN = a_run(method="lora", rank=16)
OTHER = {
    "dtype": "fp32", "compute_dtype": "fp16", "optimizer": "lion", "packed": True,
    "attention": "eager", "compile": True, "offload": "optimizer", "sharding": "fsdp",
    "tensor_parallel": 2, "pipeline_parallel": 2, "context_parallel": 2,
}  # fmt: skip


def test_every_setting_has_another_here() -> None:
    assert set(OTHER) == set(SET_UP)


@pytest.mark.parametrize("name", OTHER)
def test_any_other_setting_adds_its_doubt_once(name: str) -> None:
    other = replace(RUN, **{name: OTHER[name]})
    assert getattr(other, name) != getattr(RUN, name)
    expected = math.sqrt(REPEAT**2 + OTHER_SET_UP**2)
    assert noise(RUN, other, REPEAT) == pytest.approx(expected)
    assert noise(other, RUN, REPEAT) == pytest.approx(expected)


@pytest.mark.parametrize("what", ["speed", "memory"])
def test_doubts_of_gpu_framework_and_adapter_add_as_variances(what: str) -> None:
    gpu = replace(RUN, gpu_name="H100-SXM")
    assert noise(RUN, gpu, REPEAT, what) ** 2 == pytest.approx(REPEAT**2 + OTHER_GPU[what] ** 2)
    framework = replace(RUN, framework="unsloth")
    assert noise(RUN, framework, REPEAT, what) ** 2 == pytest.approx(REPEAT**2 + OTHER_SET_UP**2)
    unnamed = replace(gpu, method="other")
    assert noise(unnamed, RUN, REPEAT, what) ** 2 == pytest.approx(
        REPEAT**2 + OTHER_GPU[what] ** 2 + OTHER_ADAPTER**2
    )
    assert noise(RUN, RUN, REPEAT, what) == REPEAT


def test_unnamed_adapters_are_alike_where_their_sizes_are_stated_and_the_same() -> None:
    silent = replace(RUN, method="other")
    sized = replace(silent, trainable_params=4_000_000)
    assert noise(silent, silent, REPEAT) == pytest.approx(math.hypot(REPEAT, OTHER_ADAPTER))
    assert noise(sized, sized, REPEAT) == REPEAT
    for name in ADAPTER:
        other = replace(sized, **{name: "attention" if name == "targets" else 8})
        assert noise(sized, other, REPEAT) == pytest.approx(math.hypot(REPEAT, OTHER_ADAPTER)), name


@pytest.mark.parametrize("what", ["speed", "memory"])
def test_an_update_is_the_regression_on_errors_drawn_term_by_term(what: str) -> None:
    """An estimate is off by the sum of share times error of each term, and a common error. The runs
    are off by less than their ranges, so that these keep their width.
    """
    doubts = DOUBTS[what]
    rng = np.random.default_rng(5)
    draws = rng.standard_normal((len(doubts) + 1, 200_000))
    names = list(doubts)

    def shares(weights: list[int]) -> dict[str, float]:
        parts = np.array([*weights, *[0] * (len(names) - len(weights))], dtype=float)
        return dict(zip(names, parts / parts.sum(), strict=True))

    def errors(share: dict[str, float]) -> np.ndarray:
        own = sum(doubts[name] * share[name] * draws[i] for i, name in enumerate(names))
        return np.asarray(own + COMMON * draws[-1])

    target = shares([4, 3, 2, 1])
    measured = [shares([1, 2, 0, 0, 5]), shares([6, 0, 1, 1]), shares([0, 5, 5, 0, 0, 2])]
    drawn = [errors(share) for share in measured]
    sds = [float(d.std()) for d in drawn]
    noises = [0.03, 0.06, 0.02]
    observed = np.array(
        [d + n * rng.standard_normal(d.size) for d, n in zip(drawn, noises, strict=True)]
    )
    wanted = errors(target)
    slopes = np.linalg.lstsq(observed.T, wanted, rcond=None)[0]
    ratios = [0.02, -0.03, 0.01]
    sources = [
        SourceRun(r, sd, s, n) for r, sd, s, n in zip(ratios, sds, measured, noises, strict=True)
    ]
    shift, left = update(float(wanted.std()), target, sources, what)
    assert shift == pytest.approx(float(slopes @ ratios), abs=3e-4)
    assert left == pytest.approx(float((wanted - slopes @ observed).std()), rel=0.02)


def test_a_run_of_narrower_range_than_an_estimate_alike_counts_by_its_own() -> None:
    """Off by 0.2 where the estimate allows 0.1 and the run itself 0.4: by the estimate's range, the
    narrower, it is a surprise of factor 4, by its own none.
    """
    shares, other = {"matrix": 1.0}, {"launch": 1.0}
    alike = update(0.1, shares, [SourceRun(0.2, 0.4, shares, 10.0)], "speed")
    unlike = update(0.1, shares, [SourceRun(0.2, 0.4, other, 10.0)], "speed")
    assert alike[1] == pytest.approx(0.4, rel=0.01)
    assert unlike[1] == pytest.approx(0.1, rel=0.01)


def test_without_doubt_or_runs_nothing_changes() -> None:
    shares = {"matrix": 1.0}
    assert update(0.0, shares, [SourceRun(0.2, 0.4, shares, 0.1)], "speed") == (0.0, 0.0)
    assert update(0.3, shares, [], "speed") == (0.0, 0.3)
