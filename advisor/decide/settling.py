"""Whether the answer is settled, and what is safe to use while it is not.

Undecided must be safe: the interim option is reversible, which means that nothing is trained or
bought for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from advisor.core import format as fmt
from advisor.core.verdict import Readiness
from advisor.decide.ranking import LIKELY, Matrix, Ranking
from advisor.decide.readiness import SCORES

SEPARATED = 0.55
"""An approach that is best in fewer draws than this is not separated from the others ..."""

AT_STAKE = 0.05
"""... where the expected regret is also more than this share of its cost."""


PREDICTED = 0.7
"""Least chance to meet the limits of a trained option that nobody has scored yet."""

UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Ruling:
    """The verdict's word, the ranking with the option that is named, and why it is undecided."""

    word: str
    ranking: Ranking
    stop: str

    @property
    def option(self) -> str:
        """Id of the option that is named."""
        return self.ranking.options[self.ranking.pick].id


def settled(ranking: Ranking) -> Ranking:
    """The ranking with the pick in the approach that is best in most draws, where that costs next
    to nothing: the option that is named has the longest bar.
    """
    longest = ranking.longest_approach
    if ranking.options[ranking.pick].approach == longest or not ranking.rankable.any():
        return ranking
    rival = ranking.best_among(ranking.of_approach(longest))
    likely = float(ranking.p_meets[rival]) >= LIKELY
    family = ranking.options[ranking.pick].family
    alike = bool(family) and ranking.options[rival].family == family
    agreed = likely and (alike or not _at_stake(ranking, rival))
    return replace(ranking, named=rival) if agreed else ranking


def _at_stake(ranking: Ranking, option: int) -> bool:
    return ranking.regret(option) > AT_STAKE * float(ranking.cost[0, option])


def answer(ranking: Ranking, checks: Sequence[Readiness]) -> Ruling:
    """What the decision rule says on these cases."""
    ranking = settled(ranking)
    stop = undecided(ranking, checks)
    if stop:
        ranking = meanwhile(ranking, checks)
    option = ranking.options[ranking.pick]
    return Ruling(UNDECIDED if stop else option.approach, ranking, stop)


def undecided(ranking: Ranking, checks: Sequence[Readiness]) -> str:
    """Why there is no verdict yet, or an empty string."""
    stop = next((r for r in checks if r.status == "stop"), None)
    if stop is not None:
        return f"{stop.rule}: {stop.detail}"
    if not ranking.rankable.any():
        return "no option has a known cost"
    pick = ranking.pick
    chance = float(ranking.p_meets[pick])
    if chance < LIKELY:
        return (
            f"no option is likely to meet the limits: the chance of the best is {fmt.share(chance)}"
        )
    if chance < PREDICTED and not ranking.reversible[pick] and not _is_scored(ranking, pick):
        return (
            f"the score of {ranking.options[pick].id} is only predicted, and its chance to meet "
            f"the limits is {fmt.share(chance)}"
        )
    approach = ranking.options[pick].approach
    share = ranking.p_approach(approach)
    if approach != ranking.longest_approach:
        return (
            f"nothing separates the options: {approach} costs least on average but is best in only "
            f"{fmt.of_hundred(share)} of 100 draws"
        )
    if max(share, p_same_start(ranking)) < SEPARATED and _at_stake(ranking, pick):
        return (
            "nothing separates the options: the chosen approach is best in "
            f"{fmt.of_hundred(share)} of 100 draws"
        )
    return ""


def p_same_start(ranking: Ranking) -> float:
    """Share of the draws in which the best option begins with the same trained model as the pick:
    which of these it ends as can be settled later. 0 unless one of them was scored and is likely to
    keep the limits.
    """
    family = ranking.options[ranking.pick].family
    proven = [
        i
        for i, option in enumerate(ranking.options)
        if option.family == family and _is_scored(ranking, i) and ranking.p_meets[i] >= LIKELY
    ]
    if not family or not proven:
        return 0.0
    shares = zip(ranking.options, ranking.p_best, strict=True)
    return float(sum(share for option, share in shares if option.family == family))


def _is_scored(ranking: Ranking, option: int) -> bool:
    return ranking.scored is not None and bool(ranking.scored[option])


def meanwhile(ranking: Ranking, checks: Sequence[Readiness]) -> Ranking:
    """The ranking with the option to use until the answer is known.

    That is what is in place, else the best prompt that was scored, else the best prompt. Another
    option takes its place only if it is likely to keep the limits and costs less, with and without
    the price of errors; never where a check stops, since nothing then shows that it keeps them.
    """
    safe = _safest(ranking)
    if safe is None:
        return ranking
    is_stopped = any(r.status == "stop" or (r.rule, r.status) == (SCORES, "warn") for r in checks)
    others = [i for i in range(len(ranking.options)) if ranking.rankable[i] and i != safe]
    rivals = [] if is_stopped else [i for i in others if _beats(ranking, i, safe)]
    named = min(rivals, key=lambda i: float(ranking.cash[1:, i].mean()), default=safe)
    return replace(ranking, named=named)


def _safest(ranking: Ranking) -> int | None:
    """The best of the options that change least; None where none can be dropped again."""
    reversible = ranking.reversible & ranking.rankable
    in_place = reversible & np.array([option.as_is for option in ranking.options])
    scored = reversible if ranking.scored is None else reversible & ranking.scored
    tiers = (tier for tier in (in_place, scored, reversible) if tier.any())
    return next((ranking.best_among(tier) for tier in tiers), None)


def _beats(ranking: Ranking, rival: int, safe: int) -> bool:
    """Whether another option is likely to keep the limits and costs less on average."""
    return (
        float(ranking.p_meets[rival]) >= LIKELY
        and _mean(ranking.cash, rival) < _mean(ranking.cash, safe)
        and _mean(ranking.cost, rival) < _mean(ranking.cost, safe)
    )


def _mean(cost: Matrix, option: int) -> float:
    return float(cost[1:, option].mean())
