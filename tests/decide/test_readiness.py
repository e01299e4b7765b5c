"""What is checked before deciding: rows on both sides of each limit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from advisor.core import format as fmt
from advisor.core.brief import Brief, Score, Segment
from advisor.core.option import Option
from advisor.core.probes import DataReport
from advisor.core.quantity import Basis, Quantity, Range
from advisor.core.setting import Setting
from advisor.core.verdict import Readiness
from advisor.decide.ranking import Ranking
from advisor.decide.readiness import (
    best_of_another_approach,
    items_in_hand,
    readiness,
    stops,
)
from tests.options import brief, setting

TOKENS = Quantity(Range.exact(100.0), "tokens/row", Basis.MEASURED, "counted", "2026-11-20")
DATA = DataReport(
    ("a.jsonl",), 1000, 1000, 0, (), 0, "p", "a", "exact", TOKENS, TOKENS, TOKENS, 400
)


def ranking(*columns: tuple[str, float, float], chance: tuple[float, ...] = ()) -> Ranking:
    """Options `(approach, cost, score)` without uncertainty; `chance` to keep the limits."""
    size = 101
    options = tuple(Option(a, f"t{i}", f"m{i}") for i, (a, _, _) in enumerate(columns))
    cost = np.tile([c for _, c, _ in columns], (size, 1)).astype(float)
    score = np.tile([q for _, _, q in columns], (size, 1))
    shares = chance or (1.0,) * len(columns)
    meets = np.column_stack([np.arange(size) <= 100 * share for share in shares])
    every = np.ones_like(meets)
    return Ranking(options, cost, cost / 2, score, meets, meets, every, every)


PAIR = ranking(("prompt", 100.0, 0.80), ("tune", 900.0, 0.90))


def measured(*scores: Score, **changes: object) -> Brief:
    held = brief(**{"quality__error_cost_usd": 0.0, **changes})
    return replace(held, quality=replace(held.quality, measured=scores))


def score(items: int, approach: str = "prompt", value: float = 0.8) -> Score:
    technique = "few-shot" if approach == "prompt" else "lora"
    return Score(approach, technique, "m", value, items)


def check(
    rule: str, held: Brief, cases: Ranking = PAIR, facts: Setting | None = None
) -> Readiness | None:
    found = readiness(held, facts or setting(), cases)
    return next((r for r in found if r.rule == rule), None)


def status(rule: str, held: Brief, cases: Ranking = PAIR, facts: Setting | None = None) -> str:
    row = check(rule, held, cases, facts)
    return "" if row is None else row.status


@pytest.mark.parametrize(("items", "expected"), [(0, "stop"), (29, "stop"), (30, "ok")])
@pytest.mark.parametrize("price", [{"quality__target": 0.9}, {"quality__error_cost_usd": 0.1}])
def test_thirty_test_items_are_the_least_where_quality_matters(
    items: int, expected: str, price: dict[str, float]
) -> None:
    changes = {"quality__target": 0.0, "data__eval_examples": float(items), **price}
    assert status("evaluation set", measured(**changes)) == expected


@pytest.mark.parametrize(
    ("items", "target", "price", "expected"),
    [
        (0, 0.0, 0.0, "stop"),
        (29, 0.0, 0.0, "stop"),
        (30, 0.0, 0.0, "ok"),
        (0, 0.0, 0.1, "stop"),
        (30, 0.0, 0.1, "ok"),
    ],
)
def test_neither_a_test_set_nor_a_target_is_a_stop(
    items: int, target: float, price: float, expected: str
) -> None:
    held = measured(
        data__eval_examples=float(items), quality__target=target, quality__error_cost_usd=price
    )
    assert status("evaluation set", held) == expected


def test_what_is_missing_is_named() -> None:
    untouched = measured(data__eval_examples=0.0, quality__target=0.0)
    row = check("evaluation set", untouched)
    assert row is not None
    assert "quality.target" in row.detail
    assert "quality.error_cost_usd" in row.detail


def test_options_of_one_skill_may_be_told_apart_by_money_alone() -> None:
    option = Option("prompt", "few-shot", "m")
    same = replace(PAIR, options=(option, replace(option, provider="other")))
    held = measured(data__eval_examples=0.0, quality__target=0.0)
    assert status("evaluation set", held, same) == "warn"


@pytest.mark.parametrize(
    ("scores", "expected"),
    [((), "stop"), ((29,), "stop"), ((30,), ""), ((29, 30), "")],
)
def test_declaring_test_items_without_measuring_decides_nothing(
    scores: tuple[int, ...], expected: str
) -> None:
    held = measured(*(score(n) for n in scores), data__eval_examples=400.0, quality__target=0.9)
    assert status("scores", held) == expected
    free = replace(held, quality=replace(held.quality, target=0.0))
    assert status("scores", free) == ""
    several = replace(PAIR, options=tuple(Option("prompt", "few-shot", m) for m in "ab"))
    assert status("scores", free, several) == ("warn" if expected else "")


def test_items_in_hand_are_those_of_the_largest_score() -> None:
    assert items_in_hand(measured(data__eval_examples=40.0)) == 40
    assert items_in_hand(measured(score(20), score(300), data__eval_examples=40.0)) == 300


@pytest.mark.parametrize(("gap", "expected"), [(0.087, "warn"), (0.089, "ok")])
def test_a_hundred_items_tell_nine_points_apart(gap: float, expected: str) -> None:
    """1.96 · √(0.2 ÷ 100) = 0.0877."""
    cases = ranking(("prompt", 100.0, 0.8), ("tune", 900.0, 0.8 + gap))
    held = measured(score(100), data__eval_examples=100.0)
    assert status("test size", held, cases) == expected


@pytest.mark.parametrize(
    ("chance", "expected"), [((1.0, 0.04, 0.05), 2), ((1.0, 0.05, 0.05), 1), ((1.0, 0.0, 0.0), 1)]
)
def test_the_rival_is_the_cheapest_of_another_approach_with_a_chance(
    chance: tuple[float, ...], expected: int
) -> None:
    cases = ranking(
        ("prompt", 100.0, 0.8), ("tune", 500.0, 0.8), ("tune", 900.0, 0.8), chance=chance
    )
    cases = replace(cases, meets=np.vstack([[True, False, False], cases.meets[1:]]))
    assert best_of_another_approach(cases) == expected


def test_options_on_one_tuned_model_are_not_rivals() -> None:
    same = (Option("tune", "lora", "m"), Option("hybrid", "tuned-few-shot", "m"))
    assert best_of_another_approach(replace(PAIR, options=same)) is None
    other = (Option("tune", "lora", "m"), Option("hybrid", "tuned-few-shot", "n"))
    assert best_of_another_approach(replace(PAIR, options=other)) == 1


@pytest.mark.parametrize(
    ("leaked", "value", "pick", "expected"),
    [
        (0, 0.91, "tune", "ok"),
        (4, 0.91, "tune", "warn"),  # (0.91 · 400 − 4) ÷ 396 = 0.909
        (60, 0.91, "tune", "stop"),  # (364 − 60) ÷ 340 = 0.894 < 0.9
        (60, 0.91, "prompt", "warn"),
        (60, 0.89, "tune", "warn"),
    ],
)
def test_leaked_items_that_carry_a_tuned_pick_over_the_target_stop_it(
    leaked: int, value: float, pick: str, expected: str
) -> None:
    facts = replace(setting(), data=replace(DATA, eval_rows=400, leaked_eval_rows=leaked))
    held = measured(score(400, "tune", value), quality__target=0.9)
    cases = ranking((pick, 100.0, 0.9), ("prompt" if pick == "tune" else "tune", 900.0, 0.9))
    assert status("leakage", held, cases, facts) == expected


@pytest.mark.parametrize(
    ("distinct", "near", "expected"), [(1000, 0, "ok"), (999, 0, "warn"), (1000, 1, "warn")]
)
def test_copies_are_a_warning(distinct: int, near: int, expected: str) -> None:
    data = replace(DATA, distinct_rows=distinct, near_duplicate_rows=near)
    facts = replace(setting(), data=data)
    assert status("duplicates", measured(), PAIR, facts) == expected


@pytest.mark.parametrize(
    ("kinds", "is_sensitive", "may_leave", "words"),
    [
        ({}, False, True, ""),
        ({}, True, True, "calls the data sensitive"),
        ({"e-mail": 3}, False, True, "e-mail in 3 rows"),
        ({"e-mail": 3}, True, False, "can repeat what it learned"),
    ],
)
def test_personal_data_are_compared_with_policy(
    kinds: dict[str, int], is_sensitive: bool, may_leave: bool, words: str
) -> None:
    held = brief(data__sensitive=is_sensitive, policy__data_may_leave=may_leave)
    facts = replace(setting(), data=replace(DATA, personal_data=kinds))
    row = check("personal data", held, PAIR, facts)
    assert (row is None) is (not words)
    assert row is None or (row.status == "warn" and words in row.detail)


@pytest.mark.parametrize(
    ("ceiling", "target", "price", "expected"),
    [
        (0.9, 0.91, 0.0, "stop"),
        (0.9, 0.9, 0.0, ""),
        (None, 0.91, 0.0, ""),
        (None, 0.0, 0.0, "warn"),
        (None, 0.0, 0.1, ""),
    ],
)
def test_a_target_above_the_human_ceiling_stops(
    ceiling: float | None, target: float, price: float, expected: str
) -> None:
    held = measured(quality__target=target, quality__error_cost_usd=price)
    held = replace(held, quality=replace(held.quality, human_ceiling=ceiling))
    assert status("target", held) == expected


@pytest.mark.parametrize(
    ("costs", "expected"),
    [((1.0, 2.0), ""), ((1.0, np.nan), "warn"), ((np.nan, np.nan), "stop")],
)
def test_no_known_price_at_all_stops(costs: tuple[float, float], expected: str) -> None:
    cases = ranking(("prompt", costs[0], 0.8), ("tune", costs[1], 0.8))
    assert status("prices", measured(), cases) == expected


@pytest.mark.parametrize(
    ("count", "share", "items", "expected"),
    [
        (1, 1.0, 60.0, 60),
        (3, 1.0, 60.0, 20),  # three alike segments: each on its own items
        (3, 0.5, 60.0, 60),  # a part of the traffic beside the rest
    ],
)
def test_alike_segments_are_accepted_on_their_own_items(
    count: int, share: float, items: float, expected: float
) -> None:
    part = Segment("brand", count, Range.exact(share), Range.exact(1.0), Range.exact(1.0))
    case = replace(measured(data__eval_examples=items), segments=(part,))
    assert items_in_hand(case) == expected


@pytest.mark.parametrize(
    ("leaked", "items", "expected"),
    [(None, 400, ""), (5, None, ""), (5, 0, ""), (0, 400, "ok"), (1, 400, "warn")],
)
def test_leakage_is_told_only_where_a_test_was_compared(
    leaked: int | None, items: int | None, expected: str
) -> None:
    facts = replace(setting(), data=replace(DATA, eval_rows=items, leaked_eval_rows=leaked))
    assert status("leakage", measured(), PAIR, facts) == expected


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ({}, "policy says it may leave: remove it"),
        ({"residency": "eu"}, "it may leave only in eu: remove"),
        ({"zero_retention": True}, "it may leave with nothing retained: remove"),
        (
            {"residency": "eu", "zero_retention": True},
            "it may leave only in eu with nothing retained: remove",
        ),
    ],
)
def test_the_terms_under_which_personal_data_leave_are_named(
    policy: dict[str, object], words: str
) -> None:
    case = brief(data__sensitive=True)
    case = replace(case, policy=replace(case.policy, **policy))  # type: ignore[arg-type]
    row = check("personal data", case)
    assert row is not None
    assert words in row.detail


@pytest.mark.parametrize(
    ("rows", "distinct", "near", "words"),
    [
        (1000, 990, 0, "10 of 1,000 rows are identical copies (duplicates): 990 distinct"),
        (1000, 1000, 7, "7 rows are near-duplicates"),
        (1000, 990, 7, "990 distinct; 7 rows are near-duplicates"),
        (1000, 1000, 0, "1,000 rows, all distinct"),
    ],
)
def test_copies_and_near_copies_are_counted_apart(
    rows: int, distinct: int, near: int, words: str
) -> None:
    data = replace(DATA, rows=rows, distinct_rows=distinct, near_duplicate_rows=near)
    row = check("duplicates", measured(), PAIR, replace(setting(), data=data))
    assert row is not None
    assert row.detail.endswith(words)


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (1, "1 option has an unknown price and no rank by cost: tune/t1@m1"),
        (4, "4 options have an unknown price and no rank by cost: tune/t1@m1, tune/t2@m2, tune/t3"),
    ],
)
def test_at_most_three_options_without_a_price_are_named(count: int, words: str) -> None:
    unknown = [("tune", np.nan, 0.9)] * count
    row = check("prices", measured(), ranking(("prompt", 1.0, 0.8), *unknown))
    assert row is not None
    assert row.detail.startswith(words)
    assert row.detail.endswith("…") is (count > 3)


@pytest.mark.parametrize(("gap", "needed"), [(0.05, "640"), (0.02, "4,000"), (0.001, "16,000")])
def test_how_many_items_would_tell_a_difference_apart(gap: float, needed: str) -> None:
    """8 · 0.2 ÷ Δ², with Δ of a point at least."""
    cases = ranking(("prompt", 100.0, 0.8), ("tune", 900.0, 0.8 + gap))
    row = check("test size", measured(score(30), data__eval_examples=30.0), cases)
    assert row is not None
    assert row.detail.endswith(f"30 test items cannot tell that apart, {needed} could")


def test_only_what_stops_a_ranking_is_asked_again() -> None:
    open_ = ranking(("prompt", np.nan, 0.8), ("tune", np.nan, 0.9))
    some = ranking(("prompt", np.nan, 0.8), ("tune", 1.0, 0.9))
    held = measured(score(400, "tune", 0.91), quality__target=0.9)
    leaked = replace(setting(), data=replace(DATA, eval_rows=400, leaked_eval_rows=60))
    tuned = ranking(("tune", 100.0, 0.9), ("prompt", 900.0, 0.9))
    assert stops(held, setting(), PAIR) == stops(held, setting(), some) == ()
    assert [(s.rule, s.status) for s in stops(held, setting(), open_)] == [("prices", "stop")]
    assert [(s.rule, s.status) for s in stops(held, leaked, tuned)] == [("leakage", "stop")]
    assert stops(held, leaked, PAIR) == ()  # a prompt did not learn them


@pytest.mark.parametrize(
    ("items", "target", "detail"),
    [
        (0.0, 0.9, "no test items are in hand; collect an evaluation set of graded items first"),
        (
            16.0,
            0.9,
            "16 test items show differences of 31.6 points or more; collect an evaluation set of "
            "graded items first",
        ),
        (
            16.0,
            0.0,
            "16 test items show differences of 31.6 points or more, and neither quality.target nor "
            "quality.error_cost_usd is set: nothing says what a good answer is; set one of them "
            "and collect graded items",
        ),
        (40.0, 0.9, "40 test items show differences of 20.0 points or more"),
    ],
)
def test_what_a_test_of_so_many_items_shows(items: float, target: float, detail: str) -> None:
    """√(8 · 0.2 ÷ n)."""
    row = check("evaluation set", measured(data__eval_examples=items, quality__target=target))
    assert row is not None
    assert row.detail == detail


@pytest.mark.parametrize(
    ("scores", "said"),
    [((), "no option is scored yet"), ((20,), "every score rests on too few items")],
)
def test_scores_that_are_missing_are_told_from_scores_on_too_few_items(
    scores: tuple[int, ...], said: str
) -> None:
    held = measured(*(score(n) for n in scores), data__eval_examples=30.0, quality__target=0.9)
    row = check("scores", held)
    assert row is not None
    assert (row.status, row.detail) == (
        "stop",
        f"{said}; 30 test items decide nothing until an option is measured on them",
    )
    free = replace(held, quality=replace(held.quality, target=0.0))
    three = ranking(("prompt", 1.0, 0.8), ("prompt", 2.0, 0.8), ("tune", 3.0, 0.8))
    warned = check("scores", free, three)
    assert warned is not None
    assert warned.detail == (
        f"{said}, and neither quality.target nor quality.error_cost_usd is set: money alone "
        "chooses between 2 ways that may answer unlike; score them on the 30 test items before "
        "roll-out"
    )
    few = replace(held, data=replace(held.data, eval_examples=Range.exact(29.0)))
    assert check("scores", few) is None


@pytest.mark.parametrize(
    ("leaked", "rows", "detail"),
    [
        (0, 1400, "none of 1,400 test items is a copy of a training example"),
        (
            7,
            1400,
            "7 of 1,400 test items are near-copies of training examples (near-duplicates): take "
            "them out and score again",
        ),
    ],
)
def test_leaked_items_are_counted(leaked: int, rows: int, detail: str) -> None:
    facts = replace(setting(), data=replace(DATA, eval_rows=rows, leaked_eval_rows=leaked))
    row = check("leakage", measured(), PAIR, facts)
    assert row is not None
    assert row.detail == detail


@pytest.mark.parametrize(
    ("values", "leaked"),
    [((0.91, 0.93), 40), ((0.91, 0.90), 40), ((0.91,), 399), ((0.91,), 400), ((0.91,), 1)],
)
def test_without_leaked_items_the_best_tuned_score_may_be_as_low(
    values: tuple[float, ...], leaked: int
) -> None:
    """(q · 400 − leaked) ÷ (400 − leaked), with one item left at least; the target is 0.905."""
    facts = replace(setting(), data=replace(DATA, eval_rows=400, leaked_eval_rows=leaked))
    held = measured(*(score(400, "tune", v) for v in values), quality__target=0.905)
    worsts = [(v * 400 - leaked) / max(1, 400 - leaked) for v in values]
    row = check("leakage", held, ranking(("tune", 1.0, 0.9), ("prompt", 2.0, 0.9)), facts)
    assert row is not None
    is_stop = max(worsts) < 0.905
    assert row.status == ("stop" if is_stop else "warn")
    if is_stop:
        assert f"as low as {fmt.score(max(worsts))}" in row.detail
