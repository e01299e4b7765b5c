"""Models, GPUs and runs that the tests of the training estimator share."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from advisor import facts
from advisor.core.training import TrainingRun


@cache
def book() -> facts.Facts:
    return facts.load()


def a_run(model: str = "Llama-3.2-3B", gpu: str = "L40S", **changes: object) -> TrainingRun:
    run = TrainingRun(
        model_name=model,
        model=book().model(model),
        params=None,
        gpu_name=gpu,
        gpu=book().gpu(gpu),
        seq_len=1024,
    )
    return replace(run, **changes)  # type: ignore[arg-type]
