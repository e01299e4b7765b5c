"""How fast a run was, by its log.

A run that was stopped and resumed has several sessions: seconds begin again, steps and tokens do
not. So speeds are taken from what happened between two entries of one session, and never from
totals of the whole run divided by seconds of the last session. Time that evaluations took is in
the total time and not in the speeds.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from advisor.calibrate.imports.columns import Collected, Fields, ImportedRun
from advisor.calibrate.imports.sessions import (
    EARLY_SHARE,
    PAUSE,
    Interval,
    Moment,
    cut_at_restarts,
    intervals_of,
    sessions_of,
)
from advisor.calibrate.imports.totals import WHOLE_SHARE, by_totals, included, session_share
from advisor.calibrate.imports.training_log import NO_TOTAL, Timing, TrainingLog, run_with

MOST_OTHER_SHARE = 0.3
"""Where such intervals take more than this share of the time, the run was stopped and resumed."""

WARM_UP_SHARE = 0.1

LEAST_TICKS = 10.0
"""A clock of whole seconds tells a speed once this many have passed."""


def run_of(log: TrainingLog) -> ImportedRun:
    """The run in a log, with speeds by its intervals where it has them, else by its totals."""
    timing = _by_intervals(log)
    if timing is None:
        timing = by_totals(log) if log.totals else _by_logged_rates(log)
    return run_with(log, timing)


def _by_intervals(log: TrainingLog) -> Timing | None:
    """Speeds by what happened between entries; None where too few have steps and seconds."""
    sessions = sessions_of(log.entries)
    raw = [interval for session in sessions for interval in intervals_of(session)]
    if not raw:
        return None
    usual = median(interval.per_step for interval in raw)
    sessions = [part for s in sessions for part in cut_at_restarts(s, usual, log.resolution)]
    every = [interval for session in sessions for interval in intervals_of(session)]
    if not every:
        return None
    timed = [interval for interval in every if interval.per_step <= PAUSE * usual]
    seconds = sum(interval.seconds for interval in timed)
    if seconds < LEAST_TICKS * log.resolution:
        return None
    whole = sum(interval.seconds for interval in every)
    resumed = len(sessions) > 1 or whole - seconds > MOST_OTHER_SHARE * whole
    speed = _tokens_per_second(timed)
    if speed is None and not resumed:
        speed = _usual_logged(log)
    per_step = seconds / sum(interval.steps for interval in timed)
    cells: Collected = {"step_seconds": per_step}
    if speed is not None:
        cells |= {"tokens_per_second": speed, "tokens_basis": log.tokens_basis}
    if resumed:
        what = "resumed" if len(sessions) > 1 else f"stopped for {whole - seconds:,.0f} s"
        note = (
            f"{what}: speeds are taken within sessions, pauses and repeated steps left out; "
            f"{NO_TOTAL}"
        )
        return Timing(cells, (note,))
    return Timing({**cells, **_whole_run_seconds(log, sessions[0], per_step)})


def _tokens_per_second(intervals: Sequence[Interval]) -> float | None:
    counted = [i for i in intervals if i.tokens is not None]
    seconds = sum(i.seconds for i in counted)
    return sum(i.tokens or 0.0 for i in counted) / seconds if seconds > 0.0 else None


def _usual_logged(log: TrainingLog) -> float | None:
    """The median of the tokens per second that the log states itself, without its warm-up."""
    speeds = [e.tokens_per_second for e in log.entries if e.tokens_per_second is not None]
    return median(speeds[int(WARM_UP_SHARE * len(speeds)) :]) if speeds else None


def _whole_run_seconds(log: TrainingLog, session: Sequence[Moment], per_step: float) -> Fields:
    """Seconds of the whole run, where the log goes from its start to its end."""
    first = session[0]
    last = session[-1]
    expected = per_step * first.step
    began_late = first.done < EARLY_SHARE * expected and expected > log.resolution
    if log.totals:
        share = session_share(log)
        resumed = share is None or share < WHOLE_SHARE or (log.clock_from_start and began_late)
        if resumed:
            return {}
        return {"total_seconds": log.totals[-1].runtime, "total_includes": included(log)}
    end = log.planned_steps or log.steps
    if began_late or (end is not None and last.step < end) or not last.next_begins:
        return {}
    return {"total_seconds": last.next_begins, "total_includes": "all"}


def _by_logged_rates(log: TrainingLog) -> Timing:
    """Speeds as the log states them itself."""
    cells: Collected = {}
    speed = _usual_logged(log)
    if speed is not None:
        cells |= {"tokens_per_second": speed, "tokens_basis": log.tokens_basis}
    seconds = [e.step_seconds for e in log.entries if e.step_seconds is not None]
    if seconds:
        cells["step_seconds"] = median(seconds[int(WARM_UP_SHARE * len(seconds)) :])
    return Timing(cells)
