"""The next steps: prices come with worth, and the arithmetic is that of the formulas page."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from advisor.core.figure import Figure
from advisor.core.option import Estimate, Option
from advisor.core.quantity import Basis, Range
from advisor.core.verdict import NextStep, Readiness
from advisor.decide.improving import Gain, improvements, search_gain
from advisor.decide.information import Worth
from advisor.decide.measuring import first_scores
from advisor.decide.situation import Situation
from advisor.decide.steps import (
    DECIDE_NOW,
    _per_dollar,
    improvement_steps,
    information,
    information_steps,
    next_step,
    without_measurement,
)
from tests.decide.test_ranking import ranking
from tests.options import brief, prompt, score


def test_a_search_is_worth_what_it_saves_where_something_meets_the_target() -> None:
    """Arm 1 is the pick at 100; a searched prompt at the price of arm 0 (60) saves 40 where it
    reaches the target.
    """
    cost = np.tile([60.0, 100.0], (5, 1))
    quality = np.tile([0.7, 0.9], (5, 1))
    found = ranking(cost, quality, 0.8)
    assert found.pick == 1
    assert search_gain(found, 0, np.array([0.8, 0.9, 0.7, 0.85, 0.1]), 0.8) == Gain(
        2 * 40 / 4, 2 / 4
    )


def test_where_nothing_meets_the_target_it_saves_the_money_spent_below_it() -> None:
    cost = np.tile([60.0, 100.0], (5, 1))
    quality = np.tile([0.7, 0.75], (5, 1))
    found = ranking(cost, quality, 0.8)
    spent = cost[0, found.pick]
    assert search_gain(found, 0, np.array([0.8, 0.9, 0.7, 0.7, 0.7]), 0.8) == Gain(spent / 4, 1 / 4)


def test_a_search_that_never_reaches_the_target_is_worth_nothing() -> None:
    found = ranking(np.tile([60.0, 100.0], (5, 1)), np.tile([0.7, 0.9], (5, 1)), 0.8)
    assert search_gain(found, 0, np.full(5, 0.5), 0.8) == Gain(0, 0)


def test_where_nothing_reaches_the_target_it_is_the_target_that_stops() -> None:
    held = brief(quality__target=0.9)
    found = ranking(np.tile([60.0, 100.0], (5, 1)), np.tile([0.7, 0.75], (5, 1)), 0.9)
    step = without_measurement(held, found)
    assert step.action.startswith(
        f"relax quality.target = 0.9 ({found.options[found.pick].id} is expected at 0.7"
    )
    assert (step.cost_usd, step.days, step.worth_usd) == (0, 0, 0)


def test_where_nothing_separates_and_nothing_pays_one_starts() -> None:
    found = ranking(np.tile([60.0, 100.0], (5, 1)))
    assert without_measurement(brief(), found).action.startswith(
        f"start with {found.options[0].id}: "
    )


def step(name: str, cost: float, worth: float, days: float = 1.0) -> NextStep:
    return NextStep(name, cost, days, worth)


@pytest.mark.parametrize(
    ("measuring", "improving", "expected"),
    [
        ([(10.0, 50.0)], [(0.0, 30.0)], "m0"),
        ([(10.0, 50.0)], [(0.0, 41.0)], "i0"),
        ([(10.0, 50.0), (900.0, 960.0)], [(0.0, 45.0)], "m1"),
        ([], [(0.0, 1.0), (0.0, 2.0)], "i1"),
    ],
)
def test_the_step_of_highest_worth_net_of_its_cost_comes_first_whatever_its_list(
    measuring: list[tuple[float, float]], improving: list[tuple[float, float]], expected: str
) -> None:
    first = next_step(
        tuple(step(f"m{i}", *pair) for i, pair in enumerate(measuring)),
        tuple(step(f"i{i}", *pair) for i, pair in enumerate(improving)),
        Situation(brief(), ranking(np.tile([60.0, 100.0], (5, 1))), {}, {}),
    )
    assert first is not None
    assert first.action == expected


@pytest.mark.parametrize(("hours", "technique"), [(39.0, "few-shot"), (41.0, "zero-shot")])
def test_where_scores_are_missing_the_cheapest_option_is_scored_first(
    hours: float, technique: str
) -> None:
    """The few-shot prompt takes `hours` of work, the other one 40, at the same requests."""
    options = [
        Estimate(
            prompt("uncached", technique=name),
            {"work.hours": Figure(work, "h", "work.hours")},
        )
        for name, work in (("few-shot", hours), ("zero-shot", 40.0))
    ]
    rows = np.array([0.8, 0.7, 0.9])
    scores = {
        e.option.skill: Figure(rows, "score", "quality.score", basis=Basis.ASSUMED) for e in options
    }
    case = Situation(
        brief(),
        ranking(np.tile([60.0, 100.0], (3, 1))),
        {},
        scores,
        readiness=(Readiness("scores", "stop", ""),),
        estimates=options,
    )
    first = first_scores(case)
    assert first is not None
    assert first.action.startswith(f"score prompt/{technique}@")
    assert information_steps(case)[0] == first
    assert first.cost_usd == pytest.approx(0.25 * min(hours, 40.0) * 110)


@pytest.mark.parametrize(
    ("worth", "days", "is_listed"),
    [
        (10.07, 1.0, True),  # more than a thousandth of the 60 at stake above its price of 10
        (10.05, 1.0, False),
        (500.0, 182.0, True),  # half of twelve months are 182.6 days
        (500.0, 183.0, False),
    ],
)
def test_a_search_must_pay_and_come_in_time(
    worth: float, days: float, is_listed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    candidate = step("search", 10.0, worth, days)
    monkeypatch.setattr("advisor.decide.steps.improvements", lambda situation: iter([candidate]))
    case = Situation(brief(), ranking(np.tile([60.0, 100.0], (5, 1))), {}, {})
    assert improvement_steps(case) == ((candidate,) if is_listed else ())


def test_no_more_steps_than_a_reader_takes_in(monkeypatch: pytest.MonkeyPatch) -> None:
    every = [step(str(i), 0.0, 100.0 + i) for i in range(12)]
    monkeypatch.setattr("advisor.decide.steps.improvements", lambda situation: iter(every))
    case = Situation(brief(), ranking(np.tile([60.0, 100.0], (5, 1))), {}, {})
    assert [s.action for s in improvement_steps(case)] == [str(i) for i in range(11, 3, -1)]


@pytest.mark.parametrize(("cheap", "saved"), [(0, 40.0), (1, 30.0)])
def test_a_search_starts_from_the_cheapest_plain_prompt_of_its_model(
    cheap: int, saved: float
) -> None:
    """The pick costs 100. A searched prompt costs as much as the cheaper of two plain ones."""
    costs = [60.0, 80.0, 100.0] if cheap == 0 else [90.0, 70.0, 100.0]
    options = (prompt("uncached"), prompt("batch"), Option("tune", "lora", "m"))
    quality = np.tile([0.7, 0.7, 0.95], (5, 1))
    base = ranking(np.tile(costs, (5, 1)), quality, 0.9)
    estimates = [
        Estimate(option, {"run.request": Figure(0.01 * (i + 1), "USD", "run.request")})
        for i, option in enumerate(options)
    ]
    case = Situation(
        brief(),
        replace(base, options=options),
        {},
        {},
        estimates=estimates,
        searched={"claude-sonnet-5": Figure(np.full(5, 0.95), "score", "s"), "unused": score()},
    )
    (search,) = improvements(case)
    assert search.worth_usd == pytest.approx(saved)
    assert search.cost_usd == pytest.approx(3200 * 0.01 * (cheap + 1) + 8 * 110)
    assert (search.days, search.kind) == (2.0, "improvement")


@pytest.mark.parametrize(("weeks", "days"), [(None, 7 * 26.07), (4.0, 28.0), (40.0, 7 * 26.07)])
def test_a_step_may_take_half_of_the_horizon_or_until_the_deadline(
    weeks: float | None, days: float
) -> None:
    case = brief()
    deadline = None if weeks is None else Range.exact(weeks)
    case = replace(case, budget=replace(case.budget, weeks=deadline, horizon_months=12))
    situation = Situation(case, ranking(np.tile([60.0, 100.0], (5, 1))), {}, {})
    assert situation.longest_days == pytest.approx(days, rel=1e-3)


@pytest.mark.parametrize(
    ("money", "weeks", "words"),
    [(False, True, "relax the hard limits on money"), (True, False, "relax budget.weeks")],
)
def test_the_limit_that_stops_most_is_the_one_to_relax(
    money: bool, weeks: bool, words: str
) -> None:
    base = ranking(np.tile([60.0, 100.0], (5, 1)))
    flags = {"meets_money": np.full((5, 2), money), "meets_weeks": np.full((5, 2), weeks)}
    stopped = replace(base, meets=np.zeros((5, 2), dtype=bool), **flags)
    assert without_measurement(brief(), stopped).action.startswith(words)


@pytest.mark.parametrize(
    ("second", "first"),
    [
        ((10.0, 60.0), "b"),  # 50 net of its price is half of the best: less per dollar of worth
        ((10.0, 59.9), "a"),  # less than half
        ((60.0, 160.0), "a"),  # as much, but dearer for what it is worth
        ((0.0, 99.0), "b"),
    ],
)
def test_a_search_begins_where_the_worth_per_dollar_is_highest_of_what_pays_half_as_much(
    second: tuple[float, float], first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The best costs 50 and is worth 150."""
    every = [step("c", 5.0, 20.0), step("a", 50.0, 150.0), step("b", *second)]
    monkeypatch.setattr("advisor.decide.steps.improvements", lambda situation: iter(every))
    base = ranking(np.tile([60.0, 100.0], (5, 1)))
    for likely in (False, True):
        kept = replace(base, meets=np.full((5, 2), likely))
        listed = improvement_steps(Situation(brief(), kept, {}, {}))
        by_net = sorted(every, key=lambda s: s.cost_usd - s.worth_usd)
        others = [s for s in by_net if s.action != first]
        expected = [next(s for s in every if s.action == first), *others]
        assert list(listed) == (by_net if likely else expected)


