"""No brief breaks the program: it is refused in one line, or its verdict is finite and in order.

`make test` tries few, always the same; `make fuzz` as many new ones as FUZZ_EXAMPLES says, counts
printed as it goes.
"""

from __future__ import annotations

import random
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import tomlkit
from hypothesis import find, given, note, settings
from hypothesis import strategies as st

from advisor import pipeline
from advisor.brief import parse
from advisor.brief.values import SMALLEST
from advisor.core.brief import Brief, questions
from advisor.core.errors import UsageError
from advisor.core.question import Kind
from advisor.core.verdict import Verdict
from advisor.facts import load
from tests.fuzz.invariants import EXAMPLES, RELAXED, answer_or_refusal, check_numbers, runs
from tests.fuzz.strategies import documents
from tests.fuzz.variation import AMOUNTS, misspelt, toml, varied_brief

BRIEFS = Path(__file__).parents[2] / "profiles/briefs"
DRAWS = 400
SURROUNDINGS = pipeline.Surroundings(load(), None, None, None, None, (), (), ())


def as_toml(document: dict[str, Any]) -> str:
    try:
        return tomlkit.dumps(document)
    except (ValueError, TypeError):  # a text that TOML cannot hold
        return ""


SHIPPED = [path.read_text() for path in sorted(BRIEFS.glob("*.toml"))]
VARIATIONS = 40 if EXAMPLES else 1
"""Of each document that is drawn; FUZZ_EXAMPLES counts these."""

JUDGED = 0.04
"""Share of the varied briefs that are judged where they can be read; a tenth of those in depth."""


@runs(80, share=0.5 / VARIATIONS)
@given(documents(), st.integers(0, 2**32))
def test_a_brief_is_read_or_refused_in_one_line(document: dict[str, Any], seed: int) -> None:
    check_read_or_refused(as_toml(document))
    check_varied(document, random.Random(seed))


@runs(12, share=0.4 / VARIATIONS)
@given(st.sampled_from(SHIPPED), st.integers(0, 2**32))
def test_a_shipped_brief_changed_is_judged_or_refused_in_one_line(text: str, seed: int) -> None:
    check_varied(tomllib.loads(text), random.Random(seed))


@runs(60, share=0.1 / VARIATIONS)
@given(st.sampled_from(SHIPPED), st.integers(0, 2**32))
def test_a_misspelt_brief_is_read_or_refused_in_one_line(text: str, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(VARIATIONS):
        check_read_or_refused(misspelt(text, chance))


@runs(120, share=0.01)
@given(st.text(st.characters(codec="utf-8"), max_size=60) | st.text("[]{}.=\"'#a1 \n", max_size=80))
def test_any_text_is_read_or_refused_in_one_line(text: str) -> None:
    check_read_or_refused(text)


def check_varied(document: dict[str, Any], chance: random.Random) -> None:
    """Read as many variations as a run asks for, and judge some."""
    for _ in range(VARIATIONS):
        text = toml(varied_brief(document, chance))
        brief = check_read_or_refused(text)
        if brief is not None and chance.random() < JUDGED:
            note(text)
            check_judged(brief, deep=chance.random() < 0.1)


def check_read_or_refused(text: str) -> Brief | None:
    outcome = answer_or_refusal("briefs", lambda: parse(text, name="fuzz.toml"))
    if isinstance(outcome, Brief):
        return outcome
    assert str(outcome).startswith("fuzz.toml: "), text
    return None


@runs(8, share=0.005)
@given(documents(wrong=False))
def test_a_verdict_is_finite_and_in_order(document: dict[str, Any]) -> None:
    brief = proper_brief(document)
    if brief is not None:
        check_judged(brief)


def check_judged(brief: Brief, deep: bool = False) -> None:
    outcome = answer_or_refusal("verdicts", lambda: judged(brief, deep))
    if isinstance(outcome, Verdict):
        check(outcome)


AMOUNT_KEYS = [
    key for key, q in questions().items() if "." in key and "[]" not in key and q.kind in AMOUNTS
]
TABLES = sorted({key.rpartition(".")[0] for key in questions() if "[]" not in key} - {""})


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("at_high", [False, True], ids=["smallest", "largest"])
def test_amounts_at_their_bounds_give_finite_numbers(table: str, at_high: bool) -> None:
    """All amounts of a table at once: the smallest other than 0, or the largest."""
    keys = [key for key in AMOUNT_KEYS if key.rpartition(".")[0] == table]
    check_bounds(dict.fromkeys(keys, at_high))


@runs(40, share=0.02)
@given(st.dictionaries(st.sampled_from(AMOUNT_KEYS), st.booleans(), min_size=2, max_size=12))
def test_amounts_at_any_of_their_bounds_together_give_finite_numbers(ends: dict[str, bool]) -> None:
    """The largest volume of the longest requests over the longest horizon, and all such."""
    check_bounds(ends)


def check_bounds(ends: dict[str, bool]) -> None:
    """Each amount at its upper bound where true, else at the smallest above 0."""
    document: dict[str, Any] = {"traffic": {"requests_per_month": 1000}}
    for key, at_high in ends.items():
        question = questions()[key]
        whole = question.kind == Kind.WHOLE
        amount = question.high if at_high else max(question.low or 0, 1 if whole else SMALLEST)
        table, _, field = key.rpartition(".")
        document.setdefault(table, {})[field] = int(amount) if whole else amount
    brief = proper_brief(document)
    if brief is not None:  # else two of them contradict
        check_judged(brief)


def judged(brief: Brief, deep: bool) -> Verdict:
    """The verdict, also where no option is left."""
    try:
        return pipeline.judge(brief, SURROUNDINGS, draws=DRAWS, deep=deep)
    except pipeline.NothingLeft as stop:
        return stop.verdict


def proper_brief(document: dict[str, Any]) -> Brief | None:
    """The brief of a document whose answers are each possible; None where two contradict."""
    document.setdefault("as_of", date(2026, 11, 20))
    try:
        return parse(as_toml(document), name="fuzz.toml")
    except UsageError:
        return None


def check(verdict: Verdict) -> None:
    check_numbers(verdict)
    assert 0.0 <= verdict.p_best <= 1.0
    total = sum(arm.p_best for arm in verdict.arms)
    if total:  # nothing is best where no cost is known
        assert total == pytest.approx(1.0, abs=0.01)
    else:
        assert all(arm.horizon_usd.p50 is None for arm in verdict.arms)
    for arm in verdict.arms:
        for cost in (arm.one_off_usd, arm.monthly_usd):
            assert cost.p10 is None or cost.p10 >= -1e-6, arm.id


def test_the_strategies_reach_verdicts_and_refusals() -> None:
    """Or the tests above would pass without having seen a brief."""
    few = settings(max_examples=200, deadline=None, database=None, suppress_health_check=RELAXED)
    assert find(documents(wrong=False), lambda d: proper_brief(d) is not None, settings=few)
    assert find(documents(), lambda d: bool(d) and proper_brief(d) is None, settings=few)
