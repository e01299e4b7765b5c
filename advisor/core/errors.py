"""The error tree and the exit codes.

AdvisorError           what a user can correct; shown as one line, never as a traceback
├── UsageError    (2)  bad usage or input: file and line or key, what is wrong, what to do
├── Infeasible    (4)  does not fit, or no option is left
├── Cancelled   (130)  stopped by the user; finished work is kept
└── MissingExtra  (1)  an optional library is not installed; gives the install command
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from advisor.core.text import printable, shortened

LONGEST_LINE = 680
"""Characters of an error."""


class Exit(IntEnum):
    """What the exit codes of the command line mean."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    UNDECIDED = 3
    INFEASIBLE = 4
    CANCELLED = 130


class AdvisorError(Exception):
    """One line for the user: where, what is wrong, what to do.

    Its text is safe for a terminal: what it quotes from outside is written out as escapes. A line
    keeps its start (the place) and its end (what to do), however long a name from outside is.
    """

    exit = Exit.FAILED

    def __str__(self) -> str:
        return shortened(printable(super().__str__()), LONGEST_LINE)


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


def nearest(name: str, names: Iterable[str], count: int = 3) -> list[str]:
    """Those of `names` most similar to `name`, best first, without regard to case."""
    import difflib  # here: `--help` does without it

    by_lower = {n.lower(): n for n in names}
    return [by_lower[m] for m in difflib.get_close_matches(name.lower(), by_lower, count, 0.5)]


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """The end of an error line: `; did you mean 'x'?`, or nothing where no name is similar."""
    similar = nearest(name, names)
    return f"; did you mean {' or '.join(map(repr, similar))}?" if similar else ""
