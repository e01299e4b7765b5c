"""Parent and child over real processes: ends, cancels, deaths, noise, and nothing lost or left
behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from advisor.calibrate import client
from advisor.calibrate.client import follow, journaled
from advisor.core.errors import AdvisorError
from advisor.core.events import CancelToken
from advisor.core.experiment import ExperimentPlan, Status
from tests.calibrate.fake_worker import PRETEND, plan_of


class Run:
    """One run with all that the parent heard."""

    def __init__(self, folder: Path, plan: ExperimentPlan) -> None:
        self.folder, self.plan = folder, plan
        self.events, self.kept, self.cancel = [], [], CancelToken()
        self.on_event = lambda event: None

    def go(self, done=(), command=PRETEND):
        def hear(event):
            self.events.append(event)
            self.on_event(event)

        return asyncio.run(
            follow(
                self.plan,
                self.folder,
                events=hear,
                keep=self.kept.append,
                cancel=self.cancel,
                done=done,
                command=command,
            )
        )


def no_child_left(folder: Path) -> bool:
    return not any(str(folder) in " ".join(_command(p)) for p in psutil.process_iter())


def wait_for_the_end_of(processes: list[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.Error):
            while process.status() != psutil.STATUS_ZOMBIE:
                time.sleep(0.01)


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def test_a_run_ends_with_every_trial_kept(tmp_path: Path) -> None:
    run = Run(tmp_path, plan_of({"does": "wait", "value": 1}, {"does": "wait", "value": 2}))
    ending = run.go()
    assert ending.status is Status.DONE
    assert [o.result["value"] for o in ending.outcomes] == [1, 2]
    assert list(ending.outcomes) == run.kept
    kinds = [e.kind for e in run.events]
    assert (kinds[0], kinds[-1]) == ("planned", "result")
    assert kinds.count("trial") == 2
    assert no_child_left(tmp_path)


def test_finished_trials_are_not_run_again(tmp_path: Path) -> None:
    plan = plan_of({"does": "wait", "value": 1}, {"does": "wait", "value": 2})
    run = Run(tmp_path, plan)
    ending = run.go(done={plan.trial_digest(plan.trials[0])})
    assert [o.label for o in ending.outcomes] == ["t1"]
    assert Run(tmp_path, plan).go(done={plan.trial_digest(t) for t in plan.trials}).outcomes == ()


def test_errors_and_memory_are_outcomes_and_the_rest_goes_on(tmp_path: Path) -> None:
    run = Run(
        tmp_path,
        plan_of(
            {"does": "raise"}, {"does": "oom"}, {"does": "die"}, {"does": "exit"}, {"does": "wait"}
        ),
    )
    ending = run.go()
    assert [o.status for o in ending.outcomes] == [
        Status.FAILED,
        Status.OUT_OF_MEMORY,
        Status.KILLED,
        Status.FAILED,
        Status.DONE,
    ]
    assert ending.status is Status.DONE
    raised, memory, killed, gone, _ = ending.outcomes
    assert raised.reason == "ValueError: the third"
    assert "2.00 GiB" in memory.reason
    assert "killed" in killed.reason
    assert "code 7" in gone.reason
    assert "last words" in gone.reason


def test_noise_is_counted_and_does_no_harm(tmp_path: Path) -> None:
    ending = Run(tmp_path, plan_of({"does": "chatter"}, {"does": "wait"})).go()
    assert [o.status for o in ending.outcomes] == [Status.DONE, Status.DONE]
    assert ending.noise >= 6
    assert "a library prints" in (tmp_path / "child.log").read_text()


def test_cancel_asks_first_and_keeps_the_partial_result_marked(tmp_path: Path) -> None:
    run = Run(tmp_path, plan_of({"does": "wait"}, {"does": "wait", "steps": 10_000}))
    run.on_event = lambda e: (
        run.cancel.cancel() if e.kind == "step" and e.fields.get("step", 0) > 2 else None
    )
    ending = run.go()
    assert ending.status is Status.CANCELLED
    assert [o.status for o in ending.outcomes] == [Status.DONE, Status.CANCELLED]
    assert ending.outcomes[1].result["steps"] > 0
    assert run.events[-1].kind == "cancelled"
    assert no_child_left(tmp_path)


def test_a_deaf_child_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "ASK_SECONDS", 0.2)
    monkeypatch.setattr(client, "TERM_SECONDS", 0.2)
    run = Run(tmp_path, plan_of({"does": "deaf"}))
    run.on_event = lambda e: (
        threading.Timer(0.3, run.cancel.cancel).start() if e.kind == "step" else None
    )
    ending = run.go()
    assert [o.status for o in ending.outcomes] == [Status.CANCELLED]
    assert no_child_left(tmp_path)


def test_minutes_end_a_run(tmp_path: Path) -> None:
    ending = Run(tmp_path, plan_of({"does": "wait", "steps": 10_000}, minutes=0.005)).go()
    assert ending.status is Status.CANCELLED
    assert "minutes" in ending.reason


def test_a_child_that_cannot_start_says_so(tmp_path: Path) -> None:
    with pytest.raises(AdvisorError, match="cannot start"):
        Run(tmp_path, plan_of({"does": "wait"})).go(command=(str(tmp_path / "no-python"),))
    ending = Run(tmp_path, plan_of({"does": "wait"})).go(
        command=(sys.executable, "-c", "import nonsense_module")
    )
    assert ending.status is Status.FAILED
    assert "nonsense_module" in ending.reason


PARENT = """
import asyncio, sys
from pathlib import Path
from advisor.calibrate.client import follow
from advisor.core.events import CancelToken
sys.path.insert(0, {here!r})
from tests.calibrate.fake_worker import PRETEND, plan_of
plan = plan_of(*({{"does": "wait", "value": i, "steps": 2, "pause": 0.01}} for i in range(15)))
print("go", flush=True)
def keep(outcome):
    print(outcome.digest, flush=True)
