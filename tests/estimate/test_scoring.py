"""When a score counts as measured: with the labels it was measured with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from advisor.core.brief import Brief, Score, Segment
from advisor.core.option import Option
from advisor.core.quantity import Basis, Range
from advisor.estimate.quality.skills import release_year
from advisor.estimate.scoring import _skill, quality_figures, scored_at, whole_traffic
from advisor.estimate.sheet import Sheet
from tests.options import LLAMA, brief, prompt, rented, setting


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
    "labels", [100, 199, 200, 399, 1599, 1601, 4000, 9999, 10_001, 20_000, 20_001]
)
def test_what_counts_as_measured_is_what_the_prediction_calls_so(
    labels: int, curve: tuple[int, ...]
) -> None:
    case = measured(*curve, data__examples=labels)
    figures = quality_figures((rented(), prompt("batch")), Sheet(case, 1), setting())
    is_scored = figures[rented().skill].basis is Basis.MEASURED
    assert is_scored is (min(curve) / 2.5 <= labels <= max(curve) * 2.5)
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


@pytest.mark.parametrize("labels", [3800, 4200, 8000, 1600])
def test_one_measured_score_is_carried_along_usual_curves(labels: int) -> None:
    """Labels that are a few more or fewer leave it as it was; the doubt grows with the distance."""
    here, there = (
        quality_figures((rented(),), Sheet(measured(4000, data__examples=n), 2000, 1), setting())[
            rented().skill
        ]
        for n in (4000, labels)
    )
    assert here.basis is there.basis is Basis.MEASURED
    assert f"at 4,000 examples; carried along usual curves, read at {labels:,}" in there.source
    widths = [np.ptp(np.quantile(np.asarray(f.rows)[1:], [0.1, 0.9])) for f in (here, there)]
    assert widths[1] == pytest.approx(widths[0], rel=0.02) or labels in (1600, 8000)
    assert widths[0] * 0.99 < widths[1] < 4 * widths[0]


@pytest.mark.parametrize("others", [0.05, 0.5, 0.99])
def test_no_score_of_another_option_moves_a_measured_one(others: float) -> None:
    case = measured(4000, data__examples=4000)
    near = Score("tune", "qlora", "llama-3.1-8b", others, 900, train_examples=4000)
    prompted = Score("prompt", "zero-shot", "claude-sonnet-5", others, 900)
    more = (near, prompted, *case.quality.measured)
    moved = replace(case, quality=replace(case.quality, measured=more))
    options = (rented(), prompt("batch"))
    before, after = (quality_figures(options, Sheet(c, 500, 1), setting()) for c in (case, moved))
    for option in options:
        rows = [np.asarray(f[option.skill].rows) for f in (before, after)]
        assert rows[1][0] == pytest.approx(rows[0][0], abs=0.004)
        assert np.std(rows[1]) == pytest.approx(np.std(rows[0]), rel=0.1)


def test_scores_of_segments_count_by_their_share_where_the_whole_was_not_scored() -> None:
    """0.25 of the traffic at 0.8 and 0.5 of it at 0.6: (0.2 + 0.3) ÷ 0.75."""
    segments = [
        Segment(name, share=Range.exact(share)) for name, share in (("a", 0.25), ("b", 0.5))
    ]
    whole = Score("prompt", "few-shot", "Claude-Sonnet-5", 0.7, 90)
    part = Score("tune", "lora", "llama-3.1-8b", 0.8, 30, train_examples=500, segment="a")
    other = replace(part, model="LLAMA-3.1-8B", score=0.6, items=50, segment="b")
    beside = replace(whole, model="claude-sonnet-5", score=0.1, segment="a")
    first, mean = whole_traffic([part, whole, other, beside], segments)
    assert first is whole
    assert (mean.approach, mean.technique) == ("tune", "lora")
    assert mean.score == pytest.approx(0.5 / 0.75)
    assert (mean.items, mean.segment, mean.train_examples) == (80, "", 0)


@pytest.mark.parametrize(
    ("option", "skill"),
    [
        (prompt("batch"), ("prompt/few-shot@claude-sonnet-5", None, None, None)),
        (
            replace(prompt("batch", technique="few-shot-12"), shown_examples=12),
            ("prompt/few-shot@claude-sonnet-5", None, 12.0, None),
        ),
        (
            prompt("batch", model="claude-haiku-4-5"),  # only another model was scored
            ("prompt/few-shot@claude-haiku-4-5", None, None, release_year("claude-sonnet-5")),
        ),
        (
            prompt("batch", technique="zero-shot"),
            ("prompt/zero-shot@claude-sonnet-5",) + (None,) * 3,
        ),
        (rented(), ("tune/lora@llama-3.1-8b", 8.03, 18_000.0, None)),
        (rented("cascade", "hybrid"), ("hybrid/cascade@llama-3.1-8b", 8.03, 18_000.0, None)),
    ],
)
def test_what_the_prediction_is_told_of_an_option(
    option: Option, skill: tuple[object, ...]
) -> None:
    case = measured()
    facts = replace(setting(), models={"llama-3.1-8b": LLAMA})
    predicted = _skill(option, Sheet(case, 1), facts, case.quality.measured)
    assert (predicted.id, predicted.params_b, predicted.examples, predicted.released) == skill
    assert (predicted.approach, predicted.model) == (option.approach, option.model)
