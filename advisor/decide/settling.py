"""Whether the answer is settled, and what is safe to use while it is not.

Undecided must be safe: the interim option is reversible, which means that nothing is trained or
bought for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from advisor.core import format as fmt
from advisor.core.verdict import Readiness
from advisor.decide.ranking import HOPELESS, LIKELY, NEARLY, Flags, Ranking
from advisor.decide.readiness import SCORES

SEPARATED = 0.55
"""An approach that is best in fewer draws than this is not separated from the others ..."""

AT_STAKE = 0.05
"""... where the expected regret is also more than this share of its cost."""


PREDICTED = 0.7
"""Least chance to meet the limits of a trained option that nobody has scored yet."""

TRUSTED = 0.8
"""Least share of the draws in which an option that nobody has scored must beat one that was scored
and is likely to meet the limits: below it, a measured score is not overruled by a prediction.
"""

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
    """The ranking with the option to name: of the approach that is best in most draws, and of that
    approach the scored one where an option that nobody has scored does not clearly beat it.
    """
    ranking = _lasting(_of_longest(ranking))
    rival = doubted(ranking)
    if rival is None or ranking.options[rival].approach != ranking.options[ranking.pick].approach:
        return ranking
    return ranking.naming(rival)


def doubted(ranking: Ranking) -> int | None:
    """The scored option that the pick does not clearly beat, since its own score is only predicted;
    None where the pick was scored, or beats it, or no scored option is likely to meet the limits.
    """
    pick = ranking.pick
    rival = proven(ranking)
    if rival is None or _is_scored(ranking, pick):
        return None
    is_sure = float(ranking.p_meets[pick]) >= PREDICTED and p_beats(ranking, pick, rival) >= TRUSTED
    return None if is_sure else rival


def proven(ranking: Ranking) -> int | None:
    """The best of the options that were scored, last, and are likely to meet the limits."""
    if ranking.scored is None:
        return None
    able = ranking.scored & ranking.rankable & ranking.likely
    able = able & _flags(ranking, ranking.lasting)
    return ranking.best_among(able) if able.any() else None


def _flags(ranking: Ranking, flags: Flags | None) -> Flags:
    """Flags of the options; all of them where nothing is known."""
    return np.ones(len(ranking.options), dtype=bool) if flags is None else flags


def _lasting(ranking: Ranking) -> Ranking:
    """The ranking with an option whose model lasts in place of one whose model ends soon, where
    one of the same approach is likely to keep the limits: nobody builds on what is switched off.
    """
    successor = _successor(ranking)
    if successor is None or not ranking.likely[successor]:
        return ranking
    return ranking.naming(successor)


def _successor(ranking: Ranking) -> int | None:
    """The option that takes the pick's place where its model ends soon: of the same approach, one
    that lasts and has a real chance to keep the limits; None where the pick lasts, or there is
    none.
    """
    lasting = _flags(ranking, ranking.lasting)
    if lasting[ranking.pick]:
        return None
    alike = ranking.of_approach(ranking.options[ranking.pick].approach)
    able = lasting & alike & ranking.rankable & (ranking.p_meets >= HOPELESS)
    return ranking.best_among(able) if able.any() else None


def p_beats(ranking: Ranking, option: int, rival: int) -> float:
    """Share of the draws in which the option keeps the limits, and the rival does not or costs
    more.
    """
    meets = ranking.meets[1:]
    cost = ranking.cost[1:]
    cheaper = ~meets[:, rival] | (cost[:, option] < cost[:, rival])
    return float((meets[:, option] & cheaper).mean())


def _of_longest(ranking: Ranking) -> Ranking:
    """The ranking with the pick in the approach that is best in most draws, where that costs next
    to nothing: the option that is named has the longest bar.
    """
    longest = ranking.longest_approach
    if ranking.options[ranking.pick].approach == longest or not ranking.rankable.any():
        return ranking
    rival = ranking.best_among(ranking.of_approach(longest))
    if is_proven_start(ranking) and not _is_scored(ranking, rival):
        return ranking
    family = ranking.options[ranking.pick].family
    alike = bool(family) and ranking.options[rival].family == family
    agreed = ranking.likely[rival] and (alike or not _at_stake(ranking, rival))
    return ranking.naming(rival) if agreed else ranking


def _at_stake(ranking: Ranking, option: int) -> bool:
    return ranking.regret(option) > AT_STAKE * float(ranking.cost[0, option])


def answer(ranking: Ranking, checks: Sequence[Readiness]) -> Ruling:
    """What the decision rule says on these cases."""
    return rule(settled(ranking), checks)


def rule(ranking: Ranking, checks: Sequence[Readiness]) -> Ruling:
    """What the decision rule says where the option to name is settled already."""
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
    if not ranking.likely[pick]:
        return (
            f"no option is likely to meet the limits: the chance of the best is {fmt.share(chance)}"
        )
    rival = doubted(ranking)
    if rival is not None:
        beaten = fmt.of_hundred(p_beats(ranking, pick, rival))
        return (
            f"the score of {ranking.options[pick].id} is only predicted: it beats "
            f"{ranking.options[rival].id}, which was scored, in {beaten} of 100 draws"
        )
    if chance < PREDICTED and not ranking.reversible[pick] and not _is_scored(ranking, pick):
        return (
            f"the score of {ranking.options[pick].id} is only predicted, and its chance to meet "
            f"the limits is {fmt.share(chance)}"
        )
    if is_proven_start(ranking):
        return ""
    successor = _successor(ranking)
    if successor is not None:
        return (
            f"a model of {ranking.options[pick].id} ends soon, and the chance of "
            f"{ranking.options[successor].id}, which lasts, to meet the limits is "
            f"{fmt.share(float(ranking.p_meets[successor]))}"
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


def is_proven_start(ranking: Ranking) -> bool:
    """Whether the pick can be started today and dropped tomorrow, lasts, was scored and is likely
    to keep the limits, and only predictions speak for another approach: these are steps to try
    from there on, and leave nothing open.
    """
    pick = ranking.pick
    lasts = _flags(ranking, ranking.lasting)[pick]
    if not (ranking.reversible[pick] and _is_scored(ranking, pick) and lasts):
        return False
    others = ~ranking.of_approach(ranking.options[pick].approach)
    rivals = others & _flags(ranking, ranking.scored) & ranking.likely
    return bool(ranking.p_meets[pick] >= PREDICTED and not rivals.any())


def p_same_start(ranking: Ranking) -> float:
    """Share of the draws in which the best option begins with the same trained model as the pick:
    which of these it ends as can be settled later. 0 unless one of them was scored and is likely to
    keep the limits.
    """
    family = ranking.options[ranking.pick].family
    proven = [
        i
        for i, option in enumerate(ranking.options)
        if option.family == family and _is_scored(ranking, i) and ranking.likely[i]
    ]
    if not family or not proven:
        return 0.0
    shares = zip(ranking.options, ranking.p_best, strict=True)
    return float(sum(share for option, share in shares if option.family == family))


def _is_scored(ranking: Ranking, option: int) -> bool:
    return ranking.scored is not None and bool(ranking.scored[option])


def meanwhile(ranking: Ranking, checks: Sequence[Readiness]) -> Ranking:
    """The ranking with the option to use until the answer is known.

    That is what is in place, else the best prompt that was scored, else the best prompt; one whose
    provider may not keep the policy, or whose model ends soon, only where no other is left. Where
    it is not likely to keep the limits, a scored prompt that is takes its place. Else another
    option does only if it is likely to keep them and costs less, with and without the price of
    errors; never where a check stops, since nothing then shows that it keeps them.
    """
    safe = _safest(ranking)
    if safe is None:
        return ranking
    is_stopped = any(r.status == "stop" or (r.rule, r.status) == (SCORES, "warn") for r in checks)
    scored = None if is_stopped else proven(ranking)
    if scored is not None and not ranking.likely[safe] and _is_usable(ranking, scored, safe):
        return ranking.naming(scored)
    others = [
        i for i in np.flatnonzero(ranking.rankable & _as_safe(ranking, safe)).tolist() if i != safe
    ]
    rivals = [] if is_stopped else [i for i in others if _beats(ranking, i, safe)]
    named = min(rivals, key=lambda i: float(ranking.mean_cash[i]), default=safe)
    return ranking.naming(named)


def _is_usable(ranking: Ranking, option: int, safe: int) -> bool:
    """Whether an option can be used at once in place of the safe one."""
    return bool(ranking.reversible[option] and _as_safe(ranking, safe)[option])


def _as_safe(ranking: Ranking, safe: int) -> Flags:
    """Options whose models last, and whose providers are known to keep the policy, where that
    holds for the safe one.
    """
    lasting = _flags(ranking, ranking.lasting)
    cleared = _flags(ranking, ranking.cleared)
    return np.asarray((lasting | ~lasting[safe]) & (cleared | ~cleared[safe]))


def _safest(ranking: Ranking) -> int | None:
    """The best of the options that change least; None where none can be dropped again."""
    reversible = ranking.reversible & ranking.rankable
    in_place = reversible & np.array([option.as_is for option in ranking.options])
    scored = reversible if ranking.scored is None else reversible & ranking.scored
    lasting = _flags(ranking, ranking.lasting)
    cleared = _flags(ranking, ranking.cleared)
    wanted = (
        in_place,
        *(
            kind & safe
            for safe in (cleared & lasting, cleared, lasting)
            for kind in (scored, reversible)
        ),
        scored,
        reversible,
    )
    tiers = (tier for tier in wanted if tier.any())
    return next((_best_of(ranking, tier) for tier in tiers), None)


def _best_of(ranking: Ranking, tier: Flags) -> int:
    """The option of a tier to use; where none is likely to keep the limits but one may, the
    cheapest of those that nearly have its chance.
    """
    best = float(ranking.p_meets[tier].max())
    if not HOPELESS <= best < LIKELY:
        return ranking.best_among(tier)
    near = tier & (ranking.p_meets >= best - NEARLY)
    return int(np.where(near, ranking.mean_cost, np.inf).argmin())


def _beats(ranking: Ranking, rival: int, safe: int) -> bool:
    """Whether another option is likely to keep the limits and costs less on average. One that
    nobody has scored is not trained meanwhile, and must clearly beat one that is proven.
    """
    return bool(
        ranking.likely[rival]
        and ranking.mean_cash[rival] < ranking.mean_cash[safe]
        and ranking.mean_cost[rival] < ranking.mean_cost[safe]
        and _is_trustworthy(ranking, rival, safe)
    )


def _is_trustworthy(ranking: Ranking, rival: int, safe: int) -> bool:
    if ranking.scored is None or ranking.scored[rival]:
        return True
    is_proven = ranking.scored[safe] and ranking.likely[safe]
    is_beaten = p_beats(ranking, rival, safe) >= TRUSTED
    return bool(ranking.reversible[rival] and (is_beaten or not is_proven))
