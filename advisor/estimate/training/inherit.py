"""What a measured run leaves open is taken from the run that is estimated, and doubted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from advisor.core.training import TrainingMeasurement, TrainingRun

LENGTHS = frozenset({"seq_len", "mean_tokens"})
DOUBTS = {
    "memory": {
        "micro_batch": 0.8,
        "lengths": 0.4,
        "checkpointing": 0.7,
        "optimizer": 0.25,
        "packed": 0.1,
    },
    "speed": {
        "micro_batch": 0.25,
        "lengths": 0.75,
        "checkpointing": 0.35,
        "optimizer": 0.15,
        "attention": 0.4,
    },
}
"""How far published runs lie apart that differ in this setting alone, as a log standard deviation:
the mean over sources of median |log ratio| ÷ 0.6745, up to 450 pairs of 8 sources.
"""


def inherited(
    target: TrainingRun, measured: Sequence[TrainingMeasurement]
) -> tuple[TrainingMeasurement, ...]:
    """The measured runs with every unstated setting as in `target`: a column that an imported run
    lacks says nothing, so it must not count as another set-up.
    """
    return tuple(_inherited(target, m) for m in measured)


def _inherited(target: TrainingRun, measured: TrainingMeasurement) -> TrainingMeasurement:
    if not measured.unstated:
        return measured
    values = {name: getattr(target, name) for name in measured.unstated}
    still_assumed = (name for name in measured.run.assumed if name not in values)
    return replace(
        measured,
        run=replace(measured.run, **values, assumed=tuple(still_assumed)),
        memory_doubt=_doubt(measured.unstated, "memory"),
        speed_doubt=_doubt(measured.unstated, "speed"),
    )


def _doubt(unstated: Sequence[str], what: str) -> float:
    """What the open settings may change together, as a log standard deviation; the two lengths of
    a run are one setting.
    """
    settings = {"lengths" if name in LENGTHS else name for name in unstated}
    return math.hypot(*(DOUBTS[what].get(name, 0.0) for name in settings))
