"""What matters most: the advantage of the pick over its rival at both ends of every uncertain input
and of both scores.

The advantage is that of the decision rule: what starting with the rival costs more, where an option
that misses a limit has to be replaced.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from advisor.core.figure import Figure
from advisor.core.option import score_input
from advisor.core.verdict import Sensitivity
from advisor.decide.evaluator import Cases, Evaluator
from advisor.decide.information import BINS
from advisor.decide.ranking import Matrix, Ranking, full, rank

VISIBLE_USD = 0.005


def tornado(
    evaluator: Evaluator,
    cases: Cases,
    ranking: Ranking,
    scores: Mapping[str, Figure],
    other: int | None,
) -> tuple[Sensitivity, ...]:
    """Inputs and scores, the largest swing first; none without a rival."""
    if other is None:
        return ()
    spreads = _spreads(cases, ranking, scores, other)
    ends = [(key, end) for key, (low, high, _) in spreads.items() for end in (low, high)]
    at_ends = evaluator.what_if(ends)
    advantages = _advantages(rank(at_ends.estimates, evaluator.brief, at_ends.size), ranking, other)
    drawn = _drawn(ranking, _advantages(ranking, ranking, other))
    rows = [
        Sensitivity(
            key,
            float(low),
            float(high),
            abs(float(high - low)),
            variance_share=variance_share(drawn, _drawn(ranking, full(figure, cases.size))),
        )
        for (key, (_, _, figure)), low, high in zip(
            spreads.items(), advantages[1::2], advantages[2::2], strict=True
        )
    ]
    visible = [row for row in rows if row.swing_usd > VISIBLE_USD]
    return tuple(sorted(visible, key=lambda row: (-row.swing_usd, row.input)))


Spread = tuple[float, float, Figure]
"""P10, P90 and the draws of an input."""


def _spreads(
    cases: Cases, ranking: Ranking, scores: Mapping[str, Figure], other: int
) -> dict[str, Spread]:
    """Every uncertain input, and the scores of the pick and of its rival."""
    inputs = {
        key: (spread.p10 or 0.0, spread.p90 or 0.0, cases.inputs[key])
        for key, spread in cases.spreads.items()
        if spread.is_known and not spread.is_exact
    }
    skills = dict.fromkeys(ranking.options[i].skill for i in (ranking.pick, other))
    drawn = {skill: full(scores[skill], cases.size)[1:] for skill in skills if skill in scores}
    return inputs | {
        score_input(skill): (*np.quantile(rows, (0.1, 0.9)), scores[skill])
        for skill, rows in drawn.items()
        if len(rows) and np.ptp(rows) > 0
    }


def unexplained(rows: Sequence[Sensitivity]) -> float:
    """Share of the variance that no single row explains: what inputs do together."""
    return max(0.0, 1.0 - sum(row.variance_share for row in rows))


def _advantages(cases: Ranking, ranking: Ranking, other: int) -> Matrix:
    """What starting with the rival costs more than starting with the pick, USD, case by case."""
    return np.asarray(cases.starting[:, other] - cases.starting[:, ranking.pick])


def _drawn(ranking: Ranking, rows: Matrix) -> Matrix:
    """Cases of draws in which some option meets every limit; of all draws where none does."""
    opened = ranking.open[1:]
    return rows[1:][opened] if opened.any() else rows[1:]


def variance_share(drawn: Matrix, rows: Matrix) -> float:
    """Share of the variance that an input explains alone: Var(E[advantage | input]) ÷
    Var(advantage), by bins.
    """
    per_bin = len(rows) // BINS
    if per_bin < 2 or np.ptp(drawn) == 0 or np.ptp(rows) == 0:
        return 0.0
    order = np.argsort(rows)[: per_bin * BINS]
    means = drawn[order].reshape(BINS, per_bin).mean(axis=1)
    noise = drawn.var() / per_bin  # what bins show where the input explains nothing
    return float(min(1.0, max(0.0, (means.var() - noise) / drawn.var())))
