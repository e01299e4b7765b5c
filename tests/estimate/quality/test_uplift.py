"""A stated gain of tuning takes the place of the evidence's, row by row."""

from __future__ import annotations

import numpy as np
import pytest

from advisor.core.quantity import Range
from advisor.estimate.quality.skills import Rows, Skill
from advisor.estimate.quality.uplift import uplifted

Z80 = 1.2815515655446004
PROMPTS = [Skill("p", "prompt", "few-shot", "a"), Skill("q", "prompt", "zero-shot", "a")]
TUNED = [Skill("t", "tune", "lora", "b"), Skill("u", "tune", "full", "b")]
HYBRID = Skill("h", "hybrid", "cascade", "b")
SKILLS = [*PROMPTS, *TUNED, HYBRID]
ROWS = np.array(
    [
        [0.50, 0.48, 0.52],
        [0.60, 0.61, 0.58],
        [0.40, 0.41, 0.39],
        [0.55, 0.50, 0.60],
        [0.70, 0.69, 0.71],
    ]
)


def normals(_: str) -> Rows:
    return np.array([0.0, Z80, -Z80])


def test_the_best_tuned_is_the_best_prompt_and_the_gain_and_the_others_keep_their_distance() -> (
    None
):
    found = uplifted(ROWS, SKILLS, [], Range(0.01, 0.05, 0.15), normals)
    assert found[:2] == pytest.approx(ROWS[:2])
    gain = np.array([0.05, 0.15, 0.01])  # the median, P90 and P10
    assert found[3] == pytest.approx(ROWS[1] + gain)
    assert found[2] - found[3] == pytest.approx(ROWS[2] - ROWS[3])
    assert found[4] - found[3] == pytest.approx(ROWS[4] - ROWS[3])


def test_an_end_that_is_left_open_adds_nothing() -> None:
    found = uplifted(ROWS, SKILLS, [], Range(None, 0.05, None), normals)
    assert found[3] - ROWS[1] == pytest.approx([0.05, 0.05, 0.05])


def test_scores_stay_between_nothing_and_all() -> None:
    high = uplifted(ROWS, SKILLS, [], Range.exact(0.9), normals)
    assert high.max() == 1.0
    low = uplifted(ROWS, SKILLS, [], Range.exact(-0.9), normals)
    assert low.min() == 0.0


@pytest.mark.parametrize(
    ("at", "measured"),
    [
        ([0, 1, 2, 3, 4], [TUNED[0]]),
        ([0, 1, 2, 3, 4], [PROMPTS[0], HYBRID]),
        ([2, 3, 4], []),  # no prompt
        ([0, 1, 4], []),  # nothing tuned
    ],
)
def test_nothing_moves_where_it_was_measured_or_a_side_is_missing(
    at: list[int], measured: list[Skill]
) -> None:
    rows = ROWS[at]
    skills = [SKILLS[i] for i in at]
    assert uplifted(rows, skills, measured, Range.exact(0.1), normals) is rows


def test_measured_prompts_do_not_stand_in_the_way() -> None:
    found = uplifted(ROWS, SKILLS, PROMPTS, Range.exact(0.1), normals)
    assert found[3] == pytest.approx(ROWS[1] + 0.1)
