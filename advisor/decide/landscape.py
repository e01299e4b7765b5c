"""What the pictures of a report need beyond the verdict: the answer at other volumes and prices of
an error, the learning curve, and the draws of the compared options.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from advisor.core.figure import Figure
from advisor.core.option import Estimate
from advisor.core.verdict import DrawnOption, LearningCurve, LearningPoint, MapCell
from advisor.decide.evaluator import Cases, Evaluator
from advisor.decide.quantiles import quantiles
from advisor.decide.ranking import Ranking, full, rank
from advisor.decide.settling import Ruling

VOLUME = "traffic.requests_per_month"
LABELS = "data.examples"

MULTIPLES = (0.1, 0.3, 1.0, 3.0, 10.0)
"""Of today's volume: a tenth to tenfold."""

PRICE_MULTIPLES = (0.0, 0.3, 1.0, 3.0, 10.0)
"""Of the stated cost of a wrong answer."""

PRICES_USD = (0.0, 0.01, 0.1, 1.0, 10.0)
"""Of a wrong answer where the brief states none: free to the price of an expert's minutes."""

MAP_DRAWS = 200
CURVE_DRAWS = 200
CURVE_POINTS = 7
CURVE_REACH = 8.0
FEWEST_LABELS = 100.0
DRAWS_LISTED = 200

Judge = Callable[[Evaluator, Ranking], Ruling]


def cost_map(evaluator: Evaluator, cases: Cases, seed: int, judge: Judge) -> tuple[MapCell, ...]:
    """The answer in each cell, by the rule of the verdict on the first draws."""
    volume = evaluator.brief.traffic.requests_per_month
    now = evaluator.brief.quality.error_cost_usd.likely
    if volume is None or not volume.p50:
        return ()
    prices = [now * multiple for multiple in PRICE_MULTIPLES] if now > 0 else list(PRICES_USD)
    volumes = [volume.p50 * multiple for multiple in MULTIPLES]
    unit = evaluator.priced_at(max(prices))
    blocks = _blocks(unit, cases, seed, volumes)
    return tuple(
        _cell(evaluator.priced_at(price), block.with_errors_at(price / max(prices)), at, judge)
        for at, block in zip(volumes, blocks, strict=True)
        for price in prices
    )


def _blocks(
    priced: Evaluator, cases: Cases, seed: int, volumes: Sequence[float]
) -> Iterable[Ranking]:
    """The first draws at each volume, ranked."""
    size = min(MAP_DRAWS, cases.size - 1) + 1
    changes = [(VOLUME, volume) for volume in volumes]
    every = range(len(cases.estimates))
    drawn = priced.drawn_what_if(changes, size - 1, seed, every, cases)
    whole = rank(drawn, priced.brief, size * len(volumes))
    return (whole.rows(slice(i * size, (i + 1) * size)) for i in range(len(volumes)))


def _cell(priced: Evaluator, ranking: Ranking, volume: float, judge: Judge) -> MapCell:
    ruling = judge(priced, ranking)
    price = priced.brief.quality.error_cost_usd.likely
    return MapCell(volume, price, ruling.word, ruling.option)


def learning_curve(
    evaluator: Evaluator, cases: Cases, ranking: Ranking, seed: int
) -> LearningCurve | None:
    """The score of the best tuned option from an eighth to eight times the labels in hand; None
    where labels do not move it.
    """
    tuned = [i for i, option in enumerate(ranking.options) if option.approach == "tune"]
    labels = cases.inputs.get(LABELS)
    if not tuned or labels is None or not labels.is_known:
        return None
    best = max(tuned, key=lambda i: (i == ranking.pick, float(ranking.p_best[i])))
    now = labels.value
    middle = max(now, FEWEST_LABELS)
    values = np.geomspace(middle / CURVE_REACH, middle * CURVE_REACH, CURVE_POINTS).round()
    changes = [(LABELS, float(value)) for value in values]
    draws = min(CURVE_DRAWS, cases.size - 1)
    drawn = evaluator.drawn_what_if(changes, draws, seed, [best], cases)
    scores = full(drawn[0]["quality.score"], (draws + 1) * len(values))
    blocks = scores.reshape(len(values), draws + 1)[:, 1:]
    if not np.isfinite(blocks).all() or np.ptp(blocks.mean(axis=1)) < 1e-6:
        return None
    points = zip(values, blocks, strict=True)
    return LearningCurve(
        ranking.options[best].id,
        now,
        tuple(LearningPoint(float(value), quantiles(block)) for value, block in points),
    )


def drawn_options(estimates: Iterable[Estimate], size: int) -> tuple[DrawnOption, ...]:
    """The first draws of each option, each once, in cents and ten-thousandths."""
    once = {estimate.option.id: estimate for estimate in estimates}
    return tuple(_drawn(estimate, size) for estimate in once.values())


def _drawn(estimate: Estimate, size: int) -> DrawnOption:
    return DrawnOption(
        estimate.option.id,
        _first(estimate["once.total"], size, 2),
        _first(estimate["run.total"], size, 2),
        _first(estimate["horizon.cash"], size, 2),
        _first(estimate["horizon.errors"], size, 2),
        _first(estimate["quality.score"], size, 4),
    )


def _first(figure: Figure, size: int, digits: int) -> tuple[float, ...]:
    rows = full(figure, size)[1 : DRAWS_LISTED + 1]
    return tuple(round(float(row), digits) for row in rows) if np.isfinite(rows).all() else ()


def correlation(estimate: Estimate, size: int) -> float | None:
    """Of cash and score over the draws; None where one of them is unknown or does not move."""
    cash = full(estimate["horizon.cash"], size)[1:]
    score = full(estimate["quality.score"], size)[1:]
    if not (np.isfinite(cash).all() and np.isfinite(score).all()):
        return None
    if np.ptp(cash) == 0 or np.ptp(score) == 0:
        return None
    return round(float(np.corrcoef(cash, score)[0, 1]), 6)
