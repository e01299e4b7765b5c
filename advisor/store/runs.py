"""Calibration runs in the database: plans, finished trials, results, and the actual results of
predictions.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias

from advisor.core.experiment import (
    ANSWERED,
    NOTHING,
    Actual,
    KeptTrial,
    RunRecord,
    RunSummary,
    Status,
    TrialOutcome,
)
from advisor.core.quantity import Range
from advisor.store.errors import StoreCorrupt, translated
from advisor.store.store import Store

Json: TypeAlias = Mapping[str, Any]
"""A JSON object as it is stored."""

Row = dict[str, str | int | float | None]
"""A row to write, by column."""

_SUMMARY = (
    "select runs.id, kind, name, runs.status, trials, "
    "(select count(*) from trials where run_id = runs.id "
    "and trials.status in ('done', 'out-of-memory')) as done, "
    "started_at, coalesce(ended_at, '') as ended_at, coalesce(device, '') as device from runs"
)


class Runs:
    """The runs of an open store; every method raises StoreError, never an error of SQLite."""

    def __init__(self, store: Store) -> None:
        self._db = store.database
        self._path = store.path

    def begin(
        self,
        *,
        kind: str,
        name: str,
        digest: str,
        plan: Json,
        trials: int,
        device: str,
        forecast: Json,
        folder: str = "",
        about: Mapping[str, str] = NOTHING,
    ) -> int:
        """A new run, running from now; returns its id.

        `about`: data, eval and model it belongs to.
        """
        row = {
            "kind": kind,
            "name": name,
            "digest": digest,
            "plan": _json(plan),
            "trials": trials,
            "status": Status.RUNNING.value,
            "device": device,
            "forecast": _json(forecast),
            "folder": folder,
            **_belongs(about),
            "started_at": _now(),
        }
        with translated(self._path):
            return int(str(self._db.table("runs").insert(row).last_pk))

    def keep(self, run_id: int, outcome: TrialOutcome, spec: Json) -> None:
        """Save one trial's outcome at once; a later one of the same trial replaces it."""
        with translated(self._path), self._db.atomic():
            self._db.execute(
                "delete from trials where run_id = ? and digest = ?", [run_id, outcome.digest]
            )
            self._db.table("trials").insert(_trial_row(run_id, outcome, spec, _now()))

    def end(
        self,
        run_id: int,
        status: Status,
        *,
        result: Json,
        events: str,
        machine: Json,
    ) -> None:
        """How the run ended; its events are appended to those of an earlier part."""
        with translated(self._path), self._db.atomic():
            self._db.execute(
                "update runs set status = ?, result = ?, machine = ?, "
                "events = coalesce(events, '') || ?, ended_at = ? where id = ?",
                [status.value, _json(result), _json(machine), events, _now(), run_id],
            )

    def resume(self, run_id: int) -> None:
        """Mark the run as running again."""
        with translated(self._path), self._db.atomic():
            self._db.execute(
                "update runs set status = ? where id = ?", [Status.RUNNING.value, run_id]
            )

    def adopt(
        self,
        record: RunRecord,
        about: Mapping[str, str] = NOTHING,
        *,
        instead_of: int | None = None,
    ) -> int:
        """Save a whole run of another machine, with its times; returns its id here.

        All of it is written or nothing. `instead_of` is the id of an earlier part of the same run,
        which it replaces.
        """
        summary = record.summary
        specs = {t["digest"]: t.get("spec", {}) for t in record.plan.get("trials", ())}
        row = {
            "kind": summary.kind,
            "name": summary.name,
            "digest": record.digest,
            "plan": _json(record.plan),
            "trials": summary.trials,
            "status": summary.status.value,
            "device": summary.device,
            "forecast": _json(record.forecast),
            "result": _json(record.result),
            "machine": _json(record.machine),
            "events": record.events,
            "folder": "",
            **_belongs(about),
            "started_at": summary.started_at,
            "ended_at": summary.ended_at,
        }
        with translated(self._path), self._db.atomic():
            if instead_of is None:
                run_id = int(str(self._db.table("runs").insert(row).last_pk))
            else:
                run_id = instead_of
                self._db.table("runs").update(run_id, row)
                self._db.execute("delete from trials where run_id = ?", [run_id])
            self._db.table("trials").insert_all(
                _trial_row(run_id, o, specs.get(o.digest, {}), summary.ended_at)
                for o in record.outcomes
            )
        return run_id

    def same_as(self, record: RunRecord) -> RunRecord | None:
        """The run here with this plan and start whose answers agree with the record's: the same
        run, or a shorter or longer part of it. None where there is none.
        """
        query = "select id from runs where digest = ? and started_at = ? order by id desc"
        with translated(self._path):
            rows = list(self._db.query(query, [record.digest, record.summary.started_at]))
        here = (self.run(int(row["id"])) for row in rows)
        return next((run for run in here if run is not None and _agree(run, record)), None)

    def origins(self) -> Mapping[int, str]:
        """Where runs of other machines came from, by their id here."""
        query = (
            "select id, json_extract(machine, '$.imported_from') as origin from runs "
            "where json_valid(machine)"
        )
        with translated(self._path):
            rows = list(self._db.query(query))
        return {int(row["id"]): str(row["origin"]) for row in rows if row["origin"]}

    def belongs(self, run_id: int, about: Mapping[str, str]) -> None:
        """What the run belongs to, replacing an earlier statement."""
        with translated(self._path), self._db.atomic():
            self._db.table("runs").update(run_id, _belongs(about))

    def measured_on(self, data: str) -> tuple[KeptTrial, ...]:
        """The finished trials of all runs on the data of this fingerprint, the newest runs last."""
        query = (
            "select trials.*, runs.kind, runs.data, runs.eval, runs.model "
            "from trials join runs on runs.id = run_id "
            "where runs.data = ? and trials.status = 'done' order by runs.id, trials.id"
        )
        if not data:
            return ()
        with translated(self._path):
            rows = list(self._db.query(query, [data]))
        return tuple(
            KeptTrial(
                int(row["run_id"]),
                str(row["kind"]),
                str(row["finished_at"])[:10],
                {"data": row["data"] or "", "eval": row["eval"] or "", "model": row["model"] or ""},
                self._parsed(row["spec"]),
                self._outcome(row),
            )
            for row in rows
        )

    def knows_data(self) -> bool:
        """Whether any run belongs to data at all."""
        with translated(self._path):
            return (
                next(self._db.query("select 1 from runs where data <> '' limit 1"), None)
                is not None
            )

    def latest(self, digest: str) -> RunRecord | None:
        """The last run of the plan with this digest, or None."""
        with translated(self._path):
            row = next(
                self._db.query(
                    "select id from runs where digest = ? order by id desc limit 1", [digest]
                ),
                None,
            )
        return None if row is None else self.run(int(row["id"]))

    def folder(self, run_id: int) -> str:
        """The folder of the run's files, empty where it needs none."""
        with translated(self._path):
            row = next(self._db.query("select folder from runs where id = ?", [run_id]), None)
        return str(row["folder"] or "") if row else ""

    def runs(self, limit: int = 20, kind: str = "") -> tuple[RunSummary, ...]:
        """The runs begun last, newest first."""
        where = " where kind = ?" if kind else ""
        values = [kind] if kind else []
        with translated(self._path):
            rows = list(
                self._db.query(f"{_SUMMARY}{where} order by runs.id desc limit ?", [*values, limit])
            )
        return tuple(_summary(row) for row in rows)

    def run(self, id: int) -> RunRecord | None:
        """The run under `id` with its trials and events, or None."""
        with translated(self._path):
            row = next(self._db.query(f"{_SUMMARY} where runs.id = ?", [id]), None)
            if row is None:
                return None
            details = next(
                self._db.query(
                    "select digest, plan, forecast, result, machine, events from runs where id = ?",
                    [id],
                )
            )
            trials = list(self._db.query("select * from trials where run_id = ? order by id", [id]))
        return RunRecord(
            summary=_summary(row),
            digest=str(details["digest"]),
            plan=self._parsed(details["plan"]),
            outcomes=tuple(self._outcome(trial) for trial in trials),
            forecast=self._parsed(details["forecast"]),
            result=self._parsed(details["result"]),
            machine=self._parsed(details["machine"]),
            events=str(details["events"] or ""),
        )

    def delete(self, id: int) -> None:
        """Delete a run with its trials; the actual result of its prediction is kept."""
        with translated(self._path), self._db.atomic():
            self._db.execute("update actuals set run_id = null where run_id = ?", [id])
            self._db.execute("delete from trials where run_id = ?", [id])
            self._db.execute("delete from runs where id = ?", [id])

    def record_actual(self, actual: Actual) -> int:
        """Save the actual result of a prediction; returns its id."""
        row = {
            "run_id": actual.run_id,
            "what": actual.what,
            "unit": actual.unit,
            "forecast_p10": actual.forecast.p10,
            "forecast_p50": actual.forecast.p50,
            "forecast_p90": actual.forecast.p90,
            "actual": actual.actual,
            "note": actual.note,
            "recorded_at": _now(),
        }
        with translated(self._path):
            return int(str(self._db.table("actuals").insert(row).last_pk))

    def actuals(self, what: str = "") -> tuple[Actual, ...]:
        """Every recorded actual, oldest first; those of one figure where `what` is given."""
        where = " where what = ?" if what else ""
        values = [what] if what else []
        with translated(self._path):
            rows = list(self._db.query(f"select * from actuals{where} order by id", values))
        return tuple(
            Actual(
                row["run_id"],
                row["what"],
                row["unit"],
                Range(row["forecast_p10"], row["forecast_p50"], row["forecast_p90"]),
                float(row["actual"]),
                row["recorded_at"],
                row["note"] or "",
            )
            for row in rows
        )

    def _outcome(self, row: Json) -> TrialOutcome:
        return TrialOutcome(
            row["digest"],
            row["label"],
            Status(row["status"]),
            row["seconds"],
            self._parsed(row["result"]),
            row["reason"] or "",
        )

    def _parsed(self, text: str | None) -> Json:
        try:
            document = json.loads(text or "{}")
        except ValueError as error:
            raise StoreCorrupt(
                f"{self._path}: a run in it is damaged; save the others with advisor store repair"
            ) from error
        return document if isinstance(document, dict) else {}


