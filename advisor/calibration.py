"""The order of a calibration: look, plan, price, lock, run, keep, learn. Both front ends stand on these functions."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from advisor import shipped
from advisor.calibrate import client, limits
from advisor.calibrate.protocol import JOURNAL, Event, parse, plan_data
from advisor.core.calibration import Actual, Bias, Forecast, Plan, RunRecord, RunSummary, Status, TrialOutcome, digest
from advisor.core.errors import AdvisorError, UsageError
from advisor.core.events import CancelToken
from advisor.core.facts import Gpu
from advisor.core.probes import Card
from advisor.core.quantity import Range
from advisor.core.training import TrainingMeasurement
from advisor.store import Runs, Store, answered
from advisor.store.folders import folders

if TYPE_CHECKING:
    from advisor.calibrate.throughput import Projection, Setup
    from advisor.facts import Facts

POCKET_LABELS = "Labels: billing shipping technical account"
POCKET_TRAINING: Mapping[str, Any] = MappingProxyType({"methods": ("full",), "epochs": 8, "learning_rate": 2e-3})
"""What suits a model this small; large ones want adapters and lower rates."""
MOST_ROWS = 50_000
MOST_RUNS = 200
UNITS = {"hours": "h", "seconds": "s", "usd": "USD", "weeks": "weeks", "total": "USD", "score": "share"}
MISSING = "No module named"
INSTALL = "calibration needs torch, transformers and peft: pip install 'prompt-or-tune[calibrate]'"


@dataclass(frozen=True, slots=True)
class Machine:
    """Where a run goes. `card` is None for the CPU, `gpu` None where the card is no product we know."""

    name: str
    device: str
    card: Card | None = None
    gpu: Gpu | None = None
    free_gib: float | None = None

    @property
    def environment(self) -> Mapping[str, str]:
        """What makes the child see this card alone."""
        if self.card is None:
            return {"CUDA_VISIBLE_DEVICES": ""}
        return {"CUDA_VISIBLE_DEVICES": self.card.uuid or str(self.card.index)}


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


def machine(facts: Facts, asked: str = "auto") -> Machine:
    """The card to run on: `auto` (the first that programs see, else the CPU), `none`, an index, or a name.

    Raises UsageError where the card asked for is not here.
    """
    from advisor.probe.hardware import probe

    report = probe(known={gpu.nvml_name: gpu.name for gpu in facts.gpus if gpu.nvml_name})
    cards = [c for c in report.cards if not c.hidden]
    if asked.lower() in ("none", "cpu") or (asked.lower() == "auto" and not cards):
        return Machine(report.cpu, "cpu", free_gib=report.memory_free_gib)
    wanted = asked.lower()
    found = next((c for c in cards if wanted in ("auto", str(c.index), c.gpu.lower(), c.name.lower())), None)
    if found is None:
        here = ", ".join(f"{c.index}: {c.name}" for c in cards) or f"no card here ({report.cards_reason})"
        raise UsageError(f"--gpu {asked}: {here}; name one of these, or none for the CPU")
    free = found.memory_free_gib.value
    known = facts.gpu(found.gpu) if found.gpu else None
    return Machine(found.name, "cuda", found, known, free if isinstance(free, float) else None)


def slices_for(setups: Sequence[Setup], where: Machine) -> tuple[int, ...]:
    """The depths to measure where the whole model does not fit into free memory; none where it does."""
    from advisor.calibrate.throughput import SLICES, layers_of

    if all(limits.fits_whole(s, where.device, where.free_gib) for s in setups):
        return ()
    layers = min((layers_of(s) or SLICES[-1] for s in setups), default=SLICES[-1])
    return tuple(d for d in SLICES if d <= layers)


def endpoint(url: str) -> Machine:
    """An endpoint of somebody else as the place of a run."""
    return Machine(url, "endpoint")


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
        return prepared.earlier.summary.id
    return runs.begin(
        kind=prepared.plan.kind,
        name=prepared.plan.name,
        digest=prepared.plan.digest,
        plan=plan_data(prepared.plan),
        trials=len(prepared.plan.trials),
        device=prepared.machine.name,
        forecast=asdict(prepared.forecast),
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


def measurements(facts: Facts, gpu: str) -> tuple[TrainingMeasurement, ...]:
    """What own and imported runs on this card showed: `measured` of `advisor.estimate.training.estimate`."""
    from advisor.calibrate.measurements import measurements as read

    card = facts.gpu(gpu)
    with Store.open() as store:
        kept = Runs(store)
        own = [kept.run(s.id) for s in kept.runs(MOST_RUNS, "throughput") if s.device == card.nvml_name]
        imported = [kept.run(s.id) for s in kept.runs(MOST_RUNS, "imported")]
    models = {m.name.lower(): m for m in facts.models}
    measured = [m for record in own if record is not None for m in read(record, card, models)]
    return (*measured, *(m for r in imported if r is not None for m in _imported(r, card, facts)))


def _imported(record: RunRecord, card: Gpu, facts: Facts) -> list[TrainingMeasurement]:
    """The successful rows of an imported run on this card that state a speed or a memory."""
    from advisor.backtest.runs_table import Row, to_run

    found = []
    for outcome in record.outcomes:
        cells = outcome.result.get("cells", {})
        if outcome.status is not Status.DONE or cells.get("gpu") != card.name or not cells.get("model"):
            continue
        row = Row(0, cells)
        model = facts.architecture(cells["model"])
        speed, memory = row.number("tokens_per_second"), row.number("memory_gib")
        if speed is not None or memory is not None:
            known = {cells["model"]: model} if model is not None else {}
            found.append(TrainingMeasurement(to_run(row, known, {card.name: card}), memory, speed))
    return found


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


def lengths(data: Path, model: str = "") -> tuple[int, ...]:
    """Tokens of the rows of a data file, prompt and answer together. Raises UsageError where it cannot be read."""
    from advisor.probe.tokens import counter_for

    return tuple(counter_for(model).counts([f"{asked}\n{answered}" for asked, answered in examples(data)]))


def examples(data: Path, prompt_field: str = "", answer_field: str = "") -> tuple[tuple[str, str], ...]:
    """(prompt, answer) of every usable row of a file. Raises UsageError where there is none."""
    from itertools import islice

    from advisor.probe.fields import recognise
    from advisor.probe.rows import expand, read

    found: list[tuple[str, str]] = []
    for path in expand([data]):
        rows = [row.value for row in islice(read(path), MOST_ROWS) if row.value is not None]
        if rows:
            take = recognise(rows[:100], prompt_field, answer_field, str(path)).take
            found += [take(row) for row in rows if _has(take, row)]
    if not found:
        raise UsageError(f"{data}: no usable rows; see `advisor data {data}`")
    return tuple(found)


def pocket() -> tuple[Path, Path, Path, str]:
    """(model folder, training rows, test rows, instruction) of the sample that comes with the program."""
    folder = shipped.folder("calibration") / "pocket"
    return folder, folder / "train.jsonl", folder / "test.jsonl", POCKET_LABELS


def _has(take: Any, row: Mapping[str, Any]) -> bool:
    try:
        return bool(take(row)[0].strip())
    except KeyError:
        return False


def config_json(path: Path) -> dict[str, Any]:
    """The object in a config.json. Raises UsageError where it is none, or asks for code of its own."""
    import json

    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"--config {path}: {error.strerror}; check the path") from None
    except ValueError:
        raise UsageError(f"--config {path}: not JSON; give the config.json of a model folder") from None
    if not isinstance(held, dict) or "model_type" not in held:
        raise UsageError(f"--config {path}: names no model_type; give the config.json of a model folder")
    if "auto_map" in held:
        raise UsageError(f"--config {path}: asks for code of its own (auto_map), which is never run")
    return held


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


def run_data(record: RunRecord, projected: Sequence[Projection] = ()) -> dict[str, Any]:
    """A run as plain data, without its plan and its events."""
    return {
        "schema": 1,
        "run": asdict(record.summary),
        "machine": dict(record.machine),
        "forecast": dict(record.forecast),
        "result": dict(record.result),
        "projections": [asdict(p) for p in projected],
        "trials": [asdict(o) for o in record.outcomes],
    }


def runs(limit: int = 20, kind: str = "") -> tuple[RunSummary, ...]:
    """The runs begun last, newest first."""
    with Store.open() as store:
        return Runs(store).runs(limit, kind)


def run_record(run_id: int) -> RunRecord:
    """The run under this number. Raises UsageError where there is none."""
    with Store.open() as store:
        found = Runs(store).run(run_id)
    if found is None:
        raise UsageError(f"run {run_id}: there is none; see `advisor runs list`")
    return found


def recorded_events(run: str) -> tuple[Event, ...]:
    """The events of a run by its number, of a file, or of a recorded run by its name. Raises UsageError."""
    if run.isdecimal():
        text, name = run_record(int(run)).events, f"run {run}"
    else:
        name, path = run, shipped.folder("calibration") / "reference" / f"{run}.jsonl"
        path = path if path.is_file() else Path(run)
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            raise UsageError(f"{run}: {error.strerror}; give a run's number, a recorded run or a file") from None
    found = tuple(e for e in map(parse, text.splitlines()) if e is not None)
    if not found:
        raise UsageError(f"{name}: holds no events to replay")
    return found


def import_runs(path: Path, stated: Mapping[str, str]) -> tuple[str, int, int]:
    """Keep the runs of a file as one run; the same file is kept once. Returns (form, run, rows). Raises UsageError."""
    from advisor.calibrate.imports import read

    form, found = read(path, stated)
    name = digest([path.name, [dict(r.cells) for r in found]])
    with Store.open() as store:
        kept = Runs(store)
        earlier = kept.latest(name)
        if earlier is not None:
            return form, earlier.summary.id, len(found)
        run_id = kept.begin(
            kind="imported",
            name=f"{path.name}: {form}",
            digest=name,
            plan={"form": form, "file": str(path)},
            trials=len(found),
            device=", ".join(sorted({r.cells.get("gpu", "") for r in found} - {""})),
            forecast={},
        )
        for number, row in enumerate(found):
            status = {"ok": Status.DONE, "oom": Status.OUT_OF_MEMORY}.get(row.outcome, Status.CANCELLED)
            result = {"cells": dict(row.cells), "curve": [list(p) for p in row.curve], "scores": dict(row.scores)}
            kept.keep(run_id, TrialOutcome(f"{number}", row.label, status, None, result), {})
        kept.end(run_id, Status.DONE, result={}, events="", machine={})
    return form, run_id, len(found)


def record_actual(
    what: str,
    actual: float,
    *,
    unit: str = "",
    run_id: int | None = None,
    forecast: float | None = None,
    low: float | None = None,
    high: float | None = None,
    note: str = "",
) -> tuple[Bias, ...]:
    """Keep an actual; returns how forecasts of this figure err. Raises UsageError where there is no forecast."""
    from advisor.calibrate.actuals import biases

    if run_id is not None and forecast is None:
        held = run_record(run_id).forecast.get(what.removeprefix("run."))
        if not isinstance(held, dict) or held.get("p50") is None:
            raise UsageError(f"run {run_id}: forecasts no {what}; it knows run.seconds and run.usd, or say --forecast")
        foretold = Range(held["p10"], held["p50"], held["p90"])
    elif forecast is not None:
        foretold = Range(low if low is not None else forecast, forecast, high if high is not None else forecast)
    else:
        raise UsageError("no forecast to compare with: name the --run that made it, or say --forecast")
    unit = unit or UNITS.get(what.rpartition(".")[2], "")
    with Store.open() as store:
        kept = Runs(store)
        kept.record_actual(Actual(run_id, what, unit, foretold, actual, note=note))
        return biases(kept.actuals(what))
