"""What would change the answer: flip points, break-evens and the tornado, from a few vectorised what-if sweeps."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from advisor.core.arm import Arm, Estimate
from advisor.core.brief import Brief, questions
from advisor.core.figure import Figure
from advisor.core.quantity import UNKNOWN, Range
from advisor.core.question import Question
from advisor.core.verdict import BreakEven, FlipPoint, Sensitivity
from advisor.decide.evaluator import Cases, Evaluator
from advisor.decide.information import BINS
from advisor.decide.ranking import Matrix, chosen, full, logit, rank

DECADES = 3.0
"""A positive input is varied a thousandfold each way."""

COARSE, FINE = 61, 33
"""Points of the first sweep, and of each refinement: three passes find a flip to better than 0.1 %."""


@dataclass(frozen=True, slots=True)
class Bracket:
    """Two neighbouring values of an input between which the approach changes, and the arm on the far side."""

    key: str
    low: float
    high: float
    beyond: Arm


def grid(question: Question, now: float, points: int = COARSE) -> Matrix:
    """Values to try for an input: between its bounds where it has both, else a thousandfold each way."""
    if question.low is not None and question.high is not None and question.high <= 1:
        return np.linspace(question.low, question.high, points)
    if now > 0:
        values = now * np.logspace(-DECADES, DECADES, points)
    else:
        values = np.concatenate([[0.0], np.logspace(-3, 4, points - 1)])
    return np.clip(values, question.low, question.high)


def numeric_inputs(cases: Cases, brief: Brief) -> list[str]:
    """Keys of the brief that at least one arm was computed from, in the order of the questions."""
    return [k for k in questions() if k in cases.inputs and cases.inputs[k].is_known]


@dataclass(frozen=True, slots=True)
class Sweeper:
    """Evaluates values of single inputs and says which arm one would start with at each."""

    evaluator: Evaluator
    brief: Brief
    spread: Matrix  # of each arm's score over the draws, in logits
    now: Mapping[str, float]

    def arms(self, values: Sequence[tuple[str, float]]) -> list[Arm]:
        """The arm to start with as things are, then at each value."""
        cases = self.evaluator.what_if(values)
        ranking = rank(cases.estimates, self.brief, cases.size)
        return [ranking.arms[i] for i in chosen(ranking, self.spread, self.brief.quality.target)]


def flip_points(evaluator: Evaluator, cases: Cases, brief: Brief) -> tuple[FlipPoint, ...]:
    """For every numeric input the nearest value below and above at which one would start with another approach."""
    known = questions()
    now = {k: cases.inputs[k].value for k in numeric_inputs(cases, brief)}
    drawn = [full(e["quality.score"], cases.size)[1:] for e in cases.estimates]
    spread = np.array([float(logit(q).std()) if len(q) else 0.0 for q in drawn])
    sweeper = Sweeper(evaluator, brief, spread, now)
    brackets = _changes(sweeper, {k: grid(known[k], v) for k, v in now.items()})
    for _ in range(2):
        brackets = _refine(sweeper, brackets)
    return tuple(sorted((_point(b, now[b.key]) for b in brackets), key=lambda p: _distance(p.value, now[p.input])))


def _distance(value: float, now: float) -> float:
    return abs(math.log(value / now)) if value > 0 and now > 0 else 10.0 + abs(value - now)


def _changes(sweeper: Sweeper, grids: Mapping[str, Matrix]) -> list[Bracket]:
    """Brackets next to today's value, on either side, in which the approach stops being today's."""
    arms = sweeper.arms([(k, float(v)) for k, g in grids.items() for v in g])
    base, found, row = arms[0].approach, [], 1
    for key, g in grids.items():
        own, row = arms[row : row + len(g)], row + len(g)
        found += _nearest_changes(key, g, own, base, sweeper.now[key])
    return found


def _nearest_changes(key: str, values: Matrix, arms: Sequence[Arm], base: str, now: float) -> list[Bracket]:
    above = [i for i in range(len(values)) if values[i] > now and arms[i].approach != base]
    below = [i for i in range(len(values)) if values[i] < now and arms[i].approach != base]
    found = []
    if above:
        i = above[0]
        found.append(Bracket(key, max(now, float(values[i - 1])) if i else now, float(values[i]), arms[i]))
    if below:
        i = below[-1]
        high = min(now, float(values[i + 1])) if i + 1 < len(values) else now
        found.append(Bracket(key, float(values[i]), high, arms[i]))
    return found


def _refine(sweeper: Sweeper, brackets: Sequence[Bracket]) -> list[Bracket]:
    """Each bracket narrowed to the step in which the change nearest to today's value happens."""
    steps = [_between(b.low, b.high) for b in brackets]
    arms = sweeper.arms([(b.key, float(v)) for b, g in zip(brackets, steps, strict=True) for v in g])
    narrowed, row = [], 1
    for bracket, g in zip(brackets, steps, strict=True):
        own, row = arms[row : row + len(g)], row + len(g)
        upward = bracket.low >= sweeper.now[bracket.key]
        order = range(1, len(g)) if upward else range(len(g) - 2, -1, -1)
        hit = next((i for i in order if own[i].approach != arms[0].approach), None)
        if hit is not None:
            i = hit - 1 if upward else hit
            narrowed.append(Bracket(bracket.key, float(g[i]), float(g[i + 1]), own[hit]))
    return narrowed


