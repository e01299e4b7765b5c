"""How flip points are looked for: brackets by hand, values asked together, what is tried at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from advisor.core.brief import Score, questions
from advisor.core.figure import Figure
from advisor.core.option import Estimate
from advisor.core.quantity import Range
from advisor.core.verdict import FlipPoint
from advisor.decide import flips
from advisor.decide.evaluator import Cases
from advisor.decide.flips import Prober, flip_points, grid
from advisor.decide.ranking import Ranking, rank
from advisor.decide.settling import Ruling, answer
from advisor.estimate.sheet import Sheet
from advisor.pipeline import Evaluated
from tests.decide.test_flips import PAIR, Bench
from tests.options import brief


def word(says: str) -> flips.ShortRuling:
    return flips.ShortRuling(says, "an option")


TODAY = SimpleNamespace(word="prompt")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("prompt prompt prompt", []),
        ("prompt tune prompt", [(2.0, 4.0, "tune")]),
        ("tune undecided hybrid", [(1.0, 2.0, "tune")]),  # the first alone
        ("undecided undecided tune", [(1.0, 2.0, "undecided"), (4.0, 8.0, "tune")]),
        ("undecided prompt undecided", [(1.0, 2.0, "undecided")]),
        ("undecided tune hybrid", [(1.0, 2.0, "undecided"), (2.0, 4.0, "tune")]),
    ],
)
def test_the_first_change_counts_and_behind_a_doubt_the_first_other_verdict(
    words: str, expected: list[tuple[float, float, str]]
) -> None:
    outward = [(2.0 ** (i + 1), word(w)) for i, w in enumerate(words.split())]
    found = flips._changes("k", 1.0, outward, TODAY)  # type: ignore[arg-type]
    assert [(b.near, b.far, b.answer.word) for b in found] == expected
    assert all(b.key == "k" for b in found)


@pytest.mark.parametrize(
    ("near", "far", "between"),
    [
        (1.0, 256.0, [4.0, 16.0, 64.0]),
        (256.0, 1.0, [64.0, 16.0, 4.0]),
        (0.0, 4.0, [1.0, 2.0, 3.0]),
        (4.0, 0.0, [3.0, 2.0, 1.0]),
    ],
)
def test_a_step_is_cut_in_four_by_its_logarithm_or_from_zero_evenly(
    near: float, far: float, between: list[float]
) -> None:
    assert flips._steps(flips.Bracket("k", near, far, word("x"))).tolist() == pytest.approx(between)


@pytest.mark.parametrize(
    ("ends", "tuned", "narrowed"),
    [
        ((1.0, 256.0), lambda v: v >= 10, (4.0, 16.0)),
        ((256.0, 1.0), lambda v: v <= 10, (16.0, 4.0)),
        ((1.0, 256.0), lambda v: False, (64.0, 256.0)),
        ((1.0, 256.0), lambda v: True, (1.0, 4.0)),
        ((1.0, 256.0), lambda v: v == 4.0, (1.0, 4.0)),  # where it comes first
    ],
)
def test_a_bracket_is_narrowed_to_the_step_in_which_its_answer_comes_first(
    ends: tuple[float, float], tuned: Callable[[float], bool], narrowed: tuple[float, float]
) -> None:
    def ask(values: Sequence[tuple[str, float]], draws: int) -> list[flips.ShortRuling]:
        assert draws == flips.FINE_DRAWS
        return [word("tune" if tuned(round(value, 6)) else "prompt") for _, value in values]

    other = flips.Bracket("j", 3.0, 48.0, word("never"))
    bracket = flips.Bracket("k", *ends, word("tune"))
    prober: Any = SimpleNamespace(ask=ask)
    first, second = flips._narrowed(prober, [other, bracket])
    assert (second.near, second.far) == pytest.approx(narrowed)
    assert (first.key, first.near, first.far) == ("j", pytest.approx(24.0), 48.0)


@pytest.mark.parametrize(
    ("value", "now", "share"),
    [(7.0, 5.0, 0.3), (3.0, 5.0, 0.2), (10.0, 5.0, 0.0), (1.0, 5.0, 0.0), (5.0, 4.0, 0.5)],
)
def test_the_chance_of_a_flip_is_the_share_of_draws_beyond_it(
    value: float, now: float, share: float
) -> None:
    """Of the draws 1, 2 … 10; the likely case is none."""
    rows = np.array([99.0, *range(1, 11)])
    cases: Any = SimpleNamespace(
        size=11,
        inputs={"k": Figure(rows, "", "k")},
        spreads={
            "k": Range(2.0, 5.0, 9.0),
            "exact": Range.exact(5.0),
            "open": Range(None, None, None),
        },
    )
    point = FlipPoint("k", value, "tune", now)
    assert flips._chance(cases, point) == share
    for other in (replace(point, input="exact"), replace(point, input="open")):
        assert flips._chance(cases, other) is None
    assert flips._chance(cases, replace(point, input="unknown")) is None
    assert flips._chance(cases, replace(point, now=None)) is None


def test_flips_are_ordered_by_how_far_they_are_in_proportion() -> None:
    values = [(300.0, 100.0), (60.0, 100.0), (90.0, 100.0), (1.0, 0.0), (0.0, 5.0)]
    points = [FlipPoint(str(i), v, "tune", now) for i, (v, now) in enumerate(values)]
    ordered = sorted(points, key=flips._nearness)
    assert [p.input for p in ordered] == ["2", "1", "0", "3", "4"]
    assert flips._nearness(FlipPoint("k", 2.0, "tune", 1.0))[0] == pytest.approx(np.log(2))
    assert flips._nearness(FlipPoint("k", 0.0, "tune", 5.0))[0] == 15.0
    assert flips._nearness(FlipPoint("k", 4.0, "tune", None))[0] == 14.0


@pytest.mark.parametrize("count", [3, 8, 12])
def test_only_the_nearest_are_confirmed(count: int) -> None:
    """Candidates from near to far, in another order."""

    def ask(values: Sequence[tuple[str, float]], draws: int) -> list[flips.ShortRuling]:
        return [word("tune") for _ in values]

    key = "data.label_usd"
    fars = [100.0 + 10 * (7 * i % count) for i in range(count)]
    brackets = [flips.Bracket(key, 90.0, far, word("tune")) for far in fars]
    prober: Any = SimpleNamespace(ask=ask)
    points = flips._confirmed(prober, brackets, {key: 50.0}, 10)
    assert [p.value for p in points] == sorted(fars)[:8]
    assert {p.unit for p in points} == {questions()[key].unit}


def test_values_that_are_asked_together_get_the_answers_they_get_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held = brief()
    calls: list[tuple[list[str], int, list[int]]] = []

    class Watched(Bench):
        def drawn_what_if(
            self, changes: Any, draws: int, seed: int, which: Any, *others: Any
        ) -> tuple[Estimate, ...]:
            assert draws == 20
            calls.append(([key for key, _ in changes], len(changes), list(which)))
            return super().drawn_what_if(changes, draws, seed, which, *others)

    bench = Watched(held)
    cases = bench.on(Sheet(held, 41, 7))
    today = answer(rank(cases.estimates, held, cases.size), ())
    moves = {"hardware.usd_per_hour": frozenset({1})}
    prober = Prober(bench, held, lambda ranking: answer(ranking, ()), 7, today, cases, moves=moves)
    values = [("traffic.requests_per_month", v) for v in (3e4, 3e5, 3e6)]
    values += [("hardware.usd_per_hour", v) for v in (0.1, 50.0, 5e4)]
    values += [("data.examples", 900.0), values[0]]
    alone = [prober.ask([value], 20)[0] for value in values]
    assert len({a.word for a in alone}) > 1
    assert all(which == [1] for keys, _, which in calls if keys == ["hardware.usd_per_hour"])
    for rows, cells in ((8_000, 200_000), (50, 200_000), (8_000, 100), (1, 1)):
        monkeypatch.setattr(flips, "BLOCK_ROWS", rows)
        monkeypatch.setattr(flips, "BLOCK_CELLS", cells)
        calls.clear()
        assert prober.ask(values, 20) == alone
        for _, count, which in calls:
            assert count == 1 or (count * 21 <= rows and count * 21 * len(which) <= cells)
        most = max(count for _, count, _ in calls)
        assert most == {50: 2, 8_000: most, 1: 1}[rows]
    assert prober.ask([], 20) == []


def test_groups_are_joined_only_where_that_takes_less() -> None:
    few, some, all_of_them = frozenset({0}), frozenset({1}), frozenset(range(40))
    small = [("a", 1.0)]
    joined = flips._merged([(few, small), (some, [("b", 1.0)])], 400)
    assert len(joined) == 2  # apart each takes one option, together both take two
    many = [("c", float(i)) for i in range(3)]
    (both,) = flips._merged([(all_of_them - {7}, small), (all_of_them, many)], 400)
    assert both == (all_of_them, [*small, *many])
    large = [("d", float(i)) for i in range(500)]
    assert len(flips._merged([(few, small), (all_of_them, large)], 400)) == 2
    assert flips._effort(some, many, 400) == 5000 + 3 * 401


def test_no_value_is_tried_from_which_on_there_are_other_options() -> None:
    """5 % beyond it too, and numbers of labels at which a model was scored are tried."""
    held = brief(
        quality__measured=(
            Score("tune", "lora", "m", 0.9, 600, train_examples=777),
            Score("tune", "lora", "m", 0.8, 600),
            Score("prompt", "few-shot", "n", 0.9, 600, train_examples=888),
        )
    )
    asked: list[tuple[str, float]] = []

    class Watched(Bench):
        def drawn_what_if(self, changes: Any, size: int, *others: Any) -> tuple[Estimate, ...]:
            asked.extend(changes)
            draws.add(size)
            return super().drawn_what_if(changes, size, *others)

    draws: set[int] = set()
    bench = Watched(held)
    cases = bench.on(Sheet(held, 101, 7))
    today = answer(rank(cases.estimates, held, cases.size), ())
    key = "traffic.static_tokens"
    prober = Prober(bench, held, lambda r: answer(r, ()), 7, today, cases, {key: 3600.0})
    flip_points(prober)
    tried = [value for name, value in asked if name == key]
    assert tried
    assert max(tried) * 1.05 < 3600.0  # 2.15 · 1,650 is 3,554
    assert draws <= {flips.COARSE_DRAWS, flips.FINE_DRAWS, 100}
    assert 100 in draws  # every point is confirmed on all of them
    labels = {value for name, value in asked if name == "data.examples"}
    assert 777.0 in labels
    assert 888.0 not in labels


def test_only_known_numbers_are_moved() -> None:
    figures = {
        "team.hourly_usd": Figure(np.array([110.0, 90.0]), "USD/h", "team.hourly_usd"),
        "data.label_usd": Figure(np.nan, "USD", "data.label_usd"),
        "gpu.usd_per_hour": Figure(2.0, "USD/h", "gpu.usd_per_hour"),  # no question
    }
    cases: Any = SimpleNamespace(inputs=figures)
    assert flips.known_numbers(cases) == {"team.hourly_usd": 110.0}


def test_another_number_of_labels_may_score_a_tuned_option_and_leaves_prompts_as_they_are() -> None:
    options = (*PAIR, replace(PAIR[1], technique="full"))
    seen: list[tuple[float, list[int]]] = []

    def scored_at(labels: float, which: Sequence[int]) -> tuple[bool, ...]:
        seen.append((labels, list(which)))
        return tuple(i == 2 for i in which)

    def prober(flags: NDArray[np.bool_] | None) -> Any:
        today: Any = SimpleNamespace(ranking=SimpleNamespace(scored=flags, options=options))
        evaluator: Any = SimpleNamespace(scored_at=scored_at)
        cases: Any = None
        return Prober(evaluator, brief(), lambda r: answer(r, ()), 7, today, cases)

    flags = np.array([True, True, False])
    assert prober(flags)._scored_at(500.0, [0, 1, 2]).tolist() == [True, False, True]
    assert prober(flags)._scored_at(500.0, [2]).tolist() == [True]
    assert flags.tolist() == [True, True, False]
    assert seen == [(500.0, [1, 2]), (500.0, [2])]
    assert prober(None)._scored_at(500.0, [0, 1, 2]) is None


def test_only_a_change_of_labels_changes_what_is_scored() -> None:
    held = brief()
    judged: list[list[bool]] = []

    class Unscored(Bench):
        def scored_at(self, labels: float, which: Sequence[int]) -> tuple[bool, ...]:
            return (False,) * len(which)

    def judge(ranking: Ranking) -> Ruling:
        assert ranking.scored is not None
        judged.append(ranking.scored.tolist())
        return answer(ranking, ())

    bench = Unscored(held)
    cases = bench.on(Sheet(held, 21, 7))
    today = answer(rank(cases.estimates, held, cases.size), ())
    prober = Prober(bench, held, judge, 7, today, cases)
    prober.ask([("data.label_usd", 2.0), ("data.examples", 900.0)], 20)
    assert judged == [[True, True], [True, False]]


@pytest.mark.parametrize(("draws", "taken"), [(10, 10), (20, 20), (400, 20)])
def test_another_horizon_is_asked_on_no_more_draws_than_there_are(draws: int, taken: int) -> None:
    held = brief()
    asked: list[tuple[int, int]] = []

    class Watched(Bench):
        def over(self, months: int, draws: int, seed: int, cases: Cases) -> Evaluated:
            asked.append((months, draws))
            return super().over(months, draws, seed, cases)

    bench = Watched(held)
    cases = bench.on(Sheet(held, 21, 7))
    today = answer(rank(cases.estimates, held, cases.size), ())
    Prober(bench, held, lambda r: answer(r, ()), 7, today, cases).over(24, draws)
    assert asked == [(24, taken)]


@pytest.mark.parametrize(
    ("key", "now", "values"),
    [
        ("traffic.retry_rate", 0.3, [0.0, 0.25, 0.5, 0.75, 1.0]),
        ("data.label_usd", 2.0, [0.02, 0.2, 2.0, 20.0, 200.0]),
        ("data.label_usd", 0.0, [0.0, 1e-3, 1e-3 * 10 ** (7 / 3), 1e-3 * 10 ** (14 / 3), 1e4]),
        ("team.training_runs", 2.0, [1.0, 1.0, 2.0, 20.0, 200.0]),  # one at least
    ],
)
def test_a_grid_by_hand(key: str, now: float, values: list[float]) -> None:
    assert grid(questions()[key], now, 5).tolist() == pytest.approx(values)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({0.2: "tune", 20.0: "tune"}, [(2.0, 20.0), (2.0, 0.2)]),
        ({2.0: "tune"}, []),  # today's own value is none
        ({0.02: "tune", 200.0: "tune"}, [(20.0, 200.0), (0.2, 0.02)]),
    ],
)
def test_changes_are_looked_for_on_both_sides_of_today(
    answers: dict[float, str], expected: list[tuple[float, float]]
) -> None:
    def ask(values: Sequence[tuple[str, float]], draws: int) -> list[flips.ShortRuling]:
        assert draws == flips.COARSE_DRAWS
        return [word(answers.get(v, "prompt")) for _, v in values]

    grids = {"a": np.array([1.0, 2.0]), "k": np.array([0.02, 0.2, 2.0, 20.0, 200.0])}
    prober: Any = SimpleNamespace(ask=ask, today=TODAY)
    found = flips._brackets(prober, grids, {"a": 1.0, "k": 2.0})
    own = [(b.near, b.far) for b in found if b.key == "k"]
    assert own == expected


def test_a_share_without_a_lower_bound_is_swept_as_any_number() -> None:
    half_open = replace(questions()["traffic.retry_rate"], low=None)
    assert grid(half_open, 0.5, 5).tolist() == pytest.approx([0.005, 0.05, 0.5, 1.0, 1.0])
