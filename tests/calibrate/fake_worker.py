"""A real child process whose trials only wait, fail, die or chatter: the protocol without torch."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from advisor.calibrate.worker.__main__ import start
from advisor.calibrate.worker.stop import Stopped
from advisor.core.experiment import ExperimentPlan, Trial

PRETEND = (sys.executable, __file__)


def plan_of(*specs: dict, minutes: float | None = None) -> ExperimentPlan:
    trials = tuple(Trial("throughput", f"t{i}", spec) for i, spec in enumerate(specs))
    return ExperimentPlan("throughput", "pretend", trials, minutes=minutes)


def wait_for(file, reporter, stop):
    while file and not stop.asked and not Path(file).exists():
        reporter.step(step=1, steps=3)
        time.sleep(0.01)


def run(trial, shared, reporter, stop):
    does = trial.spec["does"]
    if does == "raise":
        raise ValueError("the third\nwheel")
    if does == "oom":
        raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
    if does == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if does == "exit":
        print("last words", file=sys.stderr, flush=True)
        os._exit(7)
    if does == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while True:
            time.sleep(0.05)
    if does == "chatter":
        sys.__stdout__.flush()
        for noise in (
            b"loading 100%\n",
            b"\xff\xfe\x00\n",
            b'{"event": "launch"}\n',
            b"[]\n",
            b'{"event": 3}\n',
        ):
            reporter._out.buffer.write(noise)
        reporter._out.buffer.write(b"x" * 5_000_000 + b"\n")
        reporter._out.flush()
        print("a library prints")
    wait_for(trial.spec.get("until", ""), reporter, stop)
    for step in range(trial.spec.get("steps", 3)):
        if stop.asked:
            raise Stopped(stop.reason, {"steps": step})
        reporter.step(step=step, steps=trial.spec.get("steps", 3))
        time.sleep(trial.spec.get("pause", 0.01))
    return {"value": trial.spec.get("value", 1)}


if __name__ == "__main__":
    sys.exit(start(Path(sys.argv[-1]), lambda plan, reporter: run))
