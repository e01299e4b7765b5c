"""What matters most: the advantage of the pick over its rival at both ends of every uncertain input
and of both scores.

The advantage is what the rival costs more over the horizon, wrong answers included. Where wrong
answers are free, a score counts by the limits alone: there the advantage is what starting with the
rival costs more, where an option that misses a limit has to be replaced.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from advisor.core.figure import Figure
from advisor.core.option import score_input
from advisor.core.verdict import Sensitivity
from advisor.decide.evaluator import Cases, Evaluator
from advisor.decide.information import BINS
from advisor.decide.quantiles import quantiles
from advisor.decide.ranking import Matrix, Ranking, full, rank

VISIBLE_USD = 0.005
SCORE = score_input("")


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
    what_ifs = evaluator.what_if(ends)
    at_ends = rank(what_ifs.estimates, evaluator.brief, what_ifs.size)
    errors_are_free = not evaluator.brief.quality.error_cost_usd.p90
    dearer = _dearer(at_ends.cost, ranking, other)
    replaced = _dearer(at_ends.starting, ranking, other) if errors_are_free else dearer
    whole = ranking.starting if errors_are_free else ranking.cost
    drawn = _drawn(ranking, _dearer(whole, ranking, other))
    rows = []
    for place, (key, (_, _, figure)) in enumerate(spreads.items()):
        advantages = replaced if key.startswith(SCORE) else dearer
        low, high = (float(usd) for usd in advantages[2 * place + 1 : 2 * place + 3])
        share = variance_share(drawn, _drawn(ranking, full(figure, cases.size)))
        rows.append(Sensitivity(key, low, high, abs(high - low), variance_share=share))
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
        score_input(skill): (*_ends(rows), scores[skill])
        for skill, rows in drawn.items()
        if len(rows) and np.ptp(rows) > 0
    }


def _ends(rows: Matrix) -> tuple[float, float]:
    """P10 and P90 of the draws of a score, which are known."""
    interval = quantiles(rows)
    return interval.p10 or 0.0, interval.p90 or 0.0


def unexplained(rows: Sequence[Sensitivity]) -> float:
    """Share of the variance that no single row explains: what inputs do together."""
    return max(0.0, 1.0 - sum(row.variance_share for row in rows))


def _dearer(costs: Matrix, ranking: Ranking, other: int) -> Matrix:
    """What the rival costs more than the pick, USD, case by case."""
    return np.asarray(costs[:, other] - costs[:, ranking.pick])


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
