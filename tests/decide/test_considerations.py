"""The usual questions, each with the number of a figure."""

from __future__ import annotations

import pytest

from advisor.core import format as fmt
from advisor.core.option import Estimate
from advisor.core.verdict import Consideration
from advisor.decide.considerations import Matter, considerations
from advisor.decide.ranking import rank
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
