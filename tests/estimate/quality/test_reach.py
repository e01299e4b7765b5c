"""Labels to a target: the curve of a public benchmark, and what is out of reach."""

from __future__ import annotations

from dataclasses import replace
from zlib import crc32

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.brief import Score
from advisor.estimate.quality import Skill, TaskProfile, labels_to_reach, scores
from advisor.estimate.quality.reach import crossings

# Bertsch et al. 2024 (arXiv 2405.00200), Banking77, fine-tuned: mean and deviation over 5 runs on
# 250 items
CURVE = (
    (32, 0.1664, 0.03),
    (64, 0.2688, 0.024),
    (128, 0.428, 0.026),
    (256, 0.5192, 0.187),
    (512, 0.5328, 0.018),
    (1024, 0.6912, 0.016),
    (2048, 0.7792, 0.023),
    (4096, 0.8704, 0.016),
    (8192, 0.916, 0.004),
)
TASK = TaskProfile("classification", "medium", 77, "label")
LORA = Skill("tune/lora@llama-2-7b", "tune", "lora", "llama-2-7b", 7.0, 1024.0)
SIZE = 4001


def normals(id: str) -> np.ndarray:
    z = np.random.default_rng([5, crc32(id.encode())]).standard_normal(SIZE)
    z[0] = 0.0
    return z


def points(most: int) -> list[Score]:
    return [
        Score("tune", "lora", "llama-2-7b", score, 250, sd, n)
        for n, score, sd in CURVE
        if n <= most
    ]


def test_the_whole_curve_reaches_90_between_its_last_two_points() -> None:
    needed = labels_to_reach(TASK, LORA, points(8192), 0.9, normals=normals, size=SIZE)
    assert needed.range.p10 is not None
    assert needed.range.p10 < 6400 < needed.range.p90
    assert 5500 < needed.likely < 8192


def test_the_first_points_promise_little_and_do_not_despair() -> None:
    skill = replace(LORA, examples=4096.0)
    rows = scores(TASK, [skill], points(1024), normals=normals, size=SIZE)[LORA.id].rows
    low, high = np.quantile(rows, [0.1, 0.9])
    assert low < 0.87 < high + 0.005
    reach = labels_to_reach(TASK, LORA, points(1024), 0.9, normals=normals, size=SIZE)
    assert (
        not reach.range.is_known and "not within reach" in reach.reason
    ) or reach.range.p10 < 6400 < reach.range.p90


def test_extrapolation_widens_with_distance() -> None:
    skills = [replace(LORA, examples=float(n)) for n in (1024, 4096, 16_384, 65_536)]
    rows = [
        scores(TASK, [s], points(1024), normals=normals, size=SIZE)[LORA.id].rows for s in skills
    ]
    spread = [np.std(np.log(r / (1 - r))) for r in rows]
    assert spread == sorted(spread)
    assert spread[-1] > 2 * spread[0]


def test_a_target_beyond_human_agreement_is_not_within_reach() -> None:
    task = replace(TASK, human_ceiling=0.95)
    needed = labels_to_reach(task, LORA, points(8192), 0.97, normals=normals, size=SIZE)
    assert not needed.range.is_known
    assert "not within reach of data" in needed.reason


def test_a_flat_many_shot_curve_saturates() -> None:
    shown = (
        (100, 0.586),
        (250, 0.7576),
        (500, 0.8296),
        (750, 0.86),
        (1000, 0.8672),
        (1500, 0.8808),
        (1750, 0.88),
    )
    measured = [
        Score("prompt", "many-shot", "llama-2-7b-80k", score, 250, 0.02, n) for n, score in shown
    ]
    at = {}
    for n in (100.0, 200.0, 1750.0, 3500.0):
        skill = Skill(
            "prompt/many-shot@llama-2-7b-80k", "prompt", "many-shot", "llama-2-7b-80k", 7.0, n
        )
        at[n] = scores(TASK, [skill], measured, normals=normals, size=SIZE)[skill.id].rows[0]
    assert at[3500.0] - at[1750.0] < 0.3 * (at[200.0] - at[100.0])


def test_an_untested_model_learns_the_shape_of_a_measured_curve() -> None:
    steep = [
        Score("tune", "lora", "llama-2-7b", q, 1000, 0.0, n)
        for n, q in ((100, 0.3), (400, 0.6), (1600, 0.85))
    ]
    flat = [
        Score("tune", "lora", "llama-2-7b", q, 1000, 0.0, n)
        for n, q in ((100, 0.83), (400, 0.84), (1600, 0.85))
    ]
    gains = []
    for measured in (steep, flat):
        other = Skill("tune/lora@gemma-2-9b", "tune", "lora", "gemma-2-9b", 9.0, 400.0)
        at = [
            scores(TASK, [replace(other, examples=n)], measured, normals=normals, size=SIZE)
            for n in (400.0, 1600.0)
        ]
        gains.append(at[1][other.id].rows[0] - at[0][other.id].rows[0])
    assert gains[0] > 3 * gains[1]


