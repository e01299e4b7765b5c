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
    options = (rented(), prompt("batch"))
    figures = quality_figures(options, Sheet(case, 1), setting())
    for option in options:
        is_scored = figures[option.skill].basis is Basis.MEASURED
        assert scored_at(option, measured(), labels) is is_scored


def test_a_score_that_states_no_labels_counts_at_any_number() -> None:
    own = (Score("tune", "lora", "llama-3.1-8b", 0.9, 300),)
    case = replace(brief(), quality=replace(brief().quality, measured=own))
    assert scored_at(rented(), case, 10.0)
    assert not scored_at(prompt("batch"), case, 10.0)
