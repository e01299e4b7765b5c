"""Brief to text to brief, value to words to value, schema against reader: nothing is lost and
nobody disagrees.
"""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

import jsonschema
import pytest
import tomlkit
from hypothesis import assume, given
from hypothesis import strategies as st

from advisor.brief import (
    contradictions,
    format_answer,
    parse,
    parse_answer,
    reader,
    schema,
    update,
    write,
)
from advisor.brief.values import FIRST_DAY, LAST_DAY, SMALLEST
from advisor.core.brief import LISTS, TECHNIQUES, Brief, Origin, questions
from advisor.core.errors import UsageError
from advisor.core.quantity import Basis, Range
from advisor.core.question import Question

ONCE = [k for k in questions() if "[" not in k]
SAID = Origin(Basis.QUOTED, "a test", "")
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NAME = TEXT.filter(lambda t: t.strip())
DATES = st.dates(FIRST_DAY, LAST_DAY)
PLAIN = st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), max_size=20)
SCHEMA = jsonschema.Draft202012Validator(schema(), format_checker=jsonschema.FormatChecker())


def amounts(low: float, high: float) -> st.SearchStrategy[float]:
    """Numbers from `low` to `high`, none of them too small to divide by."""
    above = st.floats(max(low, SMALLEST), high)
    at_zero = st.just(0.0) if low <= 0 else st.nothing()
    below = st.floats(low, -SMALLEST) if low < 0 else st.nothing()
    return at_zero | below | above


def numbers(question: Question) -> st.SearchStrategy[float]:
    low = 1e-6 if question.zero_is_absent else question.low
    near = (
        st.integers(int(max(low, -1)) + 1, int(min(question.high, 10**7))).map(float)
        if question.high >= 2
        else None
    )
    wide = amounts(low, question.high)
    return wide if near is None else st.one_of(near, wide)


def values(question: Question) -> st.SearchStrategy[Any]:
    """Answers that a question takes, in core's own types."""
    if question.ranged:
        points = st.lists(numbers(question), min_size=3, max_size=3).map(sorted)
        return st.one_of(numbers(question).map(Range.exact), points.map(lambda p: Range(*p)))
    kinds = {
        "score": amounts(0, 1),
        "whole": st.integers(int(question.low or 0), int(min(question.high or 0, 10**9))),
        "text": NAME if question.required else TEXT,
        "path": PLAIN,
        "choice": st.sampled_from(question.choices or ("",)),
        "yes-no": st.booleans(),
        "date": DATES,
        "names": st.lists(NAME, max_size=3, unique=True).map(tuple),
    }
    return kinds[question.kind]


@st.composite
def rows(draw: st.DrawFn, name: str) -> Any:
    asked = {k.rpartition(".")[2]: q for k, q in questions().items() if k.startswith(f"{name}[].")}
    said = [f for f, q in asked.items() if q.required or draw(st.booleans())]
    return LISTS[name](**{f: draw(values(asked[f])) for f in said}), said


@st.composite
def briefs(draw: st.DrawFn) -> Brief:
    brief = Brief()
    for key in draw(st.lists(st.sampled_from(ONCE), unique=True, max_size=8)):
        brief = brief.answered(key, draw(values(questions()[key])), SAID)
    if brief.current is not None:
        brief = brief.answered("current.model", draw(NAME), SAID)
    for name in LISTS:
        drawn = draw(st.lists(rows(name), max_size=2))
        if drawn:
            brief = brief.answered(name, tuple(row for row, _ in drawn), SAID)
            said = {f"{name}[{i}].{f}": SAID for i, (_, fields) in enumerate(drawn) for f in fields}
            kept = {k: o for k, o in said.items() if _at(brief, k) is not None}
            brief = replace(brief, origins=MappingProxyType({**brief.origins, **kept}))
    assume(not list(contradictions(brief)))
    return brief


def _at(brief: Brief, key: str) -> Any:
    name, _, rest = key.partition("[")
    number, _, field = rest.partition("].")
    return getattr(brief.get(name)[int(number)], field)


def content(brief: Brief) -> tuple[Brief, set[str]]:
    """A brief without the names of its sources."""
    return replace(brief, origins=MappingProxyType({}), folder="."), set(brief.origins)


