"""A run as a file: what was measured, by which software on which GPU, and nothing about people."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from advisor import experiments
from advisor.calibrate.protocol import parse
from advisor.calibrate.quality_records import TrialData
from advisor.core.experiment import JsonObject, RunRecord
from advisor.core.records import known_fields
from advisor.travel.privacy import impersonal
from advisor.travel.sealed import sealed

if TYPE_CHECKING:
    from advisor.calibrate.projection import Projection
    from advisor.experiments import CalibrationEffect

FORM = "run"

ROWS = frozenset(known_fields(TrialData, dict.fromkeys(TrialData.__dataclass_fields__))) - {
    "machine",
    "metric",
}
"""What a plan shares that is of the user's rows; a record leaves it out."""


def run_record_data(
    record: RunRecord,
    projected: Sequence[Projection] = (),
    changed: CalibrationEffect | None = None,
    *,
    events: bool = False,
) -> JsonObject:
    """A run as the object that `--json` prints and `advisor runs import` reads, without rows.

    With `events` it can be replayed after the import.
    """
    contents = {
        **experiments.run_data(record, projected, changed),
        "machine": {k: v for k, v in record.machine.items() if k != "imported_from"},
        "digest": record.digest,
        "plan": _without_rows(record.plan),
    }
    if events:
        heard = (parse(line) for line in record.events.splitlines())
        contents["events"] = [
            {"event": e.kind, "at": e.at_seconds, **e.fields} for e in heard if e is not None
        ]
    return sealed(FORM, impersonal(contents))


def run_record_text(record: RunRecord) -> str:
    """The result file of a run that was made for another machine: one line of JSON."""
    return json.dumps(run_record_data(record, events=True), ensure_ascii=True) + "\n"


def shareable_text(record: RunRecord) -> str:
    """A run for anybody to read: also without fingerprints of data, names of folders, instructions
    and addresses.

    Indented JSON, so that its owner can look it over before it is shared.
    """
    contents = _shareable(run_record_data(record))
    name = _public_name(record)
    keep = {k: v for k, v in contents.items() if k not in ("projections", "effect")}
    keep["run"] = {**contents["run"], "id": 0, "name": name}
    keep["plan"] = {**contents["plan"], "about": {}, "name": name}
    return json.dumps(sealed(FORM, keep), indent=1, ensure_ascii=True) + "\n"


def _without_rows(plan: JsonObject) -> JsonObject:
    shared = {k: v for k, v in dict(plan.get("shared", {})).items() if k not in ROWS}
    return {**plan, "shared": shared, "trials": [_named_folder(t) for t in plan.get("trials", ())]}


def _named_folder(trial: JsonObject) -> JsonObject:
    """The trial with the name of its model's folder, not the path."""
    model = trial["spec"].get("model")
    if not isinstance(model, Mapping):
        return trial
    name = str(model.get("folder", "")).rstrip("/\\").replace("\\", "/").rpartition("/")[2]
    return {**trial, "spec": {**trial["spec"], "model": {**model, "folder": name}}}


PRIVATE = frozenset(
    {"folder", "url", "key_env", "reason", "instruction", "forms", "prompt", "judge"}
)
"""Keys whose values may name people or places."""


def _shareable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: "" if k in PRIVATE else _shareable(v) for k, v in value.items()}
    return [_shareable(v) for v in value] if isinstance(value, (list, tuple)) else value


def _public_name(record: RunRecord) -> str:
    """Of a throughput run its model and method; of others the kind alone, for names of folders."""
    return record.summary.name if record.summary.kind == "throughput" else record.summary.kind
