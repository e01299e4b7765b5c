"""The targets at which the answer changes, against scores whose quantiles are known by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from statistics import NormalDist
from types import SimpleNamespace

import numpy as np
import pytest

from advisor.core.option import Option
from advisor.decide.ranking import Ranking
from advisor.decide.settling import Ruling, answer
from advisor.decide.target import target_flips
from tests.options import brief

PICK = Option("tune", "lora", "small")
RIVAL = Option("prompt", "few-shot", "large")
SD = 0.02


def ranking(target: float) -> Ranking:
    """A cheap tuned option that scores 0.85 and a dear prompt that scores 0.95, both +- SD."""
    z = [NormalDist().inv_cdf((i + 0.5) / 2000) for i in range(2000)]
    draws = np.array([0.0, *np.random.default_rng(3).permutation(z)])
    quality = np.column_stack([0.85 + SD * draws, 0.95 + SD * draws])
    cost = np.column_stack([np.full(2001, 100.0), np.full(2001, 1000.0)])
    every = np.ones(cost.shape, dtype=bool)
    scored = np.array([True, True])
    return Ranking(
        (PICK, RIVAL), cost, cost * 0.1, quality, every, every, every, every, scored=scored
    ).with_target(target)


def judge(held: Ranking) -> Ruling:
    return answer(held, ())


def flips(target: float, ceiling: float | None = None) -> dict[str, tuple[float, str]]:
    base = brief()
    case = replace(base, quality=replace(base.quality, target=target, human_ceiling=ceiling))
    found = target_flips(case, judge(ranking(target)), judge)
    return {"up" if f.value > target else "down": (f.value, f.verdict_becomes) for f in found}


def test_the_pick_changes_where_it_is_as_likely_as_not_to_miss_the_target() -> None:
    up, word = flips(0.8)["up"]
    assert up == pytest.approx(0.85, abs=0.004)
    assert word == "prompt"
    down, word = flips(0.9)["down"]
    assert down == pytest.approx(0.85, abs=0.004)
    assert word == "tune"


def test_without_a_target_there_is_none_to_change_and_none_lies_above_the_ceiling() -> None:
    assert flips(0.0) == {}
    assert "up" not in flips(0.8, ceiling=0.82)


def found(
    now: float,
    changed: Callable[[float], bool],
    *,
    ceiling: float | None = None,
    in_all_draws: bool = True,
) -> list[tuple[float, str]]:
    """The flips of a rule that says "other" where `changed` does; the first 400 draws always say
    so, all draws only if they are asked to.
    """

    def at(is_whole: bool) -> SimpleNamespace:
        def with_target(target: float) -> SimpleNamespace:
            assert 0.0 <= target <= max(now, ceiling or 1.0)
            says = changed(target) and (in_all_draws or not is_whole)
            return SimpleNamespace(word="other" if says else "same", option="an option")

        def rows(which: slice) -> SimpleNamespace:
            assert which == slice(401)
            return at(is_whole=False)

        return SimpleNamespace(with_target=with_target, rows=rows)

    base = brief()
    case = replace(base, quality=replace(base.quality, target=now, human_ceiling=ceiling))
    today = SimpleNamespace(word="same", ranking=at(is_whole=True))
    points = list(target_flips(case, today, lambda ruled: ruled))  # type: ignore[arg-type]
    for point in points:
        assert (point.input, point.now, point.arm) == ("quality.target", now, "an option")
        assert point.value == round(point.value, 3)
    return [(point.value, point.verdict_becomes) for point in points]


@pytest.mark.parametrize(
    ("changed", "value"),
    [
        (lambda t: t >= 0.87, 0.87),
        (lambda t: t >= 0.998, 0.998),  # confirmed at 1, the highest
        (lambda t: 0.81 <= t <= 0.83, 0.81),  # in the first of twelve steps alone
        (lambda t: 0.862 <= t <= 0.88, 0.862),
        (lambda t: 0.8655 <= t <= 0.8725, 0.866),  # met by twelve steps alone
        (lambda t: 0.866 <= t <= 0.869, None),  # not any more 0.005 beyond
        (lambda t: t <= 0.5, 0.5),
        (lambda t: t <= 0.003, 0.003),
        (lambda t: 0.72 <= t <= 0.79, 0.79),
        (lambda t: 0.731 <= t <= 0.734, None),
        (lambda t: False, None),
    ],
)
def test_the_nearest_change_is_narrowed_down_to_a_thousandth_and_confirmed(
    changed: Callable[[float], bool], value: float | None
) -> None:
    flips = found(0.8, changed)
    assert [word for _, word in flips] == (["other"] if value is not None else [])
    for at, _ in flips:
        assert at == pytest.approx(value, abs=0.0015)
    assert found(0.8, changed, in_all_draws=False) == []


def test_changes_on_both_sides_are_two_points() -> None:
    above, below = found(0.6, lambda t: t >= 0.7 or t <= 0.4)
    assert (above[0], below[0]) == pytest.approx((0.7, 0.4), abs=0.0015)


@pytest.mark.parametrize(("ceiling", "count"), [(0.9, 1), (0.85, 0), (0.7, 0)])
def test_no_target_above_the_ceiling_is_tried(ceiling: float, count: int) -> None:
    assert len(found(0.8, lambda t: t >= 0.87, ceiling=ceiling)) == count