def test_only_the_first_step_of_a_search_leaves_the_order_of_worth(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Per dollar e, d, a, net of the price a, d, e: half as much as the best are all of them."""
    every = [step("a", 50.0, 150.0), step("d", 30.0, 100.0), step("e", 20.0, 75.0)]
    monkeypatch.setattr("advisor.decide.steps.improvements", lambda situation: iter(every))
    base = ranking(np.tile([60.0, 100.0], (5, 1)))
    kept = replace(base, meets=np.zeros((5, 2), dtype=bool))
    listed = improvement_steps(Situation(brief(), kept, {}, {}))
    assert [s.action for s in listed] == ["e", "a", "d"]


def test_a_step_that_costs_nothing_comes_first_and_one_of_no_worth_last() -> None:
    assert (DECIDE_NOW.cost_usd, DECIDE_NOW.days, DECIDE_NOW.worth_usd) == (0.0, 0.0, 0.0)
    steps = [step("dear", 9.0, 10.0), step("free", 0.0, 1.0), step("nothing", 0.0, 0.0)]
    assert [s.action for s in sorted(steps, key=_per_dollar)] == ["free", "dear", "nothing"]


def test_the_step_that_lifts_a_stop_is_listed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.array([0.8, 0.7, 0.9])
    scores = {
        prompt("uncached", technique=name).skill: Figure(
            rows, "score", "quality.score", basis=Basis.ASSUMED
        )
        for name in ("few-shot", "zero-shot")
    }
    case = Situation(
        brief(),
        ranking(np.tile([60.0, 100.0], (3, 1))),
        {},
        scores,
        readiness=(Readiness("scores", "stop", ""),),
        estimates=[
            Estimate(prompt("uncached", technique=n), {}) for n in ("few-shot", "zero-shot")
        ],
    )
    first = first_scores(case)
    assert first is not None
    paying = [step("another", 0.0, 50.0), replace(first, worth_usd=9.0)]
    monkeypatch.setattr("advisor.decide.steps.scorings", lambda situation: iter(paying))
    assert [s.action for s in information_steps(case)] == [first.action, "another"]
    free = information_steps(replace(case, readiness=()))
    assert [s.action for s in free] == ["another", first.action]


@pytest.mark.parametrize(
    ("usd", "error", "count"), [(1.0, 0.4, 1), (0.99, 0.4, 0), (1.0, 0.5, 0), (5.0, 1.0, 1)]
)
def test_information_is_listed_from_a_dollar_on_and_above_its_noise(
    usd: float, error: float, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    moving = Figure(np.arange(3.0), "USD", "x")
    case = Situation(
        brief(),
        ranking(np.tile([60.0, 100.0], (3, 1))),
        {"moving": moving, "fixed": Figure(1.0, "USD", "y")},
        {"prompt/x@m": moving},
    )
    monkeypatch.setattr(Situation, "worth", lambda self, figure: Worth(usd, error))
    listed = information(case)
    assert [i.input for i in listed] == ["moving", "quality.score of prompt/x@m"] * count
    assert all((i.worth_usd, i.standard_error_usd) == (usd, error) for i in listed)


def test_the_largest_information_comes_first_and_only_eight_are_listed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    figures = {str(i): Figure(np.array([0.0, float(i)]), "USD", "x") for i in range(2, 14)}
    case = Situation(brief(), ranking(np.tile([60.0, 100.0], (3, 1))), figures, {})
    monkeypatch.setattr(Situation, "worth", lambda self, f: Worth(float(f.rows[1]), 0.0))
    assert [i.worth_usd for i in information(case)] == [float(i) for i in range(13, 5, -1)]


@pytest.mark.parametrize(
    ("scores", "likely", "expected"),
    [
        ("stop", True, "m"),  # what lifts a stop
        ("ok", True, "i"),
        ("ok", False, "i"),
        ("none", False, "i"),
    ],
)
def test_what_lifts_a_stop_comes_first_else_what_is_worth_most(
    scores: str, likely: bool, expected: str
) -> None:
    base = ranking(np.tile([60.0, 100.0], (5, 1)))
    case = Situation(
        brief(),
        replace(base, meets=np.full((5, 2), likely)),
        {},
        {},
        readiness=() if scores == "none" else (Readiness("evaluation set", scores, ""),),
    )
    first = next_step((step("m", 0.0, 5.0),), (step("i", 0.0, 9.0),), case)
    assert first is not None
    assert first.action == expected


def test_where_nothing_is_likely_a_question_is_no_next_step() -> None:
    base = ranking(np.tile([60.0, 100.0], (5, 1)))
    case = Situation(brief(), replace(base, meets=np.zeros((5, 2), dtype=bool)), {}, {})
    asking = step("find out x (assumed so far)", 0.0, 50.0)
    telling = step("grade more", 0.0, 5.0)
    assert next_step((asking, telling), (), case) == telling
    assert next_step((asking,), (), case) is None
    assert next_step((asking,), (step("i", 0.0, 1.0),), case) == step("i", 0.0, 1.0)
    unknown = replace(case, ranking=replace(base, cost=np.full((5, 2), np.nan)))
    assert next_step((asking,), (), unknown) == asking


@pytest.mark.parametrize(("worth", "is_listed"), [(0.061, True), (0.059, False)])
def test_a_step_is_held_against_the_likely_cost(
    worth: float, is_listed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thousandth of the 60 of the likely case; the draws cost 9,000."""
    monkeypatch.setattr(
        "advisor.decide.steps.improvements", lambda situation: iter([step("s", 0.0, worth)])
    )
    cost = np.full((5, 2), 9000.0)
    cost[0] = 60.0
    case = Situation(brief(), ranking(cost), {}, {})
    assert len(improvement_steps(case)) == is_listed


@pytest.mark.parametrize("limit", ["quality", "money", "weeks"])
def test_every_draw_counts_for_the_limit_to_relax(limit: str) -> None:
    """This limit is missed in the first of 20 draws, money in the last one."""
    base = ranking(np.tile([60.0, 100.0], (21, 1)), np.full((21, 2), 0.5))
    quality = base.quality.copy()
    quality[0] = 0.7
    kept = {f"meets_{name}": np.ones((21, 2), dtype=bool) for name in ("quality", "money", "weeks")}
    if limit == "quality":
        kept["meets_money"][20] = False
    kept[f"meets_{limit}"][1] = False
    stopped = replace(base, quality=quality, meets=np.zeros((21, 2), dtype=bool), **kept)
    found = without_measurement(brief(quality__target=0.9), stopped)
    words = {
        "quality": f"quality.target = 0.9 ({stopped.options[0].id} is expected at 0.700)",
        "money": "the hard limits on money",
        "weeks": "budget.weeks",
    }
    assert found.action == (
        f"relax {words[limit]} or name other models: no measurement changes what stops here"
    )
    assert (found.cost_usd, found.days, found.worth_usd) == (0.0, 0.0, 0.0)
    started = without_measurement(brief(), ranking(np.tile([60.0, 100.0], (5, 1))))
    assert (started.cost_usd, started.days, started.worth_usd) == (0.0, 0.0, 0.0)
