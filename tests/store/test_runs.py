from __future__ import annotations

from pathlib import Path

import pytest

from advisor.core.experiment import Actual, Status, TrialOutcome
from advisor.core.quantity import Range
from advisor.store import Runs, Store, StoreCorrupt, answered


@pytest.fixture
def store(tmp_path: Path):
    with Store.open(tmp_path / "advisor.db") as opened:
        yield opened


def begin(runs: Runs, digest: str = "d", kind: str = "throughput") -> int:
    return runs.begin(
        kind=kind,
        name="n",
        digest=digest,
        plan={"a": 1},
        trials=2,
        device="cpu",
        forecast={"s": 2},
        folder="/f",
    )


def test_a_trial_is_there_for_another_program_at_once(store: Store) -> None:
    runs = Runs(store)
    run_id = begin(runs)
    runs.keep(run_id, TrialOutcome("t1", "first", Status.DONE, 1.5, {"x": 2}), {"layers": 2})
    with Store.open(store.path) as other:
        seen = Runs(other).run(run_id)
        assert seen is not None
        assert seen.outcomes == (TrialOutcome("t1", "first", Status.DONE, 1.5, {"x": 2}),)
        assert (seen.summary.status, seen.summary.done, seen.summary.trials) == (
            Status.RUNNING,
            1,
            2,
        )
        assert answered(seen) == {"t1"}


def test_a_later_outcome_of_a_trial_takes_the_place_of_the_earlier(store: Store) -> None:
    runs = Runs(store)
    run_id = begin(runs)
    runs.keep(run_id, TrialOutcome("t1", "first", Status.CANCELLED, reason="cancelled"), {})
    first = runs.run(run_id)
    assert first is not None
    assert answered(first) == frozenset()
    runs.keep(run_id, TrialOutcome("t1", "first", Status.DONE), {})
    second = runs.run(run_id)
    assert second is not None
    assert [o.status for o in second.outcomes] == [Status.DONE]


def test_the_events_of_a_resumed_run_follow_the_earlier_ones(store: Store) -> None:
    runs = Runs(store)
    run_id = begin(runs)
    runs.end(run_id, Status.CANCELLED, result={}, events="one\n", machine={})
    runs.resume(run_id)
    runs.end(
        run_id, Status.DONE, result={"tokens_per_second": 3.0}, events="two\n", machine={"cpu": "x"}
    )
    found = runs.latest("d")
    assert found is not None
    assert (found.events, found.summary.status, found.result) == (
        "one\ntwo\n",
        Status.DONE,
        {"tokens_per_second": 3.0},
    )
    assert (runs.folder(run_id), runs.latest("other")) == ("/f", None)


def test_runs_are_listed_newest_first_and_by_kind(store: Store) -> None:
    runs = Runs(store)
    first, second = begin(runs), begin(runs, kind="quality")
    assert [r.id for r in runs.runs()] == [second, first]
    assert [r.id for r in runs.runs(kind="quality")] == [second]
    runs.delete(second)
    assert [r.id for r in runs.runs(limit=1)] == [first]
    assert runs.run(second) is None


def test_actuals_come_back_by_figure(store: Store) -> None:
    runs = Runs(store)
    runs.record_actual(
        Actual(None, "train.hours", "h", Range(2.0, 3.0, 4.0), 3.5, note="night run")
    )
    runs.record_actual(Actual(begin(runs), "run.seconds", "s", Range.exact(60.0), 75.0))
    assert [a.what for a in runs.actuals()] == ["train.hours", "run.seconds"]
    (hours,) = runs.actuals("train.hours")
    assert (hours.forecast, hours.actual, hours.note) == (Range(2.0, 3.0, 4.0), 3.5, "night run")


def test_a_damaged_record_is_named(store: Store) -> None:
    runs = Runs(store)
    run_id = begin(runs)
    store.database.execute("update runs set plan = '{' where id = ?", [run_id])
    with pytest.raises(StoreCorrupt, match="damaged"):
        runs.run(run_id)
