"""Takes a run that another machine measured into the store, as one of our own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from advisor import experiments
from advisor.calibrate.protocol import Event
from advisor.calibrate.quality_records import QualityResult
from advisor.calibrate.throughput_records import ThroughputResult, ThroughputSpec
from advisor.core import bounded_json
from advisor.core.errors import UsageError
from advisor.core.experiment import (
    JsonObject,
    RunRecord,
    RunSummary,
    Status,
    TrialOutcome,
    digest,
)
from advisor.experiments.imported_scores import Imported
from advisor.store import Runs, Store, answered
from advisor.travel.bundle import FORM as BUNDLE
from advisor.travel.sealed import check_seal

KINDS = frozenset({"throughput", "quality", "prompts", "imported"})
TITLE = "run of advisor"

MAX_BYTES = 64 * 1024 * 1024


def take_in_file(path: Path, stated: Mapping[str, str]) -> Imported:
    """Keep the runs of a file: our own record, or one of another program (with `stated` columns).

    The same run is kept once. Raises UsageError.
    """
    document = _ours(path)
    if document is None:
        return experiments.import_runs(path, stated)
    if stated:
        raise UsageError(f"--set: {path} is a run of ours and states everything; leave --set out")
    imported = [take_in(one, path.name) for one in _records(document, str(path))]
    return Imported(TITLE, imported[-1].run_id, sum(i.count for i in imported), imported[-1].notes)


def take_in(document: JsonObject, name: str) -> Imported:
    """Keep the run in our own record; one that went on replaces its earlier part.

    Raises UsageError where it is damaged or measured nothing.
    """
    record = read_record(document, name)
    answers = len(answered(record))
    if not answers:
        raise UsageError(f"{name}: no trial of it has an answer; import a run that has finished")
    with Store.open() as store:
        run_id = _kept(Runs(store), record)
    return Imported(TITLE, run_id, answers, tuple(_notes(record)))


def _kept(runs: Runs, record: RunRecord) -> int:
    """The id of the run here, which has all that the record has and all that was here before."""
    here = runs.same_as(record)
    if here is not None and len(answered(here)) >= len(answered(record)):
        return here.summary.id
    about = {k: str(v) for k, v in record.plan.get("about", {}).items()}
    return runs.adopt(record, about, instead_of=here.summary.id if here is not None else None)


def read_record(document: JsonObject, name: str) -> RunRecord:
    """The run in our own record. Raises UsageError where the record is damaged or was changed."""
    try:
        check_seal(document, name)
        return _record(document, name)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        why = f"{type(error).__name__}: {error}"
        raise UsageError(f"{name}: damaged ({why}); export the run again") from None


def _ours(path: Path) -> JsonObject | None:
    """The document in a file of ours; None where it is something else.

    Raises UsageError for files of ours that hold no run.
    """
    try:
        if not path.is_file() or path.stat().st_size > MAX_BYTES:
            return None
        document = bounded_json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(document, dict) or "schema" not in document:
        return None
    if document.get("form") == BUNDLE:
        raise UsageError(
            f"{path}: a plan that has not run yet; run it with `advisor calibrate run {path}`"
        )
    return document


def _records(document: JsonObject, name: str) -> list[JsonObject]:
    """The records of runs in a document: one, or those of a matrix."""
    if "trials" in document and isinstance(document.get("run"), Mapping):
        return [document]
    entries = document.get("entries")
    if isinstance(entries, list):
        records = [e["record"] for e in entries if isinstance(e, dict) and e.get("record")]
        if records:
            return records
    raise UsageError(
        f"{name}: holds no measured run; give a result file, or the --json of `advisor calibrate` "
        "or `advisor runs show`"
    )


def _record(document: JsonObject, name: str) -> RunRecord:
    about = {k: v for k, v in document["run"].items() if k in RunSummary.__dataclass_fields__}
    outcomes = tuple(
        TrialOutcome(
            str(t["digest"]),
            str(t["label"]),
            Status(t["status"]),
            t["seconds"],
            dict(t["result"]),
            str(t["reason"]),
        )
        for t in document["trials"]
    )
    summary = replace(RunSummary(**about), status=Status(about["status"]))
    if summary.kind not in KINDS:
        raise ValueError(f"kind {summary.kind}")
    plan = dict(document.get("plan", {}))
    plan_trials = plan.get("trials", ())
    for outcome in outcomes:
        _check_result(outcome.result)
    for trial in plan_trials:
        _check_trial(trial)
    return RunRecord(
        summary=summary,
        digest=str(document.get("digest") or digest([summary.kind, summary.name, *plan_trials])),
        plan=plan,
        outcomes=outcomes,
        forecast=dict(document["forecast"]),
        result=dict(document["result"]),
        machine={**document["machine"], "imported_from": name},
        events="".join(_lines(document.get("events", ()))),
    )


def _lines(events: object) -> Iterator[str]:
    for event in events if isinstance(events, list) else ():
        fields = dict(event)
        yield Event(str(fields.pop("event")), float(fields.pop("at")), fields).line()


NUMBERS = ("tokens_per_second", "mean_step_seconds", "params", "trainable_params", "score")


def _check_result(result: JsonObject) -> None:
    """Raises TypeError or ValueError where a figure that enters estimates is not a number."""
    ThroughputResult.from_json(result)
    QualityResult.from_json(result)
    for name in NUMBERS:
        value = result.get(name)
        if value is not None and not (isinstance(value, int | float) and 0 <= value < float("inf")):
            raise ValueError(f"{name}: {value!r}")


def _check_trial(trial: JsonObject) -> None:
    """Raises KeyError or TypeError where a trial of the plan does not say what was measured."""
    if trial["kind"] == "throughput":
        ThroughputSpec.from_json(trial["spec"])
    str(trial["digest"]), str(trial["label"])


def _notes(record: RunRecord) -> Iterator[str]:
    if not record.plan.get("trials"):
        yield "corrects no estimate: the file is of an earlier release and does not hold the plan"
    if record.summary.kind != "imported" and not record.machine.get("versions"):
        yield "states no versions of the software it ran with"
