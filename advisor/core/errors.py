"""The error tree and the exit codes.

AdvisorError                what a user can mend; shown as one line, never as a traceback ├──
UsageError      (2)     bad usage or bad input: names file and line or key, what is wrong, what to
do ├── Infeasible      (4)     does not fit, or no option is left ├── Cancelled     (130)
stopped by the user; what was finished is kept └── MissingExtra    (1)     an optional library is
not installed; says the install line
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from enum import IntEnum


class Exit(IntEnum):
    """What the exit codes of the command line mean."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    UNDECIDED = 3
    INFEASIBLE = 4
    CANCELLED = 130


class AdvisorError(Exception):
    """One line for the user: where, what is wrong, what to do."""

    exit = Exit.FAILED


class UsageError(AdvisorError):
    """Bad usage or bad input."""

    exit = Exit.USAGE


class Infeasible(AdvisorError):
    """The question has no answer within its limits."""

    exit = Exit.INFEASIBLE


class Cancelled(AdvisorError):
    """The user stopped the work."""

    exit = Exit.CANCELLED


class MissingExtra(AdvisorError):
    """An optional library is not installed."""


def nearest(name: str, known: Iterable[str], count: int = 3) -> list[str]:
    """The known names most like `name`, best first, without regard to case."""
    by_lower = {k.lower(): k for k in known}
    return [by_lower[m] for m in difflib.get_close_matches(name.lower(), by_lower, count, 0.5)]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A clause to end an error line with: `; did you mean "x"?`, or nothing where no name is
    near.
    """
    found = nearest(name, known)
    return f"; did you mean {' or '.join(repr(f) for f in found)}?" if found else ""
