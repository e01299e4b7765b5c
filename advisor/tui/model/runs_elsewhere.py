"""Runs that another machine did: its GPU and what could be read of it over the run.

No Textual here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from advisor.calibrate.protocol import Event
from advisor.core.experiment import RunRecord
from advisor.core.format import count
from advisor.tui.model.imported_runs import IMPORTED, imported_events
from advisor.tui.model.run_progress import RunProgress

MOST_RUNS = 3
"""The newest ones are shown; `advisor runs list` has all."""
READINGS = MappingProxyType(
    {
        "tokens_per_second": ("speed", "tokens/s"),
        "memory_gib": ("memory", "GiB"),
        "watts": ("power", "W"),
        "loss": ("loss", ""),
    }
)
"""Curves of a run: name and unit of each."""


@dataclass(frozen=True, slots=True)
class FarReading:
    """One reading over a run, in order of time; None where there was none."""

    name: str
    unit: str
    values: tuple[float | None, ...]

    @property
    def most(self) -> float:
        """The largest value."""
        return max((value for value in self.values if value is not None), default=0.0)


@dataclass(frozen=True, slots=True)
class RunElsewhere:
    """A run of another machine."""

    number: int
    device: str
    origin: str
    day: str
    answered: str
    readings: tuple[FarReading, ...]


def runs_elsewhere() -> tuple[RunElsewhere, ...]:
    """The newest runs of other machines. Raises UsageError where the store cannot be read."""
    from advisor import experiments

    origins = experiments.origins()
    far = [run for run in experiments.runs() if run.id in origins or run.kind == IMPORTED]
    records = (experiments.run_record(run.id) for run in far[:MOST_RUNS])
    return tuple(_run(record, origins.get(record.summary.id, "a file")) for record in records)


def _run(record: RunRecord, origin: str) -> RunElsewhere:
    from advisor import experiments

    summary = record.summary
    course = RunProgress()
    if summary.kind == IMPORTED:
        events = imported_events(record)
    elif record.events.strip():
        events = experiments.recorded_events(str(summary.id))
    else:
        events = tuple(_measured(record))
    for event in events:
        course.note(event)
    return RunElsewhere(
        summary.id,
        summary.device or course.device,
        origin,
        summary.started_at[:10],
        f"{count(summary.done)} of {count(summary.trials)} trials answered",
        tuple(_readings(course)),
    )


def _measured(record: RunRecord) -> Iterator[Event]:
    """Of a record that came without its events: what each trial measured, as one step."""
    for place, outcome in enumerate(record.outcomes):
        memory = outcome.result.get("memory")
        peak = memory.get("process_gib") if isinstance(memory, Mapping) else None
        measured = {name: outcome.result.get(name) for name in ("tokens_per_second", "watts")}
        about = {"label": outcome.label, "step": 1, "steps": 1, "memory_gib": peak}
        yield Event("step", float(place), {**about, **measured})


def _readings(course: RunProgress) -> Iterator[FarReading]:
    for curve, (name, unit) in READINGS.items():
        values = tuple(value for _, value in course.curves.get(curve, ()))
        if any(value is not None for value in values):
            yield FarReading(name, unit, values)
