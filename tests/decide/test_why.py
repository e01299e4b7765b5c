"""The reasons: every number by hand, rows on both sides of what changes a sentence."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from advisor.core.brief import Brief, Score
from advisor.core.figure import Figure
from advisor.core.option import Estimate, Option
from advisor.core.probes import ResultsReport
from advisor.core.quantity import Range
from advisor.core.verdict import BreakEven
from advisor.decide.quantiles import middle
from advisor.decide.ranking import Ranking
from advisor.decide.why import Case, reasons
from tests.options import brief

PICK = Option("tune", "lora", "small")
RIVAL = Option("prompt", "few-shot", "large")
USUAL = {
    "run.total": 100.0,
    "run.hosting": 0.0,
    "once.total": 1000.0,
    "once.training": 0.0,
    "quality.score": 0.9,
    "horizon.total": 2200.0,
    "horizon.cash": 2200.0,
    "horizon.errors": 0.0,
}


def costing(option: Option, **changes: float) -> Estimate:
    """An option of the usual figures but for these; `__` stands for a dot."""
    values = {**USUAL, **{key.replace("__", "."): v for key, v in changes.items()}}
    return Estimate(option, {k: Figure(v, "USD", k) for k, v in values.items()})


def ranking(best_in: float = 1.0, chance: float = 1.0) -> Ranking:
    """The tuned option is best in a share of 1,000 draws, and meets the limits in another."""
    draw = np.arange(-1, 1000)
    rival = np.where(draw < 1000 * best_in, 2.0, 0.5)
    cost = np.column_stack([np.ones(1001), rival])
    every = np.ones(cost.shape, dtype=bool)
    meets = np.column_stack([draw < 1000 * chance, every[:, 1]])
    return Ranking((PICK, RIVAL), cost, cost, cost * 0 + 0.9, meets, meets, every, every, named=0)


def case(pick: Estimate | None = None, rival: Estimate | None = None, **changes: object) -> Case:
    base = Case(brief(), ranking(), pick or costing(PICK), rival or costing(RIVAL), BreakEven())
    return replace(base, **changes)


def sentence_with(part: str, subject: Case) -> str:
    """The one reason that holds these words, or an empty string."""
    return next((sentence for sentence in reasons(subject) if part in sentence), "")


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (5.0, 5.0),
        (np.array([5.0]), 5.0),
        (np.array([5.0, 1.0, 2.0, 9.0]), 2.0),
        (np.array([5.0, 1.0, 2.0, 4.0, 9.0]), 3.0),
        (np.array([5.0, 1.0, math.nan]), 5.0),
    ],
    ids=["one number", "no draws", "odd", "even", "not known in a draw"],
)
def test_the_middle_is_the_median_of_the_draws_or_the_likely_value(
    rows: object, expected: float
) -> None:
    assert middle(Figure(rows, "USD", "x")) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("run", "rival", "words"),
    [
        (30.0, 100.0, "costs $30 per month, 30 % of what"),
        (100.0, 30.0, "costs $100 per month. The"),
        (100.2, 100.4, "costs $100 per month. The"),  # both are written $100
        (0.0, 30.0, "costs $0 per month. The"),
    ],
)
def test_a_month_is_a_share_of_the_next_approach_where_it_is_cheaper(
    run: float, rival: float, words: str
) -> None:
    pair = case(costing(PICK, run__total=run), costing(RIVAL, run__total=rival))
    assert words in reasons(pair)[0]


def test_without_another_approach_there_is_nothing_to_compare_with() -> None:
    alone = replace(case(), other=None)
    month, quality, once, odds = reasons(alone)
    assert "no option of another approach is left" in month
    assert quality.startswith("Its expected score is 0.900. The chance")
    assert once == "It takes $1,000 once."
    assert odds == "It is best in 100 of 100 draws."


@pytest.mark.parametrize(
    ("training", "words"),
    [
        (0.4, "$1,000 once, against"),
        (0.6, "of which training is 0.1 %"),
        (250.0, "of which training is 25.0 %"),
    ],
)
def test_training_is_named_from_a_twentieth_of_a_percent(training: float, words: str) -> None:
    assert words in sentence_with("It takes", case(costing(PICK, once__training=training)))


@pytest.mark.parametrize(
    ("months", "rival", "words"),
    [
        (0.04, 200.0, "paid that back within days"),
        (0.06, 200.0, "paid that back after 0.1 months"),
        (12.0, 200.0, "paid that back after 12 months"),
        (0.053, 200.0, "paid that back after 0.1 months"),
        (12.0, 100.0, "once, against $900"),
        (12.0, 99.0, "once, against $900"),  # its month is dearer: nothing is paid back
        (None, 200.0, "once, against $900"),
    ],
)
def test_a_one_off_cost_is_paid_back_by_cheaper_months(
    months: float | None, rival: float, words: str
) -> None:
    other = costing(RIVAL, run__total=rival, once__total=900.0)
    pair = case(rival=other, break_even=BreakEven(months))
    assert words in sentence_with("It takes", pair)


def test_what_costs_less_from_the_start_has_nothing_to_pay_back() -> None:
    other = costing(RIVAL, run__total=200.0, once__total=1_100.0)
    pair = case(rival=other, break_even=BreakEven(0.04))
    assert "once, against $1,100" in sentence_with("It takes", pair)


@pytest.mark.parametrize(
    ("fee", "bill", "is_metered", "words"),
    [
        (1241.0, 100.0, False, "$1,241 per month, idle hours included: 12 times"),
        (100.0, 100.0, False, ""),
        (101.0, 100.0, False, "1 times the whole bill"),
        (1241.0, 0.0, False, ""),
        (1241.0, 100.0, True, ""),  # GPUs that are paid by busy hours do not idle
        (100.0, 100.0, True, ""),
    ],
)
def test_idle_hosting_is_named_where_it_outweighs_the_whole_bill(
    fee: float, bill: float, is_metered: bool, words: str
) -> None:
    metered = {"serve__busy_hours": 10.0} if is_metered else {}
    rival = costing(RIVAL, run__hosting=fee, **metered)
    sentence = sentence_with("Hosting", case(costing(PICK, run__total=bill), rival))
    assert bool(sentence) is bool(words)
    assert words in sentence


@pytest.mark.parametrize(
    ("best_in", "words"),
    [(0.37, "37 of 100"), (0.999, ">99 of 100"), (0.001, "<1 of 100"), (1.0, "100 of 100")],
)
def test_how_often_an_approach_is_best_is_counted_in_a_hundred_draws(
    best_in: float, words: str
) -> None:
    assert f"fine-tuning is best in {words} draws" in sentence_with(
        "draws", case(ranking=ranking(best_in))
    )


@pytest.mark.parametrize(
    ("cash", "errors", "words"),
    [
        (3200.0, 0.0, "it saves $1,000 in cash;"),
        (1200.0, 0.0, "it costs $1,000 more in cash;"),
        (3200.0, 0.99, "it saves $1,000 in cash;"),
        (3200.0, 1.0, "saves $1,000 in cash and saves $1 in wrong answers;"),
        (2200.0, 0.0, "it saves $0 in cash;"),
        (3200.0, 50.0, "saves $1,000 in cash and saves $50 in wrong answers;"),
        (3200.0, -50.0, "saves $1,000 in cash and costs $50 more in wrong answers;"),
    ],
)
def test_cash_and_wrong_answers_are_told_apart(cash: float, errors: float, words: str) -> None:
    """The pick pays 2,200 in cash and nothing for errors."""
    rival = costing(RIVAL, horizon__cash=cash, horizon__errors=errors)
    assert words in sentence_with("Over 12 months", case(rival=rival))


def measured(own: float, theirs: float, items: int) -> Brief:
    scores = (
        Score("tune", "lora", "SMALL", own, items),
        Score("prompt", "few-shot", "large", 0.1, 20),  # an older one: the last counts
        Score("prompt", "few-shot", "large", theirs, 2 * items),
        Score("prompt", "few-shot", "large", 0.2, 9999, segment="new"),
    )
    base = brief()
    return replace(base, quality=replace(base.quality, measured=scores))


@pytest.mark.parametrize(
    ("gap", "words"),
    [(0.04, "cannot be told apart on 400 items"), (0.05, "score 0.85 against 0.8 on 400 items")],
)
def test_scores_are_equal_where_their_test_cannot_tell_them_apart(gap: float, words: str) -> None:
    """1.96 · √(0.2 ÷ 400) = 0.0438."""
    assert words in sentence_with("400 items", case(brief=measured(0.8 + gap, 0.8, 400)))


@pytest.mark.parametrize(
    ("scores", "words"),
    [((0.937, 0.903), "Measured score 0.937"), ((0.93, 0.903), "Quality counts as equal")],
)
def test_high_scores_differ_on_fewer_items_than_a_fifth(
    scores: tuple[float, float], words: str
) -> None:
    """Independent tests: 0.034 ÷ √((0.937 · 0.063 + 0.903 · 0.097) ÷ 600) = 2.17 > 1.96."""
    assert words in sentence_with("600 items", case(brief=measured(*scores, 600)))


@pytest.mark.parametrize(
    ("total", "chance", "decides"),
    [
        (3000.0, 0.85, True),
        (3000.0, 0.895, True),
        (3000.0, 0.95, False),
        (2200.0, 0.85, False),  # as dear
        (2000.0, 0.85, False),
    ],
)
def test_a_dearer_pick_says_that_the_limits_decide(
    total: float, chance: float, decides: bool
) -> None:
    """The pick keeps the limits in every draw; the rival, at $2,200, in a share of them."""
    lists = ranking()
    draw = np.arange(-1, 1000)
    meets = np.column_stack([draw < 1000, draw < 1000 * chance])
    subject = case(
        costing(PICK, horizon__total=total),
        ranking=replace(lists, meets=meets),
        brief=replace(measured(0.81, 0.8, 400)),
    )
    said = sentence_with("400 items", subject)
    words = f"{RIVAL.id} {round(100 * chance)} %: this decides"
    assert (words in said) is decides
    assert ("counts as equal" in said) is not decides


@pytest.mark.parametrize(
    ("sd", "words"), [(0.3, "Measured score 0.84 against 0.8"), (0.5, "Quality counts as equal")]
)
def test_scores_per_item_bring_their_own_spread(sd: float, words: str) -> None:
    """0.04 on 400 common items: 1.96 · 0.3 ÷ 20 = 0.029 tells it, 1.96 · 0.5 ÷ 20 = 0.049 not."""
    pair = frozenset(("tune/lora@small", "prompt/few-shot@large"))
    results = ResultsReport("scores.csv", {}, {}, {pair: (sd, 400)})
    assert sentence_with(words, case(brief=measured(0.84, 0.8, 100), results=results))


@pytest.mark.parametrize(
    ("scores", "measured", "origin"),
    [
        ((), "", "from the evidence base"),
        (
            (Score("tune", "lora", "small", 0.92, 50),),
            " (0.92 measured on 50 items)",
            "from related scores and the evidence base",
        ),
    ],
)
def test_a_score_that_was_not_measured_names_its_origin(
    scores: tuple[Score, ...], measured: str, origin: str
) -> None:
    base = brief()
    base = replace(base, quality=replace(base.quality, measured=scores))
    assert f"0.900{measured} against 0.900, {origin}. The chance" in sentence_with(
        "Expected", case(brief=base)
    )


@pytest.mark.parametrize(
    ("target", "money", "weeks", "hard", "words"),
    [
        (0.0, 1e4, 9.0, True, ""),
        (0.8, 1e4, 9.0, False, "meet the target of 0.8 is 25 %"),
        (0.8, None, None, True, "meet the target of 0.8 is 25 %"),
        (0.8, 1e4, None, True, "the target of 0.8 and the budget is 25 %"),
        (0.8, 1e4, 9.0, True, "the target of 0.8 and the budget and the deadline is 25 %"),
    ],
)
def test_the_chance_names_every_limit_that_is_judged(
    target: float, money: float | None, weeks: float | None, hard: bool, words: str
) -> None:
    base = brief(quality__target=target)
    limits = [None if limit is None else Range.exact(limit) for limit in (money, weeks)]
    budget = replace(base.budget, hard=hard, one_off_usd=limits[0], weeks=limits[1])
    sentence = reasons(case(brief=replace(base, budget=budget), ranking=ranking(chance=0.25)))[1]
    assert words in sentence
    assert ("chance" in sentence) is bool(words)


@pytest.mark.parametrize(
    ("sunk", "words"),
    [(0.99, ""), (1.0, " Of that, $1 is already spent on test items."), (None, "")],
)
def test_what_is_spent_on_test_items_is_told_from_a_dollar_on(
    sunk: float | None, words: str
) -> None:
    spent = {} if sunk is None else {"once__sunk": sunk}
    pick = costing(PICK, **spent)
    assert reasons(case(pick))[2] == f"It takes $1,000 once, against $1,000.{words}"
    alone = replace(case(pick), other=None)
    assert reasons(alone)[2] == f"It takes $1,000 once.{words}"
    paid = case(pick, costing(RIVAL, run__total=200.0, once__total=900.0))
    assert reasons(replace(paid, break_even=BreakEven(12.0)))[2].endswith(f"12 months.{words}")


@pytest.mark.parametrize(
    ("seconds", "hard", "words"),
    [
        (0.0, False, "the target of 0.9 is"),
        (2.0, False, "the target of 0.9 and the 2 s of an answer is"),
        (2.0, True, "of an answer and the budget is"),
    ],
)
def test_the_wait_for_an_answer_is_a_limit_also_of_a_soft_budget(
    seconds: float, hard: bool, words: str
) -> None:
    base = brief(traffic__max_latency_seconds=seconds, budget__monthly_usd=1e4)
    base = replace(base, budget=replace(base.budget, hard=hard))
    assert words in reasons(case(brief=base))[1]


def test_an_option_that_nobody_has_scored_is_named_beside_a_scored_pick() -> None:
    """The rival costs less in 700 of 1,000 draws; it leads, but only the pick was scored."""
    lists = ranking(best_in=0.3)
    quality = np.column_stack([np.full(1001, 0.9), np.full(1001, 0.934)])
    lists = replace(lists, quality=quality)
    for scored, is_said in (((True, False), True), ((False, False), False), ((True, True), False)):
        said = sentence_with(
            "nobody has measured", case(ranking=replace(lists, scored=np.array(scored)))
        )
        assert bool(said) is is_said
        assert not said or said == (
            "prompt/few-shot@large is expected to score 0.934, but nobody has measured that: it "
            "beats the pick, which was scored, in 70 of 100 draws."
        )
    assert not sentence_with("nobody has measured", case(ranking=lists))


def test_of_a_cost_that_is_not_known_whole_the_known_part_is_told() -> None:
    pick = costing(PICK, horizon__total=math.nan)
    run = Figure(math.nan, "USD", "run.total", at_least=40.0, missing=("run.inference",))
    once = Figure(math.nan, "USD", "once.total", missing=("once.labels", "run.inference"))
    unknown = replace(pick, figures={**pick.figures, "run.total": run, "once.total": once})
    first, *_ = reasons(case(unknown))
    assert first == (
        "tune/lora@small costs at least $40 per month and $0 once; unknown: run.inference, "
        "once.labels."
    )


def test_a_part_of_the_cost_that_is_known_is_told_as_it_is() -> None:
    pick = costing(PICK, horizon__total=math.nan, run__total=250.0)
    once = Figure(math.nan, "USD", "once.total", at_least=30.0, missing=("once.labels",))
    open_once = replace(pick, figures={**pick.figures, "once.total": once})
    first, second = reasons(case(open_once))
    assert first == (
        "tune/lora@small costs at least $250 per month and $30 once; unknown: once.labels."
    )
    assert "score" in second


def test_beside_a_rival_of_unknown_cost_nothing_decides() -> None:
    subject = case(rival=costing(RIVAL, horizon__total=math.nan), brief=measured(0.81, 0.8, 400))
    said = sentence_with("400 items", subject)
    assert "counts as equal" in said
    assert "this decides" not in said
