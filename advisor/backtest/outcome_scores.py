"""Scores predictions of decision cells: coverage, quantile loss, regret and calibration, averaged
over studies.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from advisor.backtest.decision_cells import APPROACHES, Truth
from advisor.backtest.outcome_records import Outcome
from advisor.core.constants import QUANTILES
from advisor.core.quantity import Range

Array = NDArray[np.float64]

BANDS = ((0.0, 0.1), (0.1, 0.3), (0.3, 0.5), (0.5, 0.7), (0.7, 0.9), (0.9, 1.01))
TIE = 0.0005  # shares; scores are published to three digits


def pinball(value: float, quantiles: Sequence[float]) -> float:
    """Mean quantile (pinball) loss at `QUANTILES`, in the units of `value`."""
    losses = [
        (q if value >= f else q - 1) * (value - f)
        for q, f in zip(QUANTILES, quantiles, strict=True)
    ]
    return sum(losses) / len(losses)


@dataclass(frozen=True, slots=True)
class Band:
    """Predicted chances to be best within [low, high), and how often it came true."""

    low: float
    high: float
    events: int
    predicted: float
    observed: float


@dataclass(frozen=True, slots=True)
class Reliability:
    """Calibration of P(best), studies equal; Brier scores of ours and of constant base rates."""

    bands: list[Band]
    brier: float | None
    brier_of_base_rates: float | None


@dataclass(frozen=True, slots=True)
class StudyScores:
    """The number of cells of a study, and its mean of each measure that applies."""

    cells: int
    measures: dict[str, float]


@dataclass(frozen=True, slots=True)
class OutcomeSummary:
    """Measures by study, their mean over studies, their mean over cells, and the reliability of
    P(best).
    """

    studies: dict[str, StudyScores]
    mean: dict[str, float]
    pooled: dict[str, float]
    reliability: Reliability


def summary(outcomes: Sequence[Outcome]) -> OutcomeSummary:
    """Scores every decided cell; a study's measure is the mean of its cells."""
    decided = [o for o in outcomes if o.truth.decided]
    per: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for outcome in decided:
        for name, value in _measures(outcome).items():
            per[outcome.prediction.study][name].append(value)
    studies = {
        study: StudyScores(len(own["cover gain"]), {n: _mean(x) for n, x in own.items()})
        for study, own in per.items()
    }
    mean: dict[str, float] = {}
    pooled: dict[str, float] = {}
    for name in sorted({name for own in per.values() for name in own}):
        mean[name] = _mean([_mean(own[name]) for own in per.values() if name in own])
        pooled[name] = _mean([value for own in per.values() for value in own.get(name, ())])
    return OutcomeSummary(studies, mean, pooled, _reliability(decided))


def _mean(values: Sequence[float]) -> float:
    return round(sum(values) / len(values), 5)


def _measures(outcome: Outcome) -> dict[str, float]:
    """Every measure that applies to one cell."""
    row = outcome.prediction
    truth = outcome.truth
    gain = truth.gain
    ours = _shares(row.gain, truth.scale)
    out = {"cover gain": float(ours[0] <= gain <= ours[2]), "pinball": pinball(gain, ours)}
    for rule, quantiles in outcome.rules.items():
        out[f"pinball {rule}"] = pinball(gain, quantiles)
        out[f"cover gain {rule}"] = float(quantiles[0] <= gain <= quantiles[2])
    out["regret choice"] = _regret(truth, row.choice)
    for approach in APPROACHES:
        out[f"regret always {approach}"] = _regret(truth, approach)
        value = truth.of(approach)
        if value is None:
            continue
        out[f"brier {approach}"] = (row.p_best[approach] - _won(truth, approach)) ** 2
        if row.of(approach).is_known:
            p10, p50, p90 = _shares(row.of(approach), truth.scale)
            out[f"cover {approach}"] = float(p10 <= value <= p90)
            out[f"width {approach}"] = p90 - p10
            out[f"bias {approach}"] = p50 - value
    return out


def _shares(spread: Range, scale: float) -> tuple[float, float, float]:
    """P10, P50 and P90 as shares of the full mark. Raises ValueError where they are unknown."""
    if spread.p10 is None or spread.p50 is None or spread.p90 is None:
        raise ValueError("unknown quantity")
    return spread.p10 / scale, spread.p50 / scale, spread.p90 / scale


def _best(truth: Truth) -> float:
    return max(v for v in (truth.prompt, truth.tune, truth.hybrid) if v is not None)


def _regret(truth: Truth, choice: str) -> float:
    """What a choice loses; a hybrid that was not measured counts as tuned."""
    value = truth.of(choice)
    value = truth.tune if value is None else value
    assert value is not None
    return _best(truth) - value


def _won(truth: Truth, approach: str) -> float:
    """1 where it is best, shared among ties."""
    values = [v for v in (truth.prompt, truth.tune, truth.hybrid) if v is not None]
    tied = sum(v >= max(values) - TIE for v in values)
    value = truth.of(approach)
    return 1 / tied if value is not None and value >= max(values) - TIE else 0.0


def _reliability(outcomes: Sequence[Outcome]) -> Reliability:
    """Predicted chance to be best compared with how often it was.

    Every study counts the same, each approach that the cell measured is one event.
    """
    cells = Counter(o.prediction.study for o in outcomes)
    events = [
        (
            o.prediction.p_best[approach],
            _won(o.truth, approach),
            1 / cells[o.prediction.study],
            approach,
        )
        for o in outcomes
        for approach in APPROACHES
        if o.truth.of(approach) is not None
    ]
    if not events:
        return Reliability([], None, None)
    predicted, won, weight = (np.array([e[i] for e in events], dtype=float) for i in range(3))
    approaches = np.array([e[3] for e in events])
    base = np.zeros(len(events))
    for approach in set(approaches.tolist()):
        mine = approaches == approach
        base[mine] = np.average(won[mine], weights=weight[mine])
    ours, constant = (
        round(float(np.average((p - won) ** 2, weights=weight)), 4) for p in (predicted, base)
    )
    return Reliability(_bands(predicted, won, weight), ours, constant)


def _bands(predicted: Array, won: Array, weight: Array) -> list[Band]:
    bands = []
    for low, high in BANDS:
        mine = (predicted >= low) & (predicted < high)
        if mine.any():
            mean, share = (
                round(float(np.average(x[mine], weights=weight[mine])), 3) for x in (predicted, won)
            )
            bands.append(Band(low, min(high, 1.0), int(mine.sum()), mean, share))
    return bands
