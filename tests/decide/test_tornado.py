"""Swings and shares of variance, of costs that are straight in their inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from advisor.core.brief import Brief
from advisor.core.figure import Figure
from advisor.core.option import Estimate, Option, score_input
from advisor.core.quantity import Range
from advisor.core.verdict import Sensitivity
from advisor.decide.ranking import rank
from advisor.decide.tornado import tornado, unexplained, variance_share
from tests.options import brief

PICK = Option("tune", "lora", "small")
RIVAL = Option("prompt", "few-shot", "large")
DRAWS = 4000
USUAL = {"x": 10.0, "y": 5.0, "dust": 1.0, "sure": 1.0}
SPREADS = {
    "x": Range(8.0, 10.0, 14.0),
    "y": Range(4.0, 5.0, 6.0),
    "dust": Range(0.0, 1.0, 2.0),
    "sure": Range.exact(1.0),
    "nobody": Range(None, None, None),
}


@dataclass(frozen=True)
class Drawn:
    """Cases made by hand."""

    estimates: Sequence[Estimate]
    size: int
    inputs: Mapping[str, Figure]
    spreads: Mapping[str, Range]


def estimate(option: Option, total: Any, once: float, score: Any) -> Estimate:
    values = {"horizon.total": total, "once.total": once, "quality.score": score}
    values |= {"horizon.errors": 0.0, "run.total": 0.0, "time.weeks": 0.0}
    return Estimate(option, {k: Figure(v, "USD", k) for k, v in values.items()})


@dataclass(frozen=True)
class Lines:
    """The pick costs 100 + 3·x, the rival 200 + 2·y + 0.002·dust; only the pick's score is open."""

    brief: Brief
    score: float = 0.92

    def on(self, inputs: Mapping[str, Any], score: Any, size: int) -> Drawn:
        pick = estimate(PICK, 100 + 3 * inputs["x"], 40.0, score)
        rival = estimate(RIVAL, 200 + 2 * inputs["y"] + 0.002 * inputs["dust"], 0.0, 0.95)
        figures = {k: Figure(v, "", k) for k, v in inputs.items()}
        return Drawn((pick, rival), size, figures, SPREADS)

    def what_if(self, changes: Sequence[tuple[str, float]]) -> Drawn:
        size = len(changes) + 1
        inputs = {key: np.full(size, usual) for key, usual in USUAL.items()}
        score = np.full(size, self.score)
        for row, (key, value) in enumerate(changes, start=1):
            (score if key == score_input(PICK.skill) else inputs[key])[row] = value
        return self.on(inputs, score, size)


def drawn(low: float, high: float, seed: int) -> NDArray[np.float64]:
    return np.random.default_rng(seed).uniform(low, high, DRAWS + 1)


def rows(target: float, error_usd: float = 0.0, likely: float = 0.92) -> dict[str, Sensitivity]:
    case = brief(quality__target=target, quality__error_cost_usd=error_usd)
    world = Lines(case, likely)
    inputs = {"x": drawn(6, 16, 1), "y": drawn(3, 7, 2), "dust": drawn(0, 2, 3)}
    score = drawn(0.8, 1.0, 4)
    cases = world.on(inputs | {"sure": np.ones(DRAWS + 1)}, score, DRAWS + 1)
    ranking = replace(rank(cases.estimates, case, cases.size), named=0)
    scores = {PICK.skill: Figure(score, "score", "s"), RIVAL.skill: Figure(0.95, "score", "s")}
    found = tornado(world, cases, ranking, scores, 1)  # type: ignore[arg-type]
    assert tornado(world, cases, ranking, scores, None) == ()  # type: ignore[arg-type]
    assert list(found) == sorted(found, key=lambda row: -row.swing_usd)
    return {row.input: row for row in found}


def test_an_end_is_what_the_rival_costs_more_there() -> None:
    """210.002 − (100 + 3 · 8), 3 · 14; y moves it by 2 each; a swing of 0.4 cents is not shown."""
    found = rows(target=0.0)
    assert set(found) == {"x", "y"}
    x, y = found["x"], found["y"]
    assert (x.low, x.high, x.swing_usd) == pytest.approx((86.002, 68.002, 18.0))
    assert (y.low, y.high, y.swing_usd) == pytest.approx((78.002, 82.002, 4.0))


def test_each_input_has_its_share_of_the_variance() -> None:
    """3² · 10² ÷ 12 beside 2² · 4² ÷ 12: 900 to 64."""
    found = rows(target=0.0)
    assert found["x"].variance_share == pytest.approx(900 / 964, abs=0.02)
    assert found["y"].variance_share == pytest.approx(64 / 964, abs=0.02)


