"""A run whose program is gone is not shown as running."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from advisor.core.experiment import RunSummary, Status
from advisor.experiments import liveness


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path))
    return tmp_path


def summary(status: Status) -> RunSummary:
    fields = dict.fromkeys(RunSummary.__dataclass_fields__, "")
    fields |= {"id": 7, "status": status, "done": 1, "trials": 2}
    return RunSummary(**fields)


def test_a_run_is_running_while_somebody_works_on_it():
    running = summary(Status.RUNNING)
    with liveness.working_on(7):
        assert liveness.settled(running).status is Status.RUNNING
    assert liveness.settled(running).status is Status.KILLED


def test_a_run_that_was_never_locked_and_says_running_was_killed():
    assert liveness.settled(summary(Status.RUNNING)).status is Status.KILLED


@pytest.mark.parametrize("status", [s for s in Status if s is not Status.RUNNING])
def test_a_run_that_has_ended_keeps_its_status(status):
    assert liveness.settled(summary(status)).status is status


HOLDER = """
import sys, time
from advisor.experiments import liveness
with liveness.working_on(7):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_killed_program_lets_go():
    with subprocess.Popen([sys.executable, "-c", HOLDER], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        assert liveness.settled(summary(Status.RUNNING)).status is Status.RUNNING
        holder.kill()
        holder.wait()
        assert liveness.settled(summary(Status.RUNNING)).status is Status.KILLED
