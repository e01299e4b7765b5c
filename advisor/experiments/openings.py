"""Finds the earlier runs that opened the test items of a plan."""

from __future__ import annotations

from collections.abc import Iterator

from advisor.calibrate.openings import Openings, Option, best_by_chance, error_of, option_of
from advisor.calibrate.quality_records import QualityResult
from advisor.core.experiment import JsonObject, RunRecord, Status
from advisor.store import Runs

MOST_RUNS = 100
"""Earlier runs on the same data that are looked at, the newest."""


def opened_before(runs: Runs, record: RunRecord, about: JsonObject) -> Openings | None:
    """The test items of this run in earlier runs on the same data, with what was scored on them.

    None where none of them was opened before.
    """
    items = _items(record)
    earlier: dict[int, set[Option]] = {}
    reopened: set[str] = set()
    for run_id in _on_same_data(runs, record, about):
        before = runs.run(run_id)
        shared = _items(before) & items if before is not None else set()
        if before is not None and shared:
            earlier[run_id] = set(_options(before))
            reopened |= shared
    if not earlier:
        return None
    others = set().union(*earlier.values())
    own = set(_options(record))
    results = [QualityResult.from_json(line) for line in record.result.get("trials", ())]
    error = max(map(error_of, results), default=0.0)
    by_chance = best_by_chance(len(others | own), error)
    return Openings(len(reopened), sorted(earlier), len(others - own), len(own - others), by_chance)


def _on_same_data(runs: Runs, record: RunRecord, about: JsonObject) -> list[int]:
    trials = runs.measured_on(str(about.get("data", "")))
    before = dict.fromkeys(t.run_id for t in trials if t.run_id < record.summary.id)
    return list(before)[-MOST_RUNS:]


def _items(record: RunRecord) -> set[str]:
    return {str(row[0]) for row in record.plan.get("shared", {}).get("items", ())}


def _options(record: RunRecord) -> Iterator[Option]:
    for outcome in record.outcomes:
        if outcome.status is Status.DONE and "item_scores" in outcome.result:
            yield option_of(QualityResult.from_json(outcome.result), _model(record))


def _model(record: RunRecord) -> str:
    """The model of a run, which its name begins with."""
    return record.summary.name.partition(":")[0]
