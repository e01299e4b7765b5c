"""What training programs log, in one form, and the run that follows from it.

A log is a sequence of entries with a step and, where the program says so, seconds since its start
and tokens seen so far. A run that was stopped and resumed has several sessions: seconds begin
again, steps and tokens do not. So speeds are taken from what happened between two entries of one
session, and never from totals of the whole run divided by seconds of the last session.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from advisor.calibrate.imports.columns import Fields, ImportedRun, as_cells, finite, positive

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

WARM_UP_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One line of a log. `elapsed` are seconds since the session's start, `tokens` those so far."""

    step: float | None = None
    loss: float | None = None
    elapsed: float | None = None
    tokens: float | None = None
    tokens_per_second: float | None = None
    memory_gib: float | None = None
    step_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """What a Trainer writes at the end of a session: seconds, rates and the mean loss."""

    runtime: float
    step: float | None = None
    steps_per_second: float | None = None
    samples_per_second: float | None = None
    tokens_per_second: float | None = None
    mean_loss: float | None = None


@dataclass(frozen=True, slots=True)
class TrainingLog:
    """A run's log. `cells` describe the run, `steps` and `tokens` are those of the whole run.

    `elapsed_restarts`: seconds begin again in every session. `tokens_basis` is real or padded.
    """

    label: str
    entries: Sequence[LogEntry] = ()
    totals: Sequence[Totals] = ()
    cells: Fields = field(default_factory=dict)
    scores: Mapping[str, float] = field(default_factory=dict)
    steps: float | None = None
    planned_steps: float | None = None
    tokens: float | None = None
    tokens_basis: str = "padded"
    memory_basis: str = "reserved"
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Timing:
    """Speeds and seconds as cells, and what could not be kept."""

    cells: Fields
    notes: tuple[str, ...] = ()


def run_of(log: TrainingLog) -> ImportedRun:
    """The run in a log, with speeds by its intervals where it has them, else by its totals."""
    timing = _by_intervals(log) or _by_totals(log)
    peaks = [entry.memory_gib for entry in log.entries if entry.memory_gib is not None]
    cells = {
        "outcome": "ok",
        **log.cells,
        **timing.cells,
        "memory_gib": round(max(peaks), 4) if peaks else log.cells.get("memory_gib"),
        "memory_basis": log.memory_basis if peaks else log.cells.get("memory_basis"),
    }
    curve = [(e.step, e.loss) for e in log.entries if e.step is not None and e.loss is not None]
    return ImportedRun(
        log.label, as_cells(cells), curve, dict(log.scores), (*log.notes, *timing.notes)
    )


def _sessions(entries: Sequence[LogEntry]) -> list[list[LogEntry]]:
    """Entries with step and seconds, cut where seconds or steps go back."""
    sessions: list[list[LogEntry]] = []
    for entry in entries:
        if entry.step is None or entry.elapsed is None:
            continue
        last = sessions[-1][-1] if sessions else None
        if last is None or entry.elapsed < (last.elapsed or 0.0) or entry.step < (last.step or 0.0):
            sessions.append([entry])
        elif entry.step > (last.step or 0.0):
            sessions[-1].append(entry)
    return sessions


def _by_intervals(log: TrainingLog) -> _Timing | None:
    """Speeds by what happened between entries; None where fewer than two have steps and seconds."""
    sessions = _sessions(log.entries)
    pairs = [
        (before, after)
        for session in sessions
        for before, after in pairwise(session)
        if (after.elapsed or 0.0) > (before.elapsed or 0.0)
    ]
    if not pairs:
        return None
    usual = median(_per_step(pair) for pair in pairs)
    timed = [pair for pair in pairs if _per_step(pair) <= PAUSE * usual]
    seconds = sum((after.elapsed or 0.0) - (before.elapsed or 0.0) for before, after in timed)
    steps = sum((after.step or 0.0) - (before.step or 0.0) for before, after in timed)
    whole = sum((after.elapsed or 0.0) - (before.elapsed or 0.0) for before, after in pairs)
    resumed = len(sessions) > 1 or whole - seconds > MOST_OTHER_SHARE * whole
    logged = [e.tokens_per_second for e in log.entries if e.tokens_per_second is not None]
    speed = _tokens_per_second(timed)
    if speed is None and logged and not resumed:
        speed = median(logged[int(WARM_UP_SHARE * len(logged)) :])
    notes = []
    if resumed:
        notes.append(
            "resumed: speeds are taken within sessions, pauses and repeated steps left out; "
            "total_seconds is not kept"
        )
    cells: dict[str, float | str | None] = {"step_seconds": seconds / steps}
    if speed is not None:
        cells |= {"tokens_per_second": speed, "tokens_basis": log.tokens_basis}
    if not resumed:
        return _Timing({**cells, **_whole_run_seconds(log, sessions[0])}, tuple(notes))
    return _Timing(cells, tuple(notes))


def _per_step(pair: tuple[LogEntry, LogEntry]) -> float:
    before, after = pair
    steps = (after.step or 0.0) - (before.step or 0.0)
    return ((after.elapsed or 0.0) - (before.elapsed or 0.0)) / steps


