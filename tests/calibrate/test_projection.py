"""How long a whole run takes, by the law, the scatter and the depth of what was measured."""

from __future__ import annotations

from typing import Any

import pytest
from scipy import stats

from advisor.calibrate.projection import (
    Projection,
    expected_positions,
    optimiser_steps,
    project,
    usual_step_seconds,
)
from advisor.calibrate.throughput import MeasuredTrial, plan
from advisor.calibrate.throughput_records import StepLaw, ThroughputResult, ThroughputSpec
from advisor.core.experiment import Status, TrialOutcome

CONFIG = {"model_type": "llama", "hidden_size": 64, "num_hidden_layers": 12, "vocab_size": 100}
SETUP = ThroughputSpec("m", {"config": CONFIG}, micro_batch=4, grad_accum=2, seq_len=64)
Z = float(stats.norm.ppf(0.9))


def projected(
    results: list[dict[str, Any]], slices: tuple[int, ...] = (), lengths: tuple[int, ...] = ()
) -> tuple[Projection, ...]:
    """800 rows once, 8 a step: 100 steps."""
    planned = plan([SETUP], lengths, slices=slices)
    usual = {"steady": True, "clock": "wall"}
    outcomes = [
        TrialOutcome(planned.trial_digest(t), t.label, Status.DONE, 1.0, usual | result)
        for t, result in zip(planned.trials, results, strict=True)
    ]
    return project(planned, outcomes, 800, 1.0)


def ends(found: Projection) -> list[float]:
    hours = found.hours
    return [3600.0 * (end or 0.0) for end in (hours.p10, hours.p50, hours.p90)]


def test_start_steps_and_save_with_the_error_of_the_mean() -> None:
    (found,) = projected(
        [
            {
                "mean_step_seconds": 2.0,
                "relative_error": 0.1,
                "start_seconds": 30.0,
                "save_seconds": 6.0,
            }
        ]
    )
    assert found.steps == 100
    assert ends(found) == pytest.approx([36 + 200 * (1 + sign * Z * 0.1) for sign in (-1, 0, 1)])
    (bare,) = projected([{"mean_step_seconds": 2.0}])
    assert ends(bare) == pytest.approx([200.0] * 3)


def test_no_end_lies_before_the_start() -> None:
    (found,) = projected([{"mean_step_seconds": 2.0, "relative_error": 1.0, "start_seconds": 30.0}])
    assert ends(found)[0] == pytest.approx(30.0)


@pytest.mark.parametrize("result", [{"steady": False, "mean_step_seconds": 2.0}, {}])
def test_only_a_steady_trial_with_a_mean_is_projected(result: dict[str, Any]) -> None:
    assert projected([result]) == ()


def sliced(*seconds: float, **last: Any) -> list[dict[str, Any]]:
    """Depths 2, 4 … of 12 layers."""
    steps = {"tokens_per_step": 1.0, "positions_per_step": 1.0, "full_layers": 12}
    found = [
        steps | {"layers": 2 * i, "mean_step_seconds": s, "relative_error": 0.5}
        for i, s in enumerate(seconds, start=1)
    ]
    return [*found[:-1], found[-1] | {"relative_error": 0.01} | last]


def test_slices_make_a_whole_step_with_the_error_of_the_deepest() -> None:
    """3 s and 4 s at 2 and 4 layers are 8 s at 12."""
    (found,) = projected(sliced(3.0, 4.0, start_seconds=20.0), slices=(2, 4))
    assert ends(found) == pytest.approx([20 + 800 * (1 + sign * Z * 0.01) for sign in (-1, 0, 1)])
    assert found.label == "m lora, 12 layers from 2 depths"


def test_where_a_third_depth_bends_away_its_error_counts() -> None:
    """5.5 s where the line through the first two says 5: 500 ÷ 5.5, an 80 % interval as it is."""
    (found,) = projected(sliced(3.0, 4.0, 5.5), slices=(2, 4, 6))
    off = 1 - 5 / 5.5
    low, middle, high = ends(found)
    assert high / middle == pytest.approx(1 + off)
    assert low / middle == pytest.approx(1 - off)


