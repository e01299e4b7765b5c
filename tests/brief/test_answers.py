"""What a person types, and what is refused in plain words."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from advisor.brief import format_answer, parse_answer, with_answers
from advisor.core.brief import Brief, questions
from advisor.core.errors import UsageError
from advisor.core.quantity import Basis, Range

REQUESTS = "traffic.requests_per_month"
exact = Range.exact


@pytest.mark.parametrize(
    ("key", "typed", "value"),
    [
        (REQUESTS, "3M", exact(3_000_000)),
        (REQUESTS, " 3.0 M ", exact(3_000_000)),
        (REQUESTS, "3_000_000", exact(3_000_000)),
        (REQUESTS, "3,000,000", exact(3_000_000)),
        (REQUESTS, "3e6", exact(3_000_000)),
        (REQUESTS, "12k", exact(12_000)),
        (REQUESTS, "1.5bn", exact(1_500_000_000)),
        (REQUESTS, "2 million", exact(2_000_000)),
        (REQUESTS, "2.4M..3.6M", Range(2.4e6, 3.0e6, 3.6e6)),
        (REQUESTS, "2.4..3.6M", Range(2.4e6, 3.0e6, 3.6e6)),
        (REQUESTS, "2.4 M – 3.6 M", Range(2.4e6, 3.0e6, 3.6e6)),
        (REQUESTS, "2.4M to 3.6M", Range(2.4e6, 3.0e6, 3.6e6)),
        (REQUESTS, "2.4M-3.6M", Range(2.4e6, 3.0e6, 3.6e6)),
        (REQUESTS, "2.4M 2.9M 3.6M", Range(2.4e6, 2.9e6, 3.6e6)),
        (REQUESTS, "2.4M, 2.9M, 3.6M", Range(2.4e6, 2.9e6, 3.6e6)),
        (REQUESTS, "1,000 .. 2,000", Range(1000, 1500, 2000)),
        (REQUESTS, "900..1k", Range(900, 950, 1000)),
        ("team.hourly_usd", "$110", exact(110)),
        ("team.hourly_usd", "95.5", exact(95.5)),
        ("traffic.retry_rate", "3%", exact(0.03)),
        ("traffic.retry_rate", "0.07", exact(0.07)),
        ("traffic.retry_rate", "1..10%", Range(0.01, 0.055, 0.1)),
        ("traffic.growth_per_month", "-2%", exact(-0.02)),
        ("quality.expected_uplift", "-0.03..0.07", Range(-0.03, 0.02, 0.07)),
        ("quality.expected_uplift", "-3 – 2 – 7 %", Range(-0.03, 0.02, 0.07)),
        ("quality.target", "90%", 0.9),
        ("quality.target", ".905", 0.905),
        ("hardware.count", "8", 8),
        ("hardware.watts", "0", None),
        ("hardware.usd_per_hour", "0", exact(0)),
        ("policy.data_may_leave", "No", False),
        ("policy.data_may_leave", "y", True),
        ("task.type", "Extraction", "extraction"),
        ("task.type", "sum", "summarisation"),
        ("as_of", "2026-11-20", date(2026, 11, 20)),
        ("models.tune", "a, 'b c'", ("a", "b c")),
        ("models.tune", "none", ()),
        ("name", "  A name ", "A name"),
    ],
)
def test_a_typed_answer_is_understood(key: str, typed: str, value: Any) -> None:
    assert parse_answer(questions()[key], typed) == value


@pytest.mark.parametrize("typed", ["", "  ", "?"])
@pytest.mark.parametrize("key", [REQUESTS, "name", "models.tune", "as_of", "policy.data_may_leave"])
def test_nothing_and_a_question_mark_mean_left_out(key: str, typed: str) -> None:
    assert parse_answer(questions()[key], typed) is None


@pytest.mark.parametrize(
    ("key", "typed", "words"),
    [
        (
            REQUESTS,
            "many",
            "'many' is not a number; write 0 to 1,000,000,000,000, a short form",
        ),
        (REQUESTS, "3X", "'3X' is not a number"),
        (REQUESTS, "-5", "-5 is impossible; give 0 to 1,000,000,000,000"),
        (REQUESTS, "5%", "'5%' has a % sign, but this is a number of requests/month"),
        (REQUESTS, "3M..2M", "the range 3,000,000 – 2,500,000 – 2,000,000 is out of order"),
        (REQUESTS, "1 2 3 4", "has more than three numbers"),
        (REQUESTS, "2000bn", "is impossible; give 0 to 1,000,000,000,000"),
        (REQUESTS, "1e999999999", "is too long or too large"),
        (REQUESTS, "9" * 300, "is not a number"),
        (REQUESTS, "nan", "'nan' is not a number"),
        (REQUESTS, "3\x1b[2J", "'3\\x1b[2J' is not a number"),
        ("traffic.retry_rate", "15", "15 is impossible; give 0 to 1 (for 15 % write 0.15)"),
        ("quality.target", "0.8..0.9", "takes one number, not a range"),
        ("hardware.count", "2.5", "2.5 is not a whole number"),
        ("policy.data_may_leave", "perhaps", "'perhaps' is neither yes nor no"),
        ("task.type", "e-mail", "'e-mail' is not one of classification"),
        ("as_of", "tomorrow", "needs a date, not the text 'tomorrow'"),
        ("as_of", "2026-02-30", "not a calendar date"),
    ],
)
def test_a_wrong_answer_is_refused_in_plain_words(key: str, typed: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_answer(questions()[key], typed)
    assert str(caught.value).startswith(f"{key}: ")
    assert words in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        (REQUESTS, exact(3_000_000), "3.0 M"),
        (REQUESTS, exact(3_141_592), "3,141,592"),
        (REQUESTS, Range(2.4e6, 3.0e6, 3.6e6), "2.4 M – 3.6 M"),
        (REQUESTS, Range(2.4e6, 2.9e6, 3.6e6), "2.4 M – 2.9 M – 3.6 M"),
        ("traffic.retry_rate", exact(0.07), "7 %"),
        ("quality.target", 0.905, "0.905"),
        ("data.examples", exact(18_000), "18,000"),
        ("hardware.usd_per_hour", exact(1.861), "1.861"),
        ("policy.data_may_leave", False, "no"),
        ("models.prompt", (), "none"),
        ("models.prompt", ("a", "b"), "a, b"),
        ("models.prompt", None, ""),
        ("as_of", date(2026, 11, 20), "2026-11-20"),
    ],
)
def test_a_value_is_shown_short_and_exact(key: str, value: Any, words: str) -> None:
    assert format_answer(questions()[key], value) == words


def test_settings_answer_questions_and_say_so() -> None:
    brief = with_answers(
        Brief(), ["as_of=2026-11-20", "traffic.requests_per_month=3M", "models.tune=none"]
    )
    assert brief.traffic.requests_per_month == exact(3_000_000)
    assert brief.models.tune == ()
    origin = brief.origin("traffic.requests_per_month")
    assert (origin.basis, origin.as_of) == (Basis.QUOTED, "2026-11-20")
    assert "--set" in origin.source


def test_an_empty_setting_takes_an_answer_back() -> None:
    assert (
        with_answers(with_answers(Brief(), ["quality.target=0.9"]), ["quality.target="]) == Brief()
    )


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        (
            "traffic.request_per_month=3",
            "did you mean 'traffic.requests_per_month'",
        ),
        ("static_tokens=3", "did you mean 'traffic.static_tokens' or 'tuning.static_tokens'?"),
        ("tuning.requests_per_month=3", "did you mean 'traffic.requests_per_month'?"),
        ("xyzzy=3", "unknown key xyzzy; see docs/reference/brief.md"),
        ("segments[].share=0.3", "unknown key segments[].share"),
        ("traffic.static_tokens", "has no '='; write KEY=VALUE"),
        ("traffic.static_tokens=x", "traffic.static_tokens: 'x' is not a number"),
        (
            "traffic.shared_tokens=2M",
            "traffic.shared_tokens: 2,000,000 is more than traffic.static_tokens = 500",
        ),
    ],
)
def test_a_wrong_setting_is_refused(setting: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        with_answers(with_answers(Brief(), ["traffic.static_tokens=500"]), [setting])
    assert words in str(caught.value)


def test_a_range_whose_last_unit_would_spread_is_written_in_full() -> None:
    question = questions()["traffic.static_tokens"]
    held = Range(1.0, 1.0, 1_250_000.0)
    assert format_answer(question, held) == "1 – 1 – 1,250,000"
    assert parse_answer(question, format_answer(question, held)) == held


@pytest.mark.parametrize(
    ("setting", "hint"),
    [
        ("policy.on_premises=true", "write policy.data_may_leave=false"),
        ("quality.measured=0.8", r"write \[\[quality.measured\]\] in the file of the brief"),
        ("policy=strict", r"write \[policy\] in the file of the brief"),
        ("task.output=sql", "for sql choose 'short-text'"),
    ],
)
def test_a_refused_setting_names_what_says_it_here(setting: str, hint: str) -> None:
    with pytest.raises(UsageError, match=hint):
        with_answers(Brief(), [setting])


@pytest.mark.parametrize("typed", ["5.000", "150.000", "2.500..5.000"])
def test_a_point_between_thousands_is_refused_where_things_are_counted(typed: str) -> None:
    with pytest.raises(UsageError, match="may mean"):
        parse_answer(questions()[REQUESTS], typed)
    assert parse_answer(questions()["traffic.max_latency_seconds"], "1.500") == exact(1.5)
    assert parse_answer(questions()[REQUESTS], "1.500M") == exact(1_500_000)