def _tokens_per_second(pairs: Sequence[tuple[LogEntry, LogEntry]]) -> float | None:
    counted = [
        (after.tokens - before.tokens, (after.elapsed or 0.0) - (before.elapsed or 0.0))
        for before, after in pairs
        if before.tokens is not None and after.tokens is not None and after.tokens > before.tokens
    ]
    seconds = sum(each for _, each in counted)
    return sum(tokens for tokens, _ in counted) / seconds if seconds > 0.0 else None


def _whole_run_seconds(log: TrainingLog, session: Sequence[LogEntry]) -> Fields:
    """Seconds of the whole run, where the log goes from its start to its end."""
    first = session[0]
    last = session[-1]
    end = log.planned_steps or log.steps
    finished = end is None or (last.step or 0.0) >= end
    rate = ((last.elapsed or 0.0) - (first.elapsed or 0.0)) / max(
        (last.step or 0.0) - (first.step or 0.0), 1.0
    )
    from_start = (first.elapsed or 0.0) >= 0.5 * rate * (first.step or 0.0)
    if not finished or not from_start or not last.elapsed:
        return {}
    return {"total_seconds": last.elapsed, "total_includes": "all"}


def _by_totals(log: TrainingLog) -> _Timing:
    """Speeds by the totals at the end of the last session, with the steps of that session alone."""
    if not log.totals:
        speeds = [e.tokens_per_second for e in log.entries if e.tokens_per_second is not None]
        seconds = [e.step_seconds for e in log.entries if e.step_seconds is not None]
        cells: dict[str, float | str | None] = {}
        if speeds:
            speed = median(speeds[int(WARM_UP_SHARE * len(speeds)) :])
            cells |= {"tokens_per_second": speed, "tokens_basis": log.tokens_basis}
        if seconds:
            cells["step_seconds"] = median(seconds)
        return _Timing(cells)
    last = log.totals[-1]
    share = _session_share(log)
    if share is None:
        note = (
            f"resumed: its mean loss belongs to a part of the {log.steps:,.0f} steps, so "
            f"{last.runtime:,.0f} s are those of the last session; no speed and no total time kept"
        )
        return _Timing({}, (note,))
    if share >= WHOLE_SHARE:
        return _Timing(_whole_run(log, last))
    steps = share * (log.steps or 0.0)
    note = (
        f"resumed: {last.runtime:,.0f} s are those of the last {steps:,.0f} of "
        f"{log.steps or 0.0:,.0f} steps; the total time is not kept"
    )
    return _Timing(_last_session(log, last, share), (note,))


def _session_share(log: TrainingLog) -> float | None:
    """Share of all steps that the last session made; None where it was a part of unknown size.

    By the end of an earlier session, by the file's own steps per second, and by its mean loss:
    the Trainer sums losses since the last start and divides them by the steps of the whole run.
    """
    last = log.totals[-1]
    steps = log.steps
    if not steps:
        return 1.0
    earlier = [t.step for t in log.totals[:-1] if t.step is not None and t.step < steps]
    if earlier:
        return (steps - earlier[-1]) / steps
    if last.steps_per_second is not None:
        share = last.steps_per_second * last.runtime / steps
        if share < WHOLE_SHARE:
            return share
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


def _whole_run(log: TrainingLog, last: Totals) -> Fields:
    tokens = log.tokens / last.runtime if log.tokens else last.tokens_per_second
    return {
        "total_seconds": last.runtime,
        "total_includes": "train",
        "samples_per_second": last.samples_per_second,
        "step_seconds": last.runtime / log.steps if log.steps else None,
        "tokens_per_second": tokens,
        "tokens_basis": log.tokens_basis if tokens else None,
    }


def _last_session(log: TrainingLog, last: Totals, share: float) -> Fields:
    """Speeds of the last session: the file's own where they belong to it, else by its share."""
    steps = share * (log.steps or 0.0)
    tokens = share * log.tokens / last.runtime if log.tokens else None
    own = last.tokens_per_second
    if own is not None and (tokens is None or own <= 1.5 * tokens):
        tokens = own  # an older Trainer divides the tokens of the whole run: then it is far above
    consistent = (
        last.steps_per_second is not None and last.steps_per_second * last.runtime <= 1.05 * steps
    )
    return {
        "step_seconds": last.runtime / steps,
        "samples_per_second": last.samples_per_second if consistent else None,
        "tokens_per_second": tokens,
        "tokens_basis": log.tokens_basis if tokens else None,
    }


def scores_in(entry: Fields) -> dict[str, float]:
    """Evaluation scores in a log entry: `eval_loss`, `eval/accuracy` and similar."""
    return {
        name: value
        for name, raw in entry.items()
        if name.startswith(("eval_", "eval/", "test/", "test_", "valid/", "val/", "val_"))
        and (value := finite(raw)) is not None
    }


def totals_in(entry: Fields, prefix: str = "") -> Totals | None:
    """A session's totals in a log entry of Hugging Face's Trainer; None where there are none."""
    runtime = positive(entry.get(f"{prefix}train_runtime"))
    if runtime is None:
        return None
    return Totals(
        runtime=runtime,
        step=finite(entry.get("step")),
        steps_per_second=positive(entry.get(f"{prefix}train_steps_per_second")),
        samples_per_second=positive(entry.get(f"{prefix}train_samples_per_second")),
        tokens_per_second=positive(entry.get(f"{prefix}train_tokens_per_second")),
        mean_loss=finite(entry.get(f"{prefix}train_loss")),
    )
