"""Back-test of learning curves: later points forecast from earlier ones, by the same model that
forecasts for users.

Every point beyond the first third of a curve is forecast twice: from all points before it, and from
the first third alone. A curve is seen by itself, without the study's other results; coefficients
never saw the study. Losses (lower is better) are followed as exp(−loss), the mean probability of a
token, and turned back.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from advisor import shipped
from advisor.backtest.priors import prior_without
from advisor.backtest.studies import Result, read
from advisor.core.brief import Score
from advisor.estimate.quality.forecast import points_of, shares
from advisor.estimate.quality.prior import Prior

Array = NDArray[np.float64]

DRAWS = 400
FAR = 8.0  # extrapolation beyond this many times the largest seen number of examples is marked
FEWEST_SEEN = 2
HELD = (
    "from the first third",
    "of these up to 8 x beyond",
    "of these more than 8 x beyond",
    "from all points before",
)
SEED = 20


@dataclass(frozen=True, slots=True)
class Curve:
    """Points of one study, task, metric, base model and approach, by rising number of examples;
    values 0 to 1.
    """

    first: Result
    examples: tuple[float, ...]
    values: tuple[float | None, ...]

    @property
    def third(self) -> int:
        """How many points the first third has, at least two."""
        return max(FEWEST_SEEN, ceil(len(self.examples) / 3))


def run(path: Path | None, as_json: bool) -> str:
    """The back-test of a file (None: the shipped studies) as JSON, or as a table.

    Raises UsageError on a bad file.
    """
    rows = forecast(read(path or shipped.folder("profiles") / "evidence.csv"))
    totals = summary(rows)
    if as_json:
        return json.dumps({"schema": 1, "rows": rows, "summary": totals}, indent=1)
    return markdown(totals)


def curves(results: Iterable[Result]) -> list[Curve]:
    """The curves of at least three points; several results at one number of examples count as their
    mean.
    """
    found: dict[tuple[str, ...], dict[float, list[Result]]] = defaultdict(lambda: defaultdict(list))
    for r in results:
        if r.examples and (r.lower_is_better or r.value is None or 0 <= r.value <= 1):
            approach = r.skill.technique if r.family == "prompt" else r.raw_approach
            approach = "shots" if approach in ("one-shot", "few-shot", "many-shot") else approach
            found[r.study, r.task, r.metric, r.skill.model, approach][r.examples].append(r)
    return [_curve(points) for points in found.values() if len(points) > FEWEST_SEEN]


def _curve(points: dict[float, list[Result]]) -> Curve:
    order = sorted(points)
    means = []
    for n in order:
        told = [_share(r, r.value) for r in points[n] if r.value is not None]
        means.append(sum(told) / len(told) if told else None)
    return Curve(points[order[-1]][0], tuple(order), tuple(means))


def _share(result: Result, value: float) -> float:
    return float(np.exp(-value)) if result.lower_is_better else value


def forecast(results: Sequence[Result]) -> list[dict[str, Any]]:
    """One row per point beyond the first third of its curve."""
    rows: list[dict[str, Any]] = []
    for curve in curves(results):
        prior = prior_without(curve.first.study)
        cut = curve.third
        early = _ahead(curve, cut, range(cut, len(curve.examples)), prior)
        for i in range(cut, len(curve.examples)):
            before = early[0] if i == cut else _ahead(curve, i, range(i, i + 1), prior)[0]
            rows.append(_row(curve, i, before, early[i - cut]))
    return rows


def _ahead(curve: Curve, seen: int, asked: Sequence[int], prior: Prior) -> Array:
    """Draws of what a test would show at the asked points, given the first `seen` ones; shape
    (asked, DRAWS).
    """
    result = curve.first
    known = [
        Score(
            result.family,
            result.skill.technique,
            result.skill.model,
            value,
            round(result.items),
            0.0,
            round(n),
        )
        for n, value in list(zip(curve.examples, curve.values, strict=True))[:seen]
        if value is not None
    ]
    skill = replace(result.skill, id="curve")
    name = f"{result.study}|{result.task}|{result.skill.model}|{seen}"
    normals = streams(name)
    asked_skills = [replace(skill, examples=curve.examples[i]) for i in asked]
    drawn = shares(result.about, asked_skills, points_of([skill], known, {}), prior, normals, DRAWS)
    error = np.random.default_rng([SEED, crc32(name.encode())]).standard_normal(drawn.shape)
    return np.clip(drawn + error * np.sqrt(drawn * (1 - drawn) / result.items), 1e-6, 1 - 1e-6)


def streams(name: str) -> Callable[[str], Array]:
    """Standard normal streams by id, none of them at the median."""

    def stream(id: str) -> Array:
        return np.random.default_rng([SEED, crc32(f"{name}|{id}".encode())]).standard_normal(DRAWS)

    return stream


def _row(curve: Curve, i: int, before: Array, early: Array) -> dict[str, Any]:
    result, n = curve.first, curve.examples[i]
    value = curve.values[i]
    reach = n / curve.examples[curve.third - 1]
    return {
        "study": result.study,
        "task": result.task,
        "metric": result.metric,
        "base_model": result.skill.model,
        "approach": result.raw_approach,
        "technique": result.skill.technique,
        "n": n,
        "seen": i,
        **_quantiles(result, before),
        "times_beyond": round(n / curve.examples[i - 1], 2),
        "far": n / curve.examples[i - 1] > FAR,
        "from_first_third": {
            **_quantiles(result, early),
            "seen": curve.third,
            "times_beyond": round(reach, 2),
            "far": reach > FAR,
        },
        "value": None if value is None else round(_back(result, value), 5),
    }


def _back(result: Result, share: float) -> float:
    return float(-np.log(share)) if result.lower_is_better else share * result.scale


def _quantiles(result: Result, draws: Array) -> dict[str, float]:
    """P10, P50 and P90 in the units of the metric."""
    found = sorted(_back(result, float(q)) for q in np.quantile(draws, [0.1, 0.5, 0.9]))
    return {name: round(q, 5) for name, q in zip(("p10", "p50", "p90"), found, strict=True)}


def summary(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Share of points inside their 80 % interval, mean over studies of each study's mean."""
    hits: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        if row["value"] is not None:
            early, own = row["from_first_third"], hits[row["study"]]
            held = float(early["p10"] <= row["value"] <= early["p90"])
            own["from the first third"].append(held)
            own[
                "of these more than 8 x beyond" if early["far"] else "of these up to 8 x beyond"
            ].append(held)
            own["from all points before"].append(float(row["p10"] <= row["value"] <= row["p90"]))
    per = {
        s: {"points": len(v[HELD[0]]), **{n: _mean(v[n]) for n in HELD if v[n]}}
        for s, v in hits.items()
    }
    whole = {
        n: _mean([v[n] for v in per.values() if n in v])
        for n in HELD
        if any(n in v for v in per.values())
    }
    return {"held": whole, "points": sum(v["points"] for v in per.values()), "studies": per}


def _mean(values: Sequence[float]) -> float:
    return round(sum(values) / len(values), 4)


def markdown(totals: dict[str, Any]) -> str:
    """The summary as Markdown tables."""
    names = list(totals["held"])
    lines = [f"| study | points | {' | '.join(names)} |", f"|---|---:|{'---:|' * len(names)}"]
    whole = {"points": totals["points"], **totals["held"]}
    for study, own in [("mean over studies", whole), *totals["studies"].items()]:
        values = [f"{own[n]:.3f}" if n in own else " " for n in names]
        lines.append(f"| {study} | {own['points']} | {' | '.join(values)} |")
    return "\n".join(lines) + "\n"
