"""A brief as TOML text."""

from __future__ import annotations

from datetime import date
from typing import Any

from advisor.brief.reader import SCHEMA
from advisor.core.brief import LISTS, SECTIONS, Brief, questions
from advisor.core.quantity import Range
from advisor.core.question import Kind, Question

_GROUPED_FROM = 10_000
_LARGEST_WHOLE = 1e15


def write(brief: Brief) -> str:
    """The file of a brief: its answers and nothing else, in the order of the questions.

    `parse(write(brief))` is the same brief, apart from the names of its sources.
    """
    blocks = [[f"schema = {SCHEMA}", *_lines(brief, "")]]
    for table in SECTIONS:
        blocks += _table(brief, table)
        blocks += [
            block for name in LISTS if name.startswith(f"{table}.") for block in _rows(brief, name)
        ]
        if table == "traffic":
            blocks += _rows(brief, "segments")
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def literal(question: Question, value: Any) -> str:
    """A value as TOML writes it."""
    if isinstance(value, Range):
        if value.is_exact:
            return _number(question, value.likely)
        points = zip(("low", "likely", "high"), (value.p10, value.p50, value.p90), strict=True)
        return (
            "{" + ", ".join(f"{name} = {_number(question, p or 0.0)}" for name, p in points) + "}"
        )
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return _number(question, value)
    if isinstance(value, tuple):
        return f"[{', '.join(_string(name) for name in value)}]"
    return value.isoformat() if isinstance(value, date) else _string(value)


def _number(question: Question, value: float) -> str:
    """Whole numbers without a point and grouped, except shares and scores: 3_000_000, 0.0,
    1.861.
    """
    fraction = question.kind in (Kind.SHARE, Kind.SCORE) or question.unit.startswith(
        ("share", "score")
    )
    if fraction or value != int(value) or abs(value) >= _LARGEST_WHOLE:
        return repr(float(value))
    return f"{int(value):_}" if abs(value) >= _GROUPED_FROM else str(int(value))


def _string(value: str) -> str:
    from tomlkit import string

    return string(value).as_string()


def _lines(brief: Brief, prefix: str) -> list[str]:
    """`key = value` of every answered question of a table."""
    lines = []
    for key, question in questions().items():
        name = key.removeprefix(prefix)
        if key.startswith(prefix) and "." not in name and "[" not in name and key in brief.origins:
            lines.append(f"{name} = {literal(question, brief.get(key))}")
    return lines


def _table(brief: Brief, table: str) -> list[list[str]]:
    lines = _lines(brief, f"{table}.")
    optional = SECTIONS[table]() != getattr(Brief(), table) and getattr(brief, table) is not None
    return [[f"[{table}]", *lines]] if lines or optional else []


def _rows(brief: Brief, name: str) -> list[list[str]]:
    answered = {k for k in brief.origins if k.startswith(f"{name}[")}
    return row_blocks(name, brief.get(name), answered)


def row_blocks(
    name: str, rows: tuple[Any, ...], answered: set[str] | None = None
) -> list[list[str]]:
    """A block per row of a list: what was answered, what is required and what differs from the
    default.
    """
    blocks = []
    for i, row in enumerate(rows):
        lines = [f"[[{name}]]"]
        for question in (q for k, q in questions().items() if k.startswith(f"{name}[].")):
            field = question.key.rpartition(".")[2]
            value = getattr(row, field)
            is_answered = f"{name}[{i}].{field}" in (answered or ())
            if value is not None and (
                is_answered or question.required or value != question.default
            ):
                lines.append(f"{field} = {literal(question, value)}")
        blocks.append(lines)
    return blocks
