"""Scores predictions of decision cells: coverage, quantile loss, regret and calibration, averaged
over studies.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from advisor.core.constants import QUANTILES
from advisor.core.quantity import Range

Array = NDArray[np.float64]

APPROACHES = ("prompt", "tune", "hybrid")
BANDS = ((0.0, 0.1), (0.1, 0.3), (0.3, 0.5), (0.5, 0.7), (0.7, 0.9), (0.9, 1.01))
TIE = 0.0005  # shares; scores are published to three digits


@dataclass(frozen=True, slots=True)
class Truth:
    """Best measured score of each approach, 0 to 1, None where it was not measured; `scale` is the
    full mark of the metric.
    """

    prompt: float | None
    tune: float | None
    hybrid: float | None
    scale: float
    has_unit: bool = True

    def of(self, approach: str) -> float | None:
        return {"prompt": self.prompt, "tune": self.tune, "hybrid": self.hybrid}[approach]

    @property
    def decided(self) -> bool:
        """Whether there is a gain to score: both sides measured, on a metric whose full mark is
        known.
        """
        return self.prompt is not None and self.tune is not None and self.has_unit


def pinball(value: float, quantiles: Sequence[float]) -> float:
    """Mean quantile (pinball) loss at `QUANTILES`, in the units of `value`."""
    losses = [
        (q if value >= f else q - 1) * (value - f)
        for q, f in zip(QUANTILES, quantiles, strict=True)
    ]
    return sum(losses) / len(losses)


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
    """Measures by study, their mean over studies, and the reliability of P(best)."""

    studies: dict[str, StudyScores]
    mean: dict[str, float]
    reliability: Reliability


Pair = tuple[CellPrediction, Truth]


def summary(rows: Sequence[CellPrediction], truths: Sequence[Truth]) -> OutcomeSummary:
    """Mean over studies of each study's mean, and the reliability of P(best)."""
    per: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    pairs = [(r, t) for r, t in zip(rows, truths, strict=True) if t.decided]
    gains = [_difference(t) for _, t in pairs]
    constant = [float(q) for q in np.quantile(gains, QUANTILES)] if gains else [0.0, 0.0, 0.0]
    for row, truth in pairs:
        _score(per[row.study], row, truth, constant)
    studies = {
        study: StudyScores(len(own["cover gain"]), {n: _mean(x) for n, x in own.items()})
        for study, own in per.items()
    }
    names = sorted({name for study in studies.values() for name in study.measures})
    mean = {
        name: _mean([s.measures[name] for s in studies.values() if name in s.measures])
        for name in names
    }
    return OutcomeSummary(studies, mean, _reliability(pairs))


def _difference(truth: Truth) -> float:
    assert truth.tune is not None
    assert truth.prompt is not None
    return truth.tune - truth.prompt


def _mean(values: Sequence[float]) -> float:
    return round(sum(values) / len(values), 5)


def _score(
    into: dict[str, list[float]], row: CellPrediction, truth: Truth, constant: Sequence[float]
) -> None:
    for approach in APPROACHES:
        value = truth.of(approach)
        p10, _, p90 = _shares(row.of(approach), truth.scale)
        if value is not None and p10 is not None and p90 is not None:
            into[f"cover {approach}"].append(float(p10 <= value <= p90))
            into[f"width {approach}"].append(p90 - p10)
    gain = _difference(truth)
    predicted = [q for q in _shares(row.gain, truth.scale) if q is not None]
    into["cover gain"].append(float(predicted[0] <= gain <= predicted[-1]))
    into["pinball"].append(pinball(gain, predicted))
    into["pinball constant band"].append(pinball(gain, constant))
    into["regret choice"].append(_regret(truth, row.choice))
    for approach in APPROACHES:
        into[f"regret always {approach}"].append(_regret(truth, approach))
        if truth.of(approach) is not None:
            into["brier"].append((row.p_best[approach] - _won(truth, approach)) ** 2)


def _shares(spread: Range, scale: float) -> list[float | None]:
    """P10, P50 and P90 as shares of the full mark."""
    quantiles = (spread.p10, spread.p50, spread.p90)
    return [None if q is None else q / scale for q in quantiles]


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


def _reliability(pairs: Sequence[Pair]) -> Reliability:
    """Predicted chance to be best compared with how often it was.

    Every study counts the same, each approach that the cell measured is one event.
    """
    cells = Counter(row.study for row, _ in pairs)
    events = [
        (row.p_best[approach], _won(truth, approach), 1 / cells[row.study], approach)
        for row, truth in pairs
        for approach in APPROACHES
        if truth.of(approach) is not None
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


BY_STUDY = (
    "cover tune",
    "cover hybrid",
    "cover gain",
    "width tune",
    "pinball",
    "regret choice",
    "regret always tune",
)


def markdown(totals: OutcomeSummary) -> str:
    """The summary as Markdown tables."""
    lines = ["| measure, mean over studies | value |", "|---|---:|"]
    lines += [f"| {name} | {value:.4f} |" for name, value in totals.mean.items()]
    reliability = totals.reliability
    if reliability.brier is not None:
        lines += [f"| Brier score of P(best), studies equal | {reliability.brier:.4f} |"]
        lines += [f"| Brier score of the base rates | {reliability.brier_of_base_rates:.4f} |"]
    lines += ["", "| P(best) predicted | events | mean predicted | was best |"]
    lines += ["|---|---:|---:|---:|"]
    for b in reliability.bands:
        lines.append(
            f"| {b.low:.1f} to {b.high:.1f} | {b.events} | {b.predicted:.3f} | {b.observed:.3f} |"
        )
    lines += ["", f"| study | cells | {' | '.join(BY_STUDY)} |"]
    lines += [f"|---|---:|{'---:|' * len(BY_STUDY)}"]
    for study, own in totals.studies.items():
        values = [f"{own.measures[n]:.3f}" if n in own.measures else " " for n in BY_STUDY]
        lines.append(f"| {study} | {own.cells} | {' | '.join(values)} |")
    return "\n".join(lines) + "\n"
