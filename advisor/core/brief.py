"""The brief: what a team states about its task.

Its tables and their questions are in `core.sections`.

`origins` gives the source of every answered dotted key; a key without an origin has the
question's default and belongs to the assumption register.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass, replace
from datetime import date
from functools import cache
from types import MappingProxyType
from typing import Any

from advisor.core.quantity import Basis, Quantity, Range
from advisor.core.question import Question, ask
from advisor.core.sections import (
    APPROACHES,
    TASK_TYPES,
    TECHNIQUES,
    Baseline,
    Budget,
    Compare,
    Current,
    Data,
    Hardware,
    Models,
    PlanGate,
    Policy,
    Prices,
    Quality,
    Retrieval,
    Schedule,
    Score,
    Segment,
    Task,
    Team,
    TeamRole,
    Traffic,
    Tuning,
)

__all__ = [
    "APPROACHES",
    "LISTS",
    "SECTIONS",
    "TASK_TYPES",
    "TECHNIQUES",
    "Baseline",
    "Brief",
    "Budget",
    "Compare",
    "Current",
    "Data",
    "Hardware",
    "Models",
    "Origin",
    "PlanGate",
    "Policy",
    "Prices",
    "Quality",
    "Retrieval",
    "Schedule",
    "Score",
    "Segment",
    "Task",
    "Team",
    "TeamRole",
    "Traffic",
    "Tuning",
    "questions",
]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an answer comes from."""

    basis: Basis
    source: str
    as_of: str


@dataclass(frozen=True, slots=True)
class Brief:
    """Everything the advisor decides from, as one frozen value."""

    name: str = ask(
        "What is this about?",
        "The title of the report.",
        "text",
        "Untitled",
        "",
        basic=True,
        registered=False,
    )
    client: str = ask("For whom?", "For reports; may be empty.", "text", "", "", registered=False)
    author: str = ask(
        "Who wrote the report?", "For its cover; may be empty.", "text", "", "", registered=False
    )
    confidential: bool = ask(
        "Is the report confidential?",
        "If so, its cover says it.",
        "yes-no",
        False,
        "not unless stated",
        registered=False,
    )
    as_of: date | None = ask(
        "As of which day?",
        "Prices and lifecycles are looked up on that day. Left out: today.",
        "date",
        None,
        "today",
    )
    task: Task = Task()
    current: Current | None = None
    baseline: Baseline | None = None
    traffic: Traffic = Traffic()
    segments: tuple[Segment, ...] = ()
    retrieval: Retrieval | None = None
    quality: Quality = Quality()
    data: Data = Data()
    tuning: Tuning = Tuning()
    budget: Budget = Budget()
    team: Team = Team()
    plan: Schedule = Schedule()
    hardware: Hardware = Hardware()
    policy: Policy = Policy()
    prices: Prices = Prices()
    models: Models = Models()
    compare: Compare = Compare()
    origins: Mapping[str, Origin] = field(default_factory=lambda: MappingProxyType({}))
    folder: str = "."  # paths in the brief are relative to it

    @property
    def tuned_models(self) -> int:
        """Tuned models that are needed: one for each segment, else for each task on the base."""
        return sum(segment.count for segment in self.segments) or self.task.tasks_sharing_model

    def get(self, key: str) -> Any:
        """The value at a dotted key such as `traffic.static_tokens`; None where its whole table is
        left out.

        Raises KeyError for a key that does not exist.
        """
        value: Any = self
        for part in key.split("."):
            if value is None and key in questions():
                return None
            if part not in _names(value.__class__):
                raise KeyError(key)
            value = getattr(value, part)
        return value

    def origin(self, key: str) -> Origin:
        """Where the value at `key` comes from; a default is assumed, with the source its question
        states.

        Rows of lists have keys such as `segments[0].share`.
        """
        if key in self.origins:
            return self.origins[key]
        question = questions()[re.sub(r"\[\d+\]", "[]", key)]
        return Origin(Basis.ASSUMED, question.source, question.as_of)

    def quantity(self, key: str) -> Quantity:
        """The number at `key` with unit and origin.

        A value left out is unknown, with the reason.
        """
        question = questions()[key]
        value = self.get(key)
        if value is None:
            return Quantity.unknown(question.unit, self._why_unknown(question))
        spread = value if isinstance(value, Range) else Range.exact(float(value))
        origin = self.origin(key)
        return Quantity(spread, question.unit, origin.basis, origin.source, origin.as_of)

    def _why_unknown(self, question: Question) -> str:
        table, _, tail = question.key.partition(".")
        if tail and getattr(self, table) is None:
            return f"the brief has no [{table}]"
        return question.source

    def answered(self, key: str, value: Any, origin: Origin) -> Brief:
        """This brief with another answer; `value` is not validated here."""
        head, _, tail = key.partition(".")
        origins = MappingProxyType({**self.origins, key: origin})
        if not tail:
            return replace(self, **{head: value, "origins": origins})
        section = getattr(self, head)
        section = section if section is not None else SECTIONS[head]()
        return replace(self, **{head: replace(section, **{tail: value}), "origins": origins})

    def without(self, key: str) -> Brief:
        """This brief with one question, table or list reset to its defaults.

        Raises KeyError for a key that does not exist.
        """
        if "[" in key or key not in (*questions(), *SECTIONS, *LISTS):
            raise KeyError(key)
        head, _, tail = key.partition(".")
        gone = (f"{key}.", f"{key}[")
        origins = MappingProxyType(
            {k: o for k, o in self.origins.items() if k != key and not k.startswith(gone)}
        )
        section = getattr(self, head)
        if not tail:
            return replace(self, **{head: _default(Brief, head), "origins": origins})
        if section is None:
            return self
        reset = replace(section, **{tail: _default(SECTIONS[head], tail)})
        return replace(self, **{head: reset, "origins": origins})


