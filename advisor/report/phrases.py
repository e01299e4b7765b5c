"""Sentences that the app and every report share."""

from __future__ import annotations

from advisor.core import format as fmt
from advisor.core.verdict import (
    FlipPoint,
    NextStep,
    OptionRecord,
    Sensitivity,
    Verdict,
)

FAR = 100.0
"""A flip point more than this many times away from today's value is counted, not listed."""


def ranked(verdict: Verdict) -> list[OptionRecord]:
    """The arms in reading order: the chosen one, then by chance to be best, then by cost over the
    horizon.
    """

    def order(option: OptionRecord) -> tuple[bool, float, float, str]:
        cost = option.horizon_usd.p50
        return (
            option.id != verdict.subject,
            -(option.p_best or 0.0),
            float("inf") if cost is None else cost,
            option.id,
        )

    return sorted(verdict.arms, key=order)


def widest_first(verdict: Verdict) -> list[Sensitivity]:
    """What the answer rests on, the widest swing first."""
    return sorted(verdict.sensitivity, key=lambda s: (-abs(s.swing_usd), s.input))


def flip_sentence(flip: FlipPoint) -> str:
    """`fine-tuning above 1,140,000 requests/month (traffic.requests_per_month, now 900,000)`."""
    now = "" if flip.now is None else f", now {fmt.measure(flip.now, flip.unit)}"
    becomes = fmt.APPROACH_WORDS.get(flip.verdict_becomes, flip.verdict_becomes)
    option = f": {flip.arm}" if flip.arm else ""
    return fmt.clean(f"{becomes} {beyond(flip)} ({flip.input}{now}){option}")


def beyond(flip: FlipPoint) -> str:
    """`above 1,140,000 requests/month`: from where on the verdict is another, to three digits."""
    return f"{_side(flip)} {fmt.measure(fmt.about(flip.value), flip.unit)}"


def _side(flip: FlipPoint) -> str:
    if flip.now is None:
        return "at"
    return "below" if flip.value < flip.now else "above"


def is_near(flip: FlipPoint) -> bool:
    """Whether the flip lies within a hundredfold of today's value; from zero every value counts as
    near.
    """
    return (
        not flip.now
        or not flip.value
        or 1 / FAR <= flip.value / flip.now <= FAR
        or flip.value / flip.now < 0
    )


def step_sentence(step: NextStep) -> str:
    """The next step with its price, duration and worth."""
    if not step.worth_usd and not step.cost_usd and not step.days:
        return fmt.clean(step.action)
    days = f", takes {fmt.days(step.days)}" if step.days else ""
    worth = f", is worth {fmt.money(step.worth_usd)}" if step.worth_usd > 0 else ""
    detail = f". {step.detail}" if step.detail else ""
    return fmt.clean(f"{step.action}: costs {fmt.money(step.cost_usd)}{days}{worth}{detail}")
