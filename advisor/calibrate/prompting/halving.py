"""Successive halving (Karnin, Koren and Somekh 2013; Jamieson and Talwalkar 2016): all candidates
answer a few items, the better half answers more, until one is left or the budget is spent.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import fmean

from advisor.core.records import JsonRecord

Score = Callable[[int, Sequence[int]], Sequence[float]]
"""The scores, 0 to 1, of a candidate on these items."""


@dataclass(frozen=True, slots=True)
class Rung(JsonRecord):
    """One round: how many candidates answered how many items in all, and the best mean so far."""

    candidates: int
    items: int
    best: float


@dataclass(slots=True)
class Race:
    """The state of a search: scores of every candidate by item, and what was spent, in items."""

    scores: dict[int, dict[int, float]] = field(default_factory=dict)
    rungs: list[Rung] = field(default_factory=list)
    spent: int = 0

    def mean(self, candidate: int) -> float:
        """The mean score over the items that the candidate answered."""
        return fmean(self.scores[candidate].values())


def halving(candidates: int, items: int, budget: int, score: Score) -> Race:
    """A race of candidates by at most `budget` answers.

    Items are answered in one order by all, so that candidates of a round are compared on the same
    ones. Candidates that the budget cannot give one item each are left out from the end. Each round
    has an equal share of the budget.
    """
    race = Race()
    alive = list(range(min(candidates, max(budget, 1))))
    rounds = max(math.ceil(math.log2(len(alive))), 1) if alive else 0
    reached = 0
    for number in range(rounds):
        share = (budget - race.spent) // (rounds - number)
        more = min(max(share // len(alive), 1), items - reached)
        if more < 1 or race.spent + more * len(alive) > budget:
            break
        places = range(reached, reached + more)
        for candidate in alive:
            values = score(candidate, places)
            race.scores.setdefault(candidate, {}).update(zip(places, values, strict=True))
            race.spent += len(places)
        reached = places.stop
        alive.sort(key=lambda c: (-race.mean(c), c))
        race.rungs.append(Rung(len(alive), reached, race.mean(alive[0])))
        alive = alive[: math.ceil(len(alive) / 2)]
        if len(alive) == 1:
            break
    return race
