"""The questions one by one: what is due next, on the way forth and back."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.brief import parse, write
from advisor.brief.interview import Interview
from advisor.core.brief import Brief, questions
from advisor.core.errors import UsageError
from advisor.core.quantity import Range


def steps(interview: Interview, limit: int = 400) -> list[str]:
    """All steps to the end, each answered by what stands."""
    seen = []
    while step := interview.step():
        seen.append(step)
        interview.answer("")
        assert len(seen) < limit
    return seen


def until(interview: Interview, step: str) -> None:
    while interview.step() != step:
        assert interview.step()
        interview.answer("")


def test_only_what_matters_most_is_asked_unless_one_wants_more() -> None:
    seen = steps(Interview())
    asked = [s for s in seen if ":" not in s]
    assert all(questions()[s].basic for s in asked)
    assert "more:Traffic" in seen
    assert len(seen) < 45


def test_everything_that_makes_sense_is_asked_on_demand() -> None:
    seen = steps(Interview(everything=True))
    assert "team.hourly_usd" in seen
    assert "task.labels" not in seen
    assert not any(s.startswith("more:") for s in seen)


def test_nothing_answered_is_an_empty_brief() -> None:
    interview = Interview()
    steps(interview)
    assert interview.finished() == Brief()


def test_the_rest_of_a_group_follows_on_demand() -> None:
    interview = Interview()
    until(interview, "more:Traffic")
    interview.answer("yes")
    assert interview.step() == "traffic.growth_per_month"


def test_classes_are_asked_for_a_classification_only() -> None:
    interview = Interview()
    until(interview, "task.type")
    interview.answer("classification")
    assert interview.step() == "task.labels"


def test_back_returns_and_an_answer_can_be_changed() -> None:
    interview = Interview()
    assert not interview.back()
    until(interview, "traffic.static_tokens")
    interview.answer("1650")
    assert interview.back()
    assert interview.step() == "traffic.static_tokens"
    assert interview.standing("traffic.static_tokens") == ("1,650", "your answer")
    interview.answer("1700")
    assert interview.brief.traffic.static_tokens == Range.exact(1700)


def test_a_wrong_answer_leaves_the_question_due() -> None:
    interview = Interview()
    until(interview, "traffic.static_tokens")
    with pytest.raises(UsageError, match="is not a number"):
        interview.answer("many")
    assert interview.step() == "traffic.static_tokens"


def test_rows_are_asked_until_there_are_no_more() -> None:
    interview = Interview()
    until(interview, "row:segments[0]")
    for text in (
        "yes",
        "brands",
        "6",
        "70%",
        "1500",
        "40",
        "yes",
        "others",
        "",
        "30%",
        "",
        "",
        "no",
    ):
        interview.answer(text)
    assert [s.name for s in interview.brief.segments] == ["brands", "others"]
    assert interview.brief.segments[0].share == Range.exact(0.7)
    assert interview.step() == "quality.target"
    assert parse(write(interview.finished())).segments == interview.brief.segments


def test_a_row_says_what_it_needs_and_what_clashes() -> None:
    interview = Interview()
    until(interview, "row:segments[0]")
    interview.answer("yes")
    with pytest.raises(UsageError, match="cannot be left out"):
        interview.answer("")
    for text in ("brands", "", "0.7", "", "", "yes", "others", ""):
        interview.answer(text)
    with pytest.raises(UsageError, match=r"add up to 1\.7"):
        interview.answer("")
    assert interview.step() == "segments[1].share"


def test_a_row_left_half_way_is_not_kept() -> None:
    interview = Interview()
    until(interview, "row:quality.measured[0]")
    for text in ("yes", "tune", "lora", "m"):
        interview.answer(text)
    assert len(interview.brief.quality.measured) == 1
    assert interview.finished() == Brief()


def test_the_answers_of_a_brief_stand_and_are_kept() -> None:
    brief = parse('name = "a"\n[current]\nmodel = "m"\n[[segments]]\nname = "x"\nshare = 0.2')
    interview = Interview(brief)
    seen = steps(interview)
    assert {"segments[0].name", "row:segments[1]", "current.model"} <= set(seen)
    assert interview.finished() == brief


def test_declining_a_table_takes_it_back() -> None:
    interview = Interview(parse('[current]\nmodel = "m"'))
    until(interview, "table:current")
    interview.answer("no")
    steps(interview)
    assert interview.finished() == Brief()


def needed(interview: Interview, step: str) -> str:
    """An answer where one is needed, else none."""
    if ":" in step or not interview.question(step).required:
        return ""
    return {"choice": "hybrid" if "approach" in step else "full", "text": "m"}.get(
        interview.question(step).kind, "1"
    )


def test_every_step_has_words() -> None:
    interview = Interview(everything=True)
    while step := interview.step():
        assert interview.prompt(step).endswith("?")
        assert interview.help(step).endswith(".")
        assert interview.group(step) is not None
        opens = step.startswith(("table:", "row:segments[0]", "row:quality.measured[0]"))
        interview.answer("yes" if opens else needed(interview, step))


WORDS = (
    "",
    "",
    "",
    "y",
    "n",
    "<",
    "<",
    "5",
    "0.4",
    "0.9",
    "tune",
    "lora",
    "few-shot",
    "none",
    "a",
    "2026-11-20",
)
ANSWERS = st.sampled_from(WORDS)


@given(st.lists(ANSWERS, max_size=150), st.booleans())
def test_any_way_through_ends_in_a_brief_that_reads_back(
    answers: list[str], everything: bool
) -> None:
    interview = Interview(everything=everything)
    for text in answers:
        if not interview.step():
            break
        if text == "<":
            interview.back()
            continue
        with contextlib.suppress(UsageError):
            interview.answer(text)
    brief = interview.finished()
    again = parse(write(brief))
    assert again.origins.keys() == brief.origins.keys()
    assert again.traffic == brief.traffic
    assert again.segments == brief.segments
    assert again.quality == brief.quality
