"""The input sheet: likely values, what-if cases, draws, and what is unknown."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from zlib import crc32

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.figure import Figure
from advisor.core.quantity import Basis, Quantity, Range
from advisor.estimate.sheet import Sheet, drawn_what_if, stream, two_piece, what_if
from tests.options import brief


def test_row_zero_is_the_likely_value_and_a_sheet_without_seed_holds_nothing_else() -> None:
    unsure = brief(team__hourly_usd=Range(50, 100, 200))
    assert Sheet(unsure, 1)["team.hourly_usd"].rows == 100
    drawn = Sheet(unsure, 50, 1)["team.hourly_usd"].rows
    assert drawn[0] == 100
    assert len(set(drawn)) > 40


def test_a_what_if_changes_its_own_row_alone() -> None:
    sheet = what_if(
        brief(), [("team.hourly_usd", 50.0), ("data.examples", 10.0), ("team.hourly_usd", 70.0)]
    )
    assert sheet.size == 4
    assert list(sheet["team.hourly_usd"].rows) == [110, 50, 110, 70]
    assert list(sheet["data.examples"].rows) == [18_000, 18_000, 10, 18_000]
    assert sheet["team.tuning_hours"].rows == 160


def test_blocks_share_what_their_input_does_not_move() -> None:
    """Shapes: the draws once, a line per block for what is put in some, a number per block for what
    is put in all; and the numbers are those of a sheet of its own.
    """
    unsure = brief(team__hourly_usd=Range(50, 100, 200), team__tuning_hours=Range(10, 20, 40))
    changes = [("team.hourly_usd", 50.0), ("data.examples", 10.0)]
    sheet = drawn_what_if(unsure, changes, 20, 7)
    alone = Sheet(unsure, 21, 7)
    assert sheet["team.tuning_hours"].rows.shape == (21,)
    hourly = sheet["team.hourly_usd"].rows
    assert hourly.tolist() == [[50.0] * 21, alone["team.hourly_usd"].rows.tolist()]
    both = drawn_what_if(unsure, [("team.hourly_usd", 50.0), ("team.hourly_usd", 60.0)], 20, 7)
    assert both["team.hourly_usd"].rows.tolist() == [[50.0], [60.0]]
    assert both.flat(both["team.hourly_usd"].rows).tolist() == [50.0] * 21 + [60.0] * 21


def test_inputs_that_were_drawn_are_not_drawn_again_but_where_their_range_differs() -> None:
    unsure = brief(team__hourly_usd=Range(50, 100, 200), team__tuning_hours=Range(10, 20, 40))
    whole = Sheet(unsure, 50, 7)
    for key in ("team.hourly_usd", "team.tuning_hours"):
        assert whole[key].is_known
    earlier_draws = SimpleNamespace(inputs=whole.figures, spreads=whole.spreads)
    other = replace(unsure, team=replace(unsure.team, tuning_hours=Range(10, 30, 40)))
    sheet = Sheet(other, 20, 7, earlier=earlier_draws)
    assert np.shares_memory(sheet["team.hourly_usd"].rows, whole["team.hourly_usd"].rows)
    expected = Sheet(other, 20, 7)["team.tuning_hours"].rows
    assert sheet["team.tuning_hours"].rows.tolist() == expected.tolist()


def test_a_value_left_out_is_unknown_with_its_reason_and_never_zero() -> None:
    found = Sheet(brief(), 3, 1)["traffic.cache_hit_rate"]
    assert not found.is_known
    assert found.source
    nothing = Sheet(brief(), 3).figure("gpu.rent", Quantity.unknown("USD/h", "nobody rents it"))
    assert not nothing.is_known
    assert nothing.source == "nobody rents it"
    assert not Sheet(brief(), 3).exact("x", None, "USD", Basis.QUOTED, "", "").is_known


def test_draws_keep_to_the_bounds_of_their_question() -> None:
    share = brief(traffic__retry_rate=Range(0.01, 0.5, 0.99))
    rows = Sheet(share, 5000, 3)["traffic.retry_rate"].rows
    assert rows.min() >= 0
    assert rows.max() == 1


@given(st.integers(0, 2**31), st.sampled_from(["a", "b", "team.hourly_usd"]), st.integers(2, 200))
def test_a_stream_depends_on_seed_and_name_alone(seed: int, name: str, size: int) -> None:
    z = stream(seed, name, size)
    assert z[0] == 0
    assert (z == stream(seed, name, size)).all()
    assert (stream(seed, name, 2 * size)[:size] == z).all()
    assert (
        z[1:] == np.random.default_rng([seed, crc32(name.encode())]).standard_normal(size)[1:]
    ).all()
    with pytest.raises(ValueError, match="read-only"):
        z[0] = 1.0


@given(st.floats(-5, 5), st.floats(0.1, 5), st.floats(0.1, 5))
def test_the_two_halves_meet_at_the_median_and_rise(middle: float, down: float, up: float) -> None:
    spread = Range(middle - down, middle, middle + up)
    z = np.array([-1.2815515655446004, 0.0, 1.2815515655446004])
    assert two_piece(spread, z, positive=False) == pytest.approx(
        [spread.p10, spread.p50, spread.p90]
    )
    assert (np.diff(two_piece(spread, np.linspace(-3, 3, 50), positive=False)) > 0).all()


def test_a_computed_figure_is_put_to_the_values_of_its_cases() -> None:
    """In some rows of one block; in some blocks; in all rows."""
    rows = what_if(brief(), [("made.up", 5.0), ("team.hourly_usd", 9.0), ("made.up", 7.0)])
    made = Figure(1.0, "USD", "made.up")
    assert rows.put("made.up", made).rows.tolist() == [1.0, 5.0, 1.0, 7.0]
    assert rows.put("other", made) is made
    assert rows.is_put("made.up").tolist() == [False, True, False, True]
    assert rows.is_put("other").tolist() == [False] * 4
    blocks = drawn_what_if(brief(), [("made.up", 5.0), ("team.hourly_usd", 9.0)], 2, 3)
    assert blocks.put("made.up", made).rows.tolist() == [[5.0] * 3, [1.0] * 3]
    assert blocks.is_put("made.up").tolist() == [[True], [False]]
    assert blocks.shape == (2, 3)
    alone = drawn_what_if(brief(), [("made.up", 5.0)], 2, 3)
    assert alone.put("made.up", made).rows.tolist() == [5.0]
    assert alone.is_put("made.up").tolist() == [True, True, True]
    assert (alone.shape, rows.shape) == ((3,), (4,))
    assert (alone.lean, rows.lean, Sheet(brief(), 1).lean) == (True, True, False)


def test_a_what_if_makes_an_unknown_answer_known_in_its_row() -> None:
    sheet = what_if(brief(), [("traffic.cache_hit_rate", 0.5)])
    rows = sheet["traffic.cache_hit_rate"].rows
    assert np.isnan(rows[0])
    assert rows[1] == 0.5


def test_normals_are_zero_without_a_seed_and_the_stream_with_one() -> None:
    assert Sheet(brief(), 3).normals("a").tolist() == [0.0, 0.0, 0.0]
    assert Sheet(brief(), 5, 7).normals("a").tolist() == stream(7, "a", 5).tolist()


def test_a_positive_quantity_is_drawn_on_a_log_scale_on_both_sides() -> None:
    z = np.array([-2.0, -1.2815515655446004, 0.0, 1.2815515655446004, 2.0])
    drawn = two_piece(Range(50, 100, 400), z, positive=True)
    assert drawn[1:4] == pytest.approx([50, 100, 400])
    assert drawn[0] == pytest.approx(100 * 0.5 ** (2 / 1.2815515655446004))
    assert drawn[4] == pytest.approx(100 * 4 ** (2 / 1.2815515655446004))
    straight = two_piece(Range(0, 100, 400), z, positive=True)  # from nothing: no logarithm
    assert straight == pytest.approx(two_piece(Range(0, 100, 400), z, positive=False))
    assert straight[1:4] == pytest.approx([0, 100, 400])


def test_what_every_option_shares_is_made_once() -> None:
    sheet = Sheet(brief(), 1)
    made = [sheet.shared("x", lambda i=i: Figure(float(i))).value for i in range(3)]  # type: ignore[misc]
    assert made == [0.0, 0.0, 0.0]


def test_flat_rows_repeat_a_number_in_every_case_of_every_block() -> None:
    blocks = drawn_what_if(brief(), [("a", 1.0), ("b", 2.0)], 2, 3)
    assert blocks.flat(4.0).tolist() == [4.0] * 6
    assert blocks.flat(np.array([[1.0], [2.0]])).tolist() == [1.0] * 3 + [2.0] * 3
    assert Sheet(brief(), 2).flat(4.0).tolist() == [4.0, 4.0]


def test_a_sheet_without_a_change_has_the_likely_case_alone() -> None:
    assert what_if(brief(), []).size == 1
    assert drawn_what_if(brief(), [("a", 1.0)], 5, 3).size == 6