def _between(low: float, high: float) -> Matrix:
    return np.geomspace(low, high, FINE) if low > 0 else np.linspace(low, high, FINE)


def _point(bracket: Bracket, now: float) -> FlipPoint:
    """The far side of a narrowed bracket, with the arm one would start with there."""
    value = bracket.high if bracket.low >= now else bracket.low
    unit = questions()[bracket.key].unit
    return FlipPoint(bracket.key, value, bracket.beyond.approach, now, unit, bracket.beyond.id)


def break_even(evaluator: Evaluator, cases: Cases, brief: Brief, pick: int, other: int | None) -> BreakEven:
    """Where the chosen arm and the cheapest arm of another approach cost the same; None where they never do."""
    if other is None:
        return BreakEven()
    a, b = cases.estimates[pick], cases.estimates[other]
    once = a["once.total"].value - b["once.total"].value
    run = _bill(b).value - _bill(a).value
    months = once / run if run and once / run > 0 else None
    equal = _equal_cost(evaluator, brief, "traffic.requests_per_month", pick, other)
    multiples = _price_multiples(cases, pick, other)
    multiple = float(multiples[0]) if multiples is not None and multiples[0] > 0 else None
    return BreakEven(
        months,
        equal,
        multiple,
        _uplift(cases, pick, other),
        _payback_range(cases, pick, other),
        UNKNOWN if multiples is None else spread(multiples[1:]),
    )


def _bill(estimate: Estimate) -> Figure:
    """A month's cost, errors included."""
    return estimate["run.total"] + estimate["run.errors"]


def _payback_range(cases: Cases, pick: int, other: int) -> Range:
    """Months to pay back, over the draws; a draw in which it never does counts as infinite."""
    a, b = cases.estimates[pick], cases.estimates[other]
    once = full(a["once.total"] - b["once.total"], cases.size)[1:]
    run = full(_bill(b) - _bill(a), cases.size)[1:]
    if not len(run):
        return UNKNOWN
    months = np.full_like(run, np.inf)
    np.divide(once, run, out=months, where=run != 0)
    return spread(np.where(months > 0, months, np.inf))


def spread(rows: Matrix) -> Range:
    """P10, P50 and P90 of draws; unknown where one of them is infinite: in a tenth of the draws it never happens."""
    found = [float(q) for q in np.quantile(rows, (0.1, 0.5, 0.9), method="nearest")] if len(rows) else [math.nan]
    return Range(*found) if all(math.isfinite(q) for q in found) else UNKNOWN


