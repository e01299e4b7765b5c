"""What a measured run leaves open is taken from the run that is estimated, and doubted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from advisor.core.training import TrainingMeasurement, TrainingRun

DOUBTED = frozenset(
    {"micro_batch", "seq_len", "mean_tokens", "packed", "checkpointing", "optimizer", "attention"}
)
"""Settings that move memory or speed most; each left open may differ from the run estimated."""

DOUBT = 0.08
"""Log standard deviation that each of them adds to what a measured run says."""


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
    doubted = DOUBTED.intersection(measured.unstated)
    return replace(
        measured,
        run=replace(measured.run, **values),
        doubt=math.sqrt(len(doubted)) * DOUBT,
    )
