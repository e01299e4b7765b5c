"""The nearest published decisions: which are near, what their gains say, and the labels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.estimate.quality import nearest
from advisor.estimate.quality.design import USUAL_LABELS
from advisor.estimate.quality.nearest import (
    LEVELS,
    DecisionTraits,
    Neighbours,
    PublishedDecision,
    at_labels,
    weighted_quantiles,
)

MIDDLE = int(np.flatnonzero(LEVELS == 0.5)[0])
ABOUT = DecisionTraits("extraction", False, False, True, 0.5, USUAL_LABELS)


def published(study: str, tuned: float, hybrid: float | None = None, **more) -> PublishedDecision:
    return PublishedDecision(study, replace(ABOUT, **more), tuned, hybrid)


def median(rows: list[PublishedDecision], about: DecisionTraits = ABOUT) -> float:
    return float(Neighbours(rows).tuned_scores(about)[MIDDLE])


def test_equal_gains_are_predicted_as_they_are() -> None:
    assert median([published("a", 0.7), published("b", 0.7)]) == pytest.approx(0.7)


def test_a_gain_is_a_share_of_the_headroom() -> None:
    rows = [published("a", 0.75)]  # half of what a prompt of 0.5 leaves
    assert median(rows, replace(ABOUT, prompt=0.8)) == pytest.approx(0.9)


def test_every_study_weighs_the_same() -> None:
    large = [published("large", 0.9)] * 50
    small = [published("small", 0.6)]
    other = [published("other", 0.6)]
    assert median([*large, *small, *other]) < 0.65


@pytest.mark.parametrize(
    "unlike",
    [
        {"type": "code"},
        {"documents": True},
        {"weak": True},
        {"same_base": False},
        {"prompt": 0.05},
    ],
)
def test_a_row_that_is_alike_counts_more(unlike: dict[str, object]) -> None:
    near = published("near", 0.6)
    far = published("far", 0.9, **unlike)
    rows = Neighbours([near, far]).tuned_scores(ABOUT)
    alike = Neighbours([near, published("far", 0.9)]).tuned_scores(ABOUT)
    assert rows[MIDDLE] < alike[MIDDLE]


def test_nearness_is_half_of_the_weight() -> None:
    """By hand: of two studies one is 0.1 as near, so the median of the near lies at the other."""
    rows = [published("near", 0.6), published("far", 0.9, documents=True)]
    share = {"near": 0.2, "far": 0.8 * 1.0}
    middle_near = 0.5 / 1.1  # middle of the first weight, as a share of all
    middle_far = (1 + 0.05) / 1.1
    part = (0.5 - middle_near) / (middle_far - middle_near)
    near = share["near"] + part * (share["far"] - share["near"])
    anywhere = (share["near"] + share["far"]) / 2
    expected = 0.5 + (near + anywhere) / 2 * 0.5
    assert median(rows) == pytest.approx(expected)


def test_the_prompt_kernel_is_three_tenths_wide() -> None:
    """By hand: a prompt 0.3 away weighs exp(−½) of one that is equal."""
    rows = [
        published("near", 0.6),
        PublishedDecision("far", replace(ABOUT, prompt=0.8), 0.98, None),
    ]
    weight = float(np.exp(-0.5))
    middle_near = 0.5 / (1 + weight)
    middle_far = (1 + weight / 2) / (1 + weight)
    part = (0.5 - middle_near) / (middle_far - middle_near)
    near = 0.2 + part * 0.7  # shares of the headroom: 0.1 of 0.5, and 0.18 of 0.2
    anywhere = (0.2 + 0.9) / 2
    assert median(rows) == pytest.approx(0.5 + (near + anywhere) / 2 * 0.5)


def test_little_headroom_is_not_divided_by_nothing() -> None:
    rows = [PublishedDecision("a", replace(ABOUT, prompt=0.99), 1.0, None)]
    full = median(rows, replace(ABOUT, prompt=0.0))
    assert full == pytest.approx((0.995 - 0.99) / 0.02)  # scores end at 0.995, headroom at 0.02


def test_hybrids_of_one_kind_are_nearer() -> None:
    rows = Neighbours(
        [
            published("a", 0.6, 0.9, hybrid_kind="tuned-retrieval"),
            published("b", 0.6, 0.6, hybrid_kind="tuned-few-shot"),
        ]
    )
    retrieval = rows.hybrid_scores(replace(ABOUT, hybrid_kind="tuned-retrieval"))
    examples = rows.hybrid_scores(replace(ABOUT, hybrid_kind="tuned-few-shot"))
    assert retrieval[MIDDLE] > examples[MIDDLE]


def test_a_study_left_out_leaves_no_trace() -> None:
    rows = Neighbours([published("a", 0.6), published("b", 0.9), published("c", 0.7)])
    assert {d.study for d in rows.without("b", "c").decisions} == {"a"}
    assert rows.without("b", "c").tuned_scores(ABOUT)[MIDDLE] == pytest.approx(0.6)


@given(st.floats(0.05, 0.95), st.floats(1, 1e6))
def test_labels_adjust_a_score_there_and_back(score: float, labels: float) -> None:
    there = at_labels(np.array([score]), labels)
    assert at_labels(there, USUAL_LABELS**2 / labels)[0] == pytest.approx(score, abs=0.02)
    assert (there[0] > score) == (labels > USUAL_LABELS) or there[0] == pytest.approx(score)


def test_ten_times_the_labels_are_a_quarter_of_a_logit() -> None:
    score = at_labels(np.array([0.5]), 10 * USUAL_LABELS)[0]
    assert np.log(score / (1 - score)) == pytest.approx(0.1 * np.log(10))


def test_weighted_quantiles_stand_in_the_middle_of_their_weight() -> None:
    quantiles = weighted_quantiles(
        np.array([1.0, 3.0]), np.array([1.0, 1.0]), np.array([0.25, 0.5])
    )
    assert quantiles == pytest.approx([1.0, 2.0])


def test_a_line_of_the_file_reads_back() -> None:
    decision = nearest.load().decisions[0]
    row = dict(zip(nearest.COLUMNS, nearest.to_row(decision), strict=True))
    assert nearest.to_row(decision)[0] == decision.study
    assert float(row["tuned"]) == pytest.approx(decision.tuned)
    assert row["documents"] in ("0", "1")


def test_the_shipped_decisions_are_those_of_the_shipped_studies() -> None:
    from advisor import shipped
    from advisor.backtest.decision_cells import published_decisions
    from advisor.backtest.studies import read

    made = published_decisions(read(shipped.folder("profiles") / "evidence.csv"))
    assert [nearest.to_row(d) for d in made] == [
        nearest.to_row(d) for d in nearest.load().decisions
    ]
