"""Briefs as no person would write them: every key, every type, at and beyond every bound."""

from __future__ import annotations

from datetime import date, datetime, time
from functools import cache
from typing import Any

from hypothesis import strategies as st

from advisor.core.brief import LISTS, SECTIONS, questions
from advisor.core.question import Kind, Question

TABLES = (*SECTIONS, *LISTS)
MODELS = (
    "claude-sonnet-5", "gpt-4.1-mini", "llama-3.1-8b", "Qwen3-8B", "Qwen/Qwen3-4B-Instruct-2507",
    "modernbert-base", "gemma-3n-E4B (text)", "Kimi-K2", "ft:gpt-4.1-mini",
)  # fmt: skip
GPUS = ("auto", "none", "L40S", "H100-SXM", "GB10", "GRID A100D-20C", "RTX 4060", "Apple M2 Max")
ODD_TEXTS = ("", " ", "\x00", "a\nb", "\u202e", "é" * 300, "=HYPERLINK(1)", "[red]x[/]", "<b>")


@cache
def scalars() -> st.SearchStrategy[Any]:
    """Anything that a TOML file can hold in one place."""
    return st.one_of(
        st.booleans(),
        st.integers(-(2**63), 2**63),
        st.sampled_from([0, -1, 10**12, 10**18]),
        st.floats(),
        st.sampled_from(ODD_TEXTS),
        st.text(max_size=12),
        st.dates(),
        st.just(datetime(2026, 1, 1, 12)),
        st.just(time(12)),
    )


@cache
def values() -> st.SearchStrategy[Any]:
    """Scalars, lists and tables of them, and ranges with some of their ends."""
    ends = st.dictionaries(st.sampled_from(["low", "likely", "high", "mean"]), scalars())
    return st.recursive(
        scalars() | ends,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
        max_leaves=6,
    )


@cache
def proper(question: Question) -> st.SearchStrategy[Any]:
    """Answers that a question takes, with an eye on the ends of its bounds."""
    low = question.low if question.low is not None else 0.0
    low = max(low, 1e-6) if question.zero_is_absent else low
    high = question.high if question.high is not None else 1.0
    numbers = st.one_of(st.sampled_from([low, high]), st.floats(low, min(high, low + 1e4)))
    points = st.lists(numbers, min_size=3, max_size=3).map(sorted)
    ranges = points.map(lambda p: dict(zip(("low", "likely", "high"), p, strict=True)))
    kinds: dict[Kind, st.SearchStrategy[Any]] = {
        Kind.NUMBER: numbers | ranges,
        Kind.SHARE: numbers | ranges,
        Kind.SCORE: numbers,
        Kind.WHOLE: st.sampled_from([low, low + 1, min(high, 100)]).map(int),
        Kind.TEXT: st.text(min_size=1, max_size=8).filter(str.strip),
        Kind.CHOICE: st.sampled_from(question.choices or ("x",)),
        Kind.YES_NO: st.booleans(),
        Kind.DATE: st.dates(date(2000, 1, 1), date(2099, 12, 31)),
        Kind.PATH: st.just(""),
        Kind.NAMES: st.lists(st.sampled_from(MODELS), max_size=3, unique=True),
    }
    named = {
        "hardware.gpu": st.sampled_from(GPUS),
        "current.model": st.sampled_from(MODELS),
        "quality.measured[].model": st.sampled_from(MODELS),
        "hardware.provider": st.sampled_from(["", "Jarvislabs"]),
        "quality.measured[].segment": st.just(""),
        "policy.residency": st.sampled_from(["", "eu"]),
    }
    return named.get(question.key, kinds[question.kind])


@st.composite
def documents(draw: st.DrawFn, wrong: bool = True) -> dict[str, Any]:
    """A brief as the object in its TOML file; with `wrong`, some answers are anything at all."""
    document: dict[str, Any] = {}
    keys = draw(st.lists(st.sampled_from(list(questions())), unique=True, max_size=10))
    for key in keys:
        answer = proper(questions()[key])
        planted = draw(answer | values() if wrong else answer)
        _plant(document, key, planted)
    for name in LISTS:
        for row in _rows_of(document, name):
            for key, question in questions().items():
                field = key.removeprefix(f"{name}[].")
                if question.required and key != field:
                    row.setdefault(field, draw(proper(question)))
    if isinstance(document.get("current"), dict):
        document["current"].setdefault("model", draw(st.sampled_from(MODELS)))
    if wrong and draw(st.booleans()):
        document[draw(st.sampled_from([*TABLES, "schema", "nmae"]))] = draw(values())
    return document


def _plant(document: dict[str, Any], key: str, answer: Any) -> None:
    table, _, field = key.rpartition(".")
    holder: Any = document
    if table.endswith("[]"):
        rows = _holder_of(document, table.removesuffix("[]"))
        if isinstance(rows, list):
            rows.append({}) if not rows else None
            holder = rows[0]
    elif table:
        holder = document.setdefault(table, {})
    if isinstance(holder, dict):
        holder[field] = answer


def _holder_of(document: dict[str, Any], name: str) -> Any:
    """The list of rows of `name`, made where it is missing."""
    table, _, field = name.rpartition(".")
    holder = document.setdefault(table, {}) if table else document
    return holder.setdefault(field, []) if isinstance(holder, dict) else None


def _rows_of(document: dict[str, Any], name: str) -> list[dict[str, Any]]:
    table, _, field = name.rpartition(".")
    holder = document.get(table, {}) if table else document
    rows = holder.get(field, []) if isinstance(holder, dict) else []
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
