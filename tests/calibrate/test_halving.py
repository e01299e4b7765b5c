"""Successive halving: who answers what in every round, by hand."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from advisor.calibrate.prompting.halving import Race, Rung, halving

SCORES = (0.5, 0.75, 1.0, 0.25, 0.0)
"""Of the candidates on every item."""


def race(candidates: int, items: int, budget: int) -> Race:
    return halving(candidates, items, budget, lambda c, places: [SCORES[c]] * len(places))


@pytest.mark.parametrize(
    ("candidates", "items", "budget", "rungs", "answered"),
    [
        # 40 answers in two rounds: 4 × 5, then 2 × 10 more
        (4, 100, 40, [(4, 5, 1.0), (2, 15, 1.0)], {0: 5, 1: 15, 2: 15, 3: 5}),
        # of 39 the second round has 20 for 2, since the first took 16 of its 19
        (4, 100, 39, [(4, 4, 1.0), (2, 15, 1.0)], {0: 4, 1: 15, 2: 15, 3: 4}),
        # five candidates take three rounds: 5, then 3, then 2
        (5, 100, 60, [(5, 4, 1.0), (3, 10, 1.0), (2, 21, 1.0)], {0: 10, 1: 21, 2: 21, 3: 4, 4: 4}),
        # the last two cannot answer one item each; the second round has nothing left
        (5, 100, 3, [(3, 1, 1.0)], {0: 1, 1: 1, 2: 1}),
        # exactly one answer each, or one less than that
        (2, 100, 2, [(2, 1, 0.75)], {0: 1, 1: 1}),
        (2, 100, 1, [(1, 1, 0.5)], {0: 1}),
        # no more items than there are
        (2, 4, 100, [(2, 4, 0.75)], {0: 4, 1: 4}),
        (3, 4, 100, [(3, 4, 1.0)], {0: 4, 1: 4, 2: 4}),
        (3, 1, 100, [(3, 1, 1.0)], {0: 1, 1: 1, 2: 1}),
        (1, 100, 7, [(1, 7, 0.5)], {0: 7}),
        (2, 100, 0, [], {}),
        (0, 100, 10, [], {}),
    ],
)
def test_every_round_has_an_equal_share_of_the_budget(
    candidates: int,
    items: int,
    budget: int,
    rungs: list[tuple[int, int, float]],
    answered: dict[int, int],
) -> None:
    found = race(candidates, items, budget)
    assert found.rungs == [Rung(*rung) for rung in rungs]
    assert {c: len(values) for c, values in found.scores.items()} == answered
    assert found.spent == sum(answered.values()) <= budget


def test_all_answer_the_same_items_in_one_order_and_the_first_of_equals_stays() -> None:
    asked: list[tuple[int, list[int]]] = []

    def score(candidate: int, places: Sequence[int]) -> list[float]:
        asked.append((candidate, list(places)))
        return [float(place) for place in places]

    found = halving(4, 10, 12, score)
    assert asked == [*((c, [0]) for c in range(4)), *((c, [1, 2, 3, 4]) for c in (0, 1))]
    assert found.mean(0) == (0 + 1 + 2 + 3 + 4) / 5
    assert found.mean(3) == 0.0
