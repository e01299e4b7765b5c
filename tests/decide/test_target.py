"""The targets at which the answer changes, against scores whose quantiles are known by hand."""

from __future__ import annotations

from dataclasses import replace
from statistics import NormalDist

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
