"""When a score counts as measured: with the labels it was measured with."""

from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.core.brief import Brief, Score
from advisor.core.quantity import Basis
from advisor.estimate.scoring import quality_figures, scored_at
from advisor.estimate.sheet import Sheet
from tests.options import brief, prompt, rented, setting


def measured(*curve: int, **changes: object) -> Brief:
    """A brief with a tuned model scored at these numbers of labels, and one prompt."""
    tuned = [
        Score("tune", "lora", "Llama-3.1-8B", round(0.8 + n / 1e5, 4), 300, train_examples=n)
        for n in curve
    ]
    own = (*tuned, Score("prompt", "few-shot", "claude-sonnet-5", 0.8, 300))
    case = brief(**changes)
    return replace(case, quality=replace(case.quality, measured=own))


@pytest.mark.parametrize("curve", [(4000,), (1000, 8000), (8000, 500, 4000)])
@pytest.mark.parametrize(
    "labels", [100, 490, 495, 1000, 3900, 3950, 4050, 4100, 8000, 8100, 8200, 30_000]
)
def test_what_counts_as_measured_is_what_the_prediction_calls_so(
    labels: int, curve: tuple[int, ...]
) -> None:
    case = measured(*curve, data__examples=labels)
    figures = quality_figures((rented(), prompt("batch")), Sheet(case, 1), setting())
    is_scored = figures[rented().skill].basis is Basis.MEASURED
    assert is_scored is (min(curve) / 1.02 < labels < max(curve) * 1.02)
    assert scored_at(rented(), case, labels) is is_scored


def test_a_score_between_two_points_says_that_it_is_read_from_a_curve() -> None:
    case = measured(1000, 8000, data__examples=6400)
    figure = quality_figures((rented(), prompt("batch")), Sheet(case, 1), setting())
    assert "0.880 on 300 items at 8,000 examples; curve of 2 points read at 6,400" in (
        figure[rented().skill].source
    )


def test_a_score_that_states_no_labels_counts_at_any_number() -> None:
    own = (Score("tune", "lora", "llama-3.1-8b", 0.9, 300),)
    case = replace(brief(), quality=replace(brief().quality, measured=own))
    assert scored_at(rented(), case, 10.0)
    assert not scored_at(rented("qlora"), case, 10.0)
