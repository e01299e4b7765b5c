"""What would change the answer: flip points, the tornado and the volume of equal cost, from three
vectorised sweeps.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from advisor.core.brief import Brief, questions
from advisor.core.option import Option
from advisor.core.question import Question
from advisor.core.verdict import FlipPoint, Sensitivity
from advisor.decide.evaluator import Cases, Evaluator
from advisor.decide.information import BINS
from advisor.decide.ranking import Matrix, chosen, full, logit, rank

DECADES = 3.0
"""A positive input is varied a thousandfold each way."""

COARSE = 61
FINE = 33
"""Points of the first sweep, and of each refinement: three passes find a flip to better than 0.1
%.
"""

VOLUME = "traffic.requests_per_month"

LABELS = "data.examples"
"""Without a single label a tuned model buys a first round, with one it does not: that step is no
flip point.
"""

Value = tuple[str, float]
"""An input and the value it is tried at."""


@dataclass(frozen=True, slots=True)
class Bracket:
    """Two neighbouring values of an input between which the approach changes, and the option on the
    far side.
    """

    key: str
    low: float
    high: float
    beyond: Option


@dataclass(frozen=True, slots=True)
class Changes:
    """What the sweeps found; `equal_requests` is where the chosen option and the next approach cost
    the same.
    """

    flips: tuple[FlipPoint, ...]
    sensitivity: tuple[Sensitivity, ...]
    equal_requests: float | None


@dataclass(frozen=True, slots=True)
class Swept:
    """Row 0 as things are, then a row per value tried: the option to start with, and the pick's
    advantage in USD.
    """

    options: Sequence[Option]
    advantage: Matrix


@dataclass(frozen=True, slots=True)
class Sweeper:
    """Evaluates values of single inputs, for the chosen option against the option `other` (None:
    there is no other).
    """

    evaluator: Evaluator
    brief: Brief
    spread: Matrix  # of each option's score over the draws, in logits
    now: Mapping[str, float]
    pick: int
    other: int | None

    def sweep(self, values: Sequence[Value]) -> Swept:
        """One vectorised evaluation of all these values."""
        cases = self.evaluator.what_if(values)
        ranking = rank(cases.estimates, self.brief, cases.size)
        options = [
            ranking.options[i] for i in chosen(ranking, self.spread, self.brief.quality.target)
        ]
        return Swept(
            options,
            np.zeros(cases.size) if self.other is None else _gap(cases, self.pick, self.other),
        )


def what_changes(
    evaluator: Evaluator, cases: Cases, brief: Brief, pick: int, other: int | None
) -> Changes:
    """Flip points of every numeric input, the tornado of every uncertain one, and the volume of
    equal cost.
    """
    sweeper = _sweeper(evaluator, cases, brief, pick, other)
    grids = {k: grid(questions()[k], v) for k, v in sweeper.now.items()}
    ends = _ends(cases) if other is not None else []
    coarse = sweeper.sweep([*_values(grids), *ends])
    brackets = _changes(sweeper, grids, coarse.options)
    crossing = _crossing(grids, coarse.advantage, sweeper.now)
    fine = _between(*crossing) if crossing is not None else np.zeros(0)
    steps = [_between(b.low, b.high) for b in brackets]
    refined = sweeper.sweep([*_steps(brackets, steps), *((VOLUME, float(v)) for v in fine)])
    brackets = _narrowed(sweeper, brackets, steps, refined.options)
    steps = [_between(b.low, b.high) for b in brackets]
    brackets = (
        _narrowed(sweeper, brackets, steps, sweeper.sweep(_steps(brackets, steps)).options)
        if brackets
        else []
    )
    return Changes(
        tuple(
            sorted((_point(b, sweeper.now[b.key]) for b in brackets), key=_nearness(sweeper.now))
        ),
        _tornado(cases, ends, coarse.advantage, pick, other),
        _root(fine, refined.advantage[len(refined.advantage) - len(fine) :]),
    )


def _sweeper(
    evaluator: Evaluator, cases: Cases, brief: Brief, pick: int, other: int | None
) -> Sweeper:
    now = {
        k: cases.inputs[k].value
        for k in questions()
        if k in cases.inputs and cases.inputs[k].is_known
    }
    drawn = [full(e["quality.score"], cases.size)[1:] for e in cases.estimates]
    spread = np.array([float(logit(q).std()) if len(q) else 0.0 for q in drawn])
    return Sweeper(evaluator, brief, spread, now, pick, other)


def grid(question: Question, now: float, points: int = COARSE) -> Matrix:
    """Values to try for an input: between its bounds where it has both, else a thousandfold each
    way.
    """
    if question.low is not None and question.high is not None and question.high <= 1:
        return np.linspace(question.low, question.high, points)
    if now > 0:
        values = now * np.logspace(-DECADES, DECADES, points)
    else:
        values = np.concatenate([[0.0], np.logspace(-3, 4, points - 1)])
    return np.clip(values, question.low, question.high)


def _values(grids: Mapping[str, Matrix]) -> list[Value]:
    return [(k, float(v)) for k, g in grids.items() for v in g]


def _steps(brackets: Sequence[Bracket], steps: Sequence[Matrix]) -> list[Value]:
    return [(b.key, float(v)) for b, g in zip(brackets, steps, strict=True) for v in g]


def _between(low: float, high: float) -> Matrix:
    return np.geomspace(low, high, FINE) if low > 0 else np.linspace(low, high, FINE)


def _distance(value: float, now: float) -> float:
    return abs(math.log(value / now)) if value > 0 and now > 0 else 10.0 + abs(value - now)


def _nearness(now: Mapping[str, float]) -> Callable[[FlipPoint], tuple[float, str]]:
    return lambda point: (_distance(point.value, now[point.input]), point.input)


def _changes(
    sweeper: Sweeper, grids: Mapping[str, Matrix], options: Sequence[Option]
) -> list[Bracket]:
    """Brackets next to today's value, on either side, in which the approach stops being today's."""
    base = options[0].approach
    brackets = []
    row = 1
    for key, values in grids.items():
        own, row = options[row : row + len(values)], row + len(values)
        brackets += _nearest_changes(key, values, own, base, sweeper.now[key])
    return brackets


def _nearest_changes(
    key: str, values: Matrix, options: Sequence[Option], base: str, now: float
) -> list[Bracket]:
    above = [i for i in range(len(values)) if values[i] > now and options[i].approach != base]
    below = [i for i in range(len(values)) if values[i] < now and options[i].approach != base]
    brackets = []
    if above:
        i = above[0]
        brackets.append(
            Bracket(key, max(now, float(values[i - 1])) if i else now, float(values[i]), options[i])
        )
    if below:
        i = below[-1]
        high = min(now, float(values[i + 1])) if i + 1 < len(values) else now
        brackets.append(Bracket(key, float(values[i]), high, options[i]))
    return [b for b in brackets if not (key == LABELS and b.low < 1 <= b.high)]


def _narrowed(
    sweeper: Sweeper,
    brackets: Sequence[Bracket],
    steps: Sequence[Matrix],
    options: Sequence[Option],
) -> list[Bracket]:
    """Each bracket narrowed to the step in which the change nearest to today's value happens."""
    narrowed = []
    row = 1
    for bracket, values in zip(brackets, steps, strict=True):
        own, row = options[row : row + len(values)], row + len(values)
        upward = bracket.low >= sweeper.now[bracket.key]
        order = range(1, len(values)) if upward else range(len(values) - 2, -1, -1)
        hit = next((i for i in order if own[i].approach != options[0].approach), None)
        if hit is not None:
            i = hit - 1 if upward else hit
            narrowed.append(Bracket(bracket.key, float(values[i]), float(values[i + 1]), own[hit]))
    return narrowed