def test_a_score_counts_by_the_limits_where_errors_are_free() -> None:
    """At its P10 of 0.82 the pick misses 0.9 and its 40 once are lost, at 0.98 it is 80 cheaper."""
    found = rows(target=0.9)
    row = found[score_input(PICK.skill)]
    assert (row.low, row.high) == pytest.approx((-40.0, 80.002))
    assert found["x"].low == pytest.approx(86.002)
    assert score_input(RIVAL.skill) not in found  # it does not move


def test_an_input_counts_by_its_cost_where_the_pick_misses_the_limits() -> None:
    found = rows(target=0.9, likely=0.85)
    assert found["x"].low == pytest.approx(86.002)
    assert found[score_input(PICK.skill)].low == pytest.approx(-40.0)


def test_where_errors_have_a_price_costs_say_it_all() -> None:
    """The totals here do not move with the score: no row."""
    found = rows(target=0.9, error_usd=0.01)
    assert score_input(PICK.skill) not in found
    assert found["x"].variance_share == pytest.approx(900 / 964, abs=0.02)


def test_only_draws_in_which_something_keeps_the_limits_are_shared_out() -> None:
    """Where the costs follow x in the closed half of the draws alone, y explains the rest."""
    case = brief(quality__target=0.9)
    world = Lines(case)
    y = drawn(3, 7, 2)
    half = np.arange(DRAWS + 1) % 2 == 0
    inputs = {"x": np.where(half, 10.0, drawn(6, 16, 1)), "y": y, "dust": np.ones(DRAWS + 1)}
    cases = world.on(inputs | {"sure": np.ones(DRAWS + 1)}, 0.92, DRAWS + 1)
    every = rank(cases.estimates, case, cases.size)
    ranking = replace(every, meets=np.column_stack([half, half]), named=0)
    found = {r.input: r for r in tornado(world, cases, ranking, {}, 1)}  # type: ignore[arg-type]
    assert found["y"].variance_share == pytest.approx(1.0, abs=0.02)
    assert found["x"].variance_share == 0.0


@pytest.mark.parametrize(("draws", "is_enough"), [(39, False), (40, True)])
def test_twenty_bins_need_two_draws_each(draws: int, is_enough: bool) -> None:
    x = np.arange(float(draws))
    assert (variance_share(x, x) > 0) is is_enough


def test_what_does_not_move_explains_nothing() -> None:
    x = np.arange(400.0)
    assert variance_share(np.ones(400), x) == 0.0
    assert variance_share(x, np.ones(400)) == 0.0
    noise = np.random.default_rng(5).normal(size=400)
    assert 0.0 <= variance_share(noise, np.random.default_rng(6).normal(size=400)) < 0.1


def test_the_share_is_that_of_the_bins_less_their_noise() -> None:
    """By hand with two draws a bin: Var of the means less Var ÷ 2, over Var."""
    x = np.random.default_rng(7).permutation(40).astype(float)
    y = x + np.random.default_rng(8).normal(scale=20.0, size=40)
    ordered = y[np.argsort(x)]
    means = [(ordered[2 * i] + ordered[2 * i + 1]) / 2 for i in range(20)]
    by_hand = (np.var(means) - np.var(y) / 2) / np.var(y)
    assert 0.05 < by_hand < 0.95
    assert variance_share(y, x) == pytest.approx(by_hand)


@pytest.mark.parametrize(("shares", "left"), [((), 1.0), ((0.5, 0.25), 0.25), ((0.75, 0.5), 0.0)])
def test_what_no_row_explains(shares: tuple[float, ...], left: float) -> None:
    assert unexplained([Sensitivity("i", 0, 1, 1, variance_share=s) for s in shares]) == left


def test_the_ends_of_a_score_are_those_of_its_draws() -> None:
    """0.80, 0.81 … 0.90 without the likely case: P10 0.81 and P90 0.89."""
    asked: list[tuple[str, float]] = []

    class Watched(Lines):
        def what_if(self, changes: Sequence[tuple[str, float]]) -> Drawn:
            asked.extend(changes)
            return super().what_if(changes)

    case = brief(quality__target=0.0)
    score = np.array([0.1, *(0.8 + 0.01 * i for i in range(11))])
    inputs = {key: np.full(12, usual) for key, usual in USUAL.items()}
    world = Watched(case)
    cases = world.on(inputs, score, 12)
    ranking = replace(rank(cases.estimates, case, 12), named=0)
    tornado(world, cases, ranking, {PICK.skill: Figure(score, "score", "s")}, 1)  # type: ignore[arg-type]
    ends = [value for key, value in asked if key == score_input(PICK.skill)]
    assert ends == pytest.approx([0.81, 0.89])
    assert [value for key, value in asked if key == "x"] == [8.0, 14.0]
