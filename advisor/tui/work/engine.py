"""What the app asks of the pipeline: a seam, so that tests can stand in for it and nothing heavy
loads before paint.
"""

from __future__ import annotations

import time
from functools import cache
from typing import TYPE_CHECKING, Protocol, TypeAlias, cast

from advisor.core.events import EventSink, ignore

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from advisor.calibrate.protocol import Event
    from advisor.core.brief import Brief
    from advisor.core.events import CancelToken
    from advisor.core.experiment import RunRecord
    from advisor.core.probes import DataReport, HardwareReport
    from advisor.core.verdict import Verdict
    from advisor.experiments import Prepared
    from advisor.tui.model.run_request import CalibrationRequest

    Recorded: TypeAlias = tuple[Sequence[Event], RunRecord | None]

_FIRST_SECONDS = 0.2
"""The share of a processor is counted since the last reading; before the first one, so long."""


class Observations(Protocol):
    """What was observed of data and machine; None where there was nothing to look at."""

    @property
    def data(self) -> DataReport | None: ...

    @property
    def hardware(self) -> HardwareReport | None: ...

    @property
    def warnings(self) -> tuple[str, ...]: ...


class Engine(Protocol):
    """The stages as the app needs them.

    Each call may take long and runs in a thread; each may raise AdvisorError.
    """

    def look(
        self, brief: Brief, cancel: CancelToken, events: EventSink = ignore
    ) -> Observations: ...

    def judge(self, brief: Brief, observations: Observations, *, deep: bool) -> Verdict: ...

    def models(self) -> Sequence[str]: ...

    def gpus(self) -> Sequence[str]: ...

    def close(self) -> None: ...

    def machine(self) -> HardwareReport: ...

    def plan(
        self, request: CalibrationRequest, brief: Brief, observations: Observations
    ) -> Prepared: ...

    def missing(self, request: CalibrationRequest) -> str: ...

    def run(
        self, prepared: Prepared, events: Callable[[Event], None], cancel: CancelToken
    ) -> RunRecord: ...

    def log(self, record: RunRecord) -> str: ...

    def recordings(self) -> Sequence[tuple[str, str]]: ...

    def recorded(self, name: str) -> Recorded: ...


class PipelineEngine:
    """The real stages.

    Every import is inside, because numpy and the price list must not delay the first frame.
    """

    def look(self, brief: Brief, cancel: CancelToken, events: EventSink = ignore) -> Observations:
        """Look at data, machine and prices; seconds where the data are large. Raises Cancelled."""
        from advisor import pipeline

        return pipeline.look(brief, events=events, cancel=cancel)

    def judge(self, brief: Brief, observations: Observations, *, deep: bool) -> Verdict:
        """The verdict; `deep` adds flip points, sensitivity and the next step.

        Where every option is ruled out, the verdict has no options. Raises UsageError.
        """
        from advisor import pipeline

        try:
            return pipeline.judge(brief, cast(pipeline.Surroundings, observations), deep=deep)
        except pipeline.NothingLeft as stop:
            return stop.verdict

    def models(self) -> tuple[str, ...]:
        """The names of the models that our tables know, for completion."""
        from advisor import facts
        from advisor.store.folders import folders

        book = facts.load(folders().config)
        return (*book.listed_models(), *(model.name for model in book.models))

    def gpus(self) -> tuple[str, ...]:
        """The names of the GPUs that our tables know, for completion."""
        from advisor import facts
        from advisor.store.folders import folders

        return tuple(gpu.name for gpu in facts.load(folders().config).gpus)

    def close(self) -> None:
        """Nothing of the engine may outlive the app."""

    def machine(self) -> HardwareReport:
        """One reading of this machine, for the live view.

        Raises UsageError where a table of GPUs cannot be read.
        """
        return _reader()()

    def plan(
        self, request: CalibrationRequest, brief: Brief, observations: Observations
    ) -> Prepared:
        """What would run, with its price. Raises UsageError where it cannot or may not."""
        from advisor.tui.model.run_planning import prepared

        return prepared(request, brief, observations.data, observations.hardware)

    def missing(self, request: CalibrationRequest) -> str:
        """What has to be installed before this can run, in one line; empty where nothing."""
        from advisor.tui.model.run_planning import missing

        return missing(request)

    def run(
        self, prepared: Prepared, events: Callable[[Event], None], cancel: CancelToken
    ) -> RunRecord:
        """Run what has no answer yet. Raises UsageError where the device is taken."""
        from advisor import experiments

        return experiments.run(prepared, events=events, cancel=cancel)

    def log(self, record: RunRecord) -> str:
        """Where the libraries of a failed run said why."""
        from advisor.calibrate.protocol import LOG
        from advisor.store.folders import folders

        return str(folders().state / "runs" / str(record.summary.id) / LOG)

    def recordings(self) -> Sequence[tuple[str, str]]:
        """Runs that can be shown again: name and a line about each, those that come along last."""
        from advisor.tui.model.run_planning import recordings

        return recordings()

    def recorded(self, name: str) -> Recorded:
        """The events of a recorded run, and what is kept of it where it is one of ours.

        Raises UsageError.
        """
        from advisor import experiments
        from advisor.tui.model.imported_runs import IMPORTED, imported_events

        record = experiments.run_record(int(name)) if name.isdecimal() else None
        if record is not None and record.summary.kind == IMPORTED:
            return imported_events(record), record
        return experiments.recorded_events(name), record


@cache
def _reader() -> Callable[[], HardwareReport]:
    """Reads the machine; names GPUs by the table of GPUs, which is read once."""
    from dataclasses import replace

    from advisor import facts
    from advisor.probe.hardware import probe, processor_use
    from advisor.store.folders import folders

    gpus = facts.load(folders().config)
    names = gpus.driver_names
    unified = gpus.unified_gpus
    processor_use()
    time.sleep(_FIRST_SECONDS)
    return lambda: replace(probe(gpu_ids=names, unified=unified), processor_use=processor_use())