def test_a_median_beyond_the_last_point_is_not_more_certain_than_the_curve() -> None:
    """Of a curve to 1,024 some draws never reach 0.88 within 64 times its last point."""
    reach = labels_to_reach(TASK, LORA, points(1024), 0.8, normals=normals, size=SIZE)
    assert reach.range.is_known
    assert reach.range.p10 > 1024
    assert reach.range.p90 <= 64 * 1024
    limit = 64 * 1024
    if reach.range.p90 == limit:
        assert "of draws do not get there by 65,536 labels" in reach.reason
    else:
        assert reach.reason == ""


def test_labels_that_span_more_than_a_hundred_times_are_words() -> None:
    wide = labels_to_reach(
        TASK, replace(LORA, examples=3000.0), [], 0.7, normals=normals, size=SIZE
    )
    assert not wide.range.is_known
    assert "too wide to plan with" in wide.reason
    assert "2,000,000" not in wide.reason
    assert "advisor calibrate quality" in wide.reason


@pytest.mark.parametrize("prompt", [0.3, 0.5, 0.7])
def test_labels_are_numbers_or_words_at_a_hundred_times(prompt: float) -> None:
    """Whatever a brief measures, a printed interval spans at most a hundred times."""
    measured = [Score("prompt", "few-shot", "gpt-6-luna", prompt, 500)]
    for target in (0.4, 0.6, 0.8):
        reach = labels_to_reach(TASK, LORA, measured, target, normals=normals, size=SIZE)
        assert reach.range.is_known or reach.reason
        if reach.range.is_known:
            assert reach.range.p90 <= 100 * reach.range.p10


@given(st.floats(0.2, 0.9), st.floats(0.05, 0.4), st.floats(0.3, 0.99))
def test_crossings_invert_a_line_in_log_n(start: float, slope: float, target: float) -> None:
    grid = np.exp(np.linspace(np.log(10), np.log(10_000), 7))
    line = start + slope * np.log(grid / 10)
    found = crossings(line[:, None], grid, target)[0]
    if target <= start:
        assert found == pytest.approx(10)
    elif target > line[-1]:
        assert found == np.inf
    else:
        assert found == pytest.approx(10 * np.exp((target - start) / slope), rel=1e-6)


def test_fewer_labels_than_were_ever_scored_do_not_blur_a_measured_curve() -> None:
    """Of 0.855 at 770, 0.915 at 3,850 and 0.937 at 9,000: 0.9 lies between the first two."""
    curve = [
        Score("tune", "lora", LORA.model, q, 600, 0.0, n)
        for n, q in ((770, 0.855), (3850, 0.915), (9000, 0.937))
    ]
    needed = labels_to_reach(TASK, LORA, curve, 0.9, normals=normals, size=SIZE).range
    assert 770 < needed.p10 < 2600 < needed.p90 * 1.2
    assert needed.p90 < 4 * needed.p10
    low = labels_to_reach(TASK, LORA, curve, 0.8, normals=normals, size=SIZE)
    assert low.range.is_known or "fewer than 770 labels" in low.reason


def test_a_target_that_some_draws_never_reach_is_open_upwards() -> None:
    """The search ends at 64 times the last point; more draws end there for a higher target."""
    shares = []
    for target in (0.96, 0.97):
        needed = labels_to_reach(TASK, LORA, points(8192), target, normals=normals, size=SIZE)
        assert needed.range.is_known
        assert needed.range.p90 == 64 * 8192
        assert "of draws do not get there by 524,288 labels" in needed.reason
        shares.append(float(needed.reason.split(" %")[0]))
    assert 10 <= shares[0] < shares[1] < 50
    sure = labels_to_reach(TASK, LORA, points(8192), 0.94, normals=normals, size=SIZE)
    assert (sure.reason, sure.range.p90 < 64 * 8192) == ("", True)


def test_a_target_is_reached_where_the_curve_meets_it_and_stays_reached() -> None:
    """Columns: exactly at a point, between two, from the first on, never, and after a fall."""
    grid = np.array([10.0, 100.0, 1000.0])
    curve = np.array(
        [
            [0.5, 0.5, 0.9, 0.5, 0.5],
            [0.8, 0.7, 0.95, 0.6, 0.85],
            [0.9, 0.9, 0.99, 0.7, 0.6],
        ]
    )
    found = crossings(curve, grid, 0.8)
    half = float(np.exp((np.log(100.0) + np.log(1000.0)) / 2))
    fell = 10 ** (1 + (0.8 - 0.5) / (0.85 - 0.5))
    assert found == pytest.approx([100.0, half, 10.0, np.inf, fell])
