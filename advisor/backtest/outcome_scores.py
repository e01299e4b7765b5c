"""Scores forecasts of decision cells: coverage, quantile loss, regret and calibration, averaged
over studies.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

LEVELS = (0.1, 0.5, 0.9)
BANDS = ((0.0, 0.1), (0.1, 0.3), (0.3, 0.5), (0.5, 0.7), (0.7, 0.9), (0.9, 1.01))
TIE = 0.0005  # shares; scores are published to three digits


@dataclass(frozen=True, slots=True)
class Truth:
    """Best measured score of each approach, 0 to 1, None where nobody did; `scale` is the metric's
    full mark.
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
    """Mean quantile (pinball) loss at `LEVELS`, in the units of `value`."""
    losses = [
        (q if value >= f else q - 1) * (value - f) for q, f in zip(LEVELS, quantiles, strict=True)
    ]
    return sum(losses) / len(losses)


def summary(rows: Sequence[dict[str, Any]], truths: Sequence[Truth]) -> dict[str, Any]:
    """Mean over studies of each study's mean, and the reliability of P(best).

    None where nothing can be scored.
    """
    per: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    pairs = [(r, t) for r, t in zip(rows, truths, strict=True) if t.decided]
    gains = [_difference(t) for _, t in pairs]
    band = [float(q) for q in np.quantile(gains, LEVELS)] if gains else [0.0, 0.0, 0.0]
    for row, truth in pairs:
        _score(per[row["study"]], row, truth, band)
    names = sorted({name for study in per.values() for name in study})
    means = {n: _mean([_mean(s[n]) for s in per.values() if s[n]]) for n in names}
    return {
        "studies": {
            s: {"cells": len(v["cover gain"]), **{n: _mean(x) for n, x in v.items()}}
            for s, v in per.items()
        },
        "mean": {n: round(x, 4) for n, x in means.items() if x is not None},
        "reliability": _reliability(pairs),
    }


def _difference(truth: Truth) -> float:
    assert truth.tune is not None
    assert truth.prompt is not None
    return truth.tune - truth.prompt


def _mean(values: Sequence[float | None]) -> float | None:
    known = [v for v in values if v is not None]
    return round(sum(known) / len(known), 5) if known else None


def _score(
    into: dict[str, list[float]], row: dict[str, Any], truth: Truth, band: Sequence[float]
) -> None:
    for name, key in (("tune", "tuned"), ("hybrid", "hybrid"), ("prompt", "prompt")):
        value, spread = truth.of(name), row[key]
        if value is not None and spread["p10"] is not None:
            into[f"cover {name}"].append(
                float(spread["p10"] <= value * truth.scale <= spread["p90"])
            )
            into[f"width {name}"].append((spread["p90"] - spread["p10"]) / truth.scale)
    gain, foreseen = (
        _difference(truth),
        [row["gain"][p] / truth.scale for p in ("p10", "p50", "p90")],
    )
    into["cover gain"].append(float(foreseen[0] <= gain <= foreseen[2]))
    into["pinball"].append(pinball(gain, foreseen))
    into["pinball constant band"].append(pinball(gain, band))
    for name, choice in (
        ("choice", row["choice"]),
        *(("always " + a, a) for a in ("tune", "prompt", "hybrid")),
    ):
        into[f"regret {name}"].append(_regret(truth, choice))
    for approach in ("prompt", "tune", "hybrid"):
        if truth.of(approach) is not None:
            into["brier"].append((row["p_best"][approach] - _won(truth, approach)) ** 2)


def _best(truth: Truth) -> float:
    return max(v for v in (truth.prompt, truth.tune, truth.hybrid) if v is not None)


def _regret(truth: Truth, choice: str) -> float:
    """What a choice loses; a hybrid that nobody measured counts as tuned."""
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


def _reliability(pairs: Sequence[tuple[dict[str, Any], Truth]]) -> dict[str, Any]:
    """Foreseen chance to be best against how often it was; Brier score against the base rate of
    each approach.

    Every study counts the same, each approach that the cell measured is one event.
    """
    size: dict[str, int] = defaultdict(int)
    for row, _ in pairs:
        size[row["study"]] += 1
    events = [
        (row["p_best"][a], _won(truth, a), 1 / size[row["study"]], a)
        for row, truth in pairs
        for a in ("prompt", "tune", "hybrid")
        if truth.of(a) is not None
    ]
    if not events:
        return {"bands": [], "brier": None, "brier base rate": None}
    p, won, weight = (np.array([e[i] for e in events], dtype=float) for i in range(3))
    base = np.zeros(len(events))
    for approach in ("prompt", "tune", "hybrid"):
        mine = np.array([e[3] == approach for e in events])
        if mine.any():
            base[mine] = np.average(won[mine], weights=weight[mine])
    bands = []
    for low, high in BANDS:
        mine = (p >= low) & (p < high)
        if mine.any():
            seen, came = (float(np.average(x[mine], weights=weight[mine])) for x in (p, won))
            band = {"from": low, "to": min(high, 1.0), "events": int(mine.sum())}
            bands.append({**band, "foreseen": round(seen, 3), "was": round(came, 3)})
    brier = [round(float(np.average((x - won) ** 2, weights=weight)), 4) for x in (p, base)]
    return {"bands": bands, "brier": brier[0], "brier base rate": brier[1]}


def markdown(totals: dict[str, Any]) -> str:
    """The summary as Markdown tables."""
    mean, lines = totals["mean"], ["| measure, mean over studies | value |", "|---|---:|"]
    lines += [f"| {name} | {value:.4f} |" for name, value in mean.items()]
    held = totals["reliability"]
    if held["brier"] is not None:
        lines += [f"| Brier score of P(best), studies alike | {held['brier']:.4f} |"]
        lines += [f"| Brier score of the base rates | {held['brier base rate']:.4f} |"]
    lines += [
        "",
        "| P(best) foreseen | events | mean foreseen | was best |",
        "|---|---:|---:|---:|",
    ]
    for band in held["bands"]:
        low, high, events, foreseen, was = band.values()
        lines.append(f"| {low:.1f} to {high:.1f} | {events} | {foreseen:.3f} | {was:.3f} |")
    shown = (
        "cover tune",
        "cover hybrid",
        "cover gain",
        "width tune",
        "pinball",
        "regret choice",
        "regret always tune",
    )
    lines += ["", f"| study | cells | {' | '.join(shown)} |", f"|---|---:|{'---:|' * len(shown)}"]
    for study, own in totals["studies"].items():
        values = [" " if own.get(n) is None else f"{own[n]:.3f}" for n in shown]
        lines.append(f"| {study} | {own['cells']} | {' | '.join(values)} |")
    return "\n".join(lines) + "\n"