@given(briefs())
def test_a_written_brief_reads_back_the_same(brief: Brief) -> None:
    assert content(parse(write(brief))) == content(brief)


@given(briefs())
def test_writing_what_was_read_changes_nothing(brief: Brief) -> None:
    text = write(brief)
    again = parse(text)
    assert write(again) == text
    assert parse(write(again)) == again


@given(briefs())
def test_a_written_brief_satisfies_the_schema(brief: Brief) -> None:
    SCHEMA.validate(as_json(tomllib.loads(write(brief))))


@given(briefs(), st.data())
def test_a_changed_answer_is_the_only_change(brief: Brief, data: st.DataObject) -> None:
    key = data.draw(st.sampled_from([k for k in ONCE if not k.startswith("current.")]))
    value = data.draw(values(questions()[key]))
    expected = brief.answered(key, value, SAID)
    assume(not list(contradictions(expected)))
    assert content(parse(update(write(brief), key, value))) == content(expected)


@given(briefs(), st.data())
def test_an_answer_taken_out_of_the_text_is_taken_back(brief: Brief, data: st.DataObject) -> None:
    key = data.draw(
        st.sampled_from(
            [k for k in brief.origins if "[" not in k and k != "current.model"] or ["name"]
        )
    )
    expected = brief.without(key)
    assume(not list(contradictions(expected)))
    text = update(write(brief), key, None)
    assert content(parse(text)) == content(expected)


@given(st.data())
def test_what_is_shown_can_be_typed(data: st.DataObject) -> None:
    question = questions()[data.draw(st.sampled_from(list(questions())))]
    value = data.draw(values(question))
    if question.kind in ("text", "path"):
        assume(value == value.strip() and value not in ("", "?"))
    if question.kind == "names":
        assume(
            all(n == n.strip().strip("\"'[]") and "," not in n and n.isprintable() for n in value)
        )
        assume(len(value) != 1 or value[0].lower() not in ("none", "-", "?"))
    assert parse_answer(question, format_answer(question, value)) == value


def as_json(raw: Any) -> Any:
    """A TOML value as the JSON that a schema sees; only days are texts, as `format: date` has
    them.
    """
    if isinstance(raw, dict):
        return {k: as_json(v) for k, v in raw.items()}
    if isinstance(raw, list):
        return [as_json(v) for v in raw]
    return raw.isoformat() if isinstance(raw, date) and not isinstance(raw, datetime) else raw


ODD = st.one_of(
    st.booleans(),
    st.integers(-5, 10**13),
    amounts(-2, 2000),
    PLAIN,
    st.sampled_from(["2026-11-20", "2026-13-01", "a\tb", " ", *TECHNIQUES]),
    st.lists(st.one_of(NAME, st.just(" "), st.integers(0, 3)), max_size=3),
    st.fixed_dictionaries(
        {"low": st.just(0.1), "likely": st.floats(0.1, 0.9)}, optional={"high": st.floats(0.9, 3)}
    ),
)


@given(st.data())
def test_schema_and_reader_agree(data: st.DataObject) -> None:
    key = data.draw(st.sampled_from(list(questions())))
    question = questions()[key]
    days = st.one_of(st.dates(), DATES) if question.kind == "date" else st.nothing()
    name = key.rpartition(".")[2]
    name = data.draw(st.sampled_from([name] * 9 + ["misspelt"]))
    document = planted(key.rpartition(".")[0], name, data.draw(st.one_of(ODD, days)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "contradictions", lambda brief: ())
        try:
            parse(tomlkit.dumps(document))
            taken = True
        except UsageError:
            taken = False
    assert taken == SCHEMA.is_valid(as_json(document))


def planted(table: str, name: str, raw: Any) -> dict[str, Any]:
    """A document that is right but for the one value."""
    needed: dict[str, dict[str, Any]] = {
        "current": {"model": "m"},
        "segments[]": {"name": "a"},
        "quality.measured[]": {
            "approach": "hybrid",
            "technique": "full",
            "model": "m",
            "score": 0.5,
            "items": 9,
        },
    }
    body: Any = {**needed.get(table, {}), name: raw}
    if not table:
        return {"schema": 1, **body}
    for part in reversed(table.removesuffix("[]").split(".")):
        body = {part: [body] if f"{part}[]" == table.rpartition(".")[2] else body}
    return {"schema": 1, **body}
