"""The questions one by one: what to ask next, given the answers so far. Needs no terminal.

A step is a question by its key (`traffic.static_tokens`, `segments[0].share`), or a gate that asks
yes or no before others: `more:Traffic` (the rest of a group), `table:current` (an optional table),
`row:segments[0]` (another row).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from advisor.brief.answers import format_answer, parse_answer, with_answer
from advisor.brief.groups import QuestionGroup, groups, makes_sense
from advisor.brief.register import OPEN, in_words
from advisor.brief.rules import contradictions
from advisor.core.brief import LISTS, SECTIONS, Brief, Origin, questions
from advisor.core.errors import UsageError
from advisor.core.quantity import Basis
from advisor.core.question import Kind, Question

SOURCE = "answered in `advisor ask`"

_LISTS_AFTER = {"Traffic": "segments", "Quality": "quality.measured"}
_ROW = re.compile(r"(.+)\[(\d+)\](?:\.(\w+))?")
_GATES = ("more:", "table:", "row:")
_YES_NO = Question("", "", Kind.YES_NO, False, "")
_ROW_GATES = {
    "segments": "Does a part of the traffic deserve its own verdict?",
    "quality.measured": "Has any option been measured already?",
}


@dataclass
class Interview:
    """The state of an interview.

    `everything` skips the gates before the less important questions of a group.
    """

    brief: Brief = field(default_factory=Brief)
    everything: bool = False
    opened: set[str] = field(default_factory=set)
    trail: list[str] = field(default_factory=list)

    def step(self) -> str:
        """The step that is due; empty at the end."""
        steps = list(self._steps())
        if not self.trail:
            return steps[0]
        place = steps.index(self.trail[-1]) + 1
        return steps[place] if place < len(steps) else ""

    def answer(self, text: str) -> None:
        """Take the answer to the step that is due and go on; an empty one leaves it as it is.

        Raises UsageError where it cannot be taken; the same step is then still due.
        """
        step = self.step()
        before = self.brief
        if step.startswith(_GATES):
            yes = parse_answer(_YES_NO, text)
            self._pass_gate(step, self._has(step) if yes is None else yes)
        elif text.strip():
            self._put(step, parse_answer(self.question(step), text))
        elif self._is_needed(step):
            raise UsageError("this cannot be left out here; answer it, or go back with <")
        if clash := self._clash(step):
            self.brief = before
            raise UsageError(clash)
        self.trail.append(step)

    def back(self) -> bool:
        """Return to the previous step; False at the first one."""
        if self.trail:
            self.trail.pop()
            return True
        return False

    def question(self, step: str) -> Question:
        """The question of a step that is not a gate."""
        return questions()[re.sub(r"\[\d+\]", "[]", step)]

    def prompt(self, step: str) -> str:
        """The question in one line."""
        if not step.startswith(_GATES):
            return self.question(step).text
        kind, _, what = step.partition(":")
        if kind == "row":
            name, number, _ = _row(what)
            return _ROW_GATES[name] if number == 0 else "Another one?"
        if kind == "table":
            return {"current": "Is a model in place today?"}.get(
                what, "Are documents looked up for each request?"
            )
        return f"More questions on {what.lower()}?"

    def help(self, step: str) -> str:
        """The help of a step and its unit."""
        if step.startswith(_GATES):
            return "Answer yes or no."
        question = self.question(step)
        unit = f" Unit: {question.unit}." if question.unit else ""
        return f"{question.help}{unit}"

    def choices(self, step: str) -> tuple[str, ...]:
        """What may be chosen at a step; empty where anything may be answered."""
        return () if step.startswith(_GATES) else self.question(step).choices

    def standing(self, step: str) -> tuple[str, str]:
        """What applies if nothing is answered, and its source."""
        if step.startswith(_GATES):
            return ("yes" if self._has(step) else "no"), ""
        question = self.question(step)
        if self._is_needed(step):
            return "", ""
        if step in self.brief.origins:
            return format_answer(question, self._value(step)), "your answer"
        value = in_words(question, self._value(step))
        return ("" if value in OPEN else value), question.source

    def group(self, step: str) -> QuestionGroup | None:
        """The group that a step belongs to."""
        what = step.partition(":")[2] or step
        table = what.partition("[")[0]
        for group in groups():
            if (
                what in (group.title, group.optional, *group.keys)
                or _LISTS_AFTER.get(group.title) == table
            ):
                return group
        return None

    def finished(self) -> Brief:
        """The brief without rows that lack a required answer: they were left unfinished."""
        brief = self.brief
        for name in LISTS:
            needed = [f for f in _fields_of(name) if questions()[f"{name}[].{f}"].required]
            rows = range(len(brief.get(name)))
            whole = [i for i in rows if all(f"{name}[{i}].{f}" in brief.origins for f in needed)]
            brief = _with_rows(brief, name, whole)
            while brief.get(name) and any(key.startswith(name) for key, _ in contradictions(brief)):
                brief = _with_rows(brief, name, range(len(brief.get(name)) - 1))
        table = self.brief.current
        return brief if table is None or table.model else brief.without("current")

    def _steps(self) -> Iterator[str]:
        for group in groups():
            if group.optional:
                yield f"table:{group.optional}"
            rest = [
                k for k in group.keys if k not in group.basic_keys and makes_sense(self.brief, k)
            ]
            yield from (k for k in group.basic_keys if makes_sense(self.brief, k))
            if not group.optional and rest and not self.everything:
                yield f"more:{group.title}"
            if group.optional or self.everything or f"more:{group.title}" in self.opened:
                yield from rest
            if group.title in _LISTS_AFTER:
                yield from self._row_steps(_LISTS_AFTER[group.title])

    def _row_steps(self, name: str) -> Iterator[str]:
        rows = len(self.brief.get(name))
        for i in range(rows):
            yield f"row:{name}[{i}]"
            yield from (f"{name}[{i}].{f}" for f in _fields_of(name))
        yield f"row:{name}[{rows}]"

    def _has(self, gate: str) -> bool:
        kind, _, what = gate.partition(":")
        if kind == "more":
            return gate in self.opened
        if kind == "table":
            return getattr(self.brief, what) is not None
        name, number, _ = _row(what)
        return number < len(self.brief.get(name))

    def _is_needed(self, step: str) -> bool:
        return self.question(step).required and step not in self.brief.origins

    def _clash(self, step: str) -> str:
        """Why the answers contradict each other since `step`; unfinished rows are not checked."""
        for key, message in contradictions(self.brief):
            of_shares = key == "segments" and step.endswith(".share")
            if key == step or of_shares or ("[" not in key + step and key != "segments"):
                return f"{key}: {message}"
        return ""

    def _pass_gate(self, gate: str, yes: bool) -> None:
        kind, _, what = gate.partition(":")
        if kind == "more":
            (self.opened.add if yes else self.opened.discard)(gate)
        elif kind == "table":
            self._pass_table(what, yes)
        else:
            self._pass_row(what, yes)

    def _pass_table(self, table: str, yes: bool) -> None:
        if not yes:
            self.brief = self.brief.without(table)
        elif getattr(self.brief, table) is None:
            self.brief = replace(self.brief, **{table: SECTIONS[table]()})

    def _pass_row(self, row: str, yes: bool) -> None:
        name, number, _ = _row(row)
        rows = self.brief.get(name)
        if not yes:
            self.brief = _with_rows(self.brief, name, range(number))
        elif number == len(rows):
            self.brief = _put_rows(self.brief, name, (*rows, LISTS[name]()))

    def _value(self, step: str) -> Any:
        if "[" not in step:
            return self.brief.get(step)
        name, number, field_name = _row(step)
        return getattr(self.brief.get(name)[number], field_name)

    def _put(self, step: str, value: Any) -> None:
        if "[" not in step:
            self.brief = with_answer(self.brief, step, value, SOURCE)
            return
        name, number, field_name = _row(step)
        rows = list(self.brief.get(name))
        default = self.question(step).default
        rows[number] = replace(rows[number], **{field_name: default if value is None else value})
        origins = {k: o for k, o in self.brief.origins.items() if k != step}
        if value is not None:
            origins[step] = _origin(name)
        self.brief = replace(
            _put_rows(self.brief, name, tuple(rows)), origins=MappingProxyType(origins)
        )


def _fields_of(name: str) -> list[str]:
    """The fields of a row of a list, in order."""
    return [k.rpartition(".")[2] for k in questions() if k.startswith(f"{name}[].")]


def _row(what: str) -> tuple[str, int, str]:
    """List, number and field of `segments[0].share` or `segments[0]`.

    Raises ValueError for anything else.
    """
    parts = _ROW.fullmatch(what)
    if parts is None:
        raise ValueError(what)
    return parts[1], int(parts[2]), parts[3] or ""


def _origin(name: str) -> Origin:
    return Origin(Basis.MEASURED if name == "quality.measured" else Basis.QUOTED, SOURCE, "")


def _put_rows(brief: Brief, name: str, rows: tuple[Any, ...]) -> Brief:
    return brief.answered(name, rows, _origin(name)) if rows else brief.without(name)


def _with_rows(brief: Brief, name: str, numbers: Iterable[int]) -> Brief:
    """`brief` with only the rows of these numbers, renumbered; their origins move along."""
    rows = brief.get(name)
    chosen = list(numbers)
    if len(chosen) == len(rows):
        return brief
    origins = {k: o for k, o in brief.origins.items() if not k.startswith(f"{name}[")}
    for new, old in enumerate(chosen):
        mark = f"{name}[{old}]."
        origins |= {
            f"{name}[{new}].{k.removeprefix(mark)}": o
            for k, o in brief.origins.items()
            if k.startswith(mark)
        }
    return _put_rows(
        replace(brief, origins=MappingProxyType(origins)), name, tuple(rows[i] for i in chosen)
    )