def _equal_cost(evaluator: Evaluator, brief: Brief, key: str, pick: int, other: int) -> float | None:
    """The value of an input at which two arms cost the same over the horizon, nearest to today's."""
    question = questions()[key]
    now = brief.get(key).likely
    values = grid(question, now)
    for _ in range(2):
        cases = evaluator.what_if([(key, float(v)) for v in values])
        gap = _gap(cases, pick, other)[1:]
        signs = np.flatnonzero(np.sign(gap[:-1]) * np.sign(gap[1:]) < 0)
        if not len(signs):
            return None
        i = min(signs, key=lambda j: _distance(float(values[j]), now))
        low, high, g0, g1 = float(values[i]), float(values[i + 1]), float(gap[i]), float(gap[i + 1])
        values = _between(low, high)
    return low + (high - low) * g0 / (g0 - g1)


def _gap(cases: Cases, pick: int, other: int) -> Matrix:
    return np.asarray(
        full(cases.estimates[other]["horizon.total"], cases.size)
        - full(cases.estimates[pick]["horizon.total"], cases.size)
    )


def _price_multiples(cases: Cases, pick: int, other: int) -> Matrix | None:
    """Multiple of the prompted model's token prices at which both cost the same; the total is linear in it."""
    pair = [cases.estimates[pick], cases.estimates[other]]
    prompted = next((e for e in pair if e.arm.approach == "prompt"), None)
    if prompted is None or not prompted["run.inference"].value > 0:
        return None
    rival = pair[1] if prompted is pair[0] else pair[0]
    dated = prompted.figures.get("horizon.inference")  # where token prices change inside the horizon
    charges = dated if dated is not None else prompted["run.inference"] * prompted["horizon.months_growing"]
    return full(1.0 + (rival["horizon.total"] - prompted["horizon.total"]) / charges, cases.size)


def _uplift(cases: Cases, pick: int, other: int) -> float | None:
    """Extra score that pays for the dearer arm: difference without errors ÷ price of all errors of the horizon."""
    a, b = cases.estimates[pick], cases.estimates[other]
    price = cases.inputs.get("quality.error_cost_usd")
    requests = cases.inputs.get("traffic.requests_per_month")
    if price is None or requests is None or not price.value * requests.value > 0:
        return None
    months = a["horizon.months_growing"].value
    bare = [e["horizon.total"].value - e["run.errors"].value * months for e in (a, b)]
    return abs(bare[0] - bare[1]) / (requests.value * months * price.value)


def _variance_share(drawn: Matrix, rows: Matrix) -> float:
    """Share of the variance that the input explains alone: Var(E[advantage | input]) ÷ Var(advantage), by bins."""
    per_bin = len(rows) // BINS
    if per_bin < 2 or np.ptp(drawn) == 0 or np.ptp(rows) == 0:
        return 0.0
    order = np.argsort(rows, kind="stable")[: per_bin * BINS]
    means = drawn[order].reshape(BINS, per_bin).mean(axis=1)
    within = drawn.var() / per_bin  # what bins of noise alone would show
    return float(min(1.0, max(0.0, (means.var() - within) / drawn.var())))


def tornado(evaluator: Evaluator, cases: Cases, pick: int, other: int | None) -> tuple[Sensitivity, ...]:
    """The pick's advantage over the next approach with each uncertain input at its P10 and P90, largest first."""
    uncertain = {k: r for k, r in cases.spreads.items() if r.is_known and not r.is_exact}
    if other is None or not uncertain:
        return ()
    drawn = _gap(cases, pick, other)[1:]
    ends = [(k, v) for k, r in uncertain.items() for v in (r.p10 or 0.0, r.p90 or 0.0)]
    gap = _gap(evaluator.what_if(ends), pick, other)
    rows = [
        Sensitivity(
            k,
            float(gap[1 + 2 * i]),
            float(gap[2 + 2 * i]),
            abs(float(gap[2 + 2 * i] - gap[1 + 2 * i])),
            variance_share=_variance_share(drawn, full(cases.inputs[k], cases.size)[1:]),
        )
        for i, k in enumerate(uncertain)
    ]
    return tuple(sorted((r for r in rows if r.swing_usd > 0.005), key=lambda r: (-r.swing_usd, r.input)))
