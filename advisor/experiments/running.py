"""The order of a calibration: price, lock, run, keep."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.calibrate import client, hub, limits
from advisor.calibrate.protocol import JOURNAL, Event, plan_data
from advisor.calibrate.worker.ledger import FOLDER_VARIABLE, RUN_VARIABLE, SINCE_VARIABLE
from advisor.core.errors import AdvisorError
from advisor.core.events import CancelToken
from advisor.core.experiment import (
    Choice,
    ExperimentPlan,
    JsonObject,
    RunPrediction,
    RunRecord,
    Status,
    SteeringPolicy,
    Trial,
    TrialOutcome,
)
from advisor.core.private_files import make_private_folder
from advisor.core.quantity import UNKNOWN, Basis, Quantity, Range
from advisor.experiments import liveness
from advisor.experiments.machines import Machine
from advisor.experiments.openings import opened_before
from advisor.store import Runs, Store, answered
from advisor.store.folders import folders

if TYPE_CHECKING:
    from advisor.calibrate.projection import Projection

MISSING = "No module named"

UNPRICED = RunPrediction(UNKNOWN, UNKNOWN, "assumed", "")
INSTALL = "calibration needs torch, transformers and peft: pip install 'prompt-or-tune[calibrate]'"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may take; None: no limit. `usd_per_hour` None: not known."""

    minutes: float | None = None
    max_usd: float | None = None
    usd_per_hour: Range | None = None
    allow_busy: bool = False


@dataclass(frozen=True, slots=True)
class Prepared:
    """A run that could start now, with its price; `earlier` is the run of the same plan, where
    there was one.
    """

    plan: ExperimentPlan
    machine: Machine
    forecast: RunPrediction
    earlier: RunRecord | None = None
    policy: SteeringPolicy | None = None
    again: bool = False

    @property
    def to_run(self) -> tuple[Trial, ...]:
        """Trials without an answer yet; without those that this very policy found needless
        before.
        """
        if self.earlier is None:
            return self.plan.trials
        settled = {o.digest for o in self.earlier.outcomes if self._needless(o)} | answered(
            self.earlier
        )
        return tuple(t for t in self.plan.trials if self.plan.trial_digest(t) not in settled)

    @property
    def left(self) -> int:
        """How many trials that are."""
        return len(self.to_run)

    def _needless(self, outcome: TrialOutcome) -> bool:
        by = self.policy.name if self.policy is not None else None
        return outcome.status is Status.SKIPPED and outcome.result.get("steered_by") == by


def prepare(
    plan: ExperimentPlan,
    where: Machine,
    bounds: Limits,
    *,
    again: bool = False,
    policy: SteeringPolicy | None = None,
) -> Prepared:
    """Price the plan, hold it against its limits, and find the run it goes on from.

    Raises UsageError.

    The price is that of all trials that are left; with a `policy` the run may end before.
    """
    for gpu in where.gpus:
        limits.check_free(gpu, bounds.allow_busy)
    hour = bounds.usd_per_hour if plan.kind != "prompts" else None
    minutes, _ = limits.limited_minutes(bounds.minutes, hour, bounds.max_usd)
    with Store.open() as store:
        earlier = None if again else Runs(store).latest(plan.digest)
    if earlier is not None:
        earlier = replace(earlier, outcomes=_with_journal(earlier))
    prepared = Prepared(replace(plan, minutes=minutes), where, UNPRICED, earlier, policy, again)
    to_run = replace(plan, trials=prepared.to_run, minutes=bounds.minutes)
    predicted = limits.forecast(to_run, where.gpu, bounds.usd_per_hour, bounds.max_usd)
    return replace(prepared, forecast=_after_actuals(predicted))


