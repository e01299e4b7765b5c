"""How fast a run was, by the totals at the end of its last session."""

from __future__ import annotations

from collections.abc import Sequence

from advisor.calibrate.imports.columns import Fields
from advisor.calibrate.imports.training_log import NO_TOTAL, LogEntry, Timing, Totals, TrainingLog

WHOLE_SHARE = 0.97
"""A session with at least this share of all steps is the whole run."""

LOSS_SHARE = 0.8
"""The Trainer divides the losses of the last session by the steps of the whole run: a mean below
this share of the logged losses shows a resumed run.
"""


def by_totals(log: TrainingLog) -> Timing:
    """Speeds by the totals at the end of the last session, with the steps of that session alone."""
    last = log.totals[-1]
    share = session_share(log)
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


def session_share(log: TrainingLog) -> float | None:
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


def included(log: TrainingLog) -> str:
    """What the total seconds hold, as a column of a run has it: `train` or `train+eval`."""
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
        "total_includes": included(log),
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
