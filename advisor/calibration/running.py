"""The order of a calibration: price, lock, run, keep."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.calibrate import client, limits
from advisor.calibrate.protocol import JOURNAL, Event, plan_data
from advisor.calibration.places import Machine
from advisor.core.calibration import Forecast, Plan, RunRecord, Status, TrialOutcome
from advisor.core.errors import AdvisorError
from advisor.core.events import CancelToken
from advisor.core.quantity import Range
from advisor.store import Runs, Store, answered
from advisor.store.folders import folders

if TYPE_CHECKING:
    from advisor.calibrate.throughput import Projection

MISSING = "No module named"

INSTALL = "calibration needs torch, transformers and peft: pip install 'prompt-or-tune[calibrate]'"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may take; None: no limit. `usd_per_hour` None: not known."""

    minutes: float | None = None
    max_usd: float | None = None
    usd_per_hour: Range | None = None
    busy_ok: bool = False


@dataclass(frozen=True, slots=True)
class Prepared:
    """A run that could start now, with its price; `earlier` is the run of the same plan, where there was one."""

    plan: Plan
    machine: Machine
    forecast: Forecast
    earlier: RunRecord | None = None

    @property
    def left(self) -> int:
        """Trials without an answer yet."""
        done = answered(self.earlier) if self.earlier is not None else frozenset()
        return sum(1 for t in self.plan.trials if self.plan.trial_digest(t) not in done)


def prepare(plan: Plan, where: Machine, bounds: Limits, *, again: bool = False) -> Prepared:
    """Price the plan, hold it against its limits, and find the run it goes on from. Raises UsageError."""
    if where.card is not None:
        limits.check_free(where.card, bounds.busy_ok)
    hour = bounds.usd_per_hour if plan.kind != "prompts" else None
    minutes, _ = limits.limited_minutes(bounds.minutes, hour, bounds.max_usd)
    with Store.open() as store:
        earlier = None if again else Runs(store).latest(plan.digest)
    if earlier is not None:
        earlier = replace(earlier, outcomes=_with_journal(earlier))
    done = answered(earlier) if earlier is not None else frozenset()
    left = tuple(t for t in plan.trials if plan.trial_digest(t) not in done)
    to_run = replace(plan, trials=left, minutes=bounds.minutes)
    priced = limits.forecast(to_run, where.gpu, bounds.usd_per_hour, bounds.max_usd)
    return Prepared(replace(plan, minutes=minutes), where, priced, earlier)


def run(
    prepared: Prepared, *, events: client.Sink, cancel: CancelToken, command: Sequence[str] = client.CHILD
) -> RunRecord:
    """Run what has no answer yet, and keep each answer at once. Raises UsageError where the device is taken.

    A run that was stopped comes back with its status; so does one whose every trial failed.
    """
    plan, used = prepared.plan, folders()
    with ExitStack() as stack:
        held = stack.enter_context(limits.card_lock(used.state / "locks", _lock_name(prepared)))
        runs = Runs(stack.enter_context(Store.open()))
        run_id = _begun(runs, prepared)
        folder = used.state / "runs" / str(run_id)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        specs = {plan.trial_digest(t): dict(t.spec) for t in plan.trials}
        lines: list[str] = []
        about: dict[str, Any] = {}

        def hear(event: Event) -> None:
            lines.append(event.line())
            if event.kind == "started":
                about.update(event.fields.get("device", {}))
            events(event)

        def keep(outcome: TrialOutcome) -> None:
            runs.keep(run_id, outcome, specs.get(outcome.digest, {}))

        earlier = prepared.earlier
        for outcome in earlier.outcomes if earlier is not None else ():
            keep(outcome)
        (folder / JOURNAL).unlink(missing_ok=True)
        ending = asyncio.run(
            client.follow(
                plan,
                folder,
                events=hear,
                keep=keep,
                cancel=cancel,
                done=answered(earlier) if earlier is not None else (),
                command=command,
                inherited=(held,),
                environment=prepared.machine.environment,
            )
        )
        return _ended(runs, run_id, prepared, ending, "".join(lines), about, folder)


def _begun(runs: Runs, prepared: Prepared) -> int:
    """The row of the run: the earlier one where it goes on, else a new one."""
    if prepared.earlier is not None:
        runs.resume(prepared.earlier.summary.id)
        runs.belongs(prepared.earlier.summary.id, prepared.plan.about)
        return prepared.earlier.summary.id
    return runs.begin(
        kind=prepared.plan.kind,
        name=prepared.plan.name,
        digest=prepared.plan.digest,
        plan=plan_data(prepared.plan),
        trials=len(prepared.plan.trials),
        device=prepared.machine.name,
        forecast=asdict(prepared.forecast),
        about=prepared.plan.about,
    )


def _ended(
    runs: Runs,
    run_id: int,
    prepared: Prepared,
    ending: client.Ending,
    lines: str,
    about: Mapping[str, Any],
    folder: Path,
) -> RunRecord:
    """Keep the end; a cancelled run without any result is forgotten, and no folder stays but that of a failed run."""
    record = runs.run(run_id)
    assert record is not None
    result = {"reason": ending.reason, **results(prepared.plan, record.outcomes)}
    runs.end(run_id, ending.status, result=result, events=lines, machine=about)
    if ending.status is not Status.FAILED:
        shutil.rmtree(folder, ignore_errors=True)
    record = runs.run(run_id)
    assert record is not None
    if ending.status is Status.CANCELLED and not any(o.result for o in record.outcomes):
        runs.delete(run_id)
    if ending.status is Status.FAILED and MISSING in ending.reason:
        shutil.rmtree(folder, ignore_errors=True)
        runs.delete(run_id)
        raise AdvisorError(INSTALL)
    return record


def _lock_name(prepared: Prepared) -> str:
    card = prepared.machine.card
    if prepared.machine.device == "endpoint":
        return f"endpoint {prepared.machine.name}"
    return "cpu" if card is None else card.uuid or f"card-{card.index}"


def _with_journal(record: RunRecord) -> tuple[TrialOutcome, ...]:
    """The outcomes of a run whose parent may have died: those in the database, then those only its journal has."""
    known = {o.digest: o for o in record.outcomes}
    folder = folders().state / "runs" / str(record.summary.id)
    for outcome in client.journaled(folder):
        known.setdefault(outcome.digest, outcome)
        if outcome.status is Status.DONE:
            known[outcome.digest] = outcome
    return tuple(known.values())


def results(plan: Plan, outcomes: Sequence[TrialOutcome]) -> dict[str, Any]:
    """What the trials showed together, by kind of plan."""
    if plan.kind == "throughput":
        from advisor.calibrate.throughput import summary

        return summary(plan, outcomes)
    from advisor.calibrate.quality import summary as scores

    return scores(plan, outcomes)


def projections(plan: Plan, record: RunRecord, examples: int, epochs: float) -> tuple[Projection, ...]:
    """How long whole runs take by what a throughput run measured."""
    from advisor.calibrate.throughput import project

    return project(plan, record.outcomes, examples, epochs)


def plan_record(prepared: Prepared) -> dict[str, Any]:
    """A dry run as plain data."""
    return {
        "schema": 1,
        "plan": {"kind": prepared.plan.kind, "name": prepared.plan.name, "digest": prepared.plan.digest},
        "machine": prepared.machine.name,
        "trials": [{"label": t.label, "digest": prepared.plan.trial_digest(t)} for t in prepared.plan.trials],
        "left": prepared.left,
        "forecast": asdict(prepared.forecast),
    }
