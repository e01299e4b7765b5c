"""A run that was imported from another machine, as the events of a run of our own, so that it is
shown in the same way. No Textual here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from advisor.calibrate.progress import number
from advisor.calibrate.protocol import Event
from advisor.core.experiment import JsonObject, RunRecord, TrialOutcome

IMPORTED = "imported"
SECONDS_PER_POINT = 0.25
"""How fast its curve is drawn, as it states steps and no times."""


def imported_events(record: RunRecord) -> tuple[Event, ...]:
    """Planned, then each trial with its curve and its result."""
    return tuple(_events(record))


def _events(record: RunRecord) -> Iterator[Event]:
    at = 0.0
    labels = [outcome.label for outcome in record.outcomes]
    yield Event("planned", at, {"trials": labels, "name": record.summary.name})
    yield Event("started", at, {"device": {"name": record.summary.device}})
    for outcome in record.outcomes:
        label = outcome.label
        yield Event("step", at, {"label": label, "phase": "begin"})
        points = _points(outcome)
        for place, loss in enumerate(points, 1):
            at += SECONDS_PER_POINT
            yield Event(
                "step", at, {"label": label, "step": place, "steps": len(points), "loss": loss}
            )
        fields = {"label": label, "status": outcome.status.value, "reason": outcome.reason}
        yield Event("trial", at, {**fields, "result": _result(outcome)})
    yield Event("result", at, {})


def _points(outcome: TrialOutcome) -> list[float]:
    curve = outcome.result.get("curve")
    pairs = [pair for pair in curve if isinstance(pair, list)] if isinstance(curve, list) else []
    losses = [number(pair[1]) for pair in pairs if len(pair) == 2]
    return [loss for loss in losses if loss is not None]


def _result(outcome: TrialOutcome) -> JsonObject:
    """What the file states of speed, memory and score, under the names of our own results."""
    cells = outcome.result.get("cells")
    texts = cells if isinstance(cells, Mapping) else {}
    scores = outcome.result.get("scores")
    stated: list[tuple[str, Any]] = [
        ("tokens_per_second", _as_number(texts.get("tokens_per_second"))),
        ("memory", _memory(_as_number(texts.get("memory_gib")))),
    ]
    if isinstance(scores, Mapping) and scores:
        metric, score = next(iter(scores.items()))
        stated += [("metric", str(metric)), ("score", number(score))]
    return {name: value for name, value in stated if value is not None}


def _memory(gib: float | None) -> JsonObject | None:
    return None if gib is None else {"allocated_gib": gib}


def _as_number(text: Any) -> float | None:
    try:
        return number(float(text))
    except (TypeError, ValueError):
        return None
