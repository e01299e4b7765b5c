"""The volume at which the chosen option and its rival cost the same, at the likely values."""

from __future__ import annotations

import math

import numpy as np

from advisor.decide.evaluator import Cases, Evaluator
from advisor.decide.ranking import Matrix, full

VOLUME = "traffic.requests_per_month"
DECADES = 3.0
"""The volume is looked for up to a thousandfold each way."""

COARSE = 61
FINE = 33


def equal_volume(evaluator: Evaluator, cases: Cases, pick: int, other: int | None) -> float | None:
    """Requests per month of equal cost nearest to today's; None where there are none."""
    volume = cases.inputs.get(VOLUME)
    if other is None or volume is None or not volume.value > 0:
        return None
    coarse = volume.value * np.logspace(-DECADES, DECADES, COARSE)
    step = _nearest_step(coarse, _gap_at(evaluator, coarse, pick, other), volume.value)
    if step is None:
        return None
    fine = np.geomspace(*step, FINE)
    return _root(fine, _gap_at(evaluator, fine, pick, other))


def gap(cases: Cases, pick: int, other: int) -> Matrix:
    """What the rival costs more than the pick over the horizon, USD, case by case."""
    rival = full(cases.estimates[other]["horizon.total"], cases.size)
    return np.asarray(rival - full(cases.estimates[pick]["horizon.total"], cases.size))


def _gap_at(evaluator: Evaluator, volumes: Matrix, pick: int, other: int) -> Matrix:
    return gap(evaluator.what_if([(VOLUME, float(v)) for v in volumes]), pick, other)[1:]


def _nearest_step(values: Matrix, gaps: Matrix, now: float) -> tuple[float, float] | None:
    """The step nearest to today's volume in which the gap changes its sign."""
    apart = np.flatnonzero(gaps)  # a gap of exactly 0 lies inside a step
    signs = np.sign(gaps[apart])
    turns = np.flatnonzero(signs[:-1] * signs[1:] < 0)
    if not len(turns):
        return None
    i = min(turns, key=lambda j: abs(math.log(float(values[apart[j]]) / now)))
    return float(values[apart[i]]), float(values[apart[i + 1]])


def _root(values: Matrix, gaps: Matrix) -> float | None:
    """Where the gap is zero, between the two values that enclose it."""
    signs = np.flatnonzero(np.sign(gaps[:-1]) * np.sign(gaps[1:]) <= 0)
    if not len(signs):
        return None
    i = int(signs[0])
    low = float(values[i])
    high = float(values[i + 1])
    before = float(gaps[i])
    after = float(gaps[i + 1])
    return low if before == after else low + (high - low) * before / (before - after)
