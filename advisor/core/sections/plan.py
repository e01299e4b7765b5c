"""Who does what by when: the gates that the team has agreed on, its roles and the next step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from advisor.core.quantity import Range
from advisor.core.question import ask, exactly


@dataclass(frozen=True, slots=True)
class PlanGate:
    """A point at which the team decides whether to go on; only the report reads it."""

    name: str = ask("What is the gate called?", "Such as: procurement.", "text", "", required=True)
    accept: str = ask(
        "When does it open?",
        "Something that can be measured or signed.",
        "text",
        "",
        "not stated",
        registered=False,
    )
    stop: str = ask(
        "When does the work stop there?", "May be empty.", "text", "", "not stated",
        registered=False,
    )  # fmt: skip
    owner: str = ask(
        "Who decides there?", "A role or a name.", "text", "", "not stated", registered=False
    )
    weeks: Range | None = ask(
        "After how many weeks?",
        "Counted from the start. Left out: spread over the time until it runs.",
        "number",
        None,
        "spread over the time until it runs",
        unit="weeks",
        low=0,
        high=1040,
        registered=False,
    )


@dataclass(frozen=True, slots=True)
class Schedule:
    """When the work starts, and who takes the next step; only the report reads it."""

    start: date | None = ask(
        "On which day does the work start?",
        "Left out: on the day of the decision.",
        "date",
        None,
        "the day of the decision",
        registered=False,
    )
    owner: str = ask(
        "Who takes the next step?",
        "A name or a role.",
        "text",
        "",
        "not stated",
        registered=False,
    )
    gates: tuple[PlanGate, ...] = ()


@dataclass(frozen=True, slots=True)
class TeamRole:
    """A part of the team's hours with its own rate."""

    name: str = ask("Which role?", "Such as: ML engineer.", "text", "", required=True)
    share: float = ask(
        "Which share of the hours is theirs?",
        "The shares of all roles add up to 1.",
        "score",
        0.0,
        "",
        unit="share",
        required=True,
    )
    hourly_usd: Range = ask(
        "What does an hour of theirs cost?",
        "Loaded: salary and all overheads.",
        "number",
        exactly(0.0),
        "",
        unit="USD/h",
        low=0,
        high=10_000,
        required=True,
    )
