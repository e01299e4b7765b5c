"""What is left after one matched run, by what tells a run from the one that corrects it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from advisor.backtest.runs import BacktestPrediction
from advisor.backtest.runs_scores import mean, score
from advisor.backtest.runs_table import RunRow
from advisor.backtest.runs_twins import NOT_INPUTS

SIZES = frozenset({"mean_tokens", "max_tokens", "micro_batch", "grad_accum", "tokens_basis"})
"""Columns of lengths and batches."""


class TypedDifference(StrEnum):
    """How far the typed inputs of two runs are apart: the first of these that holds."""

    NOTHING = "nothing but perhaps the date"
    SIZES = "lengths or batches"
    SET_UP = "rank, adapter, precision, layout or another setting"


def difference(one: RunRow, other: RunRow) -> TypedDifference:
    """What tells two runs of one source apart."""
    columns = (set(one.cells) | set(other.cells)) - NOT_INPUTS
    apart = {c for c in columns if one.text(c) != other.text(c)}
    if not apart:
        return TypedDifference.NOTHING
    return TypedDifference.SIZES if apart <= SIZES else TypedDifference.SET_UP


def by_difference(
    predictions: Sequence[BacktestPrediction], column: str
) -> dict[str, Mapping[str, float | None]]:
    """Errors of `column` after one matched run, by difference: how many runs, and the mean over
    sources with three such runs or more.
    """
    errors: dict[str, Mapping[str, float | None]] = {}
    for kind in TypedDifference:
        groups: dict[str, list[BacktestPrediction]] = {}
        for p in predictions:
            if _is_scored(p, column) and difference(p.row, p.corrected_by or p.row) is kind:
                groups.setdefault(p.row.text("source"), []).append(p)
        scores = [
            score([(p.row.number(column) or 0.0, getattr(p, column)) for p in members])
            for members in groups.values()
        ]
        errors[kind.value] = {"runs": sum(s["answered"] or 0 for s in scores), **mean(scores)}
    return errors


def _is_scored(prediction: BacktestPrediction, column: str) -> bool:
    row = prediction.row
    stated = column != "tokens_per_second" or bool(row.text("tokens_basis"))
    finished = row.text("outcome") in ("", "ok") and row.text("suspect") != "yes"
    corrected = prediction.corrected_by is not None and getattr(prediction, column).is_known
    return finished and stated and corrected and bool(row.number(column))
