"""What it is worth to know more, and so the next step.

EVPI = E[cost of the pick] − E[cost of the best arm of each draw]. EVPPI of an input conditions the expected costs on
it, by bins of equal size (Strong, Oakley, Brennan 2014 discuss the bias: it shrinks with the draws per bin). EVSI of a
test of n items shrinks those conditional expectations by the share of variance that n items remove (the moment-matching
approximation of Jalal and Alarid-Escudero 2018).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from advisor.core.brief import Brief
from advisor.core.figure import Figure
from advisor.core.verdict import FlipPoint, Information, NextStep, Readiness
from advisor.decide.ranking import Matrix, Ranking

BINS = 20
TEST_SIZES = (100, 200, 400, 800, 1600)
DETECTABLE = 0.10
"""A first test set should show a difference of ten points."""

DISCORDANT = 0.2
"""Share of items on which two options typically disagree; used for paired tests before anything is measured."""

LISTED = 8
"""No more steps and inputs than a reader takes in."""

DECIDE_NOW = NextStep("decide now: no measurement is worth its price", 0.0, 0.0, 0.0)


def evpi(ranking: Ranking) -> float:
    """USD that perfect knowledge of everything would save on average."""
    return ranking.regret(ranking.pick)


def evppi(ranking: Ranking, rows: Matrix) -> float:
    """USD that perfect knowledge of one input, given as its rows for all draws, would save on average."""
    means = _conditional_means(ranking, rows)
    return _worth(means, ranking) if means is not None else 0.0


def evsi(ranking: Ranking, rows: Matrix, variance_share: float) -> float:
    """USD that a test is worth which removes this share (0 to 1) of the input's variance."""
    means = _conditional_means(ranking, rows)
    if means is None:
        return 0.0
    centre = means.mean(axis=0)
    return _worth(centre + math.sqrt(variance_share) * (means - centre), ranking)


def _conditional_means(ranking: Ranking, rows: Matrix) -> Matrix | None:
    """Expected cost of each rankable arm within bins of the input. Shape (bins, arms)."""
    values = rows[1:][ranking.open[1:]] if ranking.open[1:].any() else rows[1:]
    per_bin = len(values) // BINS
    if per_bin < 2 or np.ptp(values) == 0:
        return None
    order = np.argsort(values, kind="stable")[: per_bin * BINS]
    cost = ranking.effective[:, ranking.rankable][order]
    return np.asarray(cost.reshape(BINS, per_bin, -1).mean(axis=1))


def _worth(means: Matrix, ranking: Ranking) -> float:
    return max(0.0, float(means.mean(axis=0).min() - means.min(axis=1).mean()))


def smallest_difference(items: float) -> float:
    """Smallest difference of two scores that a paired test of `items` items shows with 80 % power: √(8·(b+c)/n)."""
    return math.sqrt(8.0 * DISCORDANT / items) if items > 0 else 1.0


def told_apart(difference: float, items: float, sd: float = math.sqrt(DISCORDANT)) -> bool:
    """Whether a paired test of `items` items shows this difference at the 5 % level: |Δ| > 1.96·sd/√n.

    `sd` is that of the difference per item; where it was not measured √(b+c), b+c the share on which two disagree.
    """
    return items > 0 and abs(difference) > 1.96 * sd / math.sqrt(items)


def items_needed(difference: float) -> int:
    """Items of a paired test that show this difference with 80 % power: 8·(b+c)/Δ²."""
    return math.ceil(8.0 * DISCORDANT / difference**2 - 1e-9)


@dataclass(frozen=True, slots=True)
class Known:
    """What the next step is chosen from: the ranking, the drawn inputs, the flip points and the readiness rules."""

    brief: Brief
    ranking: Ranking
    inputs: Mapping[str, Figure]
    quality: Mapping[str, Figure]  # by skill
    flips: tuple[FlipPoint, ...]
    readiness: tuple[Readiness, ...]


def next_steps(known: Known) -> tuple[NextStep, ...]:
    """Every step that is worth its price, by worth net of cost; a test set first where there is none.

    Empty: decide now. Of several sizes of one test only the best is listed.
    """
    first = any(r.rule == "evaluation set" and r.status == "stop" for r in known.readiness)
    steps = [*_labels(known), *_best_test(known), *_answers(known)]
    worth = [s for s in steps if s.worth_usd - s.cost_usd > _negligible(known)]
    ranked = sorted(worth, key=lambda s: s.cost_usd - s.worth_usd)[:LISTED]
    return (_collect_test(known), *ranked) if first else tuple(ranked)


