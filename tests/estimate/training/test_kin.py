"""Which measured runs speak for another: those of its GPU, and those of its kind on other GPUs."""

from __future__ import annotations

import pytest

from advisor.core.training import TrainingMeasurement
from advisor.estimate.training.kin import of_kind, on_gpu_or_of_kind
from tests.estimate.training.catalogue import a_run

RUN = a_run("Llama-3.2-3B", "L40S", method="lora")


@pytest.mark.parametrize(
    ("model", "gpu", "method", "gpus", "near", "kin"),
    [
        ("Llama-3.2-3B", "L40S", "lora", 1, True, True),
        ("Llama-3.2-3B", "A100-80GB-SXM", "lora", 1, True, True),
        ("Llama-3.1-8B", "L40S", "full", 2, True, False),
        ("Llama-3.1-8B", "A100-80GB-SXM", "lora", 1, False, False),
        ("Llama-3.2-3B", "A100-80GB-SXM", "full", 1, False, False),
        ("Llama-3.2-3B", "A100-80GB-SXM", "lora", 2, False, False),
    ],
)
def test_a_run_speaks_for_its_gpu_and_for_its_kind(
    model: str, gpu: str, method: str, gpus: int, near: bool, kin: bool
) -> None:
    other = TrainingMeasurement(a_run(model, gpu, method=method, gpus=gpus))
    assert (on_gpu_or_of_kind(RUN, [other]) == (other,)) is near
    assert (of_kind(RUN, [other]) == (other,)) is kin
