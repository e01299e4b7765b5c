"""Which option is best in every case: constraints first, then the total cost over the horizon,
errors included.

In a case (a draw or a what-if) the best option is the cheapest of those that meet every constraint;
where none does, the cheapest of those within one point of the highest score. Over all draws the
option to start with is the one with the lowest expected cost when an option that turns out to miss
a constraint is replaced by another that does not, its one-off cost being lost.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from advisor.core.brief import Brief
from advisor.core.constants import WEEKS_PER_MONTH
from advisor.core.figure import Figure
from advisor.core.option import Estimate, Option
from advisor.core.quantity import Basis, Range

Matrix = NDArray[np.float64]
Flags = NDArray[np.bool_]

HOPELESS = 0.05
"""Below this chance to meet the constraints an option is excluded (brief contract, rule 8)."""

LIKELY = 0.5
NEARLY = 0.1
"""An option is taken where it is likely to meet the limits; where none is, where it is nearly the
likeliest.
"""

QUARTER = 3.0
"""Months."""

SCORE_TIE = 0.01
"""Scores closer than a point count as equal where no option reaches the target."""


@dataclass(frozen=True)
class Ranking:
    """Options against cases: arrays of shape (cases, options). Arms of unknown cost are never
    best.
    """

    options: tuple[Option, ...]
    cost: Matrix  # horizon.total, USD; NaN where unknown
    once: Matrix  # once.total, USD
    quality: Matrix
    meets: Flags  # every constraint
    meets_quality: Flags
    meets_money: Flags
    meets_weeks: Flags
    errors: Matrix | None = None  # the part of `cost` that is the price of wrong answers, USD
    named: int | None = None  # the option to name where it is not the one of lowest expected cost
    meets_latency: Flags | None = None
    scored: Flags | None = None  # options whose own score was measured; shape (options,)
    lasting: Flags | None = None  # options whose models do not end soon; shape (options,)
    cleared: Flags | None = None  # options whose providers are known to keep the policy; likewise

    @cached_property
    def rankable(self) -> Flags:
        """Options whose cost is known. Shape (options,)."""
        return np.asarray(~np.isnan(self.cost).any(axis=0))

    @cached_property
    def open(self) -> Flags:
        """Cases in which at least one rankable option meets every constraint. Shape (cases,)."""
        return np.asarray((self.meets & self.rankable).any(axis=1))

    @cached_property
    def best(self) -> NDArray[np.intp]:
        """Index of the best option of each case. Shape (cases,)."""
        if not self.rankable.any():
            return np.zeros(len(self.cost), dtype=np.intp)
        allowed = self.meets
        if not self.open.all():
            quality = self._rankable_or(-np.inf, self.quality)
            near = quality >= quality.max(axis=1, keepdims=True) - SCORE_TIE
            allowed = np.where(self.open[:, None], self.meets, near)
        cost = self._rankable_or(np.inf, self.cost)
        return np.asarray(np.where(allowed, cost, np.inf).argmin(axis=1))

    def _rankable_or(self, otherwise: float, values: Matrix) -> Matrix:
        """Values of the rankable options, `otherwise` those of the others."""
        return values if self.rankable.all() else np.where(self.rankable, values, otherwise)

    @cached_property
    def p_best(self) -> Matrix:
        """Share of draws in which each option is best (row 0 is no draw); none where no cost is
        known.

        Shape (options,).
        """
        if not self.rankable.any():
            return np.zeros(len(self.options))
        return np.bincount(self.best[1:], minlength=len(self.options)) / max(1, len(self.best) - 1)

    @cached_property
    def p_meets(self) -> Matrix:
        """Share of draws in which each option meets every constraint. Shape (options,)."""
        return np.asarray(self.meets[1:].mean(axis=0))

    @cached_property
    def likely(self) -> Flags:
        """Options that keep the limits at least as likely as not. Shape (options,)."""
        return np.asarray(self.p_meets >= LIKELY)

    @cached_property
    def starting(self) -> Matrix:
        """Cost of starting with an option: where it misses, its one-off cost and, of the options
        that do not, the first in the order of what is expected of them; plain costs in cases in
        which none meets every constraint.

        Shape (cases, options).
        """
        cost = self._rankable_or(np.inf, self.cost)
        able = (self.meets & self.rankable)[:, self._order]
        first = self._order[able.argmax(axis=1)]
        fallback = cost[np.arange(len(cost)), first][:, None]
        replaced = self._rankable_or(np.inf, self.once) + fallback
        return np.where(self.meets | ~self.open[:, None], cost, replaced)

    @cached_property
    def effective(self) -> Matrix:
        """`starting` in the draws in which some option meets every constraint; in all draws where
        there is no such draw. Shape (draws, options).
        """
        open_draws = self.open[1:]
        starting = self.starting[1:]
        some = open_draws.any() and not open_draws.all()
        return starting[open_draws] if some else starting

    @cached_property
    def _order(self) -> NDArray[np.intp]:
        """Options as one would turn to them: those that are likely to meet the limits, the cheapest
        on average first, then the others. Nobody knows the best one of a draw.
        """
        unlikely = ~(self.rankable & self.likely)
        mean = np.where(self.rankable, self.mean_cost, np.inf)
        return np.lexsort((mean, unlikely))

    @cached_property
    def contenders(self) -> Matrix:
        """`effective` of the options that are best in some draw, and of the pick.

        Shape (draws, contenders).
        """
        best = self.rankable & (self.p_best > 0)
        best[self.pick] = True
        return np.ascontiguousarray(self.effective[:, best])

    def rows(self, which: slice) -> Ranking:
        """The same options in some of the cases."""
        return Ranking(
            self.options,
            self.cost[which],
            self.once[which],
            self.quality[which],
            self.meets[which],
            self.meets_quality[which],
            self.meets_money[which],
            self.meets_weeks[which],
            None if self.errors is None else self.errors[which],
            None,
            None if self.meets_latency is None else self.meets_latency[which],
            self.scored,
            self.lasting,
            self.cleared,
        )

    def replaced(self, which: Sequence[int], part: Ranking) -> Ranking:
        """The same cases, with the columns of the options `which` from another ranking."""

        def column(own: NDArray[Any], other: NDArray[Any]) -> NDArray[Any]:
            if len(which) == len(self.options):
                return other
            changed = own.copy()
            changed[:, which] = other
            return changed

        def optional(own: NDArray[Any] | None, other: NDArray[Any] | None) -> NDArray[Any] | None:
            return own if own is None or other is None else column(own, other)

        return Ranking(
            self.options,
            column(self.cost, part.cost),
            column(self.once, part.once),
            column(self.quality, part.quality),
            column(self.meets, part.meets),
            column(self.meets_quality, part.meets_quality),
            column(self.meets_money, part.meets_money),
            column(self.meets_weeks, part.meets_weeks),
            optional(self.errors, part.errors),
            None,
            optional(self.meets_latency, part.meets_latency),
            self._scored_with(which, part),
            self.lasting,
            self.cleared,
        )

    def _scored_with(self, which: Sequence[int], part: Ranking) -> Flags | None:
        """Which options were scored, those of `which` as the other ranking has it."""
        if self.scored is None or part.scored is None:
            return self.scored
        scored = self.scored.copy()
        scored[list(which)] = part.scored
        return scored

    def with_errors_at(self, multiple: float) -> Ranking:
        """The same cases with wrong answers so many times as dear."""
        errors = None if self.errors is None else self.errors * multiple
        cost = self.cash if errors is None else self.cash + errors
        return replace(self, cost=cost, errors=errors)

    def with_target(self, target: float) -> Ranking:
        """The same cases held against another target; 0: none."""
        good = self.quality >= target
        meets = good & self.meets_money & self.meets_weeks
        if self.meets_latency is not None:
            meets = meets & self.meets_latency
        return replace(self, meets=meets, meets_quality=good, named=None)

    @cached_property
    def cash(self) -> Matrix:
        """What is paid in money: the cost without the price of wrong answers, USD."""
        return self.cost if self.errors is None else self.cost - self.errors

    @cached_property
    def reversible(self) -> Flags:
        """Options that one can start today and drop tomorrow: in place, or a prompt; nothing is
        trained or bought for them. Shape (options,).
        """
        return np.array([o.as_is or o.approach == "prompt" for o in self.options])

    @cached_property
    def mean_cost(self) -> Matrix:
        """Cost over the draws on average, USD. Shape (options,)."""
        return np.asarray(self.cost[1:].mean(axis=0))

    @cached_property
    def mean_cash(self) -> Matrix:
        """The same without the price of wrong answers. Shape (options,)."""
        return np.asarray(self.cash[1:].mean(axis=0))

    @cached_property
    def mean_effective(self) -> Matrix:
        """`effective` over its draws on average, USD. Shape (options,)."""
        return np.asarray(self.effective.mean(axis=0))

    def naming(self, option: int) -> Ranking:
        """The same ranking with another option to name; what is worked out already is kept."""
        other = replace(self, named=option)
        apart = {*(f.name for f in fields(self)), "pick", "contenders"}
        vars(other).update({name: v for name, v in vars(self).items() if name not in apart})
        return other

    @cached_property
    def pick(self) -> int:
        """Index of the option to start with."""
        return self.leader if self.named is None else self.named

    @cached_property
    def leader(self) -> int:
        """Index of the option of lowest expected cost among those likely to meet the limits."""
        return self.best_among(np.ones(len(self.options), dtype=bool))

    def best_among(self, allowed: Flags) -> int:
        """Index of the allowed option to start with: lowest expected effective cost among those
        likely to meet the limits, or nearly the likeliest.

        Where none has a real chance, the cheapest of those within a point of the highest score.
        """
        able = allowed & self.rankable
        best = float(self.p_meets[able].max(initial=0.0))
        if best < HOPELESS and able.any():
            score = np.where(able, self.quality[1:].mean(axis=0), -np.inf)
            near = score >= score.max() - SCORE_TIE
            return int(np.where(near, self.mean_cost, np.inf).argmin())
        enough = able & (self.p_meets >= min(LIKELY, best - NEARLY))
        return int(np.where(enough, self.mean_effective, np.inf).argmin())

    def of_approach(self, approach: str) -> Flags:
        """Which options are of this approach. Shape (options,)."""
        return np.array([o.approach == approach for o in self.options])

    @cached_property
    def longest_approach(self) -> str:
        """The approach that is best in most draws; that of the leader where two are equal."""
        approaches = dict.fromkeys([self.options[self.leader].approach, *_approaches(self)])
        return max(approaches, key=self.p_approach)

    def regret(self, option: int) -> float:
        """Expected USD that hindsight would have saved over starting with this option; NaN where no
        cost is known.
        """
        if not self.rankable.any():
            return float("nan")
        return float((self.effective[:, option] - self.effective.min(axis=1)).mean())

    def p_approach(self, approach: str) -> float:
        """Share of draws in which an option of this approach is best."""
        return self._p_by_approach.get(approach, 0.0)

    @cached_property
    def _p_by_approach(self) -> dict[str, float]:
        shares: dict[str, float] = {}
        for option, p in zip(self.options, self.p_best.tolist(), strict=True):
            shares[option.approach] = shares.get(option.approach, 0.0) + p
        return shares


def _approaches(ranking: Ranking) -> list[str]:
    return [option.approach for option in ranking.options]


def rank(estimates: Sequence[Estimate], brief: Brief, size: int) -> Ranking:
    """Hold every estimate against the brief's limits, in every case."""

    def side_by_side(columns: Iterable[Matrix]) -> Matrix:
        out = np.empty((size, len(estimates)))
        for i, rows in enumerate(columns):
            out[:, i] = rows
        return out

    def column(id: str) -> Matrix:
        return side_by_side(full(e[id], size) for e in estimates)

    quality = column("quality.score")
    once = column("once.total")
    # a tuned model's facts are on average this much out of date when it answers
    if any("quality.stale_share" in e.figures for e in estimates):
        quality -= side_by_side(_known(e, "quality.stale_share", size) for e in estimates)
    np.maximum(quality, 0.0, out=quality)
    target = brief.quality.target
    budget = brief.budget
    always = np.ones_like(quality, dtype=bool)
    money = time = soon = always
    good = quality >= target if target > 0 else always
    if brief.traffic.max_latency_seconds.likely > 0:
        waits = side_by_side(_known(e, "time.answer_seconds", size) for e in estimates)
        soon = within(waits, brief.traffic.max_latency_seconds)
    if budget.hard:
        monthly = within(column("run.total"), budget.monthly_usd)
        money = within(once, budget.one_off_usd) & monthly
        time = within(column("time.weeks"), budget.weeks)
    return Ranking(
        tuple(e.option for e in estimates),
        column("horizon.total"),
        once,
        quality,
        good & money & time & soon,
        good,
        money,
        time,
        column("horizon.errors"),
        meets_latency=soon,
        scored=np.array([e["quality.score"].basis is Basis.MEASURED for e in estimates]),
        lasting=np.array([_months_left(e) >= _interim_months(brief) for e in estimates]),
    )


