"""The order of a calibration, over a real child that only waits: kept at once, resumed, forgotten,
locked.
"""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from advisor import experiments
from advisor.core.errors import UsageError
from advisor.core.events import CancelToken
from advisor.core.experiment import ExperimentPlan, Status
from tests.calibrate.fake_worker import PRETEND, plan_of

MACHINE = experiments.Machine("this CPU", "cpu")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def go(plan: ExperimentPlan, cancel: CancelToken | None = None, hear=lambda event: None):
    prepared = experiments.prepare(plan, MACHINE, experiments.Limits())
    return experiments.run(prepared, events=hear, cancel=cancel or CancelToken(), command=PRETEND)


def plan_of_waits(count: int, **spec) -> ExperimentPlan:
    return replace(
        plan_of(*({"does": "wait", "value": i, **spec} for i in range(count))), kind="quality"
    )


def test_a_run_is_kept_with_its_events_and_its_folder_is_gone(home: Path) -> None:
    record = go(plan_of_waits(3))
    assert (record.summary.status, record.summary.done) == (Status.DONE, 3)
    assert [e.kind for e in experiments.recorded_events(str(record.summary.id))].count("trial") == 3
    assert list((home / "state" / "runs").iterdir()) == []
    again = experiments.prepare(plan_of_waits(3), MACHINE, experiments.Limits())
    assert again.left == 0
    assert (
        experiments.prepare(plan_of_waits(3), MACHINE, experiments.Limits(), again=True).left == 3
    )


def test_a_cancelled_run_goes_on_where_it_stopped(home: Path) -> None:
    token = CancelToken()

    def hear(event) -> None:
        if event.kind == "trial":
            token.cancel()

    first = go(plan_of_waits(4, steps=20), token, hear)
    assert first.summary.status is Status.CANCELLED
    done = {o.digest for o in first.outcomes if o.status is Status.DONE}
    assert done
    ran = []
    second = go(
        plan_of_waits(4, steps=20), hear=lambda e: ran.append(e) if e.kind == "trial" else None
    )
    assert second.summary.id == first.summary.id
    assert second.summary.status is Status.DONE
    assert not done & {e.fields["digest"] for e in ran}
    assert len({o.digest for o in second.outcomes}) == 4


def test_cancelled_runs_without_a_result_leave_no_process_no_file_and_no_row(home: Path) -> None:
    chance = random.Random(2)
    for turn in range(15):
        token = CancelToken()
        timer = threading.Timer(chance.uniform(0.0, 0.2), token.cancel)
        timer.start()
        go(plan_of({"does": "wait", "steps": 10_000, "turn": turn}), token)
        timer.join()
    assert list((home / "state" / "runs").iterdir()) == []
    assert [r for r in experiments.runs() if not r.done and r.status is not Status.CANCELLED] == []
    assert not [p for p in psutil.Process().children() if "fake_worker" in " ".join(p.cmdline())]


def test_a_failed_run_keeps_its_log(home: Path) -> None:
    record = go(replace(plan_of({"does": "raise"}), kind="quality"))
    assert record.summary.status is Status.FAILED
    log = home / "state" / "runs" / str(record.summary.id) / "child.log"
    assert "the third" in log.read_text()


RUNNING = """
import sys
from pathlib import Path
sys.path.insert(0, {here!r})
from tests.experiments.test_running import go, plan_of_waits
print("go", flush=True)
def hear(event):
    if event.kind == "trial":
        print("trial", flush=True)
go(plan_of_waits(30, steps=2, pause=0.02), hear=hear)
"""


def test_a_killed_program_loses_no_finished_trial_and_its_lock_is_free_again(home: Path) -> None:
    code = RUNNING.format(here=str(Path(__file__).parents[2]))
    program = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert program.stdout is not None
    for _ in range(5):
        program.stdout.readline()
    with pytest.raises(UsageError, match="another calibration"):
        go(plan_of_waits(1))
    program.kill()
    told = 4 + program.communicate()[0].count("trial")
    deadline = time.monotonic() + 30.0
    while time.monotonic() < deadline:
        try:
            record = go(plan_of_waits(30, steps=2, pause=0.02))
            break
        except UsageError:  # the orphan is on its way out and still holds the lock
            time.sleep(0.05)
    assert record.summary.status is Status.DONE
    assert len({o.digest for o in record.outcomes}) == 30
    text = record.events
    assert text.count('"event": "trial"') <= 30 - told + 1
