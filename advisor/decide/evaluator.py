"""What the decision needs from the estimators, as functions: the pipeline hands them over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from advisor.core.brief import Brief
from advisor.core.figure import Figure
from advisor.core.option import Estimate
from advisor.core.quantity import Range

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Cases(Protocol):
    """Evaluated cases: estimates whose figures have `size` rows, and the inputs they were made
    from.
    """

    @property
    def size(self) -> int:
        """Number of rows."""

    @property
    def estimates(self) -> Sequence[Estimate]:
        """One per option, always in the same order."""

    @property
    def inputs(self) -> Mapping[str, Figure]:
        """Inputs by id, with one row per case."""

    @property
    def quality(self) -> Mapping[str, Figure]:
        """Scores by skill."""

    @property
    def spreads(self) -> Mapping[str, Range]:
        """The range of every input that was used, by id."""


class Evaluator(Protocol):
    """Evaluates what-if cases, and drawn cases once more at other values of an input."""

    def what_if(self, changes: Sequence[tuple[str, float]]) -> Cases:
        """Row 0 changes nothing, row i the i-th input, or the score of a skill
        (`core.option.score_input`), to its value; all others stay at their likely value.
        """

    def drawn_what_if(
        self,
        changes: Sequence[tuple[str, float]],
        draws: int,
        seed: int,
        which: Sequence[int],
        cases: Cases,
    ) -> Sequence[Estimate]:
        """The options `which` in a block of `draws + 1` rows per change of one input: likely values
        first, then the draws of `cases` in every block. Scores are those of `cases` unless a change
        moves them.
        """

    def scored_at(self, labels: float, which: Sequence[int]) -> Sequence[bool]:
        """Whether the score of each of the options `which`, tuned models, rests on its own
        measurements with so many labels in hand.
        """

    def over(self, months: int, draws: int, seed: int, cases: Cases) -> Cases:
        """The first draws of `cases` with another horizon, in months."""

    def priced_at(self, error_cost_usd: float) -> Evaluator:
        """The same with another cost of a wrong answer."""

    @property
    def brief(self) -> Brief:
        """The brief that the estimators are bound to."""

    def at(
        self, cases: Cases, which: Sequence[int], key: str, rows: NDArray[np.float64]
    ) -> Sequence[Estimate]:
        """The options `which` in the first `len(rows)` of these cases, with the input `key` at
        `rows`; all else equal.
        """
