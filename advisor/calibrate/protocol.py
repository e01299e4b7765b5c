"""What parent and child say to each other: one JSON object a line, and the plan as a file.

The child writes `planned`, `started`, `step`, `trial`, `warning`, then one of `result`, `cancelled`
or `failed`. The parent writes lines to the child's standard input: `cancel`; and where the plan is
steered, in answer to each `ask`, `next` with the digest of a trial, or `enough`. The end of that
input means the parent is gone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from advisor.core.experiment import ExperimentPlan, JsonObject, Trial

SCHEMA = 1
CANCEL = "cancel"
NEXT = "next"
ENOUGH = "enough"
EVENTS = frozenset(
    {"planned", "ask", "started", "step", "trial", "warning", "result", "cancelled", "failed"}
)
LAST = frozenset({"result", "cancelled", "failed"})
MAX_LINE_BYTES = 4 * 1024 * 1024
JOURNAL = "events.jsonl"
PLAN_FILE = "plan.json"
LOG = "child.log"
"""The files of a run's folder: every event, the plan, and what the libraries said."""


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the child. `at_seconds` counts from the child's start."""

    kind: str
    at_seconds: float
    fields: JsonObject

    def line(self) -> str:
        """The event as one line of JSON, line break included; infinite and undefined numbers become
        null.
        """
        document = {
            "event": self.kind,
            "at": round(self.at_seconds, 4),
            **_finite(dict(self.fields)),
        }
        return json.dumps(document, ensure_ascii=True, allow_nan=False) + "\n"


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if value - value == 0.0 else None
    if isinstance(value, Mapping):
        return {str(k): _finite(v) for k, v in value.items()}
    return [_finite(v) for v in value] if isinstance(value, (list, tuple)) else value


def parse(line: str | bytes) -> Event | None:
    """The event in a line, or None for anything else: libraries print what they like."""
    try:
        document = json.loads(line)
        kind = document.pop("event")
        if kind not in EVENTS:
            return None
        return Event(kind, float(document.pop("at", 0.0)), document)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def plan_data(plan: ExperimentPlan) -> dict[str, Any]:
    """The plan as plain data, with the digest of every trial."""
    trials = [
        {"kind": t.kind, "label": t.label, "digest": plan.trial_digest(t), "spec": dict(t.spec)}
        for t in plan.trials
    ]
    return {
        "schema": SCHEMA,
        "kind": plan.kind,
        "name": plan.name,
        "device": plan.device,
        "seed": plan.seed,
        "minutes": plan.minutes,
        "max_usd": plan.max_usd,
        "about": dict(plan.about),
        "shared": dict(plan.shared),
        "trials": trials,
    }


def plan_of(document: JsonObject) -> ExperimentPlan:
    """The plan in plain data. Raises ValueError where it is not one of this schema."""
    if document.get("schema") != SCHEMA:
        raise ValueError(f"schema {document.get('schema')!r}, not {SCHEMA}")
    try:
        trials = tuple(Trial(t["kind"], t["label"], t["spec"]) for t in document["trials"])
        return ExperimentPlan(
            kind=document["kind"],
            name=document["name"],
            trials=trials,
            shared=document["shared"],
            device=document["device"],
            seed=document["seed"],
            minutes=document["minutes"],
            max_usd=document["max_usd"],
            about=document.get("about", {}),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a plan: {error}") from error


def write_plan(path: Path, plan: ExperimentPlan, *, steered: bool = False) -> None:
    """The plan as a file, whole or not at all; of a `steered` one the child asks which trial is
    next.
    """
    draft = path.with_suffix(".part")
    draft.write_text(json.dumps(plan_data(plan) | {"steered": steered}), encoding="utf-8")
    draft.replace(path)
