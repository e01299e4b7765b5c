"""Charts: every point lies where its numbers say, and nothing leaves the frame."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.core.format import compact
from advisor.tui.views.plot import SCALE_WIDTH, Axes, Level, Mark, Plot, PlottedLine, ShadedBand

AXES = Axes(compact, compact, "months")
numbers = st.floats(-1e9, 1e9, allow_nan=False)


def dots(row: str) -> list[bool]:
    """Whether each cell of a row has a dot."""
    return ["\u2800" < cell <= "\u28ff" for cell in row[SCALE_WIDTH + 1 :]]


def test_a_rising_line_rises_from_the_lower_left_to_the_upper_right():
    rows = Plot(AXES, [PlottedLine([(0, 0), (10, 10)], "bold")]).rows(50, 12)
    picture = [row.plain for row in rows[:10]]
    first = [dots(row).index(True) for row in picture if any(dots(row))]
    assert first == sorted(first, reverse=True)
    assert first[-1] <= 2
    assert first[0] >= 34


def test_a_mark_stands_at_its_place_and_the_scale_names_the_ends():
    rows = Plot(AXES, marks=[Mark((0, 0), "a", ""), Mark((10, 100), "z", "")]).rows(49, 12)
    texts = [row.plain for row in rows]
    assert texts[0].index("z") == 48
    assert texts[9].index("a") == SCALE_WIDTH + 1
    assert texts[11].split() == ["0", "5", "10", "months"]


def test_marks_at_one_place_stand_beside_each_other():
    rows = Plot(AXES, marks=[Mark((1, 1), sign, "") for sign in "abc"]).rows(40, 6)
    assert sorted("".join(row.plain for row in rows[:4]).translate({ord(c): None for c in " │┤"}))


def test_a_level_is_inside_the_frame_and_named():
    rows = Plot(AXES, [PlottedLine([(0, 0), (1, 1)], "")], levels=[Level(5, " target", "")]).rows(
        50, 10
    )
    assert any("╌" in row.plain and row.plain.endswith("target") for row in rows)


@given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=8), st.booleans())
@settings(max_examples=60, deadline=None)
def test_every_picture_has_the_size_that_was_asked_for(points, from_zero):
    axes = Axes(compact, compact, "", from_zero=from_zero)
    spots = sorted(points)
    plot = Plot(
        axes, [PlottedLine(spots, "")], [ShadedBand(spots, spots, "")], [Mark(spots[0], "●", "")]
    )
    rows = plot.rows(60, 9)
    assert len(rows) == 9
    assert {len(row.plain) for row in rows[:7]} == {60}
    assert all(len(row.plain) <= 60 for row in rows[7:8])


@pytest.mark.parametrize(("width", "height"), [(10, 10), (60, 3)])
def test_without_room_there_is_no_picture(width, height):
    assert Plot(AXES, [PlottedLine([(0, 0), (1, 1)], "")]).rows(width, height) == []
