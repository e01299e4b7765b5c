"""The ranking against the words of its module, option by option and draw by draw."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from advisor.core.brief import Brief
from advisor.core.figure import Figure
from advisor.core.option import Estimate, Option
from advisor.core.quantity import Basis, Range
from advisor.decide.ranking import Ranking, full, rank, within
from tests.options import brief

OPTIONS = tuple(
    Option(approach, f"t{i}", f"m{i}")
    for i, approach in enumerate(("prompt", "tune", "tune", "hybrid"))
)
CASES = 9


def drawn(seed: int) -> Ranking:
    """Four options; of some the cost is unknown, limits are kept often or never."""
    rng = np.random.default_rng(seed)
    shape = (CASES, 4)
    cost = rng.integers(1, 40, shape).astype(float)
    if seed % 3 == 0:
        cost[:, seed % 4] = np.nan
    if seed % 7 == 3:
        cost[2, (seed + 1) % 4] = np.nan  # in one case alone
    if seed % 11 == 0:
        cost[:] = np.nan
    quality = rng.choice([0.60, 0.605, 0.7, 0.9], shape)
    often = (0.0, 0.03, 0.4, 0.7, 1.0)[seed % 5]
    meets = rng.random(shape) < often
    every = np.ones(shape, dtype=bool)
    return Ranking(OPTIONS, cost, cost / 2, quality, meets, every, every, every)


class Loops:
    """What the module says, in loops."""

    def __init__(self, ranking: Ranking) -> None:
        self.r = ranking
        self.known = [not any(math.isnan(c) for c in ranking.cost[:, o]) for o in range(4)]
        self.options = [o for o in range(4) if self.known[o]]
        self.draws = range(1, CASES)

    def open(self, case: int) -> bool:
        return any(self.r.meets[case, o] for o in self.options)

    def best(self, case: int) -> int:
        if not self.options:
            return 0
        able = [o for o in self.options if self.r.meets[case, o]]
        if not able:
            top = max(self.r.quality[case, o] for o in self.options)
            able = [o for o in self.options if self.r.quality[case, o] >= top - 0.01]
        return min(able, key=lambda o: (self.r.cost[case, o], o))

    def p_meets(self, option: int) -> float:
        return sum(bool(self.r.meets[d, option]) for d in self.draws) / len(self.draws)

    def mean(self, option: int) -> float:
        return sum(self.r.cost[d, option] for d in self.draws) / len(self.draws)

    def starting(self, case: int, option: int) -> float:
        if not self.known[option]:
            return math.inf
        if self.r.meets[case, option] or not self.open(case):
            return float(self.r.cost[case, option])
        turn_to = sorted(self.options, key=lambda o: (self.p_meets(o) < 0.5, self.mean(o), o))
        other = next(o for o in turn_to if self.r.meets[case, o])
        return float(self.r.once[case, option] + self.r.cost[case, other])

    def effective_draws(self) -> list[int]:
        opened = [d for d in self.draws if self.open(d)]
        return opened or list(self.draws)

    def effective(self, option: int) -> float:
        draws = self.effective_draws()
        return sum(self.starting(d, option) for d in draws) / len(draws)

    def best_among(self, allowed: Sequence[int]) -> int:
        able = [o for o in self.options if o in allowed]
        if not able:
            return 0
        chance = max(map(self.p_meets, able))
        if chance < 0.05:
            scores = {o: np.mean([self.r.quality[d, o] for d in self.draws]) for o in able}
            near = [o for o in able if scores[o] >= max(scores.values()) - 0.01]
            return min(near, key=lambda o: (self.mean(o), o))
        enough = [o for o in able if self.p_meets(o) >= min(0.5, chance - 0.1)]
        return min(enough, key=lambda o: (round(self.effective(o), 9), o))

    def regret(self, option: int) -> float:
        draws = self.effective_draws()
        least = [min(self.starting(d, o) for o in range(4)) for d in draws]
        return sum(
            self.starting(d, option) - low for d, low in zip(draws, least, strict=True)
        ) / len(draws)


@pytest.mark.parametrize("seed", range(60))
def test_every_property_is_what_the_words_say(seed: int) -> None:
    found = drawn(seed)
    loops = Loops(found)
    assert found.rankable.tolist() == loops.known
    assert found.open.tolist() == [loops.open(c) for c in range(CASES)]
    assert found.best.tolist() == [loops.best(c) for c in range(CASES)]
    counts = [sum(loops.best(d) == o for d in loops.draws) / (CASES - 1) for o in range(4)]
    assert found.p_best.tolist() == pytest.approx(counts if loops.options else [0.0] * 4)
    assert found.p_meets.tolist() == pytest.approx([loops.p_meets(o) for o in range(4)])
    assert found.likely.tolist() == [loops.p_meets(o) >= 0.5 for o in range(4)]
    starting = [[loops.starting(c, o) for o in range(4)] for c in range(CASES)]
    if loops.options:
        assert found.starting.tolist() == [pytest.approx(row) for row in starting]
        rows = [starting[d] for d in loops.effective_draws()]
        assert found.effective.tolist() == [pytest.approx(row) for row in rows]
        assert found.leader == loops.best_among(range(4))
        for allowed in ([0, 1], [2, 3], [1]):
            flags = np.isin(np.arange(4), allowed)
            assert found.best_among(flags) == loops.best_among(allowed)
        for option in loops.options:
            assert found.regret(option) == pytest.approx(loops.regret(option))
            assert found.mean_cost[option] == pytest.approx(loops.mean(option))
    else:
        assert math.isnan(found.regret(0))
    shares = {"prompt": counts[0], "tune": counts[1] + counts[2], "hybrid": counts[3]}
    for approach, share in shares.items():
        assert found.p_approach(approach) == pytest.approx(share if loops.options else 0.0)
    if loops.options:
        longest = max(shares.values())
        own = OPTIONS[found.leader].approach
        assert found.longest_approach == (
            own if shares[own] == longest else next(a for a, s in shares.items() if s == longest)
        )
        contenders = [o for o in range(4) if (loops.known[o] and counts[o]) or o == found.pick]
        assert found.contenders.tolist() == found.effective[:, contenders].tolist()
    assert found.p_approach("nothing") == 0.0


def filled() -> Ranking:
    """Every field with numbers of its own."""
    rng = np.random.default_rng(2)
    shape = (CASES, 4)
    matrices = [rng.random(shape) for _ in range(3)]
    flags = [rng.random(shape) < 0.5 for _ in range(5)]
    return Ranking(
        OPTIONS,
        *matrices,
        *flags[:4],
        errors=rng.random(shape) / 2,
        named=3,
        meets_latency=flags[4],
        scored=np.array([True, False, True, False]),
        lasting=np.array([True, True, False, False]),
        cleared=np.array([False, True, True, False]),
    )


BY_CASE = (
    "cost",
    "once",
    "quality",
    "meets",
    "meets_quality",
    "meets_money",
    "meets_weeks",
    "errors",
    "meets_latency",
)
BY_OPTION = ("scored", "lasting", "cleared")


def same(found: Ranking, expected: dict[str, Any]) -> None:
    assert {f.name for f in fields(found)} == {*expected, "options"}
    for name, value in expected.items():
        own = getattr(found, name)
        assert own is value or np.array_equal(own, value), name


def test_some_of_the_cases_keep_all_that_is_known_of_the_options() -> None:
    whole = filled()
    part = whole.rows(slice(2, 5))
    expected = {name: getattr(whole, name)[2:5] for name in BY_CASE}
    same(part, expected | {name: getattr(whole, name) for name in BY_OPTION} | {"named": None})
    bare = replace(whole, errors=None, meets_latency=None).rows(slice(2, 5))
    assert (bare.errors, bare.meets_latency) == (None, None)


@pytest.mark.parametrize("which", [[1], [3, 0], [0, 1, 2, 3]])
def test_replaced_columns_come_from_the_other_ranking(which: list[int]) -> None:
    whole = filled()
    rng = np.random.default_rng(3)
    shape = (CASES, len(which))
    other = {name: rng.random(shape) for name in BY_CASE}
    flags = np.array([not flag for flag in whole.scored[which]])
    part = Ranking(
        tuple(OPTIONS[i] for i in which),
        **other,  # type: ignore[arg-type]
        scored=flags,
    )
    found = whole.replaced(which, part)
    expected = {}
    for name in BY_CASE:
        columns = getattr(whole, name).astype(float)
        columns[:, which] = other[name]
        expected[name] = columns
    scored = whole.scored.copy()
    scored[which] = flags
    expected |= {
        "scored": scored,
        "lasting": whole.lasting,
        "cleared": whole.cleared,
        "named": None,
    }
    for name in BY_CASE:  # whole columns of flags stay flags
        if len(which) < 4 and getattr(whole, name).dtype == bool:
            expected[name] = expected[name].astype(bool)
    same(found, expected)
    unknown = whole.replaced(which, replace(part, scored=None, errors=None, meets_latency=None))
    assert unknown.scored is whole.scored
    assert unknown.errors is whole.errors
    assert unknown.meets_latency is whole.meets_latency
    nothing = replace(whole, scored=None, errors=None).replaced(which, part)
    assert (nothing.scored, nothing.errors) == (None, None)


def test_another_target_moves_quality_alone() -> None:
    whole = filled()
    found = whole.with_target(0.5)
    good = whole.quality >= 0.5
    assert found.meets_quality.tolist() == good.tolist()
    kept = good & whole.meets_money & whole.meets_weeks & whole.meets_latency
    assert found.meets.tolist() == kept.tolist()
    assert found.named is None
    without = replace(whole, meets_latency=None).with_target(0.5)
    assert without.meets.tolist() == (good & whole.meets_money & whole.meets_weeks).tolist()
    top = float(whole.quality.max())
    assert whole.with_target(top).meets_quality.sum() == 1


def test_cash_is_the_cost_without_errors_and_means_leave_the_likely_case_out() -> None:
    whole = filled()
    assert whole.cash.tolist() == (whole.cost - whole.errors).tolist()
    assert whole.mean_cash.tolist() == pytest.approx((whole.cost - whole.errors)[1:].mean(axis=0))
    bare = replace(whole, errors=None)
    assert bare.cash is whole.cost
    assert bare.with_errors_at(3.0).cost is whole.cost
    ours = replace(whole, options=(*OPTIONS[:3], replace(OPTIONS[3], as_is=True)))
    assert ours.reversible.tolist() == [True, False, False, True]
    assert whole.of_approach("tune").tolist() == [False, True, True, False]
    assert whole.pick == 3


# --- rank ----------------------------------------------------------------------------------------

VALUES = {
    "horizon.total": np.array([10.0, 11.0, 12.0]),
    "horizon.errors": 1.0,
    "once.total": np.array([5.0, 6.0, 4.0]),
    "run.total": np.array([3.0, 2.0, 3.1]),
    "time.weeks": np.array([2.0, 3.0, 1.0]),
    "quality.score": np.array([0.90, 0.80, 0.05]),
}


def estimate(option: Option, basis: Basis = Basis.MEASURED, **values: Any) -> Estimate:
    own = VALUES | {k.replace("__", "."): v for k, v in values.items()}
    figures = {k: Figure(v, "", k, basis=basis) for k, v in own.items()}
    return Estimate(option, figures)


def limited(hard: bool = True, **limits: float) -> Brief:
    case = brief(quality__target=0.0)
    bounds = {k: Range(0.5 * v, v, 9 * v) for k, v in limits.items()}
    return replace(case, budget=replace(case.budget, hard=hard, **bounds))


@pytest.mark.parametrize(
    ("limits", "money", "weeks"),
    [
        ({}, [True] * 3, [True] * 3),
        ({"one_off_usd": 5.0}, [True, False, True], [True] * 3),
        ({"monthly_usd": 3.0}, [True, True, False], [True] * 3),
        ({"one_off_usd": 5.0, "monthly_usd": 3.0}, [True, False, False], [True] * 3),
        ({"weeks": 2.0}, [True] * 3, [True, False, True]),
    ],
)
def test_hard_limits_are_kept_up_to_their_likely_value(
    limits: dict[str, float], money: list[bool], weeks: list[bool]
) -> None:
    found = rank([estimate(OPTIONS[0])], limited(**limits), 3)
    assert found.meets_money[:, 0].tolist() == money
    assert found.meets_weeks[:, 0].tolist() == weeks
    assert found.meets[:, 0].tolist() == [a and b for a, b in zip(money, weeks, strict=True)]
    assert rank([estimate(OPTIONS[0])], limited(hard=False, **limits), 3).meets.all()


def test_what_is_out_of_date_counts_as_wrong_but_no_score_is_below_nothing() -> None:
    stale = estimate(OPTIONS[1], quality__stale_share=0.1)
    found = rank([estimate(OPTIONS[0]), stale], limited(), 3)
    assert found.quality[:, 0].tolist() == [0.90, 0.80, 0.05]
    assert found.quality[:, 1].tolist() == pytest.approx([0.80, 0.70, 0.0])
    case = limited()
    target = replace(case, quality=replace(case.quality, target=0.8))
    assert rank([estimate(OPTIONS[0]), stale], target, 3).meets.tolist() == [
        [True, True],
        [True, False],
        [False, False],
    ]


@pytest.mark.parametrize(("seconds", "kept"), [(0.0, [True] * 3), (2.0, [True, True, False])])
def test_an_answer_must_come_within_the_limit_where_its_time_is_known(
    seconds: float, kept: list[bool]
) -> None:
    waits = estimate(OPTIONS[0], time__answer_seconds=np.array([1.0, 2.0, 2.1]))
    unknown = estimate(OPTIONS[1], time__answer_seconds=float("nan"))
    case = limited()
    limit = Range(seconds / 2, seconds, 5 * seconds)
    case = replace(case, traffic=replace(case.traffic, max_latency_seconds=limit))
    found = rank([waits, unknown, estimate(OPTIONS[2])], case, 3)
    assert found.meets_latency is not None
    assert found.meets_latency[:, 0].tolist() == found.meets[:, 0].tolist() == kept
    assert found.meets_latency[:, 1:].all()


@pytest.mark.parametrize(
    ("left", "weeks", "lasts"),
    [
        (None, None, True),
        (3.0, None, True),
        (2.9, None, False),
        (3.0, 12.0, True),  # 2.8 months: a quarter counts
        (4.5, 20.0, False),  # 4.6 months
        (4.7, 20.0, True),
    ],
)
def test_a_model_lasts_that_lives_for_a_quarter_or_to_the_deadline(
    left: float | None, weeks: float | None, lasts: bool
) -> None:
    ends = {} if left is None else {"time__model_ends": left}
    limits = {} if weeks is None else {"weeks": weeks}
    pair = [estimate(OPTIONS[0], **ends), estimate(OPTIONS[1], Basis.ASSUMED)]
    found = rank(pair, limited(hard=False, **limits), 3)
    assert found.lasting is not None
    assert found.scored is not None
    assert found.lasting.tolist() == [lasts, True]
    assert found.scored.tolist() == [True, False]
    assert found.errors is not None
    assert found.errors.tolist() == [[1.0, 1.0]] * 3
    assert found.cost[:, 0].tolist() == [10.0, 11.0, 12.0]
    assert found.once[:, 0].tolist() == [5.0, 6.0, 4.0]


@pytest.mark.parametrize(
    ("rows", "size", "expected"),
    [
        (5.0, 3, [5.0] * 3),
        (np.array([5.0]), 3, [5.0] * 3),
        (np.array([1.0, 2.0, 3.0]), 3, [1.0, 2.0, 3.0]),
        (np.array([1.0, 2.0]), 6, [1.0, 2.0] * 3),  # one block in every block
        (np.array([[1.0, 2.0], [3.0, 4.0]]), 4, [1.0, 2.0, 3.0, 4.0]),
        (np.array([[1.0], [3.0]]), 6, [1.0] * 3 + [3.0] * 3),
    ],
)
def test_rows_of_a_figure_fill_every_block(rows: Any, size: int, expected: list[float]) -> None:
    assert full(Figure(rows, "", "x"), size).tolist() == expected


def test_an_unknown_value_and_no_limit_keep() -> None:
    values = np.array([1.0, 2.0, 2.1, np.nan])
    assert within(values, Range(0.0, 2.0, 9.0)).tolist() == [True, True, False, True]
    assert within(values, None).all()