SECTIONS: Mapping[str, type] = MappingProxyType(
    {
        "task": Task,
        "current": Current,
        "baseline": Baseline,
        "traffic": Traffic,
        "retrieval": Retrieval,
        "quality": Quality,
        "data": Data,
        "tuning": Tuning,
        "budget": Budget,
        "team": Team,
        "plan": Schedule,
        "hardware": Hardware,
        "policy": Policy,
        "prices": Prices,
        "models": Models,
        "compare": Compare,
    }
)
"""The tables that occur once in the file; those in `LISTS` are lists of tables."""

LISTS: Mapping[str, type] = MappingProxyType(
    {"segments": Segment, "quality.measured": Score, "team.roles": TeamRole, "plan.gates": PlanGate}
)


def _default(section: type, name: str) -> Any:
    """The default of a field. Raises KeyError where it has none."""
    for f in fields(section):
        if f.name == name and f.default is not MISSING:
            return f.default
    raise KeyError(name)


@cache
def _names(section: type) -> frozenset[str]:
    """The fields of a section; none of a value that is not one."""
    return frozenset(f.name for f in fields(section)) if is_dataclass(section) else frozenset()


@cache
def questions() -> Mapping[str, Question]:
    """Every question by its dotted key, in the order of the file; those of lists have keys such as
    `segments[].share`.
    """
    by_key = {q.key: q for q in _questions_of(Brief, "")}
    for name, section in SECTIONS.items():
        by_key |= {q.key: q for q in _questions_of(section, f"{name}.")}
    for name, row in LISTS.items():
        by_key |= {q.key: q for q in _questions_of(row, f"{name}[].")}
    return MappingProxyType(by_key)


def _questions_of(section: type, prefix: str) -> Iterator[Question]:
    for f in fields(section):
        if "question" in f.metadata:
            yield replace(f.metadata["question"], key=prefix + f.name)
