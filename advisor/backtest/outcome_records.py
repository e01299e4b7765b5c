"""Predictions of decision cells and what came out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from advisor.backtest.decision_cells import Truth
from advisor.core.quantity import Range

Quantiles = tuple[float, float, float]
"""P10, P50 and P90 of a gain, as shares of the full mark."""


@dataclass(frozen=True, slots=True)
class CellPrediction:
    """One row of the contract: ranges in the units of the metric, unknown where an approach is not
    in the cell.
    """

    study: str
    task: str
    metric: str
    base_model: str
    scope: str
    tuned: Range
    hybrid: Range
    prompt: Range
    gain: Range
    p_best: dict[str, float]
    choice: str

    def of(self, approach: str) -> Range:
        return {"prompt": self.prompt, "tune": self.tuned, "hybrid": self.hybrid}[approach]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A prediction, the published scores, and the gain by each simple rule, 0 to 1."""

    prediction: CellPrediction
    truth: Truth
    rules: Mapping[str, Quantiles]
