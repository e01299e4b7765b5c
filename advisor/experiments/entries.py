"""Runs a matrix: entries wait in one queue, each place (a GPU, the CPU) takes the next when it is
free.
"""

from __future__ import annotations

import queue
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from advisor.calibrate.protocol import Event
from advisor.core.errors import AdvisorError
from advisor.core.events import CancelToken
from advisor.core.experiment import ExperimentPlan, RunPrediction, RunRecord, Status
from advisor.core.quantity import Range
from advisor.experiments.machines import Machine
from advisor.experiments.running import Limits, Prepared, prepare, run

Listener = Callable[["Entry", Event | None], None]
"""Hears an entry's events, and None when it has ended."""


@dataclass(slots=True)
class Entry:
    """A run of the matrix: its plan with price, then its record, or the reason why there is
    none.
    """

    number: int
    prepared: Prepared
    record: RunRecord | None = None
    reason: str = ""

    @property
    def name(self) -> str:
        """Its trials, or what it is called where they are many."""
        trials = self.prepared.plan.trials
        seed = f", seed {self.prepared.plan.seed}" if self.prepared.plan.seed else ""
        return (trials[0].label if len(trials) == 1 else self.prepared.plan.name) + seed

    @property
    def status(self) -> str:
        """What became of it, in the words of runs; waiting where it has not run."""
        if self.record is not None:
            return self.record.summary.status.value
        return Status.FAILED.value if self.reason else "waiting"


def entries(
    plans: Sequence[ExperimentPlan],
    places: Sequence[Machine],
    bounds: Limits,
    *,
    again: bool = False,
) -> list[Entry]:
    """Every plan with its price; dollars are shared out evenly among those that have something left
    to run.

    Raises UsageError.
    """
    free = replace(bounds, max_usd=None)
    priced = [Entry(i, prepare(p, places[0], free, again=again)) for i, p in enumerate(plans)]
    for place in places[1:]:
        prepare(plans[0], place, free, again=again)
    left = sum(1 for e in priced if e.prepared.left)
    if bounds.max_usd is not None and left:
        share = replace(bounds, max_usd=bounds.max_usd / left)
        priced = [Entry(i, prepare(p, places[0], share, again=again)) for i, p in enumerate(plans)]
    for entry in priced:
        if not entry.prepared.left:
            entry.record = entry.prepared.earlier
    return priced


def total(queued: Sequence[Entry], at_once: int) -> RunPrediction:
    """Seconds and dollars of all that is left: the sums of the P10, P50 and P90, seconds over the
    places at once.
    """
    waiting = [e.prepared.forecast for e in queued if e.prepared.left]
    seconds = _summed([f.seconds for f in waiting])
    shared = Range(
        *(
            None if s is None else s / max(at_once, 1)
            for s in (seconds.p10, seconds.p50, seconds.p90)
        )
    )
    capped = next((f.capped for f in waiting if f.capped), "")
    return RunPrediction(
        shared,
        _summed([f.usd for f in waiting]),
        "assumed",
        "sums over the runs that are left",
        capped,
    )


def _summed(ranges: Sequence[Range]) -> Range:
    sides = ([r.p10 for r in ranges], [r.p50 for r in ranges], [r.p90 for r in ranges])
    return Range(
        *(None if None in side else sum(s for s in side if s is not None) for side in sides)
    )


def run_all(
    queued: Sequence[Entry],
    places: Sequence[Machine],
    *,
    listen: Listener,
    cancel: CancelToken,
    **own: Any,
) -> None:
    """Run what is left, one entry a place at a time; one that fails does not stop the rest.

    `own` goes to each run.
    """
    waiting: queue.SimpleQueue[Entry] = queue.SimpleQueue()
    for entry in queued:
        if entry.prepared.left:
            waiting.put(entry)

    def work(place: Machine) -> None:
        while not cancel.cancelled:
            try:
                entry = waiting.get_nowait()
            except queue.Empty:
                return
            _run_one(entry, place, listen, cancel, own)

    with ThreadPoolExecutor(len(places), thread_name_prefix="place") as pool:
        futures = [pool.submit(work, place) for place in places]
        for future in futures:
            future.result()


def _run_one(
    entry: Entry, place: Machine, listen: Listener, cancel: CancelToken, own: dict[str, Any]
) -> None:
    prepared = replace(entry.prepared, machine=place)
    try:
        entry.record = run(
            prepared, events=lambda event: listen(entry, event), cancel=cancel, **own
        )
    except AdvisorError as error:
        entry.reason = str(error)
    listen(entry, None)