def information(known: Known) -> tuple[Information, ...]:
    """EVPPI of every uncertain input and every option's score, those worth a dollar or more, the largest first."""
    inputs = {key: figure for key, figure in known.inputs.items() if not isinstance(figure.rows, float)}
    scores = {f"quality.score of {skill}": figure for skill, figure in known.quality.items()}
    worth = [Information(name, evppi(known.ranking, _rows(f))) for name, f in {**inputs, **scores}.items()]
    return tuple(sorted((w for w in worth if w.worth_usd >= 1.0), key=lambda w: -w.worth_usd)[:LISTED])


def _negligible(known: Known) -> float:
    """A step that saves less than a thousandth of the money at stake is not worth its trouble."""
    cost = known.ranking.cost[0, known.ranking.pick]
    return 0.001 * float(cost) if cost == cost else 0.0


def _grade_usd(brief: Brief) -> float:
    grade = brief.data.eval_label_usd
    return grade.likely if grade is not None else 2.0 * brief.data.label_usd.likely


def _collect_test(known: Known) -> NextStep:
    items = items_needed(DETECTABLE)
    brief, pick = known.brief, known.ranking.pick
    days = 7.0 * items / brief.data.labels_per_week.likely
    action = (
        f"collect and grade {items} test items: they show a difference of {100 * DETECTABLE:.0f} points; "
        f"start with {known.ranking.arms[pick].id} meanwhile"
    )
    return NextStep(action, items * _grade_usd(brief), days, _test_worth(known, items))


def _test_worth(known: Known, items: int) -> float:
    return max((evsi(known.ranking, _rows(f), _share(f, items)) for f in known.quality.values()), default=0.0)


def _rows(figure: Figure) -> Matrix:
    return np.asarray(figure.rows, dtype=float) if not isinstance(figure.rows, float) else np.zeros(2)


def _share(quality: Figure, items: int) -> float:
    """Variance removed by a test of n items: n / (n + n₀), n₀ = q(1−q) ÷ prior variance."""
    rows = _rows(quality)
    variance, mean = float(np.var(rows[1:])), float(np.mean(rows[1:]))
    return items / (items + mean * (1 - mean) / variance) if variance > 0 else 0.0


def _labels(known: Known) -> list[NextStep]:
    """Labels up to the point at which a tuned option becomes the best."""
    brief, ranking, pick = known.brief, known.ranking, known.ranking.pick
    flip = next((f for f in known.flips if f.input == "data.examples" and f.value > (f.now or 0)), None)
    if flip is None or flip.verdict_becomes == ranking.arms[pick].approach:
        return []
    missing = flip.value - (flip.now or 0.0)
    cost = missing * brief.data.label_usd.likely + brief.data.label_setup_usd.likely
    at_stake = float(ranking.cost[0, pick]) * max(0.0, 1.0 - float(ranking.p_meets[pick]))
    days = 7.0 * missing / brief.data.labels_per_week.likely
    action = f"label {round(missing, -1):,.0f} more examples: from {flip.value:,.0f} on {flip.arm} is the better choice"
    return [NextStep(action, cost, days, at_stake)]


def _best_test(known: Known) -> list[NextStep]:
    """A larger test of the option whose score matters most, at its best size."""
    if not known.quality:
        return []
    skill, figure = max(known.quality.items(), key=lambda kv: evppi(known.ranking, _rows(kv[1])))
    grade, pace = _grade_usd(known.brief), known.brief.data.labels_per_week.likely
    tests = [
        NextStep(
            f"grade {n} more test items of {skill}: its score decides most",
            n * grade,
            7.0 * n / pace,
            evsi(known.ranking, _rows(figure), _share(figure, n)),
        )
        for n in TEST_SIZES
    ]
    return [max(tests, key=lambda s: s.worth_usd - s.cost_usd)]  # fmt: skip


def _answers(known: Known) -> list[NextStep]:
    """Find out an input that is only assumed: it costs a conversation, not money."""
    steps = []
    for key, figure in known.inputs.items():
        if figure.basis == "assumed" and not isinstance(figure.rows, float) and "." in key:
            worth = evppi(known.ranking, _rows(figure))
            steps.append(NextStep(f"find out {key} (assumed so far): it could change the answer", 0.0, 1.0, worth))
    return steps