def test_slices_that_say_nothing_of_the_whole_are_left_out() -> None:
    assert projected(sliced(3.0, 1.0), slices=(2, 4)) == ()


def test_the_step_moves_to_the_positions_of_the_rows() -> None:
    """Rows of 10 tokens, 4 a batch and two batches a step: 80 positions, 60 were measured."""
    law = {"fixed_seconds": 1.0, "seconds_per_position": 0.05, "r2": 1.0}
    result = {"mean_step_seconds": 4.0, "positions_per_step": 60.0, "law": law}
    (found,) = projected([result], lengths=(10, 10))
    assert ends(found)[1] == pytest.approx(100 * (4.0 + 0.05 * 20))


@pytest.mark.parametrize(
    ("slope", "positions", "seconds"),
    [
        (0.01, 150.0, 2.5),
        (0.01, 50.0, 1.5),
        (0.01, 0.0, 1.0),  # exactly half of the mean
        (0.05, 0.0, 1.0),  # never less
        (0.0, 150.0, 2.0),
        (-0.01, 150.0, 2.0),
        (0.01, None, 2.0),
    ],
)
def test_a_step_by_its_law(slope: float, positions: float | None, seconds: float) -> None:
    law = StepLaw(1.0, slope, 0.9)
    result = ThroughputResult(mean_step_seconds=2.0, positions_per_step=100.0, law=law)
    assert usual_step_seconds(result, positions) == pytest.approx(seconds)
    unmeasured = ThroughputResult(mean_step_seconds=2.0, law=law)
    if slope > 0 and positions == 150.0:
        assert usual_step_seconds(unmeasured, positions) == pytest.approx(2.0 + 150 * slope)


@pytest.mark.parametrize(
    ("changes", "head", "positions"),
    [
        ({"micro_batch": 1, "grad_accum": 1}, None, (2 + 30 + 64) / 3),
        ({"micro_batch": 1, "grad_accum": 3}, None, 3 * (2 + 30 + 64) / 3),
        ({"micro_batch": 2, "grad_accum": 1}, None, 2 * (2 * 1 + 30 * 3 + 64 * 5) / 9),
        ({"micro_batch": 2, "grad_accum": 1, "processes": 2, "sharding": "ddp"}, None, None),
        ({"micro_batch": 2, "grad_accum": 1}, "seq2seq", None),
        ({"micro_batch": 2, "grad_accum": 3, "packed": True}, None, 2 * 3 * 64),
    ],
)
def test_positions_of_a_step(
    changes: dict[str, Any], head: str | None, positions: float | None
) -> None:
    """Of rows of 1, 30 and 99 tokens: at least two are read, at most 64."""
    spec = ThroughputSpec("m", {"config": CONFIG}, **({"seq_len": 64} | changes))
    trial = MeasuredTrial("a", spec, ThroughputResult(head=head))
    found = expected_positions(trial, [99, 1, 30])
    assert found == (None if positions is None else pytest.approx(positions))


@pytest.mark.parametrize(
    ("examples", "epochs", "processes", "found", "steps"),
    [
        (80, 1.0, 1, None, 10),
        (81, 1.0, 1, None, 11),
        (80, 1.0, 5, None, 2),
        (80, 0.25, 1, None, 3),
        (80, 2.0, 1, 8, 10),
    ],
)
def test_steps_are_whole_batches_of_every_process(
    examples: int, epochs: float, processes: int, found: int | None, steps: int
) -> None:
    """4 rows a batch unless the search found another number, two batches a step."""
    spec = ThroughputSpec("m", {}, micro_batch=4, grad_accum=2, processes=processes)
    assert optimiser_steps(spec, found, examples, epochs) == steps
