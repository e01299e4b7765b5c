"""What is left after one matched run, told apart by what the runs differ in."""

from __future__ import annotations

import pytest

from advisor.backtest.runs import BacktestPrediction
from advisor.backtest.runs_differences import TypedDifference, by_difference, difference
from advisor.backtest.runs_table import RunRow
from advisor.core.quantity import UNKNOWN, Range
from tests.estimate.training.catalogue import a_run

BASE = {
    "id": "a",
    "source": "s",
    "date": "2026-01",
    "rank": "16",
    "max_tokens": "2048",
    "outcome": "ok",
    "tokens_per_second": "100",
    "tokens_basis": "real",
}


def row(**cells: str) -> RunRow:
    return RunRow(2, {**BASE, **cells})


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ({"id": "b", "date": "2026-05", "tokens_per_second": "130"}, TypedDifference.NOTHING),
        ({"max_tokens": "4096"}, TypedDifference.SIZES),
        ({"max_tokens": "4096", "rank": "32"}, TypedDifference.SET_UP),
        ({"optimizer": "sgd"}, TypedDifference.SET_UP),
    ],
)
def test_runs_differ_in_what_is_typed(cells: dict[str, str], kind: TypedDifference) -> None:
    assert difference(row(), row(**cells)) is kind
    assert difference(row(**cells), row()) is kind


def predicted(likely: float, by: RunRow | None, **cells: str) -> BacktestPrediction:
    span = Range(likely / 1.1, likely, likely * 1.1)
    return BacktestPrediction(
        row(**cells), a_run(), "fits", UNKNOWN, span, UNKNOWN, corrected_by=by
    )


def test_errors_are_told_apart_and_averaged_over_sources() -> None:
    alike = [predicted(100.0 + n, row(id="b"), id=f"x{n}") for n in (10, 20, 30)]
    longer = [predicted(150.0, row(), id=f"y{n}", max_tokens="4096") for n in range(3)]
    left_out = [
        predicted(300.0, None, id="u"),
        predicted(300.0, row(), id="v", suspect="yes"),
        predicted(300.0, row(), id="w", tokens_basis=""),
        predicted(300.0, row(source="few"), id="z", source="few"),
    ]
    found = by_difference([*alike, *longer, *left_out], "tokens_per_second")
    assert found[TypedDifference.NOTHING]["runs"] == 4
    assert found[TypedDifference.NOTHING]["groups"] == 1
    assert found[TypedDifference.NOTHING]["median_error"] == pytest.approx(0.2)
    assert found[TypedDifference.SIZES]["median_error"] == pytest.approx(0.5)
    assert found[TypedDifference.SIZES]["coverage"] == 0.0
    assert found[TypedDifference.SET_UP]["runs"] == 0
