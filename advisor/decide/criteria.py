"""Weights for those who prefer criteria: anchored value functions, so that no option changes the
order of the others.

Value of an option = Σ weight · v ÷ Σ weight, with v from 0 (worst anchor) to 1 (best anchor),
linear in between and cut off outside; what costs more than the worst anchor goes on below 0, so
that dearer options stay apart. Cost is cash: wrong answers count as quality. The anchors come from
the brief and fixed scales, never from the options at hand: min–max over the options reverses ranks
when one is added (Belton and Gear 1983).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from advisor.core.brief import Brief
from advisor.core.errors import UsageError, did_you_mean
from advisor.core.option import Estimate
from advisor.core.verdict import CriterionValue

USUAL_WEEKS = 52.0
"""A year: the slowest roll-out that the time criterion still tells apart, where the brief sets no
deadline.
"""

Anchor = Callable[[Brief], tuple[float, float]]
"""Best and worst value of a criterion. Raises UsageError where the brief does not give them."""


def _money(brief: Brief) -> tuple[float, float]:
    once = brief.budget.one_off_usd
    monthly = brief.budget.monthly_usd
    if once is None or monthly is None:
        raise UsageError(
            "--weights cost: needs its worst anchor; set budget.one_off_usd and budget.monthly_usd"
        )
    return 0.0, once.likely + monthly.likely * brief.budget.horizon_months


def _score(brief: Brief) -> tuple[float, float]:
    return brief.quality.human_ceiling or 1.0, 0.0


def _weeks(brief: Brief) -> tuple[float, float]:
    return 0.0, brief.budget.weeks.likely if brief.budget.weeks is not None else USUAL_WEEKS


CRITERIA: Mapping[str, tuple[str, Anchor]] = {
    "cost": ("horizon.cash", _money),
    "quality": ("quality.score", _score),
    "time": ("time.weeks", _weeks),
}
"""A criterion, the figure that measures it, and its anchors."""


def parse_weights(text: str) -> dict[str, float]:
    """`cost=3,quality=2` as weights.

    Raises UsageError for an unknown criterion, a number below zero, or none above.
    """
    weights: dict[str, float] = {}
    for part in text.split(","):
        name, _, value = (p.strip() for p in part.partition("="))
        if name not in CRITERIA:
            raise UsageError(
                f"--weights: no criterion {name!r}{did_you_mean(name, CRITERIA)}; known: "
                f"{', '.join(CRITERIA)}"
            )
        try:
            weights[name] = float(value)
        except ValueError:
            raise UsageError(
                f"--weights {name}: {value!r} is not a number; write cost=3,quality=2"
            ) from None
        if not 0 <= weights[name] < float("inf"):
            raise UsageError(f"--weights {name}: a weight is zero or more")
    if not sum(weights.values()):
        raise UsageError("--weights: all are zero; give at least one criterion a weight")
    return weights


def weigh(
    estimates: Sequence[Estimate], brief: Brief, weights: Mapping[str, float]
) -> tuple[CriterionValue, ...]:
    """Every option's weighted value at its likely figures, the best first; one with an unknown
    figure has none.
    """
    anchors = {name: CRITERIA[name][1](brief) for name in weights if weights[name] > 0}
    values = [CriterionValue(e.option.id, _value(e, weights, anchors)) for e in estimates]
    return tuple(sorted(values, key=lambda v: (v.value is None, -(v.value or 0.0), v.id)))


def _value(
    estimate: Estimate, weights: Mapping[str, float], anchors: Mapping[str, tuple[float, float]]
) -> float | None:
    total = 0.0
    for name, (best, worst) in anchors.items():
        figure = estimate[CRITERIA[name][0]]
        if not figure.is_known:
            return None
        share = (figure.value - worst) / (best - worst)
        least = -math.inf if name == "cost" else 0.0
        total += weights[name] * min(1.0, max(least, share))
    return total / sum(weights[name] for name in anchors)
