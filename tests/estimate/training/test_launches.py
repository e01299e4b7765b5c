"""Kernels that a layer launches, counted by hand from the coefficients."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from advisor.estimate.training import frameworks, shape_of
from advisor.estimate.training.coefficients import fitted
from advisor.estimate.training.frameworks import Kernels
from advisor.estimate.training.launches import adapter_modules, launch_seconds
from tests.estimate.training.by_hand import LAYER, SPEEDS, run_of
from tests.estimate.training.catalogue import a_run, book

LAYERS = 32
K = fitted()
PLAIN = math.exp(K.launch_per_layer) * LAYERS


def seconds(**changes: object) -> float:
    run = a_run("Llama-2-7b", **changes)
    return launch_seconds(run, shape_of(run), K) / PLAIN


def stack(kernels: Kernels, in_fp32: bool) -> str:
    """A framework of this kind."""
    return next(
        name
        for name, versions in frameworks.table().items()
        if (versions[-1].kernels, versions[-1].adapters_in_fp32) == (kernels, in_fp32)
    )


@pytest.mark.parametrize(
    ("changes", "passes"),
    [
        ({}, 1.0),
        ({"compile": True}, 0.5),
        ({"checkpointing": "full"}, 4 / 3),  # forward is a third of a step
        ({"sharding": "fsdp", "gpus": 4}, math.exp(K.launch_sharded)),
        ({"sharding": "ddp", "gpus": 4}, 1.0),
        ({"method": "prefix"}, 1.0),  # positions, not operations
    ],
)
def test_a_layer_launches_its_kernels(changes: dict[str, object], passes: float) -> None:
    assert seconds(**{"method": "full", **changes}) == pytest.approx(passes)


@pytest.mark.parametrize(
    ("method", "kernels", "in_fp32", "share"),
    [
        ("lora", Kernels.PLAIN, True, 1.0),
        ("lora", Kernels.TUNED, False, 0.6),
        ("lora", Kernels.FUSED, True, 0.3),
        ("dora", Kernels.PLAIN, True, 2.0),
    ],
)
def test_adapters_add_theirs_for_each_module(
    method: str, kernels: Kernels, in_fp32: bool, share: float
) -> None:
    run = a_run("Llama-2-7b", method=method, targets="all-linear")
    assert adapter_modules(run, shape_of(run)) == 7
    spent = seconds(method=method, framework=stack(kernels, in_fp32))
    assert spent == pytest.approx(1 + share * 7 * K.launch_adapter)


@pytest.mark.parametrize(
    ("changes", "shape", "expected"),
    [
        ({"method": "full"}, {}, 1),
        ({"method": "full", "checkpointing": "selective"}, {}, 1 + 0.2 / 3),
        ({"method": "full", "framework": "nemo"}, {}, 0.5),
        ({"method": "full", "framework": "nemo", "compile": True}, {}, 0.5),
        ({"method": "full"}, {"moe": True}, 1 + 9),
        ({"method": "full", "framework": "nemo"}, {"moe": True}, 0.5 * (1 + 0.5)),
        ({"method": "full", "gpus": 2, "sharding": "fsdp"}, {"moe": True}, 1.5 + 9),
        ({"targets": "qv"}, {}, 1 + 0.4 * 2),
        ({"targets": ""}, {}, 1 + 0.4 * 2),
        ({"method": "soft-prompt"}, {}, 1),
        ({"method": "dora", "framework": "torchtune"}, {}, 1 + 2 * 0.6 * 0.4 * 7),
        ({"framework": "unsloth"}, {}, 1 + 0.3 * 0.4 * 7),
        ({"gpus": 2, "sharding": "zero3"}, {}, 1.5 * (1 + 0.4 * 7)),
    ],
)
def test_launches_by_hand(changes: dict[str, Any], shape: dict[str, Any], expected: float) -> None:
    found = launch_seconds(run_of(**changes), replace(LAYER, **shape), SPEEDS)
    assert found == pytest.approx(expected * 0.002 * LAYER.layers)


def test_experts_of_a_known_mixture_are_launched_one_by_one() -> None:
    run = replace(run_of(method="full"), model=book().model("Mixtral-8x7B-v0.1"))
    found = launch_seconds(run, replace(LAYER, moe=True), SPEEDS)
    assert found == pytest.approx((1 + 8 / 3) * 0.002 * LAYER.layers)
