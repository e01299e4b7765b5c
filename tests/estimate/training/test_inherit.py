"""What a source leaves open is as in the run that is estimated, with its doubt."""

from __future__ import annotations

import math

import pytest

from advisor.core.training import TrainingMeasurement
from advisor.estimate.training.inherit import DOUBTS, inherited
from tests.estimate.training.catalogue import a_run

SOURCE = a_run(micro_batch=2, seq_len=512, mean_tokens=100.0, assumed=("micro_batch", "rank"))
TARGET = a_run(micro_batch=8, seq_len=4096, mean_tokens=900.0, checkpointing="full")


def test_open_settings_are_those_of_the_target_and_no_longer_assumed() -> None:
    measured = TrainingMeasurement(SOURCE, 20.0, 1000.0, unstated=("micro_batch", "seq_len"))
    stated = TrainingMeasurement(SOURCE, 20.0, 1000.0)
    inherited_run, same = inherited(TARGET, [measured, stated])
    assert same is stated
    assert (inherited_run.run.micro_batch, inherited_run.run.seq_len) == (8, 4096)
    assert (inherited_run.run.mean_tokens, inherited_run.run.checkpointing) == (100.0, "none")
    assert inherited_run.run.assumed == ("rank",)


@pytest.mark.parametrize("what", ["memory", "speed"])
def test_doubts_add_as_variances_and_two_lengths_are_one_setting(what: str) -> None:
    def doubt(*unstated: str) -> float:
        (found,) = inherited(TARGET, [TrainingMeasurement(SOURCE, unstated=unstated)])
        return found.memory_doubt if what == "memory" else found.speed_doubt

    lengths = DOUBTS[what]["lengths"]
    assert doubt("seq_len") == doubt("mean_tokens") == lengths
    assert doubt("seq_len", "mean_tokens") == lengths
    assert doubt("seq_len", "micro_batch") == pytest.approx(
        math.hypot(lengths, DOUBTS[what]["micro_batch"])
    )
    assert doubt("rank") == 0.0
