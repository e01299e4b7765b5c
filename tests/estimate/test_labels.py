"""Labels in hand are free; those a many-shot prompt or a tuned model lacks are bought."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.brief import Segment
from advisor.core.option import Mode, Option, Serving
from advisor.core.quantity import Range
from advisor.estimate.labels import own_examples, training_examples
from advisor.estimate.sheet import Sheet, what_if
from tests.options import brief, estimated, rented


def many_shot(shown: int) -> Option:
    return Option(
        "prompt",
        f"many-shot-{shown}",
        "claude-sonnet-5",
        "anthropic",
        Serving(mode=Mode.UNCACHED),
        shown_examples=shown,
    )


@given(st.floats(0, 3000), st.integers(1, 3000), st.floats(0, 5), st.floats(0, 500))
def test_a_prompt_buys_the_examples_it_shows_beyond_those_in_hand(
    have: float, shown: int, price: float, setup: float
) -> None:
    held = brief(data__examples=have, data__label_usd=price, data__label_setup_usd=setup)
    found = estimated(many_shot(shown), held)
    lacking = max(0.0, shown - have)
    assert found["once.labels"].value == pytest.approx(
        lacking * price + (setup if lacking >= 1 else 0)
    )


@pytest.mark.parametrize(
    ("in_hand", "bought"), [(0.0, 100), (25.0, 75), (99.0, 1), (100.0, 0), (18_000.0, 0)]
)
def test_a_tuned_model_tops_its_labels_up_to_a_first_round_and_waits_for_it(
    in_hand: float, bought: int
) -> None:
    found = estimated(rented(), brief(data__examples=in_hand, data__label_setup_usd=50))
    expected = 50 + bought * 1.2 if bought else 0.0
    assert found["once.labels"].value == pytest.approx(expected)
    assert found["train.tokens"].value == pytest.approx(max(in_hand, 100) * 620 * 3)
    assert found["time.weeks"].value == pytest.approx(
        160 / 40 + bought / 500 + 6 * found["train.hours"].value / 168
    )


def test_each_adapter_needs_labels_of_its_own() -> None:
    none = brief(data__examples=0.0)
    four = replace(none, task=replace(none.task, tasks_sharing_model=4))
    assert estimated(rented(), four)["labels.missing"].value == 400


def test_a_what_if_with_few_labels_buys_them_in_its_row_alone() -> None:
    sheet = what_if(brief(), [("data.examples", 0.0), ("data.examples", 10.0)])
    assert list(training_examples(sheet).rows) == [18_000, 100, 100]


@given(st.floats(0, 20_000), st.floats(0, 20_000))
def test_more_labels_never_teach_less(a: float, b: float) -> None:
    fewer, more = sorted((a, b))
    learned = [
        np.max(np.asarray(training_examples(Sheet(brief(data__examples=n), 1)).rows))
        for n in (fewer, more)
    ]
    assert learned[0] <= learned[1]


@pytest.mark.parametrize(
    ("share", "expected"),
    [(1.0, 40.0), (0.04, 18_000**0.96 * 40**0.04), (0.5, (18_000 * 40) ** 0.5)],
)
def test_the_rest_of_the_traffic_counts_with_the_labels_of_the_brief(
    share: float, expected: float
) -> None:
    """A segment of 4 % of the traffic with 40 labels hardly moves what tuning learns from."""
    segment = Segment("new", 1, Range.exact(share), Range.exact(40.0), Range.exact(0.0))
    held = replace(brief(), segments=(segment,))
    rows = np.asarray(own_examples(Sheet(held, 1)).rows)
    assert float(rows) == pytest.approx(max(expected, 100.0))


def test_uncertain_labels_in_hand_are_bought_draw_by_draw() -> None:
    held = brief(data__examples=Range(500, 1000, 2000))
    found = estimated(many_shot(1000), held, rows=2000, seed=8)
    have, cost = held.data.examples, found["once.labels"].rows
    assert have.p50 == 1000
    assert cost[0] == 0
    assert 0.4 < (cost[1:] > 0).mean() < 0.6


def test_exactly_a_first_round_in_hand_is_enough() -> None:
    rows = np.asarray(own_examples(Sheet(brief(data__examples=100.0), 400, 3)).rows)
    assert set(np.unique(rows)) == {100.0}


@pytest.mark.parametrize(
    ("in_hand", "segments", "expected"),
    [
        (18_000.0, [], 18_000.0),
        # all in one segment: its own
        (900.0, [(1.0, 1, 900.0)], 900.0),
        # ln-mean of 100 and 400 by shares 0.25 and 0.75; nothing beside them
        (500.0, [(0.25, 1, 100.0), (0.75, 1, 400.0)], 100**0.25 * 400**0.75),
        # two models of 200 each leave 100 of 500: the rest of the traffic (0.5) has all 500
        (500.0, [(0.5, 2, 200.0)], 200**0.5 * 500**0.5),
        # 400 of 400 are in segments: the rest does not count
        (400.0, [(0.5, 2, 200.0)], 200.0),
        # a segment without labels counts as one
        (900.0, [(0.5, 1, 0.0), (0.5, 1, 900.0)], 900**0.5),
        # no traffic in any segment
        (900.0, [(0.0, 1, 50.0)], 900.0),
    ],
)
def test_one_model_learns_from_the_mean_of_its_segments(
    in_hand: float, segments: list[tuple[float, int, float]], expected: float
) -> None:
    parts = tuple(
        Segment(f"s{i}", n, Range.exact(share), Range.exact(examples))
        for i, (share, n, examples) in enumerate(segments)
    )
    case = replace(brief(data__examples=in_hand), segments=parts)
    assert own_examples(Sheet(case, 1)).value == pytest.approx(max(expected, 100.0))


def test_the_part_of_a_segment_is_that_of_the_likely_number_of_labels() -> None:
    parts = (Segment("a", 1, Range.exact(1.0), Range.exact(250.0)),)
    case = replace(brief(data__examples=Range(400.0, 500.0, 5000.0)), segments=parts)
    # the rest of no traffic has all 500: 250 ^ 1 · 500 ^ 0
    assert own_examples(Sheet(case, 1)).value == pytest.approx(250.0)
