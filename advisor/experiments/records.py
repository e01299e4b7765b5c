"""The runs that are kept: listed, shown, replayed, imported, and held against what really came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor import shipped
from advisor.calibrate.protocol import Event, parse
from advisor.core.errors import UsageError
from advisor.core.experiment import (
    Actual,
    Bias,
    RunRecord,
    RunSummary,
    Status,
    TrialOutcome,
    digest,
)
from advisor.core.quantity import Range
from advisor.store import Runs, Store

if TYPE_CHECKING:
    from advisor.calibrate.throughput import Projection
    from advisor.experiments.effects import Effect

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
        return Runs(store).runs(limit, kind)


def run_record(run_id: int) -> RunRecord:
    """The run under this number. Raises UsageError where there is none."""
    with Store.open() as store:
        found = Runs(store).run(run_id)
    if found is None:
        raise UsageError(f"run {run_id}: there is none; see `advisor runs list`")
    return found


def run_data(
    record: RunRecord, projected: Sequence[Projection] = (), changed: Effect | None = None
) -> dict[str, Any]:
    """A run as plain data, without its plan and its events; `changed` is what it changed in the
    verdict on a brief.
    """
    held = {
        "schema": 1,
        "run": asdict(record.summary),
        "machine": dict(record.machine),
        "forecast": dict(record.forecast),
        "result": dict(record.result),
        "projections": [asdict(p) for p in projected],
        "trials": [asdict(o) for o in record.outcomes],
    }
    return held | (
        {"effect": asdict(changed) | {"flips": changed.flips}} if changed is not None else {}
    )


def forget(run_id: int) -> RunSummary:
    """Delete a run with its trials; no estimate or verdict uses it any more.

    Raises UsageError where there is none.
    """
    found = run_record(run_id).summary
    if found.status is Status.RUNNING:
        raise UsageError(f"run {run_id}: still running, or cut off; resume or cancel it first")
    with Store.open() as store:
        Runs(store).delete(run_id)
    return found


def recorded_events(run: str) -> tuple[Event, ...]:
    """The events of a run by its number, of a file, or of a recorded run by its name.

    Raises UsageError.
    """
    if run.isdecimal():
        text, name = run_record(int(run)).events, f"run {run}"
    else:
        name, path = run, shipped.folder("calibration") / "reference" / f"{run}.jsonl"
        path = path if path.is_file() else Path(run)
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            raise UsageError(
                f"{run}: {error.strerror}; give a run's number, a recorded run or a file"
            ) from None
    found = tuple(e for e in map(parse, text.splitlines()) if e is not None)
    if not found:
        raise UsageError(f"{name}: holds no events to replay")
    return found


def import_runs(path: Path, stated: Mapping[str, str]) -> tuple[str, int, int]:
    """Keep the runs of a file as one run; the same file is kept once.

    Returns (form, run, rows). Raises UsageError.
    """
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
            status = {"ok": Status.DONE, "oom": Status.OUT_OF_MEMORY}.get(
                row.outcome, Status.CANCELLED
            )
            result = {
                "cells": dict(row.cells),
                "curve": [list(p) for p in row.curve],
                "scores": dict(row.scores),
            }
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
    """Keep an actual; returns how forecasts of this figure err.

    Raises UsageError where there is no forecast.
    """
    from advisor.calibrate.actuals import biases

    if run_id is not None and forecast is None:
        held = run_record(run_id).forecast.get(what.removeprefix("run."))
        if not isinstance(held, dict) or held.get("p50") is None:
            raise UsageError(
                f"run {run_id}: forecasts no {what}; it knows run.seconds and run.usd, or say --forecast"
            )
        foretold = Range(held["p10"], held["p50"], held["p90"])
    elif forecast is not None:
        foretold = Range(
            low if low is not None else forecast, forecast, high if high is not None else forecast
        )
    else:
        raise UsageError(
            "no forecast to compare with: name the --run that made it, or say --forecast"
        )
    unit = unit or UNITS.get(what.rpartition(".")[2], "")
    with Store.open() as store:
        kept = Runs(store)
        kept.record_actual(Actual(run_id, what, unit, foretold, actual, note=note))
        return biases(kept.actuals(what))
