"""How questions are named and explained on the screen; made from their declarations.

No Textual here.
"""

from __future__ import annotations

from typing import Any

from advisor.core.brief import questions
from advisor.core.format import number
from advisor.core.question import Question

NONE_BY_DEFAULT = frozenset(
    (
        "task.labels",
        "quality.target",
        "quality.error_cost_usd",
        "data.examples",
        "data.eval_examples",
    )
)
"""Questions whose default of 0 means that there is none."""

_SHORT = {"usd": "$", "kwh": "kWh", "gpu": "GPU", "24h": "a day", "eval": "test", "sd": "SD"}
_EXAMPLES = {
    "number": "12_500, 12.5k, 3M; unsure: 2.4M..3.6M",
    "whole": "12, 3_000, 3k",
    "share": "15% or 0.15; unsure: 10%..20%",
    "score": "0.9 or 90%",
    "date": "2027-01-14",
    "names": "names with commas between",
    "path": "a path, relative to the brief",
}


def label(key: str) -> str:
    """A short name of a question, out of the last part of its key: `requests / month`, `one-off
    $`.
    """
    tail = (
        key.rsplit(".", 1)[-1]
        .replace("one_off", "one-off")
        .replace("_per_", " / ")
        .replace("_", " ")
    )
    return " ".join(_SHORT.get(word, word) for word in tail.split())


def full_label(key: str) -> str:
    """The short name where no heading stands above it: with its table, where another table asks the
    same.
    """
    table, _, tail = key.rpartition(".")
    twins = [k for k in questions() if k.rpartition(".")[2] == tail and "[" not in k]
    return f"{table}: {label(key)}" if len(twins) > 1 else label(key)


def unit(question: Question) -> str:
    """The unit, where the short name does not say it already."""
    first = "$" if question.unit.startswith("USD") else question.unit.partition("/")[0]
    return "" if first in ("", "share", "score", *label(question.key).split()) else question.unit


def as_typed(question: Question, value: Any) -> str:
    """A value as a person would type it; empty where there is none."""
    from advisor import brief

    return "" if value is None else brief.format_answer(question, value)


def in_short(question: Question, value: Any) -> str:
    """A value for an empty field, where space is scarce: `10,000–100,000`."""
    return as_typed(question, value).replace(" – ", "–")


def assumed(question: Question) -> str:
    """What stands in for an answer that is left out, short enough for an empty field."""
    value = in_short(question, question.default)
    if (value == "0" and question.zero_is_absent) or (
        value == "0" and question.key in NONE_BY_DEFAULT
    ):
        return "none"
    if value == "0" and question.source:
        return question.source  # "no limit given" says more than "assumed 0"
    return f"assumed {value}" if value else question.source


def bounds(question: Question) -> str:
    """What may be answered, in words."""
    if question.choices:
        return "one of " + ", ".join(question.choices)
    low, high = (number(b) if b is not None else "" for b in (question.low, question.high))
    if low and high:
        return f"from {low} to {high}"
    if low:
        return f"at least {low}"
    return f"at most {high}" if high else ""


def short_help(question: Question) -> str:
    """The question and what it means, for the line under the form."""
    return f"{question.text} {question.help}".strip()


def long_help(question: Question) -> list[tuple[str, str]]:
    """Everything about a question as (heading, text) pairs, for F1."""
    parts = [
        ("Key", question.key),
        ("Unit", question.unit if question.unit not in ("", "share", "score") else ""),
        ("Allowed", bounds(question)),
        ("Type", _EXAMPLES.get(question.kind, "")),
        ("Left out", _left_out(question)),
    ]
    return [(heading, text) for heading, text in parts if text]


def _left_out(question: Question) -> str:
    value = as_typed(question, question.default)
    return f"{value} — {question.source}" if value else question.source
