"""The usual questions, each with the number of a figure."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from advisor.core import format as fmt
from advisor.core.figure import Figure
from advisor.core.option import Estimate, Option
from advisor.core.quantity import Basis, Quantity, Range
from advisor.core.verdict import Consideration
from advisor.decide.considerations import Matter, considerations
from advisor.decide.ranking import Ranking, rank
from tests.options import brief, estimated, prompt, rented


def answers(*options: Estimate, **changes: object) -> dict[str, Consideration]:
    case = brief(**changes)
    ranking = rank(options, case, 101)
    return {c.question: c for c in considerations(Matter(case, ranking, options))}


def pair(**changes: object) -> tuple[Estimate, Estimate]:
    case = brief(**changes)
    return (
        estimated(prompt("batch"), case, rows=101, seed=7, quality=0.85),
        estimated(rented(), case, rows=101, seed=7, quality=0.91),
    )


def test_every_question_has_a_number_and_an_answer_with_one() -> None:
    found = answers(*pair())
    assert len(found) == 9
    assert all(c.value is not None and any(x.isdigit() for x in c.answer) for c in found.values())


def test_questions_come_in_the_order_in_which_one_asks_them() -> None:
    assert list(answers(*pair()))[:3] == [
        *(
            "Is a quick customisation enough?",
            "Is the domain specialised?",
            "Is it bound by cost?",
        ),
    ]


def test_numbers_are_those_of_the_figures() -> None:
    prompted, tuned = pair()
    found = answers(prompted, tuned)
    assert found["Is the domain specialised?"].value == pytest.approx(0.06)
    assert found["Are there enough good data?"].value == 18_000
    assert found["Will it forget other skills?"].value == tuned["quality.forgetting"].value
    assert found["Is a quick customisation enough?"].unit == "weeks"


def test_knowledge_that_changes_is_counted_with_the_part_that_rests_on_it() -> None:
    changes = {"task__factual_share": 0.5, "task__knowledge_change_per_month": 0.2}
    found = answers(*pair(**changes), **changes)["Does its knowledge change?"]
    assert found.value == pytest.approx(0.1)
    assert "out of date" in found.answer


def test_without_a_tuned_option_nothing_is_said_of_training() -> None:
    found = answers(pair()[0])
    assert not {"Will it overfit?", "Are there enough good data?"} & set(found)


@pytest.mark.parametrize(("tasks", "words"), [(1, "1 tuned model on"), (3, "3 tuned models on")])
def test_tuned_models_are_counted(tasks: int, words: str) -> None:
    changes = {"task__tasks_sharing_model": tasks}
    found = answers(*pair(**changes), **changes)["Do several tasks share one model?"]
    assert words in found.answer
    assert found.value == tasks


def test_a_further_model_costs_its_people_and_its_share_of_a_run() -> None:
    changes = {"task__tasks_sharing_model": 4, "team__adapter_hours": 10, "team__hourly_usd": 110}
    prompted, tuned = pair(**changes)
    job = tuned["train.run_usd"].value
    assert job > 1
    answer = answers(prompted, tuned, **changes)["Do several tasks share one model?"].answer
    assert answer.endswith(f"$1,100 of people and {fmt.money(job / 4)} for each run")


def test_what_a_tuned_model_no_longer_knows_is_stated_beside_the_change() -> None:
    changes = {"task__factual_share": 0.5, "task__knowledge_change_per_month": 0.2}
    prompted, tuned = pair(**changes)
    stale = fmt.share(tuned["quality.stale_share"].value, 1)
    found = answers(prompted, tuned, **changes)["Does its knowledge change?"].answer
    assert f"{stale} of those of {tuned.option.id} are out of date" in found
    alone = answers(prompted, **changes).get("Does its knowledge change?")
    assert alone is None or "of those of" not in alone.answer


PROMPT = Option("prompt", "few-shot", "large")
TUNE = Option("tune", "lora", "small")


def drawn(option: Option, **values: float) -> Estimate:
    """Five draws around each value, its median; the likely case is far off."""
    usual = {"run.total": 100.0, "time.weeks": 2.0, "quality.score": 0.8} | values
    rows = {k: np.array([50 * v, v, 0.9 * v, 1.1 * v, v, 1.2 * v]) for k, v in usual.items()}
    return Estimate(option, {k: Figure(r, "USD", k, source="a study") for k, r in rows.items()})


def single(option: Option, **values: float) -> Estimate:
    """The same with further figures, each a plain number; `__` stands for a dot."""
    own = {k.replace("__", "."): v for k, v in values.items()}
    plain = {k: Figure(v, "share", k, source="a study") for k, v in own.items()}
    return Estimate(option, {**drawn(option).figures, **plain})


def asked(
    *estimates: Estimate, meets: tuple[float, ...] = (1.0, 1.0), **changes: object
) -> dict[str, Consideration]:
    """Options that keep the limits in so many of 100 draws, the first named."""
    size = 101
    kept = np.arange(-1, 100)[:, None] < np.array([round(100 * m) for m in meets[: len(estimates)]])
    every = np.ones_like(kept)
    cost = np.tile([100.0, 200.0, 300.0][: len(estimates)], (size, 1))
    options = tuple(e.option for e in estimates)
    ranking = Ranking(options, cost, cost, cost * 0 + 0.9, kept, kept, every, every, named=0)
    labels = {TUNE.skill: Quantity(Range(1e3, 25_432.0, 9e4), "labels", Basis.MODELLED, "", "")}
    subject = Matter(brief(**{"quality__target": 0.9} | changes), ranking, estimates, labels)
    return {c.question: c for c in considerations(subject)}


@pytest.mark.parametrize(
    ("target", "limits"), [(0.0, ""), (0.9, "; it keeps the limits in 30 of 100 draws")]
)
def test_a_quick_customisation_is_its_weeks_its_score_and_its_chance(
    target: float, limits: str
) -> None:
    found = asked(drawn(PROMPT), drawn(TUNE), meets=(0.3, 0.9), quality__target=target)
    answer = found["Is a quick customisation enough?"]
    assert answer.answer == (
        f"prompt/few-shot@large is ready in 2 weeks, with an expected score of 0.800{limits}"
    )
    assert (answer.value, answer.unit) == (2.0, "weeks")


@pytest.mark.parametrize(
    ("tuned", "specificity", "words"),
    [
        (0.85, "auto", "not measured; training is expected to gain 5.0 points over"),
        (0.8, "high", "called high; training is expected to gain 0.0 points over"),
        (0.7, "low", "called low; training is expected to lose 10.0 points over"),
    ],
)
def test_the_domain_is_what_training_gains(tuned: float, specificity: str, words: str) -> None:
    pair = (drawn(PROMPT), drawn(TUNE, **{"quality.score": tuned}))
    found = asked(*pair, task__domain_specificity=specificity)["Is the domain specialised?"]
    assert f"Its language is {words} the best prompt" == found.answer
    assert found.value == pytest.approx(tuned - 0.8)


@pytest.mark.parametrize(
    ("in_hand", "target", "words"),
    [
        (
            18_000.0,
            0.9,
            "; tune/lora@small keeps the limits in 40 of 100 draws; the target takes about 25,400",
        ),
        (25_432.0, 0.9, "; tune/lora@small keeps the limits in 40 of 100 draws"),
        (25_432.0, 0.0, ""),
    ],
)
def test_data_are_counted_against_what_the_target_takes(
    in_hand: float, target: float, words: str
) -> None:
    found = asked(
        drawn(PROMPT), drawn(TUNE), meets=(0.9, 0.4), data__examples=in_hand, quality__target=target
    )["Are there enough good data?"]
    assert found.answer == f"{in_hand:,.0f} labels are in hand{words}"
    assert (found.value, found.unit) == (in_hand, "labels")


@pytest.mark.parametrize(
    ("limit", "rival", "words"),
    [
        (None, 300.0, "; no monthly budget is set"),
        (400.0, 300.0, ", 25 % of the monthly budget"),
        (0.0, 300.0, "; no monthly budget is set"),
        (None, 50.0, "; no monthly budget is set; the cheapest is tune/lora@small, at $50"),
    ],
)
def test_cost_is_a_share_of_the_budget_and_beside_the_cheapest(
    limit: float | None, rival: float, words: str
) -> None:
    pair = (drawn(PROMPT), drawn(TUNE, **{"run.total": rival}))
    unknown = single(replace(TUNE, model="nameless"), run__total=float("nan"))
    case = {} if limit is None else {"budget__monthly_usd": limit}
    found = asked(*pair, unknown, meets=(1.0, 1.0, 1.0), **case)["Is it bound by cost?"]
    assert found.answer == f"prompt/few-shot@large costs $100 per month{words}"
    assert found.value == 100.0
    open_ = single(PROMPT, run__total=float("nan"))
    assert "Is it bound by cost?" not in asked(open_, drawn(TUNE))


@pytest.mark.parametrize("change", [0.0, 0.02])
def test_knowledge_is_the_share_that_changes(change: float) -> None:
    facts = {"task__factual_share": 0.5, "task__knowledge_change_per_month": change}
    question = "Does its knowledge change?"
    tuned = single(TUNE, quality__stale_share=0.034)
    both = asked(drawn(PROMPT), tuned, **facts)[question]
    alone = asked(tuned, **facts)[question]
    fresh = asked(drawn(PROMPT), drawn(TUNE), **facts)[question]
    if not change:
        assert both.answer == alone.answer == "0 % of the answers change per month"
        assert both.value == 0.0
        return
    stale = "; 3.4 % of those of tune/lora@small are out of date"
    prompt_can = "; a prompt, or documents that are looked up, can follow each change"
    first = "1.0 % of the answers go out of date per month"
    assert both.answer == f"{first}{stale}{prompt_can}"
    assert alone.answer == f"{first}{stale}"
    assert fresh.answer == f"{first}{prompt_can}"
    assert both.value == pytest.approx(0.01)


def test_a_score_varies_between_wordings_and_repeats() -> None:
    question = "How consistent is it?"
    prompted = single(PROMPT, quality__wording_spread=0.03, quality__repeat_spread=0.01)
    tuned = single(TUNE, quality__repeat_spread=0.02)
    both = asked(prompted, tuned)[question]
    assert both.answer == (
        "The score of a prompt varies by 3.0 points between wordings and 1.0 points between "
        "repeats; the score of a tuned model varies by 2.0 points between repeats"
    )
    assert both.value == 0.03
    assert question not in asked(drawn(PROMPT), single(TUNE, quality__wording_spread=0.02))
    assert asked(single(TUNE, quality__wording_spread=0.02))[question].value == 0.02
    assert question not in asked(drawn(PROMPT), drawn(TUNE))


def test_training_may_overfit_or_forget() -> None:
    found = asked(single(TUNE, quality__below_prompt=0.12, quality__forgetting=0.04))
    assert found["Will it overfit?"].answer == (
        "With so many labels, training ended below the best prompt in 12 % of cases; source: "
        "a study"
    )
    assert found["Will it forget other skills?"].answer == (
        "4.0 points were lost on general tests; source: a study"
    )
    assert not {"Will it overfit?", "Will it forget other skills?"} & set(asked(drawn(TUNE)))


@pytest.mark.parametrize(("named", "speaks"), [(0, "small"), (1, "other")])
def test_the_named_option_of_an_approach_speaks_for_it_else_the_cheapest(
    named: int, speaks: str
) -> None:
    """What is in place speaks for none."""
    options = (TUNE, replace(TUNE, model="other"), replace(PROMPT, as_is=True))
    estimates = tuple(drawn(o) for o in options)
    every = np.ones((11, 3), dtype=bool)
    cost = np.tile([100.0, 200.0, 50.0], (11, 1))
    ranking = Ranking(options, cost, cost, cost, every, every, every, every, named=named)
    matter = Matter(brief(), ranking, estimates)
    best = matter.best("tune", "hybrid")
    assert best is not None
    assert best.option.model == speaks
    assert matter.best("prompt") is None
    other = Matter(brief(), replace(ranking, named=2), estimates).best("tune")
    assert other is estimates[0]
