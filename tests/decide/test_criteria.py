"""Weights with anchored value functions: by hand, and free of rank reversal."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.errors import UsageError
from advisor.decide.criteria import parse_weights, weigh
from tests.options import brief, estimated, prompt, rented

HELD = brief(budget__one_off_usd=40_000, budget__monthly_usd=15_000, budget__weeks=12)
ARMS = [
    estimated(option, HELD, quality=q)
    for option, q in ((prompt("batch"), 0.905), (rented(), 0.912), (prompt("uncached"), 0.905))
]


def test_a_value_is_the_weighted_mean_between_the_anchors() -> None:
    found = {v.id: v.value for v in weigh(ARMS, HELD, {"cost": 3, "quality": 1})}
    worst = 40_000 + 12 * 15_000
    for option in ARMS:
        cost = 1 - option["horizon.cash"].value / worst
        assert found[option.option.id] == pytest.approx(
            (3 * cost + option["quality.score"].value) / 4
        )


@given(st.lists(st.floats(0, 10), min_size=3, max_size=3).filter(lambda w: sum(w) > 0))
def test_an_option_more_or_less_never_reorders_the_others(weights: list[float]) -> None:
    named = dict(zip(("cost", "quality", "time"), weights, strict=True))
    every = [v.id for v in weigh(ARMS, HELD, named)]
    for left_out in ARMS:
        rest = [v.id for v in weigh([a for a in ARMS if a is not left_out], HELD, named)]
        assert rest == [i for i in every if i != left_out.option.id]


@pytest.mark.parametrize("error_usd", [0.0, 1.0])
def test_cost_alone_orders_by_cash_whatever_budget_and_errors_are(error_usd: float) -> None:
    poor = brief(budget__one_off_usd=100, budget__monthly_usd=10, quality__error_cost_usd=error_usd)
    options = [
        estimated(option, poor, quality=q)
        for option, q in ((prompt("batch"), 0.9), (rented(), 0.5), (prompt("uncached"), 0.95))
    ]
    found = weigh(options, poor, {"cost": 1})
    by_cash = sorted(options, key=lambda e: e["horizon.cash"].value)
    assert [v.id for v in found] == [e.option.id for e in by_cash]
    assert len({v.value for v in found}) == 3


def test_an_unknown_cost_has_no_value_and_comes_last() -> None:
    unknown = estimated(prompt("uncached", model="nameless"), HELD)
    found = weigh([unknown, *ARMS], HELD, {"cost": 1})
    assert (found[-1].id, found[-1].value) == (unknown.option.id, None)


def test_cost_needs_its_anchor_from_the_brief() -> None:
    with pytest.raises(UsageError, match=r"budget\.one_off_usd"):
        weigh(ARMS, brief(), {"cost": 1})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("price=1", "cost"),
        ("cost=x", "is not a number"),
        ("cost=-1", "zero or more"),
        ("cost=0", "all are zero"),
    ],
)
def test_bad_weights_are_refused_in_one_line(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse_weights(text)


def test_weights_are_read() -> None:
    assert parse_weights("cost=3, quality=0.5") == {"cost": 3.0, "quality": 0.5}


@pytest.mark.parametrize(("weeks", "value"), [(0.0, 1.0), (26.0, 0.5), (52.0, 0.0), (80.0, 0.0)])
def test_without_a_deadline_a_year_is_the_slowest_and_values_stay_between_0_and_1(
    weeks: float, value: float
) -> None:
    hours = brief(
        team__tuning_hours=weeks * 40, team__training_runs=0.0, team__evaluation_hours=0.0
    )
    hours = replace(hours, budget=replace(hours.budget, weeks=None))
    (row,) = weigh([estimated(rented(), hours)], hours, {"time": 1})
    assert row.value == pytest.approx(value, abs=1e-6)


@pytest.mark.parametrize("missing", ["one_off_usd", "monthly_usd"])
def test_the_anchor_of_cost_takes_both_limits(missing: str) -> None:
    poor = replace(HELD, budget=replace(HELD.budget, **{missing: None}))
    with pytest.raises(UsageError, match="worst anchor"):
        weigh(ARMS, poor, {"cost": 1})
    assert weigh(ARMS, poor, {"cost": 0, "quality": 1})


def test_a_score_above_the_ceiling_is_worth_no_more_than_the_ceiling() -> None:
    capped = replace(HELD, quality=replace(HELD.quality, human_ceiling=0.8))
    found = {v.id: v.value for v in weigh(ARMS, capped, {"quality": 2})}
    assert set(found.values()) == {1.0}
    half = replace(HELD, quality=replace(HELD.quality, human_ceiling=0.95))
    values = {v.id: v.value for v in weigh(ARMS, half, {"quality": 2})}
    assert values[ARMS[1].option.id] == pytest.approx(0.912 / 0.95)
