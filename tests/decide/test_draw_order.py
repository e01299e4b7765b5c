"""Every draw counts once, in whatever order, and the likely case is none of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from advisor.core.option import Estimate, Option
from advisor.decide.breaches import hopeless
from advisor.decide.improving import search_gain
from advisor.decide.information import conditional_costs, costs_beside_pick, worth
from advisor.decide.interim import interim
from advisor.decide.measuring import _trial
from advisor.decide.ranking import Ranking
from advisor.decide.settling import p_beats, p_same_start, settled, undecided
from advisor.decide.standing import approaches
from advisor.decide.tornado import variance_share
from tests.decide.test_steps import step
from tests.options import brief, score

DRAWS = 80
"""The fewest from which worths are worked out, so that each of them moves every figure."""

OPTIONS = (
    Option("prompt", "few-shot", "a"),
    Option("prompt", "zero-shot", "b"),
    Option("tune", "lora", "c"),
)


def drawn() -> Ranking:
    """The first and the last draw are far from the others: leaving one out shows everywhere."""
    rng = np.random.default_rng(8)
    cost = rng.normal([100.0, 110.0, 105.0], 15.0, (DRAWS + 1, 3))
    cost[[1, -1]] = [[400.0, 60.0, 300.0], [40.0, 500.0, 900.0]]
    quality = rng.uniform([0.5, 0.6, 0.55], [1.0, 0.95, 1.0], (DRAWS + 1, 3))
    quality[[1, -1]] = [[0.2, 0.99, 0.1], [0.99, 0.1, 0.1]]
    good = quality >= 0.7
    money = cost < 450.0
    soon = rng.random((DRAWS + 1, 3)) < 0.9
    scored = np.array([True, False, False])
    cash = cost * rng.uniform(0.5, 1.0, cost.shape)
    return Ranking(
        OPTIONS, cost, cash, quality, good & money & soon, good, money, soon, scored=scored
    )


def rearranged(ranking: Ranking, rows: NDArray[np.intp]) -> Ranking:
    changed = {
        name: value[rows]
        for name in ("cost", "once", "quality", "meets", "meets_quality", "meets_money")
        if isinstance(value := getattr(ranking, name), np.ndarray)
    }
    return replace(ranking, **changed, meets_weeks=ranking.meets_weeks[rows])


def trial_worth(ranking: Ranking) -> float:
    return _trial(ranking, OPTIONS[2].skill, step("s", 0.0, 0.0), 0.5).worth_usd


def gain(ranking: Ranking) -> tuple[float, float]:
    gains = search_gain(ranking, 1, ranking.quality[:, 2], 0.7)
    return gains.usd, gains.share


FIGURES: dict[str, Callable[[Ranking], object]] = {
    "p_best": lambda r: r.p_best.tolist(),
    "p_meets": lambda r: r.p_meets.tolist(),
    "regret": lambda r: [r.regret(i) for i in range(3)],
    "mean_cost": lambda r: [*r.mean_cost, *r.mean_cash, *r.mean_effective],
    "pick": lambda r: [r.pick, r.leader, settled(r).pick],
    "p_beats": lambda r: [p_beats(r, 0, 1), p_beats(r, 2, 0), p_same_start(r)],
    "worth": lambda r: worth(conditional_costs(r, r.quality[:, 1])).usd,
    "beside": lambda r: worth(costs_beside_pick(r, r.quality[:, 1], np.arange(3) == 1)).usd,
    "trial": trial_worth,
    "search": gain,
    "standing": lambda r: [(a.p_best, a.approach) for a in approaches(r)],
    "sentences": lambda r: [undecided(r, ()), interim(r).sentence],
    "variance": lambda r: variance_share(r.cost[1:, 0], r.quality[1:, 0]),
}


@pytest.mark.parametrize("name", FIGURES)
def test_the_order_of_the_draws_changes_nothing(name: str) -> None:
    ranking = drawn()
    backwards = np.array([0, *range(DRAWS, 0, -1)])
    turned = np.array([0, *range(30, DRAWS + 1), *range(1, 30)])
    expected = FIGURES[name](ranking)
    for rows in (backwards, turned):
        assert _close(FIGURES[name](rearranged(ranking, rows)), expected)


@pytest.mark.parametrize("name", FIGURES)
def test_the_likely_case_is_no_draw(name: str) -> None:
    """The likely case, row 0, made as one of the far draws."""
    ranking = drawn()
    for row in (1, DRAWS):
        other = rearranged(ranking, np.array([row, *range(1, DRAWS + 1)]))
        assert _close(FIGURES[name](other), FIGURES[name](ranking))


def _close(one: object, other: object) -> bool:
    if isinstance(one, (float, np.floating)):
        return bool(one == pytest.approx(other, rel=1e-9, nan_ok=True))
    if isinstance(one, (list, tuple)):
        assert isinstance(other, (list, tuple))
        return all(_close(a, b) for a, b in zip(one, other, strict=True))
    return one == other


def test_the_chance_of_a_hopeless_option_counts_every_draw() -> None:
    """It meets the target in one draw of 80, wherever that is; what stops it is the target."""
    for at in (1, 40, DRAWS):
        quality = np.tile([0.9, 0.1], (DRAWS + 1, 1))
        quality[at, 1] = 0.9
        good = quality >= 0.7
        every = np.ones_like(good)
        cost = np.full(good.shape, 100.0)
        ranked = Ranking(OPTIONS[:2], cost, cost, quality, good, good, every, every)
        (out,) = hopeless(
            brief(), ranked, [Estimate(o, {"quality.score": score(0.1)}) for o in OPTIONS]
        )
        assert out.rule == "quality.target"
        assert "chance to meet it 1.2" in out.detail
