"""Runs the trials of a plan one after another; knows nothing of what a trial measures."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from typing import Any

from advisor.calibrate.protocol import ENOUGH, NEXT
from advisor.calibrate.worker.reporter import Reporter
from advisor.calibrate.worker.stop import RunOver, Stop, Stopped
from advisor.core.experiment import ExperimentPlan, JsonObject, Status, Trial

Run = Callable[[Trial, JsonObject, Reporter, Stop], JsonObject]
"""Measures one trial with the plan's shared data; returns plain data.

Raises Stopped or any error.
"""


ANSWER_SECONDS = 120.0
"""How long a child waits to be told which trial is next; then it takes the first that is left."""


def run_plan(
    plan: ExperimentPlan, run: Run, reporter: Reporter, stop: Stop, *, steered: bool = False
) -> Status:
    """The trials in order, or as the parent says; one that fails does not stop the others.

    Returns what became of the whole.
    """
    answered = 0
    enough = False
    left = {plan.trial_digest(trial): (number, trial) for number, trial in enumerate(plan.trials)}
    while left and not stop.asked:
        name = _asked(list(left), reporter, stop) if steered else next(iter(left))
        if stop.asked or not name:
            enough = not name
            break
        number, trial = left.pop(name)
        reporter.say("step", trial=number, label=trial.label, digest=name, phase="begin")
        begun = time.monotonic()
        status, fields = _run_one(trial, plan.shared, run, reporter, stop)
        seconds = round(time.monotonic() - begun, 4)
        reporter.say(
            "trial",
            trial=number,
            label=trial.label,
            digest=name,
            status=status.value,
            seconds=seconds,
            **fields,
        )
        answered += status in (Status.DONE, Status.OUT_OF_MEMORY)
        if fields.get("final"):
            reporter.say("failed", reason=fields["reason"], final=True)
            return Status.FAILED
    if stop.asked and answered < len(plan.trials) and not enough:
        reporter.say("cancelled", reason=stop.reason, finished=answered, trials=len(plan.trials))
        return Status.CANCELLED
    reporter.say("result", finished=answered, trials=len(plan.trials))
    return Status.DONE


def _asked(left: list[str], reporter: Reporter, stop: Stop) -> str:
    """The digest of the trial that is next; empty where the parent says that no other is needed."""
    reporter.say("ask", left=left)
    word, _, name = stop.answer(ANSWER_SECONDS).partition(" ")
    if word == ENOUGH:
        return ""
    return name if word == NEXT and name in left else left[0]


def _run_one(
    trial: Trial, shared: JsonObject, run: Run, reporter: Reporter, stop: Stop
) -> tuple[Status, dict[str, Any]]:
    try:
        return Status.DONE, {"result": dict(run(trial, shared, reporter, stop))}
    except Stopped as stopped:
        partial = {"result": stopped.partial} if stopped.partial else {}
        return Status.CANCELLED, {"reason": str(stopped), **partial}
    except RunOver as over:
        return Status.FAILED, {"reason": str(over), "final": True}
    except MemoryError:
        return Status.OUT_OF_MEMORY, {"reason": "the host has no memory left"}
    except (
        Exception
    ) as error:  # a trial may fail in any way; the run goes on and the log has the whole story
        traceback.print_exc()
        status = Status.OUT_OF_MEMORY if is_out_of_memory(error) else Status.FAILED
        return status, {"reason": reason_of(error)}


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the device or the host refused memory; by name and text, so that no library need be
    loaded.
    """
    text = str(error).lower()
    return (
        type(error).__name__ == "OutOfMemoryError"
        or "out of memory" in text
        or "can't allocate memory" in text
    )


def reason_of(error: BaseException) -> str:
    """The kind of error and its first line, cut to 300 characters."""
    first = next(iter(str(error).strip().splitlines()), "")
    return f"{type(error).__name__}: {first}"[:300] if first else type(error).__name__
