"""What makes an estimate doubtful: of a run that is stated in full, its terms alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.core.training import TrainingRun
from advisor.estimate.training import spread
from advisor.estimate.training.coefficients import Coefficients
from tests.estimate.training.catalogue import a_run

NONE = Coefficients.from_flat({})


def counted(run: TrainingRun, what: str, **shares: float) -> dict[str, float]:
    """The causes that count at all, where no other reading of the run moves its estimate."""
    found = spread.causes(run, what, shares, NONE, lambda run: 100.0)
    return {name: amount for name, amount in found.items() if amount}


def test_a_run_that_is_stated_in_full_is_as_doubtful_as_its_terms() -> None:
    assert counted(a_run(), "speed", matrix=0.5) == {"base": 1.0, "matrix": 0.25}
    assert counted(a_run(), "memory", weights=1.0) == {"base": 1.0, "standing": 1.0}


@pytest.mark.parametrize(
    ("changes", "cause", "amount"),
    [
        ({"assumed": ("seq_len", "mean_tokens")}, "lengths", 1.0),
        ({"assumed": ("micro_batch",)}, "batch", 1.0),
        ({"assumed": ("dtype", "optimizer", "sharding")}, "settings", 3.0),
        ({"model": None}, "model", 1.0),
        ({"gpus": 2}, "shared", 1.0),
        ({"gpus": 32}, "machines", 2.0),
        ({"gpus": 8}, "machines", 0.0),
        ({"method": "ia3"}, "rare", 1.0),
        ({"optimizer": "muon"}, "rare", 1.0),
        ({"offload": "full"}, "rare", 1.0),
        ({"quantization": "nf4"}, "quantized", 1.0),
        ({"fused_loss": "yes"}, "loss", 1.0),
    ],
)
def test_what_is_unusual_or_not_known_counts(
    changes: dict[str, object], cause: str, amount: float
) -> None:
    assert counted(replace(a_run(), **changes), "speed").get(cause, 0.0) == amount


def test_a_stack_and_a_gpu_that_were_not_fitted_count_in_full_for_speed() -> None:
    fitted = replace(NONE, frameworks=frozenset({"other"}), gpus=frozenset({"H100-SXM"}))
    found = spread.causes(a_run(), "speed", {}, fitted, lambda run: 100.0)
    assert (found["stack"], found["gpu"]) == (1.0, 1.0)
    known = replace(NONE, frameworks=frozenset({"hf"}), gpus=frozenset({"L40S"}))
    found = spread.causes(a_run(), "speed", {}, known, lambda run: 100.0)
    assert (found["stack"], found["gpu"]) == (0.0, 0.0)