def _months_left(estimate: Estimate) -> float:
    """Months until a model of the option ends; infinite where no end within the horizon is
    announced.
    """
    figure = estimate.figures.get("time.model_ends")
    return math.inf if figure is None else figure.value


def _interim_months(brief: Brief) -> float:
    """How long what is used meanwhile must last: the deadline, or a quarter where there is none."""
    weeks = brief.budget.weeks
    return max(QUARTER, weeks.likely / WEEKS_PER_MONTH if weeks is not None else 0.0)


def _known(estimate: Estimate, id: str, size: int) -> Matrix:
    """A figure that not every option has; 0 where it has none, or where it is unknown."""
    figure = estimate.figures.get(id)
    return np.zeros(size) if figure is None or not figure.is_known else full(figure, size)


def full(figure: Figure, size: int) -> Matrix:
    """The rows of a figure as an array, shape (size,): a plain number repeated, the cases of one
    block repeated in every block, and the lines of a matrix one after the other.
    """
    rows = np.asarray(figure.rows, dtype=float)
    if rows.ndim == 2:
        return np.broadcast_to(rows, (len(rows), size // len(rows))).reshape(-1)
    if rows.ndim == 1 and 1 < len(rows) < size:
        return np.tile(rows, size // len(rows))
    return np.broadcast_to(rows, (size,))


def within(values: Matrix, limit: Range | None) -> Flags:
    """Whether values keep to a limit at its likely value; no limit, or an unknown value, keeps."""
    return np.ones_like(values, dtype=bool) if limit is None else ~(values > limit.likely)
