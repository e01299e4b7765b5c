"""How long a whole run takes, by what a throughput run measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from advisor.calibrate.throughput import (
    Length,
    MeasuredTrial,
    from_slices,
    measured_trials,
    sliced,
    whole_length,
)
from advisor.calibrate.throughput_records import ThroughputResult, ThroughputSpec
from advisor.core.constants import SECONDS_PER_HOUR, Z80
from advisor.core.experiment import ExperimentPlan, TrialOutcome
from advisor.core.quantity import Range


@dataclass(frozen=True, slots=True)
class Projection:
    """How long a whole run takes by what was measured.

    `steps` are optimiser steps; `left_out` is not in the hours.
    """

    label: str
    steps: int
    hours: Range
    left_out: str


def project(
    plan: ExperimentPlan, outcomes: Sequence[TrialOutcome], examples: int, epochs: float
) -> tuple[Projection, ...]:
    """Start + steps × mean step + one save, for every whole configuration and every one
    extrapolated from slices.

    The range is that of the mean step (its standard error), and for slices the error in depth
    beside it. Only steady trials are projected.
    """
    steady = [t for t in measured_trials(plan, outcomes) if t.result.steady]
    projections = []
    for trial in steady:
        if trial.spec.layers or trial.result.mean_step_seconds is None:
            continue
        positions = expected_positions(trial, plan.shared["lengths"])
        step = usual_step_seconds(trial.result, positions)
        error = trial.result.relative_error or 0.0
        projections.append(_projection(trial, trial.label, step, error, examples, epochs))
    for group in sliced(steady):
        whole = from_slices(group)
        if whole is None:
            continue
        deepest = group[-1]
        error = max(abs(whole.step.error or 0.0) / Z80, deepest.result.relative_error or 0.0)
        step = whole.step.at_full_depth
        projections.append(_projection(deepest, whole.label, step, error, examples, epochs))
    return tuple(projections)


def usual_step_seconds(result: ThroughputResult, positions: float | None) -> float:
    """Seconds of a step of so many positions: few steps may have met longer or shorter rows than
    the data hold.

    The measured mean, moved along the law of a step to the expected positions (a regression
    estimate: Cochran, Sampling Techniques, 1977, section 7.2). Without a law, the mean itself.
    """
    mean = result.mean_step_seconds or 0.0
    law = result.law
    if positions is None or law is None or law.seconds_per_position <= 0.0:
        return mean
    moved = mean + law.seconds_per_position * (positions - (result.positions_per_step or 0.0))
    return max(moved, 0.5 * mean)


def expected_positions(trial: MeasuredTrial, lengths: Sequence[Length]) -> float | None:
    """Mean positions of a step: rows × the mean of the longest of so many rows drawn from
    `lengths`, cut at the length.

    The mean of the largest of m independent draws from n sorted values is Σ x_i ((i/n)^m −
    ((i−1)/n)^m). None for several processes, and for models that read both sides of a row apart.
    """
    spec = trial.spec
    rows = trial.result.micro_batch or spec.micro_batch
    if spec.processes > 1 or trial.result.head == "seq2seq":
        return None
    if spec.packed:
        return float(rows * spec.grad_accum * spec.seq_len)
    cut = sorted(max(min(whole_length(n), spec.seq_len), 2) for n in lengths)
    n = len(cut)
    mean = sum(x * ((i / n) ** rows - ((i - 1) / n) ** rows) for i, x in enumerate(cut, 1))
    return rows * spec.grad_accum * mean


def _projection(
    trial: MeasuredTrial, label: str, step: float, error: float, examples: int, epochs: float
) -> Projection:
    steps = optimiser_steps(trial.spec, trial.result.micro_batch, examples, epochs)
    fixed = (trial.result.start_seconds or 0.0) + (trial.result.save_seconds or 0.0)
    low, middle, high = (
        (fixed + steps * step * (1.0 + sign * Z80 * error)) / SECONDS_PER_HOUR
        for sign in (-1.0, 0.0, 1.0)
    )
    left_out = "evaluation"
    if trial.result.clock != "wall":
        left_out += ", waiting for other programs on this CPU"
    return Projection(
        label, steps, Range(max(low, fixed / SECONDS_PER_HOUR), middle, high), left_out
    )


def optimiser_steps(
    spec: ThroughputSpec, micro_batch: int | None, examples: int, epochs: float
) -> int:
    """Steps over the examples, the last one of an epoch possibly short."""
    rows = (micro_batch or spec.micro_batch) * spec.grad_accum * spec.processes
    return math.ceil(math.ceil(examples / rows) * epochs)