def _after_actuals(predicted: RunPrediction) -> RunPrediction:
    """The prediction after recorded actual values of `run.seconds` and `run.usd`; a limit stays."""
    from advisor import own_runs

    if predicted.capped:
        return predicted
    seconds = Quantity(predicted.seconds, "s", Basis.ASSUMED, predicted.source, "")
    usd = Quantity(predicted.usd, "USD", Basis.ASSUMED, predicted.source, "")
    after = own_runs.corrected("run.seconds", seconds)
    return replace(
        predicted,
        seconds=after.range,
        usd=own_runs.corrected("run.usd", usd).range,
        source=after.source,
    )


def run(
    prepared: Prepared,
    *,
    events: client.Sink,
    cancel: CancelToken,
    command: Sequence[str] = client.CHILD,
) -> RunRecord:
    """Run what has no answer yet, and keep each answer at once.

    Raises UsageError where the device is taken.

    A run that was stopped comes back with its status; so does one whose every trial failed. What
    the policy found needless is kept as skipped, with the reason.
    """
    plan = prepared.plan
    used = folders()
    hub.fetch(plan, events, cancel)
    with ExitStack() as stack:
        names = lock_names(prepared.machine)
        locks = [stack.enter_context(limits.gpu_lock(used.state / "locks", name)) for name in names]
        runs = Runs(stack.enter_context(Store.open()))
        run_id = _begun(runs, prepared)
        stack.enter_context(liveness.working_on(run_id))
        folder = used.state / "runs" / str(run_id)
        make_private_folder(folder)
        under_way = _UnderWay(runs, run_id, prepared, events)
        for outcome in prepared.earlier.outcomes if prepared.earlier is not None else ():
            under_way.keep(outcome)
        (folder / JOURNAL).unlink(missing_ok=True)
        left = {plan.trial_digest(t) for t in prepared.to_run}
        ending = asyncio.run(
            client.follow(
                plan,
                folder,
                events=under_way.hear,
                keep=under_way.keep,
                cancel=cancel,
                done=[name for t in plan.trials if (name := plan.trial_digest(t)) not in left],
                command=command,
                inherited=tuple(locks),
                environment=_environment(prepared, used.state, run_id),
                steer=under_way.choose if prepared.policy is not None else None,
            )
        )
        if ending.enough:
            under_way.skip(ending.enough)
        return _ended(under_way, ending, folder)


def _environment(prepared: Prepared, state: Path, run_id: int) -> dict[str, str]:
    """What the worker sees beside our own environment: its GPUs, and where answers are kept."""
    answers = {FOLDER_VARIABLE: str(state / "answers"), RUN_VARIABLE: str(run_id)}
    environment = {**prepared.machine.environment, **answers}
    if prepared.again:
        environment[SINCE_VARIABLE] = str(time.time())
    return environment


def adopt(prepared: Prepared, ending: client.Ending, events: Sequence[Event]) -> RunRecord:
    """Keep a run that another machine has done, under the name that machine gave its device."""
    device = next(
        (str(e.fields["device"].get("name", "")) for e in events if e.kind == "started"), ""
    )
    renamed = replace(
        prepared, machine=replace(prepared.machine, name=device or prepared.machine.name)
    )
    with Store.open() as store:
        runs = Runs(store)
        under_way = _UnderWay(runs, _begun(runs, renamed), renamed, lambda event: None)
        for event in events:
            under_way.hear(event)
        for outcome in (
            *(renamed.earlier.outcomes if renamed.earlier is not None else ()),
            *ending.outcomes,
        ):
            under_way.keep(outcome)
        return _ended(under_way, ending, folders().state / "runs" / str(under_way.run_id))


