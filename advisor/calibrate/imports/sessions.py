"""The sessions of a log and what happened within them: a run that was stopped and resumed has
several, in which seconds begin again, and steps and tokens do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from advisor.calibrate.imports.training_log import LogEntry

PAUSE = 3.0
"""An interval this many times the usual one per step holds something else than steps: an
evaluation, a save, or a pause between two sessions.
"""

SEVERAL = 4
"""Where more than one line in so many repeats a step, several processes wrote them."""

EARLY_SHARE = 0.75
"""A clock that shows less than this share of the time that all steps would take began late."""


@dataclass(slots=True)
class Moment:
    """A step that was logged: seconds when it was done, and when the next one could begin."""

    step: float
    done: float
    next_begins: float
    tokens: float | None


@dataclass(frozen=True, slots=True)
class Interval:
    """What happened between two entries: optimizer steps, seconds, tokens of all GPUs."""

    steps: float
    seconds: float
    tokens: float | None

    @property
    def per_step(self) -> float:
        return self.seconds / self.steps


def of_one_process(entries: Sequence[LogEntry]) -> Sequence[LogEntry]:
    """The entries of one process, where several wrote the same file: each adds a line of its own
    for a step, and the first one counts. A run that was resumed goes back to a step a few times
    only.
    """
    steps = [e.step for e in entries if e.step is not None and e.loss is not None]
    back = sum(after <= before for before, after in pairwise(steps))
    if back * SEVERAL < len(steps):
        return entries
    first_ones: list[LogEntry] = []
    furthest = 0.0
    seconds = 0.0
    for entry in entries:
        if entry.step is None or entry.elapsed is None:
            continue
        if entry.elapsed < seconds / 2.0:  # the clock of a new session
            furthest = 0.0
        elif entry.step <= furthest:
            continue
        furthest = entry.step
        seconds = entry.elapsed
        first_ones.append(entry)
    return first_ones


def sessions_of(entries: Sequence[LogEntry]) -> list[list[Moment]]:
    """The steps that were logged with seconds, cut where seconds or steps go back."""
    sessions: list[list[Moment]] = []
    for entry in entries:
        last = sessions[-1][-1] if sessions else None
        if entry.elapsed is None:
            if last is not None:
                last.next_begins += entry.evaluation
            continue
        if entry.step is None:
            continue
        known_length = entry.trains or entry.evaluation > 0.0
        done = entry.elapsed - entry.evaluation
        if last is None or entry.elapsed < last.done or entry.step < last.step:
            sessions.append([Moment(entry.step, done, entry.elapsed, entry.tokens)])
        elif entry.step > last.step and known_length:
            last.next_begins = min(last.next_begins, max(done, last.done))
            sessions[-1].append(Moment(entry.step, done, entry.elapsed, entry.tokens))
        elif entry.step == last.step:
            last.next_begins = max(last.next_begins, entry.elapsed)
            last.tokens = last.tokens if last.tokens is not None else entry.tokens
    return sessions


def cut_at_restarts(
    session: Sequence[Moment], usual: float, resolution: float
) -> list[list[Moment]]:
    """A session's parts: where steps took far less than usual, and fewer seconds have passed than
    all steps would take, the clock began again without going back.
    """
    parts = [[session[0]]]
    for before, after in pairwise(session):
        least = usual * (after.step - before.step) / PAUSE - 2.0 * resolution
        early = after.done < EARLY_SHARE * usual * after.step
        if after.done - before.next_begins < least and early:
            parts.append([])
        parts[-1].append(after)
    return parts


def intervals_of(session: Sequence[Moment]) -> list[Interval]:
    """What happened between the steps of a session; a clock that stood still is waited for."""
    intervals: list[Interval] = []
    start = session[0]
    seconds = 0.0
    for before, after in pairwise(session):
        seconds += max(after.done - before.next_begins, 0.0)
        if seconds <= 0.0:
            continue
        tokens = None
        if start.tokens is not None and after.tokens is not None and after.tokens > start.tokens:
            tokens = after.tokens - start.tokens
        intervals.append(Interval(after.step - start.step, seconds, tokens))
        start = after
        seconds = 0.0
    return intervals
