"""Whether the answer is settled, and what is safe to use while it is not.

Undecided must be safe: the interim option is reversible, which means that nothing is trained or
bought for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from advisor.core import format as fmt
from advisor.core.verdict import Readiness
from advisor.decide.ranking import LIKELY, Matrix, Ranking

SEPARATED = 0.55
"""An approach that is best in fewer draws than this is not separated from the others ..."""

AT_STAKE = 0.05
"""... where the expected regret is also more than this share of its cost."""


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
    return replace(ranking, named=rival) if likely and not _at_stake(ranking, rival) else ranking


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
    approach = ranking.options[pick].approach
    share = ranking.p_approach(approach)
    if approach != ranking.longest_approach:
        return (
            f"nothing separates the options: {approach} costs least on average but is best in only "
            f"{fmt.of_hundred(share)} of 100 draws"
        )
    if share < SEPARATED and _at_stake(ranking, pick):
        return (
            "nothing separates the options: the chosen approach is best in "
            f"{fmt.of_hundred(share)} of 100 draws"
        )
    return ""


def meanwhile(ranking: Ranking, checks: Sequence[Readiness]) -> Ranking:
    """The ranking with the option to use until the answer is known.

    That is the best reversible one (in place, or a prompt). A trained one takes its place only if
    it is likely to keep the limits and costs less, with and without the price of errors; never
    where a check stops, since nothing then shows that it keeps them.
    """
    reversible = ranking.reversible & ranking.rankable
    if not reversible.any():
        return ranking
    safe = ranking.best_among(reversible)
    is_stopped = any(r.status == "stop" for r in checks)
    rivals = [] if is_stopped else [i for i in _trained(ranking) if _beats(ranking, i, safe)]
    named = min(rivals, key=lambda i: float(ranking.cash[1:, i].mean()), default=safe)
    return replace(ranking, named=named)


def _trained(ranking: Ranking) -> list[int]:
    trained = ranking.rankable & ~ranking.reversible
    return [i for i in range(len(ranking.options)) if trained[i]]


def _beats(ranking: Ranking, rival: int, safe: int) -> bool:
    """Whether a trained option is likely to keep the limits and costs less on average."""
    return (
        float(ranking.p_meets[rival]) >= LIKELY
        and _mean(ranking.cash, rival) < _mean(ranking.cash, safe)
        and _mean(ranking.cost, rival) < _mean(ranking.cost, safe)
    )


def _mean(cost: Matrix, option: int) -> float:
    return float(cost[1:, option].mean())
