"""A staged plan, where stages beat a single choice: start with one option, collect labels, change
over at a gate.
"""

from __future__ import annotations

from collections.abc import Mapping

from advisor.core import format as fmt
from advisor.core.brief import Brief
from advisor.core.constants import WEEKS_PER_MONTH
from advisor.core.quantity import UNKNOWN, Quantity, Range
from advisor.core.verdict import FlipPoint, LabelsNeeded, PlanStage
from advisor.decide.information import DETECTABLE, items_needed
from advisor.decide.ranking import Ranking


def plan(brief: Brief, ranking: Ranking, flips: tuple[FlipPoint, ...]) -> tuple[PlanStage, ...]:
    """Two stages where more labels would change the verdict within reach of the deadline; else
    none.
    """
    flip = next((f for f in flips if f.input == "data.examples" and f.value > (f.now or 0)), None)
    chosen = ranking.options[ranking.pick]
    if flip is None or flip.verdict_becomes == chosen.approach:
        return ()
    missing = flip.value - (flip.now or 0.0)
    labelling = missing / brief.data.labels_per_week.likely
    horizon_weeks = brief.budget.horizon_months * WEEKS_PER_MONTH
    if labelling > horizon_weeks / 2:
        return ()
    items = max(items_needed(DETECTABLE / 2), int(brief.data.eval_examples.likely))
    gate = (
        f"{fmt.count(round(missing, -1))} more labels ({fmt.count(flip.value)} in all) collected "
        f"in production; {flip.arm} "
        f"not worse in a paired test on {items:,} fresh items"
    )
    if brief.quality.target > 0:
        gate += f"; its score at {brief.quality.target:g} or more"
    return (PlanStage(1, chosen.id, gate, round(labelling, 1)), PlanStage(2, flip.arm, "", 0.0))


def labels_needed(brief: Brief, needed: Mapping[str, Quantity]) -> tuple[LabelsNeeded, ...]:
    """What the labels still missing cost, and how many weeks they take, at the likely price and
    pace.

    `needed` is for one tuned model; each of several segments needs as many of its own.
    """
    return tuple(_labels_needed(brief, skill, quantity) for skill, quantity in needed.items())


def _labels_needed(brief: Brief, skill: str, labels: Quantity) -> LabelsNeeded:
    price = brief.data.label_usd.likely
    pace = brief.data.labels_per_week.likely
    points = [p for p in (labels.range.p10, labels.range.p50, labels.range.p90) if p is not None]
    if len(points) < 3:
        return LabelsNeeded(skill, UNKNOWN, UNKNOWN, UNKNOWN, labels.reason)
    in_hand = [(s.count, s.examples.likely) for s in brief.segments] or [
        (1, brief.data.examples.likely)
    ]
    missing = [sum(count * max(0.0, p - own) for count, own in in_hand) for p in points]
    setup = brief.data.label_setup_usd.likely
    cost = Range(*(m * price + (setup if m else 0.0) for m in missing))
    whole = Range(*(p * sum(count for count, _ in in_hand) for p in points))
    return LabelsNeeded(skill, whole, cost, Range(*(m / pace for m in missing)), labels.reason)
