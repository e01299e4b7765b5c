"""Answers checked one by one."""

from __future__ import annotations

from dataclasses import fields
from typing import get_type_hints

import pytest

from advisor.brief.values import RefusedAnswer, checked
from advisor.core.brief import LISTS, SECTIONS, Brief, questions
from advisor.core.question import Kind

NUMERIC = {Kind.NUMBER, Kind.SHARE, Kind.SCORE, Kind.WHOLE}


@pytest.mark.parametrize("amount", [5e-324, 1e-300, 9e-10])
def test_a_tiny_amount_is_refused_with_the_least_one(amount: float) -> None:
    question = questions()["hardware.usd_per_hour"]
    with pytest.raises(RefusedAnswer, match="is impossible; give 0, or 1e-09 and more"):
        checked(question, amount)
    assert checked(question, 1e-9).p50 == 1e-9


@pytest.mark.parametrize("section", [Brief, *SECTIONS.values(), *LISTS.values()])
def test_an_answer_has_the_type_that_its_field_declares(section: type) -> None:
    declared = get_type_hints(section)
    for question_field in fields(section):
        question = question_field.metadata.get("question")
        if question is None or question.kind not in NUMERIC:
            continue
        number = question.high if question.high is not None and question.high < 1 else 1.0
        assert isinstance(checked(question, number), declared[question_field.name]), question.text