asyncio.run(follow(plan, Path({folder!r}), events=lambda e: None, keep=keep,
                   cancel=CancelToken(), command=PRETEND))
"""


@pytest.mark.slow
@pytest.mark.parametrize("victim", ["parent", "child", "both"])
def test_killing_at_random_moments_loses_no_finished_trial(tmp_path: Path, victim: str) -> None:
    """Ten moments each for parent, child and both: what was finished is in the journal, and a
    resume runs the rest.
    """
    chance = random.Random(victim)
    plan = plan_of(*({"does": "wait", "value": i, "steps": 2, "pause": 0.01} for i in range(15)))
    everything = {plan.trial_digest(t) for t in plan.trials}
    for turn in range(10):
        folder = tmp_path / str(turn)
        folder.mkdir()
        code = PARENT.format(here=str(Path(__file__).parents[2]), folder=str(folder))
        parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        assert parent.stdout is not None
        assert parent.stdout.readline() == "go\n"
        time.sleep(chance.uniform(0.05, 0.6))
        children = psutil.Process(parent.pid).children()
        if victim in ("parent", "both"):
            parent.kill()
        if victim in ("child", "both"):
            for child in children:
                with contextlib.suppress(psutil.NoSuchProcess):  # it may have ended by itself
                    child.kill()
        told = set(parent.communicate()[0].split())
        wait_for_the_end_of(children)
        assert no_child_left(folder)
        journal = {o.digest: o.status for o in journaled(folder)}
        answered = {name for name, status in journal.items() if status is Status.DONE}
        if victim == "child":
            assert len(told) == len(everything)  # the parent went on with a new child
        else:
            assert told <= set(journal)
            rest = Run(folder, plan).go(done=answered)
            assert {o.digest for o in rest.outcomes} | answered == everything
            assert not {o.digest for o in rest.outcomes} & answered


def test_many_cancelled_runs_leave_no_process(tmp_path: Path) -> None:
    chance = random.Random(6)
    before = psutil.Process().num_fds()
    for _ in range(12):
        run = Run(tmp_path, plan_of({"does": "wait", "steps": 10_000}))
        timer = threading.Timer(chance.uniform(0.0, 0.3), run.cancel.cancel)
        timer.start()
        assert run.go().status is Status.CANCELLED
        timer.join()
    assert no_child_left(tmp_path)
    assert psutil.Process().num_fds() <= before + 2


def test_an_interrupt_in_the_terminal_does_not_reach_the_child_first(tmp_path: Path) -> None:
    """The child leads its own session: only the parent hears Ctrl-C."""
    run = Run(tmp_path, plan_of({"does": "wait", "steps": 30}))
    sessions = []
    run.on_event = lambda e: sessions.extend(
        os.getsid(p.pid)
        for p in psutil.Process().children()
        if str(tmp_path) in " ".join(_command(p))
    )
    assert run.go().status is Status.DONE
    assert sessions
    assert os.getsid(0) not in sessions
    assert signal.getsignal(signal.SIGINT) is not None
