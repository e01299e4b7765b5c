"""A run from its history: rows of metrics by step, as trackers keep and export them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import mode

from advisor.calibrate.imports.columns import Fields, ImportedRun, finite, positive
from advisor.calibrate.imports.metric_names import (
    CLOCKS,
    TIMES_OF_DAY,
    MetricNames,
    metric_names,
)
from advisor.calibrate.imports.timing import run_of
from advisor.calibrate.imports.training_log import (
    LogEntry,
    Totals,
    TrainingLog,
    evaluation_seconds,
    other_training,
    scores_in,
    totals_in,
)

NO_STEPS = (
    "its steps count calls of the tracker's log, so step_seconds is not kept; export "
    "train/global_step too"
)
AXOLOTL = (
    "axolotl's tokens per second are not kept: by version they are of one GPU or of all, and of "
    "learned tokens alone"
)
UNKNOWN_EVALUATIONS = (
    "how many evaluations ran is not in it, so its speeds include them; import the run's history "
    "to leave them out"
)
SESSION_MEAN = (
    "train_tokens_per_second alone is a mean since the last start, of tokens since the first by "
    "some versions: not kept; export train/num_input_tokens_seen and _runtime"
)


def history(
    label: str,
    rows: Sequence[Fields],
    gpus: float = 1.0,
    cells: Fields | None = None,
    notes: tuple[str, ...] = (),
) -> ImportedRun:
    """The run in a history, its speeds for all `gpus` together; `cells` describe it."""
    every_name = list(dict.fromkeys(name for row in rows for name in row if name))
    names = metric_names(every_name)
    by_epoch = any(name.startswith("epoch_") for name in every_name)  # as Keras logs
    counts_steps = not by_epoch and (names.counts_steps or _states_steps(rows, names.step))
    every = [_entry(row, names, gpus) for row in rows]
    entries = _since_start([e for e in every if replace(e, trains=True) != LogEntry()], names.clock)
    steps = [e.step for e in entries if e.step is not None] if counts_steps else []
    tokens = [e.tokens for e in entries if e.tokens is not None]
    totals = _totals(rows)
    scores: dict[str, float] = {}
    for row in rows:
        scores |= scores_in(row)
    return run_of(
        TrainingLog(
            label=label,
            entries=entries,
            totals=totals,
            cells=cells or {},
            scores=scores,
            steps=max(steps, default=None),
            tokens=max(tokens, default=None),
            tokens_basis=names.tokens_basis,
            memory_basis=names.memory_basis,
            gpus=gpus,
            resolution=_resolution(entries),
            clock_from_start=names.clock not in TIMES_OF_DAY,
            counts_steps=counts_steps,
            other_training=other_training(every_name),
            notes=(*notes, *_left_out(rows, names, entries, counts_steps)),
        )
    )


def _entry(row: Fields, names: MetricNames, gpus: float) -> LogEntry:
    speed = positive(row.get(names.speed))
    clock = finite(row.get(names.clock))
    loss = finite(row.get(names.loss))
    tokens = finite(row.get(names.tokens))
    evaluates = bool(scores_in(row))
    counted = loss is not None or tokens is not None or speed is not None
    trains = counted or (names.counts_steps and not evaluates)
    timed = clock is not None and (trains or evaluates)
    return LogEntry(
        step=finite(row.get(names.step)),
        loss=loss,
        elapsed=(clock or 0.0) * CLOCKS[names.clock] if timed else None,
        tokens=tokens,
        tokens_per_second=speed * (gpus if names.speed_is_of_one_gpu else 1.0) if speed else None,
        memory_gib=names.memory_gib(row),
        evaluation=evaluation_seconds(row),
        trains=trains,
    )


def _since_start(entries: Sequence[LogEntry], clock: str) -> list[LogEntry]:
    """Entries with seconds since the first, where the clock shows the time of day."""
    first = next((e.elapsed for e in entries if e.elapsed is not None), 0.0)
    if clock not in TIMES_OF_DAY:
        return list(entries)
    return [e if e.elapsed is None else replace(e, elapsed=e.elapsed - first) for e in entries]


def _resolution(entries: Sequence[LogEntry]) -> float:
    """A second where the clock shows whole seconds alone."""
    times = [e.elapsed for e in entries if e.elapsed is not None]
    return 1.0 if times and all(time == int(time) for time in times) else 0.0


def _states_steps(rows: Sequence[Fields], name: str) -> bool:
    """Whether a tracker's own steps are the program's: calls of its log are counted one by one, so
    steps of which all are multiples of some larger number were stated.
    """
    steps = sorted({step for row in rows if (step := positive(row.get(name))) is not None})
    if len(steps) < 2:
        return False
    usual = mode(after - before for before, after in pairwise(steps))
    return usual > 1.0 and all(step % usual == 0.0 for step in steps[:-1])


def _totals(rows: Sequence[Fields]) -> list[Totals]:
    """Totals of a Trainer; a tracker keeps them with a prefix, without, or both."""
    named = ["train_loss", "train_steps_per_second", "train_samples_per_second"]
    if len(rows) == 1:  # last values alone: of the end, or of the last line before it
        named.append("train_tokens_per_second")
    totals: list[Totals] = []
    evaluations: list[tuple[float, float]] = []
    for row in rows:
        if seconds := evaluation_seconds(row):
            step = finite(row.get("train/global_step", row.get("global_step")))
            evaluations.append((step or 0.0, seconds))
        for prefix in ("train/", ""):
            if not any(positive(row.get(prefix + name)) is not None for name in named):
                continue
            total = totals_in(row, tuple(evaluations), prefix)
            if total is not None:
                totals.append(total)
                evaluations = []
                break
    return totals


def _left_out(
    rows: Sequence[Fields], names: MetricNames, entries: Sequence[LogEntry], counts_steps: bool
) -> tuple[str, ...]:
    notes = []
    if names.step and names.clock and not counts_steps:
        notes.append(NO_STEPS)
    if names.axolotl:
        notes.append(AXOLOTL)
    own = any(name.endswith("train_tokens_per_second") for row in rows for name in row)
    if len(rows) == 1 and evaluation_seconds(rows[0]):
        notes.append(UNKNOWN_EVALUATIONS)
    if (
        own
        and len(rows) > 1
        and not names.tokens
        and all(e.tokens_per_second is None for e in entries)
    ):
        notes.append(SESSION_MEAN)
    return tuple(notes)
