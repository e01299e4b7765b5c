"""What a question takes where its declaration leaves it open."""

from __future__ import annotations

from dataclasses import dataclass, fields

import pytest

from advisor.core.quantity import Range
from advisor.core.question import Question, ask, spread


def declared(kind: str, **words: object) -> Question:
    @dataclass
    class Section:
        answer: object = ask("What?", "Help.", kind, None, **words)  # type: ignore[arg-type]

    question: Question = fields(Section)[0].metadata["question"]
    return question


@pytest.mark.parametrize(
    ("kind", "words", "low", "high", "unit"),
    [
        ("number", {}, None, 1e12, ""),
        ("number", {"low": 0.0, "high": 5.0, "unit": "USD"}, 0.0, 5.0, "USD"),
        ("whole", {}, None, 1e12, ""),
        ("whole", {"high": 0}, None, 0, ""),
        ("share", {}, 0.0, 1.0, "share"),
        ("share", {"low": -1.0, "high": 2.0, "unit": "share/month"}, -1.0, 2.0, "share/month"),
        ("score", {}, 0.0, 1.0, "score"),
        ("text", {}, None, None, ""),
        ("choice", {}, None, None, ""),
    ],
)
def test_numbers_and_shares_are_bounded(
    kind: str, words: dict[str, object], low: float | None, high: float | None, unit: str
) -> None:
    question = declared(kind, **words)
    assert (question.low, question.high, question.unit) == (low, high, unit)
    assert question.ranged is (kind in ("number", "share"))


def test_what_is_rare_is_off_and_every_assumption_is_registered() -> None:
    question = declared("text")
    flags = (question.basic, question.registered, question.zero_is_absent, question.required)
    assert flags == (False, True, False, False)
    assert question.source == "the form's neutral value"
    assert spread(1.0, 2.0, 4.0) == Range(1.0, 2.0, 4.0)
