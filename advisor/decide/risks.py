"""What may go wrong after the decision, each with a number: lifecycle, lock-in, price, forgetting,
drift.
"""

from __future__ import annotations

from collections.abc import Iterator

from advisor.core import format as fmt
from advisor.core.brief import Brief
from advisor.core.lifecycle import last_day, tariffs
from advisor.core.option import Estimate, Place
from advisor.core.setting import Setting
from advisor.core.verdict import BreakEven, Risk

THINKABLE = 10.0
"""Prices of one model have fallen and risen by no more than tenfold within a horizon; beyond, it is
no risk to name.
"""

FORGETTING = (
    "tuning costs general skill: over three tests LoRA rank 16 fell from .653 to .609, full "
    "tuning from .595 to .414 "
    "(Biderman et al. 2024, arXiv 2405.09673); score a general set before roll-out"
)


def risks(
    brief: Brief, setting: Setting, pick: Estimate, rival: Estimate | None, even: BreakEven
) -> tuple[Risk, ...]:
    """The risks of the chosen option, those with a date or a price first."""
    return (
        *_lifecycle(brief, setting, pick),
        *_price(pick, rival, even),
        *_lock_in(setting, pick),
        *_learning(pick),
        *_drift(brief, pick),
    )


def _lifecycle(brief: Brief, setting: Setting, pick: Estimate) -> Iterator[Risk]:
    ends = last_day(pick.option, brief, setting)
    if ends is not None:
        days = (ends - setting.as_of).days
        yield Risk(
            "lifecycle",
            f"{pick.option.model} ends {ends:%Y-%m-%d}, {days} days after the decision: plan the "
            "move",
        )
    elif pick.option.sends_data_out:
        months = brief.budget.horizon_months
        yield Risk(
            "lifecycle",
            f"no end of {pick.option.model} is announced; over {fmt.months(months)} expect one "
            "migration",
        )


def _price(pick: Estimate, rival: Estimate | None, even: BreakEven) -> Iterator[Risk]:
    if (
        rival is None
        or even.price_multiple is None
        or not 1 / THINKABLE <= even.price_multiple <= THINKABLE
    ):
        return
    prompted = pick if pick.option.approach == "prompt" else rival
    change = "rise" if prompted is pick else "fall"
    moved = (
        f"a {change} of {prompted.option.model} to {fmt.times(even.price_multiple)} today's prices"
    )
    yield Risk("price", f"{moved} makes {rival.option.id} as cheap")


def _lock_in(setting: Setting, pick: Estimate) -> Iterator[Risk]:
    for price in tariffs(pick.option, setting):
        again = pick["once.total"].value
        if pick.option.serving.place is Place.HOSTED:
            yield Risk(
                "lock-in",
                f"weights tuned at {price.provider} stay there: leaving costs the "
                f"{fmt.money(again)} again",
            )


def _learning(pick: Estimate) -> Iterator[Risk]:
    if pick.option.approach != "prompt":
        yield Risk("forgetting", FORGETTING)


def _drift(brief: Brief, pick: Estimate) -> Iterator[Risk]:
    stale = pick.figures.get("quality.stale_share")
    if stale is not None and stale.value > 0:
        months = brief.team.retrain_every_months.likely
        yield Risk(
            "drift",
            f"{fmt.share(stale.value, 1)} of answers rest on stale facts when tuned every "
            f"{months:g} months",
        )
