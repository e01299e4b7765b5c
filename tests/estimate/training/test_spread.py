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


def test_circumstances_of_memory_count_by_what_they_move() -> None:
    """Activations 0.3 and logits 0.2 of the memory come and go."""
    shares = {"weights": 0.5, "activations": 0.3, "logits": 0.2}
    moving = 0.5**2
    rows = {"mean_tokens": 300.0, "seq_len": 2048}

    def found(**changes: object) -> dict[str, float]:
        return spread.causes(
            a_run(**{"packed": True, **changes}), "memory", shares, NONE, lambda run: 1.0
        )

    plain = found()
    assert (plain["lengths"], plain["batch"], plain["varying"], plain["fragments"]) == (0, 0, 0, 0)
    assert found(assumed=("seq_len",))["lengths"] == pytest.approx(moving)
    assert found(assumed=("micro_batch",))["batch"] == pytest.approx(moving)
    assert found(packed=False, **rows)["varying"] == pytest.approx(moving)
    assert found(packed=False, longest_tokens=900.0, **rows)["varying"] == 0.0
    assert found(packed=False, **rows)["fragments"] == pytest.approx(moving)
    assert found(packed=False, framework="unsloth", **rows)["fragments"] == 0.0
    assert found(packed=False, memory_basis="allocated", **rows)["fragments"] == 0.0
    assert found(memory_basis="unstated")["basis"] == 1.0
    assert plain["basis"] == 0.0
    assert (plain["standing"], plain["moving"], plain["logits"], plain["extra"]) == pytest.approx(
        (0.25, 0.09, 0.04, 0.0)
    )


def test_the_basis_of_memory_does_not_make_a_speed_doubtful() -> None:
    found = spread.causes(
        a_run(memory_basis="unstated", packed=True), "speed", {}, NONE, lambda run: 1.0
    )
    assert (found["basis"], found["varying"], found["fragments"]) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(("experts", "counts"), [(0, 0.0), (8, 1.0)])
def test_a_mixture_counts_where_its_experts_are_known(experts: int, counts: float) -> None:
    run = a_run(packed=True)
    run = replace(run, model=replace(run.model, experts=experts))
    assert spread.causes(run, "speed", {}, NONE, lambda run: 1.0)["mixture"] == counts
    unknown = replace(run, model=None)
    assert spread.causes(unknown, "speed", {}, NONE, lambda run: 1.0)["mixture"] == 0.0


def test_variances_of_causes_add_up() -> None:
    """By hand: 0.1² of every estimate, (0.5 · 0.3)² of its products, 2 · 0.2² for two doublings of
    machines, and 0.05² for being on several GPUs.
    """
    doubts = {"base": 0.1, "matrix": 0.3, "machines": 0.2, "shared": 0.05}
    every = dict.fromkeys(spread.cause_names("speed"), 0.0) | doubts
    k = replace(NONE, spread_speed=every)
    run = a_run(packed=True, gpus=32)
    found = spread.log_sd(run, "speed", {"matrix": 0.5}, k, lambda run: 1.0)
    assert found**2 == pytest.approx(0.01 + 0.0225 + 2 * 0.04 + 0.0025)
