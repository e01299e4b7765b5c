"""How fast a run was, by its log.

A run that was stopped and resumed has several sessions: seconds begin again, steps and tokens do
not. So speeds are taken from what happened between two entries of one session, and never from
totals of the whole run divided by seconds of the last session. Time that evaluations took is in
the total time and not in the speeds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from advisor.calibrate.imports.columns import Collected, Fields, ImportedRun
from advisor.calibrate.imports.training_log import (
    NO_TOTAL,
    LogEntry,
    Timing,
    Totals,
    TrainingLog,
    run_with,
)

PAUSE = 3.0
"""An interval this many times the usual one per step holds something else than steps: an
evaluation, a save, or a pause between two sessions.
"""

MOST_OTHER_SHARE = 0.3
"""Where such intervals take more than this share of the time, the run was stopped and resumed."""

WHOLE_SHARE = 0.97
"""A session with at least this share of all steps is the whole run."""

LOSS_SHARE = 0.8
"""The Trainer divides the losses of the last session by the steps of the whole run: a mean below
this share of the logged losses shows a resumed run.
"""

EARLY_SHARE = 0.75
"""A clock that shows less than this share of the time that all steps would take began late."""

WARM_UP_SHARE = 0.1

LEAST_TICKS = 10.0
"""A clock of whole seconds tells a speed once this many have passed."""


@dataclass(slots=True)
class _Moment:
    """A step that was logged: seconds when it was done, and when the next one could begin."""

    step: float
    done: float
    next_begins: float
    tokens: float | None


@dataclass(frozen=True, slots=True)
class _Interval:
    """What happened between two entries: optimizer steps, seconds, tokens of all GPUs."""

    steps: float
    seconds: float
    tokens: float | None

    @property
    def per_step(self) -> float:
        return self.seconds / self.steps


def run_of(log: TrainingLog) -> ImportedRun:
    """The run in a log, with speeds by its intervals where it has them, else by its totals."""
    timing = _by_intervals(log)
    if timing is None:
        timing = _by_totals(log) if log.totals else _by_logged_rates(log)
    return run_with(log, timing)


def _sessions(entries: Sequence[LogEntry]) -> list[list[_Moment]]:
    """The steps that were logged with seconds, cut where seconds or steps go back."""
    sessions: list[list[_Moment]] = []
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
            sessions.append([_Moment(entry.step, done, entry.elapsed, entry.tokens)])
        elif entry.step > last.step and known_length:
            last.next_begins = min(last.next_begins, max(done, last.done))
            sessions[-1].append(_Moment(entry.step, done, entry.elapsed, entry.tokens))
        elif entry.step == last.step:
            last.next_begins = max(last.next_begins, entry.elapsed)
            last.tokens = last.tokens if last.tokens is not None else entry.tokens
    return sessions


def _cut_at_restarts(
    session: Sequence[_Moment], usual: float, resolution: float
) -> list[list[_Moment]]:
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


def _intervals(session: Sequence[_Moment]) -> list[_Interval]:
    """What happened between the steps of a session; a clock that stood still is waited for."""
    intervals: list[_Interval] = []
    start = session[0]
    seconds = 0.0
    for before, after in pairwise(session):
        seconds += max(after.done - before.next_begins, 0.0)
        if seconds <= 0.0:
            continue
        tokens = None
        if start.tokens is not None and after.tokens is not None and after.tokens > start.tokens:
            tokens = after.tokens - start.tokens
        intervals.append(_Interval(after.step - start.step, seconds, tokens))
        start = after
        seconds = 0.0
    return intervals


def _by_intervals(log: TrainingLog) -> Timing | None:
    """Speeds by what happened between entries; None where too few have steps and seconds."""
    sessions = _sessions(log.entries)
    raw = [interval for session in sessions for interval in _intervals(session)]
    if not raw:
        return None
    usual = median(interval.per_step for interval in raw)
    sessions = [part for s in sessions for part in _cut_at_restarts(s, usual, log.resolution)]
    every = [interval for session in sessions for interval in _intervals(session)]
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


def _tokens_per_second(intervals: Sequence[_Interval]) -> float | None:
    counted = [i for i in intervals if i.tokens is not None]
    seconds = sum(i.seconds for i in counted)
    return sum(i.tokens or 0.0 for i in counted) / seconds if seconds > 0.0 else None


def _usual_logged(log: TrainingLog) -> float | None:
    """The median of the tokens per second that the log states itself, without its warm-up."""
    speeds = [e.tokens_per_second for e in log.entries if e.tokens_per_second is not None]
    return median(speeds[int(WARM_UP_SHARE * len(speeds)) :]) if speeds else None


def _whole_run_seconds(log: TrainingLog, session: Sequence[_Moment], per_step: float) -> Fields:
    """Seconds of the whole run, where the log goes from its start to its end."""
    first = session[0]
    last = session[-1]
    expected = per_step * first.step
    began_late = first.done < EARLY_SHARE * expected and expected > log.resolution
    if log.totals:
        share = _session_share(log)
        resumed = share is None or share < WHOLE_SHARE or (log.clock_from_start and began_late)
        if resumed:
            return {}
        return {"total_seconds": log.totals[-1].runtime, "total_includes": _included(log)}
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


def _by_totals(log: TrainingLog) -> Timing:
    """Speeds by the totals at the end of the last session, with the steps of that session alone."""
    last = log.totals[-1]
    share = _session_share(log)
    if share is None:
        steps = f"{log.steps:,.0f} steps" if log.steps else "run"
        note = (
            f"resumed: its mean loss belongs to a part of the {steps}, so "
            f"{last.runtime:,.0f} s are those of the last session; no speed is kept, {NO_TOTAL}"
        )
        return Timing({}, (note,))
    if share >= WHOLE_SHARE:
        return Timing(_whole_run(log, last))
    of_steps = f"the last {share:.0%} of the run"
    if log.steps:
        of_steps = f"the last {share * log.steps:,.0f} of {log.steps:,.0f} steps"
    note = f"resumed: {last.runtime:,.0f} s are those of {of_steps}; {NO_TOTAL}"
    return Timing(_last_session(log, last, share), (note,))


def _session_share(log: TrainingLog) -> float | None:
    """Share of all steps that the last session made; None where it was a part of unknown size.

    By the end of an earlier session, by the file's own rates, by where a count of tokens began
    again, and by its mean loss: the Trainer sums losses since the last start and divides them by
    the steps of the whole run.
    """
    last = log.totals[-1]
    steps = log.steps
    earlier = [t.step for t in log.totals[:-1] if t.step is not None and steps and t.step < steps]
    if steps and earlier:
        return (steps - earlier[-1]) / steps
    for rate, whole in ((last.steps_per_second, steps), (last.samples_per_second, log.samples)):
        if rate is not None and whole:
            share = rate * last.runtime / whole
            if share < WHOLE_SHARE:
                return share
    if steps and log.session_start:
        return (steps - log.session_start) / steps
    logged = _mean_logged_loss(log.entries)
    if logged is None or last.mean_loss is None or logged <= 0.0:
        return 1.0
    return 1.0 if last.mean_loss >= LOSS_SHARE * logged else None


def _mean_logged_loss(entries: Sequence[LogEntry]) -> float | None:
    """Mean over steps of the logged losses, each the mean since the entry before."""
    total = 0.0
    counted = 0.0
    before = 0.0
    for entry in entries:
        if entry.step is None or entry.loss is None or entry.step <= before:
            continue
        total += entry.loss * (entry.step - before)
        counted += entry.step - before
        before = entry.step
    return total / counted if counted else None


def _evaluated(log: TrainingLog, last: Totals, share: float) -> float:
    """Seconds of the last session that evaluations took."""
    start = (1.0 - share) * (log.steps or 0.0)
    seconds = sum(s for step, s in last.evaluations if step > start)
    return seconds if seconds < last.runtime else 0.0


def _included(log: TrainingLog) -> str:
    return "train+eval" if log.totals[-1].evaluations else "train"


def _planned_over_done(log: TrainingLog, last: Totals) -> float:
    """Steps that the totals speak of ÷ steps that were made: older Trainers divide all planned
    steps, samples and tokens by the seconds of a run that ended early.
    """
    if last.steps_per_second is None or not log.steps:
        return 1.0
    ratio = last.steps_per_second * last.runtime / log.steps
    return ratio if ratio > 2.0 - WHOLE_SHARE else 1.0


def _whole_run(log: TrainingLog, last: Totals) -> Fields:
    training = last.runtime - _evaluated(log, last, 1.0)
    faster = last.runtime / training / _planned_over_done(log, last)
    counted = log.session_tokens or log.tokens
    tokens = counted / training if counted else None
    if tokens is None and last.tokens_per_second is not None:
        tokens = last.tokens_per_second * log.gpus * faster
    samples = last.samples_per_second
    return {
        "total_seconds": last.runtime,
        "total_includes": _included(log),
        "samples_per_second": samples * faster if samples else None,
        "step_seconds": training / log.steps if log.steps else None,
        "tokens_per_second": tokens,
        "tokens_basis": log.tokens_basis if tokens else None,
    }


def _last_session(log: TrainingLog, last: Totals, share: float) -> Fields:
    """Speeds of the last session; the file's own rates only where its steps per second show that
    they are of that session and not of the whole run.
    """
    training = last.runtime - _evaluated(log, last, share)
    steps = share * (log.steps or 0.0)
    rate = last.steps_per_second
    own = not log.steps or (rate is not None and rate * last.runtime <= 1.05 * steps)
    samples = last.samples_per_second if own else None
    counted = log.session_tokens or (share * log.tokens if log.tokens else None)
    tokens = counted / training if counted else None
    if tokens is None and own and last.tokens_per_second is not None:
        tokens = last.tokens_per_second * log.gpus * last.runtime / training
    return {
        "step_seconds": training / steps if steps else None,
        "samples_per_second": samples * last.runtime / training if samples else None,
        "tokens_per_second": tokens,
        "tokens_basis": log.tokens_basis if tokens else None,
    }
