"""Which limit stops an option, and which soft ones the pick breaks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from advisor.core.brief import Brief
from advisor.core.figure import Figure
from advisor.core.option import Estimate, Option
from advisor.core.quantity import Range
from advisor.decide.breaches import hopeless, over_budget
from advisor.decide.ranking import Ranking
from tests.options import brief

DRAWS = 100
OPTIONS = (Option("prompt", "few-shot", "large"), Option("tune", "lora", "small"))


def flags(**shares: float) -> dict[str, NDArray[np.bool_]]:
    """Limits that the tuned option keeps in so many of 100 draws, and never in the likely case."""
    kept = {}
    for name, share in shares.items():
        own = np.arange(DRAWS + 1) <= round(share * DRAWS)
        own[0] = False
        kept[f"meets_{name}"] = np.column_stack([np.ones(DRAWS + 1, dtype=bool), own])
    return kept


def ranking(named: int | None = None, **shares: float) -> Ranking:
    every = np.ones((DRAWS + 1, 2), dtype=bool)
    cost = np.tile([100.0, 50.0], (DRAWS + 1, 1))
    kept = flags(**shares)
    meets = np.logical_and.reduce([every, *kept.values()])
    base = Ranking(
        OPTIONS, cost, cost / 2, cost * 0 + 0.85, meets, every, every, every, named=named
    )
    return replace(base, **kept)


def estimates(**values: float) -> list[Estimate]:
    usual = {"once.total": 600.0, "run.total": 70.0, "quality.score": 0.85, "time.weeks": 3.0}
    figures = {k: Figure(v, "", k) for k, v in (usual | values).items()}
    return [Estimate(option, figures) for option in OPTIONS]


def limits(hard: bool = True, **ends: float) -> Brief:
    case = brief(quality__target=0.9)
    spreads = {k: Range.exact(v) for k, v in ends.items()}
    return replace(case, budget=replace(case.budget, hard=hard, **spreads))


@pytest.mark.parametrize(
    ("shares", "rule", "chance"),
    [
        ({"quality": 0.02, "money": 0.03}, "quality.target", "2.0 %"),
        ({"quality": 0.04, "money": 0.03}, "budget.hard: money", "3.0 %"),
        ({"weeks": 0.01, "money": 0.03}, "budget.hard: weeks", "1.0 %"),
        ({"latency": 0.01, "weeks": 0.03}, "traffic.max_latency_seconds", "1.0 %"),
        ({"latency": 0.04, "weeks": 0.03}, "budget.hard: weeks", "3.0 %"),
    ],
)
def test_the_limit_of_the_least_chance_is_named(
    shares: dict[str, float], rule: str, chance: str
) -> None:
    (out,) = hopeless(limits(), ranking(0, **shares), estimates())
    assert (out.id, out.rule) == (OPTIONS[1].id, rule)
    assert out.detail.endswith(f"chance to meet it {chance}")


@pytest.mark.parametrize(("share", "named", "count"), [(0.04, 0, 1), (0.05, 0, 0), (0.04, 1, 0)])
def test_one_of_twenty_draws_keeps_an_option_and_the_named_one_stays(
    share: float, named: int, count: int
) -> None:
    assert len(hopeless(limits(), ranking(named, quality=share), estimates())) == count


@pytest.mark.parametrize(
    ("limit", "once", "words"),
    [
        ({"one_off_usd": 500.0, "monthly_usd": 60.0}, 501.0, "$501 once"),
        ({"one_off_usd": 500.0, "monthly_usd": 60.0}, 500.0, "$70 per month"),
        ({"one_off_usd": 500.0}, 400.0, "$400 once"),
        ({"monthly_usd": 60.0}, 400.0, "$70 per month"),
    ],
)
def test_too_dear_once_or_every_month(limit: dict[str, float], once: float, words: str) -> None:
    (out,) = hopeless(limits(**limit), ranking(0, money=0.0), estimates(**{"once.total": once}))
    assert out.detail == f"{words}; chance to meet it 0.0 %"


@pytest.mark.parametrize(("expected", "counted"), [(0.85, False), (0.80, True)])
def test_stale_answers_count_as_wrong_where_they_lower_the_score(
    expected: float, counted: bool
) -> None:
    held = ranking(0, quality=0.0)
    held = replace(held, quality=np.full_like(held.quality, expected))
    (out,) = hopeless(limits(), held, estimates())
    words = ", stale answers counted as wrong," if counted else ""
    assert out.detail == (
        f"expected quality {expected:.3f}{words} against the target 0.9; chance to meet it 0.0 %"
    )


@pytest.mark.parametrize(
    ("limit", "value", "words"),
    [
        ("one_off_usd", 599.0, "$600 once, more than the budget.one_off_usd of $599"),
        ("monthly_usd", 69.0, "$70 per month, more than the budget.monthly_usd of $69 per month"),
        ("weeks", 2.0, "3 weeks to go live, more than the budget.weeks of 2 weeks"),
        ("one_off_usd", 600.0, ""),
        ("monthly_usd", 70.0, ""),
        ("weeks", 3.0, ""),
    ],
)
def test_each_soft_limit_that_is_broken_is_a_warning(limit: str, value: float, words: str) -> None:
    pick = estimates()[0]
    lines = over_budget(limits(hard=False, **{limit: value}), pick)
    assert lines == ((f"The pick takes {words}",) if words else ())
    assert over_budget(limits(hard=True, **{limit: value}), pick) == ()
