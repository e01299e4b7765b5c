"""One training run: does it fit, how fast is it, how long does it take, and how sure is that."""

from __future__ import annotations

from advisor.estimate.training.advice import cheapest_gpu, largest_micro_batch, packed, ways_to_fit
from advisor.estimate.training.estimator import (
    estimate,
    fixed_seconds,
    free_gib,
    is_unknown_method,
    memory_shares,
    shape_of,
    speed_shares,
    trained,
)
from advisor.estimate.training.lengths import mean_length
from advisor.estimate.training.params import total_params, trainable_params
from advisor.estimate.training.towers import remarks as picture_remarks

__all__ = [
    "cheapest_gpu",
    "estimate",
    "fixed_seconds",
    "free_gib",
    "is_unknown_method",
    "largest_micro_batch",
    "mean_length",
    "memory_shares",
    "packed",
    "picture_remarks",
    "shape_of",
    "speed_shares",
    "total_params",
    "trainable_params",
    "trained",
    "ways_to_fit",
]
