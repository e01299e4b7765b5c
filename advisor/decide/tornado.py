"""What matters most: the advantage of the pick over its rival at both ends of every uncertain input
and of both scores.

The advantage is that of the decision rule: what starting with the rival costs more, where an option
that misses a limit has to be replaced.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from advisor.core.figure import Figure
from advisor.core.verdict import Sensitivity
from advisor.decide.crossing import gap
from advisor.decide.evaluator import Cases, Evaluator
from advisor.decide.information import BINS
from advisor.decide.ranking import Matrix, Ranking, full

VISIBLE_USD = 0.005
TAIL = 0.2
"""A score at its P10 is the lowest fifth of the draws on average, its P90 the highest."""


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
    drawn = _advantage(ranking, other)
    rows = [
        *_inputs(evaluator, cases, ranking, drawn, other),
        *_scores(cases, ranking, scores, drawn, other),
    ]
    visible = [row for row in rows if row.swing_usd > VISIBLE_USD]
    return tuple(sorted(visible, key=lambda row: (-row.swing_usd, row.input)))


def unexplained(rows: Sequence[Sensitivity]) -> float:
    """Share of the variance that no single row explains: what inputs do together."""
    return max(0.0, 1.0 - sum(row.variance_share for row in rows))


def _advantage(ranking: Ranking, other: int) -> Matrix:
    """The pick's advantage in USD in the draws in which some option meets every limit."""
    rows = ranking.effective
    return np.asarray(rows[:, other] - rows[:, ranking.pick])


def _drawn(ranking: Ranking, rows: Matrix) -> Matrix:
    """An input in the same draws as the advantage."""
    opened = ranking.open[1:]
    return rows[1:][opened] if opened.any() else rows[1:]


def _inputs(
    evaluator: Evaluator, cases: Cases, ranking: Ranking, drawn: Matrix, other: int
) -> list[Sensitivity]:
    """Every uncertain input at its P10 and P90, all others at their likely value."""
    uncertain = {k: r for k, r in cases.spreads.items() if r.is_known and not r.is_exact}
    ends = [(k, v) for k, r in uncertain.items() for v in (r.p10 or 0.0, r.p90 or 0.0)]
    if not ends:
        return []
    gaps = gap(evaluator.what_if(ends), ranking.pick, other)[1:]
    return [
        _row(key, low, high, drawn, _drawn(ranking, full(cases.inputs[key], cases.size)))
        for key, low, high in zip(uncertain, gaps[::2], gaps[1::2], strict=True)
    ]


def _scores(
    cases: Cases, ranking: Ranking, scores: Mapping[str, Figure], drawn: Matrix, other: int
) -> list[Sensitivity]:
    """The scores of the pick and of its rival, in the lowest and the highest draws."""
    rows = []
    skills = dict.fromkeys(ranking.options[i].skill for i in (ranking.pick, other))
    for skill in skills:
        if skill not in scores:
            continue
        score = _drawn(ranking, full(scores[skill], cases.size))
        if np.ptp(score) > 0 and len(score) > 1:
            low, high = np.quantile(score, (TAIL, 1 - TAIL))
            ends = (drawn[score <= low].mean(), drawn[score >= high].mean())
            rows.append(_row(f"quality.score of {skill}", *ends, drawn, score))
    return rows


def _row(input: str, low: float, high: float, drawn: Matrix, rows: Matrix) -> Sensitivity:
    share = variance_share(drawn, rows)
    return Sensitivity(input, float(low), float(high), abs(float(high - low)), variance_share=share)


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
