"""Labels in hand are free; those a many-shot prompt or a tuned model lacks are bought."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.option import Mode, Option, Serving
from advisor.core.quantity import Range
from advisor.estimate.labels import training_examples
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


def test_a_tuned_model_without_labels_buys_a_first_round_and_waits_for_it() -> None:
    none = brief(data__examples=0.0, data__label_setup_usd=50)
    found = estimated(rented(), none)
    assert found["labels.missing"].value == 500
    assert found["once.labels"].value == pytest.approx(50 + 500 * 1.2)
    assert found["train.tokens"].value == pytest.approx(500 * 620 * 3)
    assert found["time.weeks"].value == pytest.approx(
        160 / 40 + 500 / 500 + 6 * found["train.hours"].value / 168
    )
    assert estimated(rented(), brief(data__examples=1.0))["once.labels"].value == 0


def test_each_adapter_needs_labels_of_its_own() -> None:
    none = brief(data__examples=0.0)
    four = replace(none, task=replace(none.task, tasks_sharing_model=4))
    assert estimated(rented(), four)["labels.missing"].value == 2000


def test_a_what_if_without_labels_buys_them_in_its_row_alone() -> None:
    sheet = what_if(brief(), [("data.examples", 0.0), ("data.examples", 10.0)])
    assert list(training_examples(sheet).rows) == [18_000, 500, 10]


def test_draws_of_a_first_round_are_those_of_its_range() -> None:
    rows = np.asarray(training_examples(Sheet(brief(data__examples=0.0), 20_001, 5)).rows)
    assert np.quantile(rows[1:], [0.1, 0.5, 0.9]) == pytest.approx([100, 500, 2000], rel=0.08)


def test_uncertain_labels_in_hand_are_bought_draw_by_draw() -> None:
    held = brief(data__examples=Range(500, 1000, 2000))
    found = estimated(many_shot(1000), held, rows=2000, seed=8)
    have, cost = held.data.examples, found["once.labels"].rows
    assert have.p50 == 1000
    assert cost[0] == 0
    assert 0.4 < (cost[1:] > 0).mean() < 0.6
