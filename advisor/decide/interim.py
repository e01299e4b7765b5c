"""What to do until the answer is known, in a sentence; and the option that comes nearest where
nothing is to be used yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from advisor.core import format as fmt
from advisor.core.brief import Brief
from advisor.core.option import Estimate
from advisor.core.setting import Setting
from advisor.core.verdict import BaselineErrors, Excluded
from advisor.decide.quantiles import middle
from advisor.decide.ranking import HOPELESS, Ranking

EQUAL = 0.02
"""Chances closer than two points are equal: of these the option of lowest expected cost counts."""

AS_IS = "as-is/"

LONG_ENOUGH = 14
"""Days for which what is in place must still work, so that a next step can come before its end."""


@dataclass(frozen=True, slots=True)
class Interim:
    """The sentence; `nearest` is the index of the option that comes nearest to the limits, None
    where the named one is to be used.
    """

    sentence: str
    nearest: int | None = None


@dataclass(frozen=True, slots=True)
class ByHand:
    """What the process without a model costs over the horizon, wrong answers included, USD, beside
    the named option.
    """

    usd: float
    option_usd: float
    months: int


@dataclass(frozen=True, slots=True)
class Leaving:
    """Why what is in place cannot stay, and its last day where it works for long enough to find
    out what follows it.
    """

    why: str
    until: date | None = None


def interim(
    ranking: Ranking, leaving: Leaving | None = None, by_hand: ByHand | None = None
) -> Interim:
    """What to do meanwhile: where the named option has no real chance to keep the limits, or costs
    more than the work by hand, nothing is changed for it.
    """
    option = ranking.options[ranking.pick]
    chance = float(ranking.p_meets[ranking.pick])
    if option.as_is:
        return Interim(f"Meanwhile stay with {option.id}.")
    if leaving is not None:
        return _after(leaving, ranking)
    if by_hand is not None and by_hand.usd < by_hand.option_usd:
        return Interim(
            f"Meanwhile stay with the work by hand: it costs {fmt.money(by_hand.usd)} over "
            f"{by_hand.months} months, wrong answers included, and {option.id} "
            f"{fmt.money(by_hand.option_usd)}.",
            nearest(ranking) if chance < HOPELESS else ranking.pick,
        )
    if chance < HOPELESS:
        best = nearest(ranking)
        return Interim(
            f"Meanwhile stay as you are: {ranking.options[best].id} comes nearest, and its chance "
            f"to keep the limits is {fmt.share(float(ranking.p_meets[best]), 1)}.",
            best,
        )
    doubt = f", whose chance to keep the limits is {fmt.share(chance)}"
    return Interim(f"Meanwhile use {option.id}{'' if ranking.likely[ranking.pick] else doubt}.")


def _after(leaving: Leaving, ranking: Ranking) -> Interim:
    option = ranking.options[ranking.pick].id
    chance = float(ranking.p_meets[ranking.pick])
    best = nearest(ranking) if chance < HOPELESS else ranking.pick
    share = fmt.share(chance, 1)
    if leaving.until is not None:
        return Interim(
            f"Meanwhile stay with what is in place, which works until {leaving.until:%Y-%m-%d}: "
            f"{option} may follow it, and its chance to keep the limits is {share}.",
            best,
        )
    return Interim(
        f"What is in place cannot stay: {leaving.why}. Meanwhile move to {option}, whose chance to "
        f"keep the limits is {share}.",
        best if chance < HOPELESS else None,
    )


def nearest(ranking: Ranking) -> int:
    """The option of the best chance to keep the limits; where none has any, the one of the best
    score, as a step from there is the shortest.
    """
    chances = np.where(ranking.rankable, ranking.p_meets, -1.0)
    return ranking.best_among(chances >= max(chances.max() - EQUAL, 0.0))


def leaving(brief: Brief, setting: Setting, excluded: Sequence[Excluded]) -> Leaving | None:
    """Why and when what is in place today has to go; None where it can stay, or nothing is."""
    why = next((out.detail for out in excluded if out.id.startswith(AS_IS)), "")
    if brief.current is None or not why:
        return None
    price = setting.price(brief.current.model)
    day = brief.current.ends or (price.ends if price is not None else None)
    is_long = day is not None and (day - setting.as_of).days >= LONG_ENOUGH
    return Leaving(why, day if is_long else None)


def by_hand(brief: Brief, pick: Estimate, errors: BaselineErrors) -> ByHand | None:
    """The work by hand beside the named option; None where its cost, or that of its wrong answers,
    is not stated.
    """
    monthly = brief.baseline.monthly_usd if brief.baseline is not None else None
    total = pick["horizon.total"]
    if monthly is None or monthly.p50 is None or not total.is_known:
        return None
    wrong = errors.cost_usd.p50 if pick["horizon.errors"].value else 0.0
    if wrong is None:
        return None
    paid = monthly.p50 * pick["horizon.months_level"].value
    return ByHand(paid + wrong, middle(total), brief.budget.horizon_months)
