"""The assumption register: what a brief leaves open, what is assumed instead, and its source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from advisor.brief.answers import format_answer
from advisor.brief.groups import makes_sense
from advisor.core.brief import LISTS, Brief, questions
from advisor.core.quantity import Basis, Range
from advisor.core.question import Kind, Question

if TYPE_CHECKING:
    from advisor.core.verdict import Answer, Assumption

DERIVED = "derived"
"""The word for a value that is left out and computed elsewhere; the source says where."""

OPEN = ("derived", "any", "none", "unknown")
"""Words that stand for an open value; the source says what they mean."""

READ_BY_REPORTS = ("team.roles", "plan.gates")
"""Lists whose rows reports show as the brief states them."""

_OPEN = (("no ", "none"), ("not ", "unknown"))
_SINGULAR = {"tasks": "task", "GPUs": "GPU", "segments": "segment", "prefixes": "prefix"}


def assumptions(brief: Brief) -> tuple[Assumption, ...]:
    """An entry for every open question whose default can change the verdict, in order.

    Left out are questions that other answers make irrelevant, absent tables and texts that are
    only displayed. In rows of lists the row's own default is listed, under a key such as
    `segments[0].share`.
    """
    tables = [
        _assumption(brief, q, key, brief.get(key))
        for key, q in questions().items()
        if _is_open(brief, key, q)
    ]
    return (*tables, *_in_rows(brief), *_from_runs(brief))


def answers(brief: Brief) -> tuple[Answer, ...]:
    """What the brief states, in the order of the questions, then the rows of `READ_BY_REPORTS`;
    those of other lists are left aside.
    """
    from advisor.core.verdict import Answer

    stated = []
    for key, question in questions().items():
        if "[" in key or key not in brief.origins:
            continue
        try:
            value = brief.get(key)
        except KeyError:
            continue
        text = in_words(question, value)
        source = brief.origin(key).source
        stated.append(Answer(key, question.text, text, _number(value), question.unit, source))
    return (*stated, *_answers_in_rows(brief))


def _answers_in_rows(brief: Brief) -> Iterator[Answer]:
    """What the rows state, under keys such as `plan.gates[0].owner`."""
    from advisor.core.verdict import Answer

    for name in READ_BY_REPORTS:
        declared = {k: q for k, q in questions().items() if k.startswith(f"{name}[].")}
        for i, row in enumerate(brief.get(name)):
            for question in declared.values():
                field = question.key.rpartition(".")[2]
                key = f"{name}[{i}].{field}"
                if key in brief.origins:
                    value = getattr(row, field)
                    text = in_words(question, value)
                    source = brief.origin(key).source
                    number = _number(value)
                    yield Answer(key, question.text, text, number, question.unit, source)


def _number(value: Any) -> float | None:
    if isinstance(value, Range):
        return value.p50
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number else None


def _is_open(brief: Brief, key: str, question: Question) -> bool:
    return (
        question.registered
        and "[" not in key
        and key not in brief.origins
        and makes_sense(brief, key)
    )


def _in_rows(brief: Brief) -> list[Assumption]:
    entries = []
    for name in LISTS:
        optional = [
            q
            for k, q in questions().items()
            if k.startswith(f"{name}[].") and q.registered and not q.required
        ]
        for i, row in enumerate(brief.get(name)):
            for question in optional:
                field = question.key.rpartition(".")[2]
                key = f"{name}[{i}].{field}"
                value = getattr(row, field)
                if key not in brief.origins and value == question.default:
                    entries.append(_assumption(brief, question, key, value))
    return entries


def _from_runs(brief: Brief) -> list[Assumption]:
    """Scores that the user's own calibrations supply where the brief gives none."""
    from advisor.core.verdict import Assumption

    return [
        Assumption(
            f"quality.measured[{i}].score",
            f"{s.approach}/{s.technique}@{s.model}: {s.score:.3f} on {s.items} items"
            + (f", {s.train_examples} examples" if s.train_examples else ""),
            str(Basis.MEASURED),
            s.source,
            s.as_of,
        )
        for i, s in enumerate(brief.quality.measured)
        if s.source
    ]


def _assumption(brief: Brief, question: Question, key: str, value: Any) -> Assumption:
    from advisor.core.verdict import Assumption

    origin = brief.origin(key)
    return Assumption(
        key, in_words(question, value), str(origin.basis), origin.source, origin.as_of
    )


def in_words(question: Question, value: Any) -> str:
    """A value with its unit, such as "300 – 1,000 – 3,000 tokens/request"; a word if it is open."""
    if value is None or value in ("", ()):
        open_ = "any" if value is not None else DERIVED
        return next((word for start, word in _OPEN if question.source.startswith(start)), open_)
    text = format_answer(question, value)
    numeric = isinstance(value, Range) or (
        isinstance(value, int | float) and not isinstance(value, bool)
    )
    unit = question.unit.removeprefix("share").removeprefix("/")
    if not numeric or question.kind == Kind.SCORE or not unit:
        return text
    if question.unit.startswith("share/"):
        return f"{text} per {unit}"
    return f"{text} {_SINGULAR.get(unit, unit) if text == '1' else unit}"