def _point(bracket: Bracket, now: float) -> FlipPoint:
    """The far side of a narrowed bracket, with the option one would start with there."""
    value = bracket.high if bracket.low >= now else bracket.low
    unit = questions()[bracket.key].unit
    return FlipPoint(bracket.key, value, bracket.beyond.approach, now, unit, bracket.beyond.id)


def _crossing(
    grids: Mapping[str, Matrix], advantage: Matrix, now: Mapping[str, float]
) -> tuple[float, float] | None:
    """The step of the volume's grid, nearest to today's, in which the advantage changes sign."""
    if VOLUME not in grids:
        return None
    keys = list(grids)
    first = 1 + sum(len(grids[k]) for k in keys[: keys.index(VOLUME)])
    values = grids[VOLUME]
    gap = advantage[first : first + len(grids[VOLUME])]
    signs = np.flatnonzero(np.sign(gap[:-1]) * np.sign(gap[1:]) < 0)
    if not len(signs):
        return None
    i = min(signs, key=lambda j: _distance(float(values[j]), now[VOLUME]))
    return float(values[i]), float(values[i + 1])


def _root(values: Matrix, gap: Matrix) -> float | None:
    """Where the advantage is zero, between the two values that enclose it; None without such a
    pair.
    """
    signs = np.flatnonzero(np.sign(gap[:-1]) * np.sign(gap[1:]) <= 0)
    if not len(signs):
        return None
    i = int(signs[0])
    low = float(values[i])
    high = float(values[i + 1])
    g0 = float(gap[i])
    g1 = float(gap[i + 1])
    return low if g0 == g1 else low + (high - low) * g0 / (g0 - g1)


def _gap(cases: Cases, pick: int, other: int) -> Matrix:
    return np.asarray(
        full(cases.estimates[other]["horizon.total"], cases.size)
        - full(cases.estimates[pick]["horizon.total"], cases.size)
    )


def _variance_share(drawn: Matrix, rows: Matrix) -> float:
    """Share of the variance that the input explains alone: Var(E[advantage | input]) ÷
    Var(advantage), by bins.
    """
    per_bin = len(rows) // BINS
    if per_bin < 2 or np.ptp(drawn) == 0 or np.ptp(rows) == 0:
        return 0.0
    order = np.argsort(rows)[: per_bin * BINS]
    means = drawn[order].reshape(BINS, per_bin).mean(axis=1)
    within = drawn.var() / per_bin  # what bins of noise alone would show
    return float(min(1.0, max(0.0, (means.var() - within) / drawn.var())))


def _ends(cases: Cases) -> list[Value]:
    """Every uncertain input at its P10 and at its P90."""
    uncertain = {k: r for k, r in cases.spreads.items() if r.is_known and not r.is_exact}
    return [(k, v) for k, r in uncertain.items() for v in (r.p10 or 0.0, r.p90 or 0.0)]


def _tornado(
    cases: Cases, ends: Sequence[Value], advantage: Matrix, pick: int, other: int | None
) -> tuple[Sensitivity, ...]:
    """The pick's advantage over the next approach with each input at its two ends, the largest
    swing first.
    """
    if other is None or not ends:
        return ()
    drawn = _gap(cases, pick, other)[1:]
    swings = advantage[-len(ends) :]
    rows = [
        Sensitivity(
            key,
            float(low),
            float(high),
            abs(float(high - low)),
            variance_share=_variance_share(drawn, full(cases.inputs[key], cases.size)[1:]),
        )
        for (key, _), low, high in zip(ends[::2], swings[::2], swings[1::2], strict=True)
    ]
    return tuple(
        sorted((r for r in rows if r.swing_usd > 0.005), key=lambda r: (-r.swing_usd, r.input))
    )
