"""No brief breaks the program: it is refused in one line, or its verdict is finite and in order.

The short run here is seeded. `make fuzz` runs as many as FUZZ_EXAMPLES says.
"""

from __future__ import annotations

import dataclasses
import math
import os
import warnings
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import tomlkit
from hypothesis import HealthCheck, find, given, seed, settings
from hypothesis import strategies as st

from advisor import pipeline
from advisor.brief import parse
from advisor.core.brief import Brief
from advisor.core.errors import AdvisorError, UsageError
from advisor.core.quantity import Range
from advisor.core.verdict import Verdict
from advisor.facts import load
from tests.fuzz.strategies import documents

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0"))
SURROUNDINGS = pipeline.Surroundings(load(), None, None, None, None, (), (), ())
RELAXED = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def runs(short: int, share: float = 1.0) -> settings:
    count = round(EXAMPLES * share) or short
    return settings(max_examples=count, deadline=None, suppress_health_check=RELAXED)


def as_toml(document: dict[str, Any]) -> str:
    try:
        return tomlkit.dumps(document)
    except (ValueError, TypeError):  # a text that TOML cannot hold
        return ""


def check_refusal(error: AdvisorError) -> None:
    text = str(error)
    assert "\n" not in text
    assert text.isprintable()
    assert text.startswith("fuzz.toml: ")
    assert len(text) < 700


@seed(20261127)
@runs(80)
@given(documents())
def test_a_brief_is_read_or_refused_in_one_line(document: dict[str, Any]) -> None:
    refusals = []
    try:
        parse(as_toml(document), name="fuzz.toml")
    except UsageError as error:
        refusals.append(error)
    for error in refusals:
        check_refusal(error)


@seed(20261127)
@runs(120)
@given(st.text(st.characters(codec="utf-8"), max_size=60) | st.text("[]{}.=\"'#a1 \n", max_size=80))
def test_any_text_is_read_or_refused_in_one_line(text: str) -> None:
    refusals = []
    try:
        parse(text, name="fuzz.toml")
    except UsageError as error:
        refusals.append(error)
    for error in refusals:
        check_refusal(error)


@seed(20261127)
@runs(8, share=0.05)
@given(documents(wrong=False))
def test_a_verdict_is_finite_and_in_order(document: dict[str, Any]) -> None:
    brief = proper_brief(document)
    if brief is None:
        return
    outcome = judged(brief)
    if isinstance(outcome, Verdict):
        check(outcome)
    else:
        assert "\n" not in str(outcome)


def judged(brief: Brief) -> Verdict | UsageError:
    """The verdict, with warnings of arithmetic as errors; or why there is none."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return pipeline.judge(brief, SURROUNDINGS, draws=500, deep=False)
        except pipeline.NothingLeft as stop:
            return stop.verdict
        except UsageError as error:
            return error


def proper_brief(document: dict[str, Any]) -> Brief | None:
    """The brief of a document whose answers are each possible; None where two contradict."""
    document.setdefault("as_of", date(2026, 11, 20))
    try:
        return parse(as_toml(document), name="fuzz.toml")
    except UsageError:
        return None


def check(verdict: Verdict) -> None:
    for place, number in numbers(verdict, "verdict"):
        assert math.isfinite(number), place
    for place, interval in ranges(verdict, "verdict"):
        known = [p for p in (interval.p10, interval.p50, interval.p90) if p is not None]
        assert known == sorted(known), place
    assert 0.0 <= verdict.p_best <= 1.0
    if verdict.arms:
        assert sum(arm.p_best for arm in verdict.arms) == pytest.approx(1.0, abs=0.01)
    for arm in verdict.arms:
        for cost in (arm.one_off_usd, arm.monthly_usd):
            assert cost.p10 is None or cost.p10 >= -1e-6, arm.id


def numbers(record: Any, place: str) -> Iterator[tuple[str, float]]:
    if isinstance(record, float):
        yield place, record
    for name, part in parts(record):
        yield from numbers(part, f"{place}.{name}")


def ranges(record: Any, place: str) -> Iterator[tuple[str, Range]]:
    if isinstance(record, Range):
        yield place, record
    for name, part in parts(record):
        yield from ranges(part, f"{place}.{name}")


def parts(record: Any) -> Iterator[tuple[str, Any]]:
    if dataclasses.is_dataclass(record) and not isinstance(record, type):
        for field in dataclasses.fields(record):
            yield field.name, getattr(record, field.name)
    elif isinstance(record, tuple):
        for i, part in enumerate(record):
            yield str(i), part


def test_the_strategies_reach_verdicts_and_refusals() -> None:
    """Or the tests above would pass without having seen a brief."""
    few = settings(max_examples=200, deadline=None, database=None, suppress_health_check=RELAXED)
    assert find(documents(wrong=False), lambda d: proper_brief(d) is not None, settings=few)
    assert find(documents(), lambda d: bool(d) and proper_brief(d) is None, settings=few)