def answered(record: RunRecord) -> frozenset[str]:
    """Digests of the trials that need not run again."""
    return frozenset(o.digest for o in record.outcomes if o.status in ANSWERED)


def _agree(one: RunRecord, other: RunRecord) -> bool:
    """Whether all answers of one are among those of the other."""
    first, second = (
        {o.digest: o for o in run.outcomes if o.status in ANSWERED} for run in (one, other)
    )
    few, many = sorted((first, second), key=len)
    return all(many.get(name) == outcome for name, outcome in few.items())


def _summary(row: Json) -> RunSummary:
    return RunSummary(**{**row, "status": Status(row["status"])})


def _trial_row(run_id: int, outcome: TrialOutcome, spec: Json, finished_at: str) -> Row:
    return {
        "run_id": run_id,
        "digest": outcome.digest,
        "label": outcome.label,
        "status": outcome.status.value,
        "seconds": outcome.seconds,
        "spec": _json(spec),
        "result": _json(outcome.result),
        "reason": outcome.reason,
        "finished_at": finished_at,
    }


def _belongs(about: Mapping[str, str]) -> dict[str, str]:
    return {column: str(about.get(column, "")) for column in ("data", "eval", "model")}


def _json(value: Json) -> str:
    return json.dumps(dict(value), ensure_ascii=True, allow_nan=False)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
