"""Steps and seconds of a run, counted by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.estimate.training import shape_of
from advisor.estimate.training.coefficients import fitted
from advisor.estimate.training.time import evaluation_tokens, fixed_seconds, optimizer_steps
from tests.estimate.training.catalogue import a_run

PARAMS = 6_738_415_616
MODEL = "Llama-2-7b"


@pytest.mark.parametrize(
    ("changes", "steps"),
    [
        ({"examples": 1001.0, "micro_batch": 4, "grad_accum": 2}, 126 * 3),
        ({"examples": 1001.0, "micro_batch": 4, "gpus": 4, "sharding": "ddp"}, 63 * 3),
        ({"examples": 1000.0, "gpus": 8, "sharding": "fsdp", "context_parallel": 2}, 250 * 3),
        ({"examples": 1000.0, "gpus": 8, "tensor_parallel": 4, "sharding": "tp"}, 500 * 3),
        ({"examples": 1000.0, "gpus": 8, "pipeline_parallel": 2, "sharding": "pp"}, 250 * 3),
        ({"examples": None}, None),
    ],
)
def test_a_step_takes_a_batch_of_every_replica(changes: dict[str, object], steps: int) -> None:
    assert optimizer_steps(a_run(MODEL, epochs=3.0, **changes)) == steps


@pytest.mark.parametrize(("method", "share"), [("full", 1 / 3), ("lora", 1 / 2)])
def test_an_evaluation_is_a_forward_pass(method: str, share: float) -> None:
    run = a_run(MODEL, method=method, mean_tokens=200.0, epochs=2.0)
    assert evaluation_tokens(run) == 0.0
    evaluated = replace(run, eval_examples=50.0, evaluations=3.0)
    assert evaluation_tokens(evaluated) == pytest.approx(share * 3 * 2 * 50 * 200)


def test_weights_are_loaded_once_and_saved_where_all_are_trained() -> None:
    """Two bytes per weight, a billion a second; compiling takes its time."""
    k = fitted()
    lora, full = (a_run(MODEL, method=method) for method in ("lora", "full"))
    seconds = 2 * PARAMS / 1e9
    assert fixed_seconds(lora, shape_of(lora), k) == pytest.approx(k.start_seconds + seconds)
    assert fixed_seconds(full, shape_of(full), k) == pytest.approx(k.start_seconds + 2 * seconds)
    compiled = fixed_seconds(replace(lora, compile=True), shape_of(lora), k)
    assert compiled - fixed_seconds(lora, shape_of(lora), k) == pytest.approx(k.compile_seconds)
