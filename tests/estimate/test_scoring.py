"""When a score counts as measured: with the labels it was measured with."""

from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.core.brief import Brief, Score
from advisor.core.quantity import Basis
from advisor.estimate.scoring import quality_figures, scored_at
from advisor.estimate.sheet import Sheet
from tests.options import brief, prompt, rented, setting


def measured(**changes: object) -> Brief:
    own = (
        Score("tune", "lora", "Llama-3.1-8B", 0.9, 300, train_examples=4000),
        Score("prompt", "few-shot", "claude-sonnet-5", 0.8, 300),
    )
    held = brief(**changes)
    return replace(held, quality=replace(held.quality, measured=own))


@pytest.mark.parametrize("labels", [100, 3900, 3950, 4000, 4050, 4100, 30_000])
def test_what_counts_as_measured_is_what_the_prediction_calls_so(labels: int) -> None:
    case = measured(data__examples=labels)
    figures = quality_figures((rented(), prompt("batch")), Sheet(case, 1), setting())
    is_scored = figures[rented().skill].basis is Basis.MEASURED
    assert scored_at(rented(), measured(), labels) is is_scored


def test_a_curve_holds_between_its_points_and_not_beyond() -> None:
    curve = tuple(
        Score("tune", "lora", "Llama-3.1-8B", score, 300, train_examples=n)
        for n, score in ((1000, 0.8), (8000, 0.9))
    )
    case = replace(brief(), quality=replace(brief().quality, measured=curve))
    at = {n: scored_at(rented(), case, n) for n in (500.0, 1000.0, 6440.0, 8000.0, 20_000.0)}
    assert at == {500.0: False, 1000.0: True, 6440.0: True, 8000.0: True, 20_000.0: False}


def test_a_score_that_states_no_labels_counts_at_any_number() -> None:
    own = (Score("tune", "lora", "llama-3.1-8b", 0.9, 300),)
    case = replace(brief(), quality=replace(brief().quality, measured=own))
    assert scored_at(rented(), case, 10.0)
    assert not scored_at(rented("qlora"), case, 10.0)
