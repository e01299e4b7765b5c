"""What a run of prompts may spend, to the cent."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from advisor.calibrate.quality_records import PromptsSpec
from advisor.calibrate.worker.budget import (
    SpendingLimit,
    billed_usd,
    most_usd,
    prompt_tokens_at_most,
    tokens_at_most,
)

SPEC = PromptsSpec("http://x", "m", input_usd=3.0, output_usd=15.0, max_tokens=100)
MESSAGES = [{"content": "x" * 30}, {"content": "é" * 15}]
"""30 bytes each: 10 tokens and 8 for the message."""


def limit(usd: float | None) -> tuple[SpendingLimit, list[str]]:
    asked: list[str] = []
    return SpendingLimit(usd, SimpleNamespace(ask=asked.append)), asked  # type: ignore[arg-type]


def answer(request: str, usd: float | None) -> Any:
    return SimpleNamespace(request=request, usd=usd)


def test_tokens_at_most_are_a_third_of_the_bytes_and_eight_for_each_message() -> None:
    assert tokens_at_most("x" * 30) == tokens_at_most("é" * 15) == 18.0
    assert prompt_tokens_at_most(MESSAGES) == 36.0


def test_a_call_costs_at_most_its_prompt_and_the_longest_answer() -> None:
    assert most_usd(SPEC, MESSAGES) == pytest.approx((36 * 3 + 100 * 15) / 1e6)
    assert most_usd(SPEC, MESSAGES, 700) == pytest.approx((36 * 3 + 700 * 15) / 1e6)
    assert most_usd(PromptsSpec("http://x", "m"), MESSAGES) == 0.0


@pytest.mark.parametrize(
    ("prompt", "completion", "usd", "is_estimated"),
    [
        (50, 7, (50 * 3 + 7 * 15) / 1e6, False),
        (0, 0, 0.0, False),
        (None, 7, (36 * 3 + 10 * 15) / 1e6, True),  # 6 bytes ÷ 3 + 8
        (50, None, (36 * 3 + 10 * 15) / 1e6, True),
    ],
)
def test_tokens_that_no_server_counts_are_estimated_here(
    prompt: int | None, completion: int | None, usd: float, is_estimated: bool
) -> None:
    found, estimated = billed_usd(SPEC, MESSAGES, prompt, completion, "billed")
    assert (found, estimated) == (pytest.approx(usd), is_estimated)


def test_an_answer_counts_once() -> None:
    spent, _ = limit(1.0)
    for row in (answer("a", 0.25), answer("a", 0.25), answer("b", 0.5), answer("c", None)):
        spent.count(row)
    assert spent.spent_usd == 0.75


def test_no_call_starts_that_could_pass_the_limit() -> None:
    spent, asked = limit(1.0)
    spent.count(answer("a", 0.25))
    assert spent.reserve(1, 0.5)
    assert spent.reserve(2, 0.25)  # exactly used up
    assert not spent.reserve(3, 0.01)
    assert asked == []  # calls are under way: one of them may cost less
    spent.release(1)
    assert spent.reserve(3, 0.5)
    spent.release(2)
    spent.release(3)
    spent.release(3)
    assert not spent.reserve(4, 0.76)
    assert asked == ["its dollars are used up: $0.2500 spent"]


def test_without_a_limit_every_call_starts() -> None:
    spent, asked = limit(None)
    assert spent.reserve(1, 1e9)
    assert asked == []
