"""A plan in stages, and what the labels still missing cost: by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from advisor.core.brief import Brief, Segment
from advisor.core.quantity import UNKNOWN, Basis, Quantity, Range
from advisor.decide.plan import labels_needed, plan
from advisor.decide.situation import LabelGoal
from tests.decide.test_ranking import ranking
from tests.options import brief

GOAL = LabelGoal(3000.0, 2000.0, "tune/lora@m", 4.0)
CHEAP_PROMPT = ranking(np.tile([100.0, 900.0], (5, 1)))
CHEAP_TUNING = ranking(np.tile([900.0, 100.0], (5, 1)))


def labels(*ends: float) -> dict[str, Quantity]:
    quantity = Quantity(Range(*ends), "labels", Basis.MODELLED, "a curve", "")
    return {"tune/lora@m": quantity}


@pytest.mark.parametrize(
    ("cases", "goal", "count"),
    [(CHEAP_PROMPT, GOAL, 3), (CHEAP_PROMPT, None, 0), (CHEAP_TUNING, GOAL, 0)],
    ids=["a prompt first", "no goal", "tuned already"],
)
def test_only_a_prompt_that_labels_can_replace_has_stages(
    cases: object, goal: LabelGoal | None, count: int
) -> None:
    assert len(plan(brief(), cases, goal)) == count  # type: ignore[arg-type]


@pytest.mark.parametrize(("in_hand", "items"), [(600.0, "640"), (641.0, "641")])
def test_the_paired_test_shows_five_points_or_takes_what_is_in_hand(
    in_hand: float, items: str
) -> None:
    """8 · 0.2 ÷ 0.05² = 640."""
    stages = plan(brief(data__eval_examples=in_hand), CHEAP_PROMPT, GOAL)
    assert f"on {items} fresh items" in stages[1].gate


@pytest.mark.parametrize(("target", "is_gate"), [(0.9, True), (0.0, False)])
def test_a_target_is_a_gate(target: float, is_gate: bool) -> None:
    stages = plan(brief(quality__target=target), CHEAP_PROMPT, GOAL)
    assert ("its score at 0.9 or more" in stages[1].gate) is is_gate


@pytest.mark.parametrize(
    ("in_hand", "cost", "weeks"),
    [
        (1000.0, (50 + 600, 50 + 1800, 50 + 4800), (1, 3, 8)),
        (2000.0, (0, 50 + 600, 50 + 3600), (0, 1, 6)),
        (5000.0, (0, 0, 0), (0, 0, 0)),
    ],
)
def test_missing_labels_cost_their_price_and_the_set_up_once(
    in_hand: float, cost: tuple[float, ...], weeks: tuple[float, ...]
) -> None:
    """1,500, 2,500 or 5,000 in all at 1.2 each, 500 a week."""
    case = brief(data__examples=in_hand, data__label_setup_usd=50.0)
    (row,) = labels_needed(case, labels(1500.0, 2500.0, 5000.0))
    assert (row.cost_usd.p10, row.cost_usd.p50, row.cost_usd.p90) == pytest.approx(cost)
    assert (row.weeks.p10, row.weeks.p50, row.weeks.p90) == pytest.approx(weeks)


def test_every_segment_needs_labels_of_its_own() -> None:
    """Three brands with 100 each and one site with 2,000; each needs 1,000: 3 · 900 are missing."""
    parts = (
        Segment("brand", 3, Range.exact(0.6), Range.exact(100.0), Range.exact(10.0)),
        Segment("site", 1, Range.exact(0.4), Range.exact(2000.0), Range.exact(10.0)),
    )
    case: Brief = replace(brief(data__label_setup_usd=0.0), segments=parts)
    (row,) = labels_needed(case, labels(1000.0, 1000.0, 1000.0))
    assert row.labels.p50 == 4 * 1000
    assert row.cost_usd.p50 == pytest.approx(3 * 900 * 1.2)
    assert row.weeks.p50 == pytest.approx(3 * 900 / 500)


def test_labels_out_of_reach_are_unknown_with_their_reason() -> None:
    (row,) = labels_needed(brief(), {"s": Quantity.unknown("labels", "never reached")})
    assert (row.labels, row.cost_usd, row.weeks) == (UNKNOWN, UNKNOWN, UNKNOWN)
    assert row.detail == "never reached"
