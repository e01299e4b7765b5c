"""The brief as a value: every question is well formed, and answers come and go with their
origins.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import date

import pytest

from advisor.core.brief import LISTS, SECTIONS, Brief, Origin, Segment, questions
from advisor.core.quantity import Basis, Range

QUOTED = Origin(Basis.QUOTED, "a test", "2026-11-20")


def test_every_field_of_every_table_is_asked_for_once() -> None:
    named = [f.name for f in fields(Brief) if "question" in f.metadata]
    for table, section in {**SECTIONS, **{f"{name}[]": row for name, row in LISTS.items()}}.items():
        derived = (
            ("source", "as_of") if table == "quality.measured[]" else ("measured", "roles", "gates")
        )
        named += [f"{table}.{f.name}" for f in fields(section) if f.name not in derived]
    assert sorted(named) == sorted(questions())


def test_what_only_names_the_report_is_no_assumption_of_it() -> None:
    of_report = {key for key in questions() if "." not in key and "[" not in key}
    assert {key for key in of_report if questions()[key].registered} == {"as_of"}
    assert of_report == {"as_of", "name", "client", "author", "confidential"}
    assert Brief().confidential is False


@pytest.mark.parametrize("key", list(questions()))
def test_a_question_is_complete(key: str) -> None:
    question = questions()[key]
    assert question.key == key
    assert question.text.endswith("?")
    assert question.help.endswith(".")
    assert question.required or question.source or question.default in ("", "Untitled")
    assert bool(question.choices) == (question.kind == "choice")
    numeric = question.kind in ("number", "whole", "share", "score")
    assert (
        numeric == (question.low is not None) == (question.high is not None) == bool(question.unit)
    )


@pytest.mark.parametrize(
    "key", [k for k, q in questions().items() if q.ranged and q.default is not None]
)
def test_a_ranged_default_is_ordered_and_within_bounds(key: str) -> None:
    question = questions()[key]
    default = question.default
    assert isinstance(default, Range)
    assert question.low <= default.p10 <= default.p50 <= default.p90 <= question.high


def test_few_questions_are_basic() -> None:
    assert 12 <= sum(q.basic for q in questions().values()) <= 20


def test_a_default_is_assumed_with_the_source_of_its_question() -> None:
    held = Brief().quantity("hardware.electricity_usd_per_kwh")
    assert (held.basis, held.unit, held.as_of) == (Basis.ASSUMED, "USD/kWh", "2026-04-26")
    assert "EIA" in held.source


def test_an_answer_brings_its_origin_and_leaves_the_rest() -> None:
    brief = Brief().answered("traffic.static_tokens", Range.exact(7), QUOTED)
    assert brief.quantity("traffic.static_tokens").likely == 7
    assert brief.origin("traffic.static_tokens") == QUOTED
    assert brief.origin("traffic.input_tokens").basis is Basis.ASSUMED
    assert brief.traffic.input_tokens == Brief().traffic.input_tokens


def test_taking_an_answer_back_restores_the_default() -> None:
    brief = (
        Brief()
        .answered("traffic.static_tokens", Range.exact(7), QUOTED)
        .without("traffic.static_tokens")
    )
    assert brief == Brief()


def test_an_answer_makes_its_optional_table_and_taking_the_table_back_removes_it() -> None:
    brief = Brief().answered("current.ends", date(2027, 1, 14), QUOTED)
    assert brief.current is not None
    assert brief.current.ends == date(2027, 1, 14)
    assert brief.without("current") == Brief()


def test_taking_a_list_back_takes_the_origins_of_its_rows() -> None:
    rows = Brief().answered("segments", (Segment(name="a"),), QUOTED)
    brief = rows.answered("name", "x", QUOTED)
    assert brief.without("segments").origins.keys() == {"name"}
    assert brief.without("segments").segments == ()


def test_what_stands_in_an_absent_table_is_unknown_with_the_reason() -> None:
    assert Brief().get("retrieval.tokens") is None
    held = Brief().quantity("retrieval.tokens")
    assert not held.range.is_known
    assert held.reason == "the brief has no [retrieval]"


def test_a_value_derived_elsewhere_is_unknown_with_the_reason() -> None:
    held = Brief().quantity("data.tokens_per_example")
    assert not held.range.is_known
    assert "static prompt" in held.reason


def test_the_origin_of_a_row_is_found_by_its_question() -> None:
    assert Brief().origin("segments[3].share").source == "the whole traffic"


@pytest.mark.parametrize(
    "key", ["traffic.requests", "nothing", "name.client", "segments[0].share", "folder", ""]
)
def test_a_key_that_does_not_exist_is_an_error(key: str) -> None:
    with pytest.raises(KeyError):
        Brief().without(key)


@pytest.mark.parametrize("key", ["traffic.requests", "retrieval.words", "name.client"])
def test_looking_at_a_key_that_does_not_exist_is_an_error(key: str) -> None:
    with pytest.raises(KeyError):
        Brief().get(key)


def test_only_a_screen_of_questions_is_basic() -> None:
    basic = [key for key, question in questions().items() if question.basic]
    assert 8 <= len(basic) <= 30
    assert {"task.type", "traffic.requests_per_month", "quality.target"} <= set(basic)
    assert "hardware.watts" not in basic


def test_a_plain_number_is_a_quantity_without_spread() -> None:
    months = Brief().quantity("budget.horizon_months")
    assert (months.range, months.unit) == (Range(12.0, 12.0, 12.0), "months")
    assert isinstance(months.range.p50, float)
