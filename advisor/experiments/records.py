"""The runs that are kept: listed, shown, replayed, imported, and held against what really came."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from advisor import shipped
from advisor.calibrate.protocol import Event, parse
from advisor.calibrate.worker.ledger import forget_answers
from advisor.core import given_files
from advisor.core.errors import UsageError
from advisor.core.experiment import (
    Actual,
    Bias,
    JsonObject,
    RunRecord,
    RunSummary,
    Status,
    TrialOutcome,
    digest,
)
from advisor.core.format import sentence_list
from advisor.core.quantity import Range
from advisor.experiments.imported_scores import Imported, import_scores
from advisor.experiments.liveness import settled
from advisor.probe.evaluations import is_evaluation, recognised_evaluation
from advisor.store import Runs, Store
from advisor.store.folders import folders

if TYPE_CHECKING:
    from advisor.calibrate.imports import ImportedRun
    from advisor.calibrate.projection import Projection
    from advisor.experiments.effects import CalibrationEffect
    from advisor.facts import Facts

UNITS = {
    "hours": "h",
    "seconds": "s",
    "usd": "USD",
    "weeks": "weeks",
    "total": "USD",
    "score": "share",
}


def runs(limit: int = 20, kind: str = "") -> tuple[RunSummary, ...]:
    """The runs begun last, newest first."""
    with Store.open() as store:
        return tuple(settled(summary) for summary in Runs(store).runs(limit, kind))


def origins() -> Mapping[int, str]:
    """Where runs of other machines came from, by number."""
    with Store.open() as store:
        return Runs(store).origins()


def run_record(run_id: int) -> RunRecord:
    """The run under this number. Raises UsageError where there is none."""
    with Store.open() as store:
        record = Runs(store).run(run_id)
    if record is None:
        raise UsageError(f"run {run_id}: no such run; list them with `advisor runs list`")
    return replace(record, summary=settled(record.summary))


def run_data(
    record: RunRecord,
    projected: Sequence[Projection] = (),
    changed: CalibrationEffect | None = None,
) -> JsonObject:
    """A run as plain data, without its plan and its events; `changed` is what it changed in the
    verdict on a brief.
    """
    document = {
        "schema": 1,
        "run": asdict(record.summary),
        "machine": dict(record.machine),
        "forecast": dict(record.forecast),
        "result": dict(record.result),
        "projections": [asdict(p) for p in projected],
        "trials": [asdict(o) for o in record.outcomes],
    }
    return document | (
        {"effect": asdict(changed) | {"flips": changed.flips}} if changed is not None else {}
    )


def forget(run_id: int) -> RunSummary:
    """Delete a run with its trials, its files, and the raw answers that no other run used; no
    estimate or verdict uses it any more.

    Raises UsageError where there is none.
    """
    summary = run_record(run_id).summary
    if summary.status is Status.RUNNING:
        raise UsageError(f"run {run_id}: still running; cancel it first")
    with Store.open() as store:
        runs = Runs(store)
        runs.delete(run_id)
        others = bool(runs.runs(1, "prompts"))
    state = folders().state
    shutil.rmtree(state / "runs" / str(run_id), ignore_errors=True)
    forget_answers(state / "answers", str(run_id))
    if summary.kind == "prompts" and not others:
        shutil.rmtree(state / "answers", ignore_errors=True)  # also what earlier versions kept
    return summary


def recorded_events(run: str) -> tuple[Event, ...]:
    """The events of a run by its number, of a file, or of a recorded run by its name.

    Raises UsageError.
    """
    if run.isdecimal():
        text = run_record(int(run)).events
        name = f"run {run}"
    else:
        name = run
        path = shipped.folder("calibration") / "reference" / f"{run}.jsonl"
        path = path if path.is_file() else Path(run)
        try:
            text = given_files.read_text(path, errors="replace")
        except OSError as error:
            raise UsageError(
                f"{run}: {error.strerror}; give a run's number, a recorded run or a file"
            ) from None
    events = tuple(e for e in map(parse, text.splitlines()) if e is not None)
    if not events:
        raise UsageError(f"{name}: holds no events to replay")
    return events


def import_runs(path: Path, stated: Mapping[str, str]) -> Imported:
    """Keep the runs of a file as one run; the same file is kept once.

    Raises UsageError, also where the file holds no speed, time, memory or score.
    """
    from advisor.calibrate.imports import read

    evaluation = recognised_evaluation(path) if is_evaluation(path) else None
    if evaluation is not None:
        return import_scores(path, evaluation, stated)
    form, every = read(path, stated)
    rows = [row for row in every if row.says_something]
    notes = tuple(_import_notes(every))
    if not rows:
        reason = next((n for row in every for n in row.notes), "no time, speed, memory or score")
        raise UsageError(f"{path}: nothing to keep: {reason}; import the file of a finished run")
    name = digest([path.name, [dict(r.cells) for r in rows]])
    with Store.open() as store:
        runs = Runs(store)
        earlier = runs.latest(name)
        if earlier is not None:
            return Imported(form, earlier.summary.id, len(rows), notes)
        run_id = runs.begin(
            kind="imported",
            name=f"{path.name}: {form}",
            digest=name,
            plan={"form": form, "file": str(path)},
            trials=len(rows),
            device=", ".join(sorted({r.cells.get("gpu", "") for r in rows} - {""})),
            forecast={},
        )
        for number, row in enumerate(rows):
            runs.keep(run_id, _imported_outcome(number, row), {})
        runs.end(run_id, Status.DONE, result={"notes": list(notes)}, events="", machine={})
    return Imported(form, run_id, len(rows), notes)


def _import_notes(rows: Sequence[ImportedRun]) -> Iterator[str]:
    """What was not kept of a file, by run where it holds several."""
    from advisor import facts

    products = facts.load()
    for row in rows:
        prefix = f"{row.label}: " if len(rows) > 1 else ""
        yield from (prefix + note for note in row.notes)
        if not row.says_something:
            yield f"{row.label}: not kept, it holds no time, speed, memory or score"
        elif row.cells.get("gpu") and products.known_gpu(row.cells["gpu"]) is None:
            reason = _why_unknown(products, row.cells["gpu"])
            yield f"{prefix}corrects no estimate: {reason}; import it again with --set gpu=NAME"
        elif not (row.cells.get("model") and row.cells.get("gpu") and row.cells.get("method")):
            missing = [name for name in ("model", "gpu", "method") if not row.cells.get(name)]
            verb = "is" if len(missing) == 1 else "are"
            yield (
                f"{prefix}corrects no estimate until {sentence_list(missing)} {verb} known; import "
                f"it again with --set {missing[0]}=..."
            )


def _why_unknown(products: Facts, gpu: str) -> str:
    """What is wrong with the name of a GPU that is not known."""
    try:
        return f"{products.gpu(gpu).name} is known"
    except UsageError as error:
        return str(error)


def _imported_outcome(number: int, row: ImportedRun) -> TrialOutcome:
    statuses = {"ok": Status.DONE, "oom": Status.OUT_OF_MEMORY}
    result = {
        "cells": dict(row.cells),
        "curve": [list(point) for point in row.curve],
        "scores": dict(row.scores),
        "notes": list(row.notes),
    }
    status = statuses.get(row.outcome, Status.CANCELLED)
    return TrialOutcome(f"{number}", row.label, status, None, result)


def record_actual(
    what: str,
    actual: float,
    *,
    unit: str = "",
    run_id: int | None = None,
    prediction: float | None = None,
    low: float | None = None,
    high: float | None = None,
    note: str = "",
) -> tuple[Bias, ...]:
    """Record an actual value; returns how predictions of this figure err.

    Raises UsageError where there is no prediction to compare with.
    """
    from advisor.calibrate.actuals import biases

    predicted = _prediction_of(what, run_id, prediction, low, high)
    _check_actual(what, actual, predicted)
    unit = unit or UNITS.get(what.rpartition(".")[2], "")
    with Store.open() as store:
        stored = Runs(store)
        stored.record_actual(Actual(run_id, what, unit, predicted, actual, note=note))
        return biases(stored.actuals(what))


MOST_RATIO = 1000.0
"""Actual values further from their prediction are taken for a slip of the unit."""


def _check_actual(what: str, actual: float, predicted: Range) -> None:
    """Raises UsageError where an actual value or its prediction cannot be true."""
    numbers = {"ACTUAL": actual, "--prediction": predicted.p50}
    numbers |= {"--low": predicted.p10, "--high": predicted.p90}
    for name, value in numbers.items():
        if value is None or not math.isfinite(value) or value <= 0.0:
            raise UsageError(f"{name}: {value} is not a {what}; give a finite number above 0")
    low = predicted.p10
    middle = predicted.p50
    high = predicted.p90
    if low is None or middle is None or high is None or not low <= middle <= high:
        raise UsageError(f"--low {low} and --high {high}: do not hold the prediction {middle}")
    ratio = actual / middle
    if not 1.0 / MOST_RATIO <= ratio <= MOST_RATIO:
        raise UsageError(
            f"ACTUAL {actual:g}: {ratio:.3g} times the prediction of {middle:g}; check the unit"
        )


def _prediction_of(
    what: str, run_id: int | None, stated: float | None, low: float | None, high: float | None
) -> Range:
    """The prediction as stated, else the one that the run recorded. Raises UsageError."""
    if stated is not None:
        return Range(stated if low is None else low, stated, stated if high is None else high)
    if run_id is None:
        raise UsageError(
            "no prediction to compare with: name the --run that made it, or give --prediction"
        )
    recorded = run_record(run_id).forecast.get(what.removeprefix("run."))
    if not isinstance(recorded, dict) or recorded.get("p50") is None:
        raise UsageError(
            f"run {run_id}: has no prediction of {what}; it has run.seconds and run.usd, or "
            "give --prediction"
        )
    return Range(recorded["p10"], recorded["p50"], recorded["p90"])
