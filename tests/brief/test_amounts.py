"""Amounts as people type them: words, currencies and periods around a number."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.brief import format_answer, parse_answer
from advisor.brief.values import SMALLEST
from advisor.core.brief import questions
from advisor.core.errors import UsageError
from advisor.core.quantity import Range

BILL = "current.monthly_usd"
VOLUME = "traffic.requests_per_month"


@pytest.mark.parametrize(
    ("key", "text", "expected"),
    [
        (BILL, "60k a year", 5000.0),
        (BILL, "60k USD a year", 5000.0),
        (BILL, "60k USD per year", 5000.0),
        (BILL, "$60,000/year", 5000.0),
        (BILL, "60 k yearly", 5000.0),
        (BILL, "60k p.a.", 5000.0),
        (BILL, "about $5k per month", 5000.0),
        (BILL, "5,000 USD/month", 5000.0),
        (BILL, "5000 dollars a month", 5000.0),
        (BILL, "70k a year", 5833.33),
        (VOLUME, "1.2 million", 1.2e6),
        (VOLUME, "1.2 million tickets a month", 1.2e6),
        (VOLUME, "1.2M tickets per month", 1.2e6),
        (VOLUME, "40k requests a day", 1_216_670.0),
        (VOLUME, "14.4 million a year", 1.2e6),
        ("data.examples", "3,000 labelled rows", None),
        ("data.examples", "3,000 rows", 3000.0),
        ("task.labels", "40 intents", 40.0),
        ("traffic.max_latency_seconds", "2 s", 2.0),
        ("traffic.max_latency_seconds", "2s", 2.0),
        ("traffic.max_latency_seconds", "800 ms", 0.8),
        ("traffic.max_latency_seconds", "2 seconds", 2.0),
        ("budget.weeks", "3 months", 13.0357),
    ],
)
def test_words_around_a_number(key: str, text: str, expected: float | None) -> None:
    if expected is None:
        with pytest.raises(UsageError):
            parse_answer(questions()[key], text)
        return
    answer = parse_answer(questions()[key], text)
    likely = answer.p50 if isinstance(answer, Range) else answer
    assert likely == pytest.approx(expected, rel=1e-5)


def test_a_period_counts_for_the_whole_range() -> None:
    answer = parse_answer(questions()[BILL], "48k..72k a year")
    assert answer == Range(4000.0, 5000.0, 6000.0)


@pytest.mark.parametrize("text", ["60k a decade", "60k EUR a year", "12 apples", "a year", "$"])
def test_what_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_answer(questions()[BILL], text)


def test_a_period_is_refused_where_the_question_has_none() -> None:
    with pytest.raises(UsageError):
        parse_answer(questions()["budget.one_off_usd"], "40k a year")


@given((st.just(0.0) | st.floats(SMALLEST, 1e9)).map(lambda value: float(f"{value:.6g}")))
def test_what_is_shown_is_read_back(value: float) -> None:
    question = questions()[BILL]
    answer = parse_answer(question, repr(value))
    assert parse_answer(question, format_answer(question, answer)) == answer
