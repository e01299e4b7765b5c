"""The input sheet: likely values, what-if cases, draws, and what is unknown."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from zlib import crc32

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

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