@dataclass(slots=True)
class _UnderWay:
    """A run while it goes on: what was heard and kept of it."""

    runs: Runs
    run_id: int
    prepared: Prepared
    events: client.Sink
    outcomes: dict[str, TrialOutcome] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    about: dict[str, Any] = field(default_factory=dict)

    def hear(self, event: Event) -> None:
        self.lines.append(event.line())
        if event.kind == "started":
            self.about.update(event.fields.get("device", {}))
        self.events(event)

    def keep(self, outcome: TrialOutcome) -> None:
        plan = self.prepared.plan
        spec = next((t.spec for t in plan.trials if plan.trial_digest(t) == outcome.digest), {})
        self.outcomes[outcome.digest] = outcome
        self.runs.keep(self.run_id, outcome, spec)

    def choose(self, left: Sequence[str]) -> Choice:
        """The policy's choice among these digests."""
        plan = self.prepared.plan
        policy = self.prepared.policy
        assert policy is not None
        finished = [o for o in self.outcomes.values() if o.status is not Status.SKIPPED]
        return policy(plan, finished, [t for t in plan.trials if plan.trial_digest(t) in set(left)])

    def skip(self, reason: str) -> None:
        """Mark what has no outcome as not needed, by whose judgement."""
        plan = self.prepared.plan
        policy = self.prepared.policy
        by = {"steered_by": policy.name} if policy is not None else {}
        for trial in plan.trials:
            name = plan.trial_digest(trial)
            if name not in self.outcomes or self.outcomes[name].status is Status.SKIPPED:
                self.keep(TrialOutcome(name, trial.label, Status.SKIPPED, None, by, reason))


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


def _ended(under_way: _UnderWay, ending: client.Ending, folder: Path) -> RunRecord:
    """Keep the end; a cancelled run without any result is forgotten, and no folder stays but that
    of a failed run.
    """
    runs = under_way.runs
    run_id = under_way.run_id
    record = runs.run(run_id)
    assert record is not None
    enough = ending.enough or next(
        (o.reason for o in record.outcomes if o.status is Status.SKIPPED), ""
    )
    summed_up = results(under_way.prepared.plan, record.outcomes)
    opened = opened_before(runs, replace(record, result=summed_up), under_way.prepared.plan.about)
    result = {
        "reason": ending.reason,
        "enough": enough,
        **summed_up,
        **({"opened": opened.to_json()} if opened is not None else {}),
    }
    runs.end(
        run_id,
        ending.status,
        result=result,
        events="".join(under_way.lines),
        machine=under_way.about or record.machine,
    )
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


def lock_names(where: Machine) -> list[str]:
    """What a run holds alone: its GPUs, in one order for all, the CPU, or an endpoint."""
    if where.device == "endpoint":
        return [f"endpoint {where.name}"]
    return sorted(gpu.uuid or f"gpu-{gpu.index}" for gpu in where.gpus) or ["cpu"]


def _with_journal(record: RunRecord) -> tuple[TrialOutcome, ...]:
    """The outcomes of a run whose parent may have died: those in the database, then those only its
    journal has.
    """
    outcomes = {o.digest: o for o in record.outcomes}
    folder = folders().state / "runs" / str(record.summary.id)
    for outcome in client.journaled(folder):
        outcomes.setdefault(outcome.digest, outcome)
        if outcome.status is Status.DONE:
            outcomes[outcome.digest] = outcome
    return tuple(outcomes.values())


def results(plan: ExperimentPlan, outcomes: Sequence[TrialOutcome]) -> JsonObject:
    """What the trials showed together, by kind of plan."""
    if plan.kind == "throughput":
        from advisor.calibrate.throughput import summary

        return summary(plan, outcomes)
    from advisor.calibrate.quality import summary as scores

    return scores(plan, outcomes)


def projections(
    plan: ExperimentPlan, record: RunRecord, examples: int, epochs: float
) -> tuple[Projection, ...]:
    """How long whole runs take by what a throughput run measured."""
    from advisor.calibrate.projection import project

    return project(plan, record.outcomes, examples, epochs)


def plan_record(prepared: Prepared) -> JsonObject:
    """A dry run as plain data."""
    return {
        "schema": 1,
        "plan": {
            "kind": prepared.plan.kind,
            "name": prepared.plan.name,
            "digest": prepared.plan.digest,
        },
        "machine": prepared.machine.name,
        "trials": [
            {"label": t.label, "digest": prepared.plan.trial_digest(t)}
            for t in prepared.plan.trials
        ],
        "left": prepared.left,
        "steered": prepared.policy is not None,
        "forecast": asdict(prepared.forecast),
    }
