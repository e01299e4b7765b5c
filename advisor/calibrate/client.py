"""The parent's side: starts the child, follows its events, keeps finished trials at once, and stops
it when asked.

A child that dies takes one trial with it: that is recorded with its cause, and a new child goes on
with the rest.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from advisor.calibrate.protocol import (
    CANCEL,
    ENOUGH,
    JOURNAL,
    LAST,
    LOG,
    MAX_LINE_BYTES,
    NEXT,
    PLAN_FILE,
    Event,
    parse,
    write_plan,
)
from advisor.core import system
from advisor.core.errors import AdvisorError
from advisor.core.events import CancelToken
from advisor.core.experiment import ANSWERED, Choice, ExperimentPlan, Status, TrialOutcome

CHILD = (sys.executable, "-P", "-m", "advisor.calibrate.worker")
"""The child's own interpreter; -P keeps the working folder out of its import path."""

ASK_SECONDS = 8.0
TERM_SECONDS = 4.0
"""Patience after asking, and after SIGTERM, before the next harder means."""

STILLBORN = 2
"""How many children may be killed before their first trial until the run is given up."""

POLL_SECONDS = 0.1
LOG_TAIL_LINES = 3

Sink = Callable[[Event], None]
Keep = Callable[[TrialOutcome], None]
Steer = Callable[[Sequence[str]], Choice]
"""Chooses among the digests that are left; runs in a thread of its own."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended, and every trial that has an outcome.

    `noise` counts lines that were no events.
    """

    status: Status
    outcomes: tuple[TrialOutcome, ...]
    reason: str = ""
    noise: int = 0
    enough: str = ""


@dataclass(frozen=True, slots=True)
class _Start:
    """How a child is started."""

    command: Sequence[str]
    inherited: Sequence[int]
    environment: Mapping[str, str]
    steer: Steer | None = None


@dataclass(slots=True)
class _Child:
    """What the parent knows of the child in hand."""

    process: asyncio.subprocess.Process
    under_way: str = ""
    last: Event | None = None
    noise: int = 0
    outcomes: list[TrialOutcome] = field(default_factory=list)
    forced: bool = False
    enough: str = ""


async def follow(
    plan: ExperimentPlan,
    folder: Path,
    *,
    events: Sink,
    keep: Keep,
    cancel: CancelToken,
    done: Collection[str] = (),
    command: Sequence[str] = CHILD,
    inherited: Sequence[int] = (),
    environment: Mapping[str, str] | None = None,
    steer: Steer | None = None,
) -> Ending:
    """Run the trials of `plan` whose digests are not in `done`; files go to `folder`, which exists.

    `keep` is called with every outcome as soon as it is known; `inherited` are file descriptors the
    child holds open too (the lock of a GPU), `environment` is laid over ours for the child.
    `steer` chooses the order and may end the run early: what is left then has no outcome here.
    Never raises for what happens in the child. Raises AdvisorError where it cannot start.
    """
    left = tuple(t for t in plan.trials if plan.trial_digest(t) not in done)
    outcomes: list[TrialOutcome] = []
    noise = 0
    stillborn = 0
    while left:
        child = await _one_child(
            replace(plan, trials=left),
            folder,
            events,
            keep,
            cancel,
            _Start(command, inherited, environment or {}, steer),
        )
        outcomes += child.outcomes
        noise += child.noise
        ended = {o.digest for o in child.outcomes}
        left = tuple(t for t in left if plan.trial_digest(t) not in ended)
        if cancel.cancelled or (child.last is not None and child.last.kind == "cancelled"):
            reason = str(child.last.fields.get("reason", "")) if child.last is not None else ""
            return Ending(Status.CANCELLED, tuple(outcomes), reason or "cancelled", noise)
        if child.last is not None and child.last.fields.get("final"):
            reason = str(child.last.fields.get("reason", ""))
            return Ending(Status.FAILED, tuple(outcomes), reason, noise)
        if child.enough:
            return Ending(_status(outcomes), tuple(outcomes), "", noise, child.enough)
        stillborn += not ended
        killed = (child.process.returncode or 0) < 0
        if not ended and (stillborn > STILLBORN or not killed):
            return Ending(Status.FAILED, tuple(outcomes), _reason(child, folder), noise)
    failed = next((o.reason for o in outcomes if o.status not in ANSWERED), "")
    return Ending(_status(outcomes), tuple(outcomes), failed, noise)


def _status(outcomes: Sequence[TrialOutcome]) -> Status:
    return (
        Status.FAILED
        if outcomes and not any(o.status in ANSWERED for o in outcomes)
        else Status.DONE
    )


async def _one_child(
    plan: ExperimentPlan,
    folder: Path,
    events: Sink,
    keep: Keep,
    cancel: CancelToken,
    start: _Start,
) -> _Child:
    write_plan(folder / PLAN_FILE, plan, steered=start.steer is not None)
    child = _Child(await _spawn(folder, start))
    reading = asyncio.ensure_future(_read(child, events, keep, start.steer))
    try:
        await _until_ended(child, reading, cancel)
    finally:
        await _end(child, reading)
    if child.under_way:
        outcome = _lost(child, folder, plan, cancelled=cancel.cancelled)
        child.outcomes.append(outcome)
        keep(outcome)
    return child


async def _spawn(folder: Path, start: _Start) -> asyncio.subprocess.Process:
    with (folder / LOG).open("ab") as log:
        try:
            return await asyncio.create_subprocess_exec(
                *start.command,
                str(folder / PLAN_FILE),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                env=child_environment(os.environ) | dict(start.environment),
                limit=MAX_LINE_BYTES,
                **system.apart(start.inherited),
            )
        except OSError as error:
            raise AdvisorError(
                f"{start.command[0]}: the calibration process cannot start: {error.strerror}"
            ) from error


def child_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Ours, but offline and quiet; idle OpenMP threads sleep, because spinning ones slow a busy
    machine tenfold.
    """
    quiet = {
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "TRANSFORMERS_VERBOSITY": "error",
        "TOKENIZERS_PARALLELISM": "false",
        "OMP_WAIT_POLICY": "passive",
        # freed tensors leave the process: its peak means something
        "MALLOC_MMAP_THRESHOLD_": "1048576",
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": "ignore",
    }
    return {**environment, **quiet}


async def _until_ended(child: _Child, reading: asyncio.Future[None], cancel: CancelToken) -> None:
    while not reading.done() and not cancel.cancelled:
        await asyncio.wait({reading}, timeout=POLL_SECONDS)


async def _end(child: _Child, reading: asyncio.Future[None]) -> None:
    """Ask, then terminate, then kill the whole process group; returns with the child reaped and its
    output read.
    """
    if not reading.done():
        with contextlib.suppress(OSError, RuntimeError):
            assert child.process.stdin is not None
            child.process.stdin.write(f"{CANCEL}\n".encode())
            await child.process.stdin.drain()
        for patience, at_once in ((ASK_SECONDS, False), (TERM_SECONDS, True)):
            await asyncio.wait({reading}, timeout=patience)
            if reading.done():
                break
            child.forced = True
            system.end_group(child.process.pid, at_once=at_once)
    try:
        await asyncio.wait_for(child.process.wait(), TERM_SECONDS)
    except TimeoutError:
        child.forced = True
        system.end_group(child.process.pid, at_once=True)
        await child.process.wait()
    system.end_group(child.process.pid, at_once=True)
    await reading
    if child.process.stdin is not None:
        child.process.stdin.close()


async def _read(child: _Child, events: Sink, keep: Keep, steer: Steer | None) -> None:
    assert child.process.stdout is not None
    while True:
        try:
            line = await child.process.stdout.readline()
        except ValueError:  # a line beyond the limit: what was read of it is dropped
            child.noise += 1
            continue
        if not line:
            return
        event = parse(line)
        if event is None:
            child.noise += 1
        else:
            _note(child, event, keep)
            events(event)
            if event.kind == "ask" and steer is not None:
                await _answer(child, event, steer)


async def _answer(child: _Child, event: Event, steer: Steer) -> None:
    """Tell the child which trial is next, or that it is enough; a choice that fails leaves it to
    its own order.
    """
    left = [str(name) for name in event.fields.get("left", ())]
    try:
        choice = await asyncio.to_thread(steer, left)
    except AdvisorError:
        choice = Choice(left[0])
    child.enough = choice.enough
    line = ENOUGH if choice.enough else f"{NEXT} {choice.digest}"
    with contextlib.suppress(OSError, RuntimeError):
        assert child.process.stdin is not None
        child.process.stdin.write(f"{line}\n".encode())
        await child.process.stdin.drain()


def _note(child: _Child, event: Event, keep: Keep) -> None:
    if event.kind == "step" and event.fields.get("phase") == "begin":
        child.under_way = str(event.fields.get("digest", ""))
    elif event.kind == "trial":
        outcome = outcome_of(event)
        child.under_way = ""
        child.outcomes.append(outcome)
        keep(outcome)
    elif event.kind in LAST:
        child.last = event


def outcome_of(event: Event) -> TrialOutcome:
    """The outcome in a `trial` event; a status nobody knows counts as failed."""
    fields = event.fields
    status = fields.get("status")
    result = fields.get("result")
    return TrialOutcome(
        digest=str(fields.get("digest", "")),
        label=str(fields.get("label", "")),
        status=Status(status) if status in {s.value for s in Status} else Status.FAILED,
        seconds=_number(fields.get("seconds")),
        result=result if isinstance(result, dict) else {},
        reason=str(fields.get("reason", "")),
    )


def journaled(folder: Path) -> tuple[TrialOutcome, ...]:
    """The outcomes in the journal of a run whose parent died; none where there is no journal."""
    try:
        lines = (folder / JOURNAL).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ()
    return tuple(outcome_of(e) for e in map(parse, lines) if e is not None and e.kind == "trial")


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _lost(child: _Child, folder: Path, plan: ExperimentPlan, *, cancelled: bool) -> TrialOutcome:
    """The outcome of the trial that was under way when the child went."""
    label = next((t.label for t in plan.trials if plan.trial_digest(t) == child.under_way), "")
    if cancelled:
        return TrialOutcome(
            child.under_way, label, Status.CANCELLED, reason="cancelled; it did not stop by itself"
        )
    killed = (child.process.returncode or 0) < 0
    return TrialOutcome(
        child.under_way,
        label,
        Status.KILLED if killed else Status.FAILED,
        reason=_reason(child, folder),
    )


def _reason(child: _Child, folder: Path) -> str:
    """Why the child ended, in words: its own, the signal's, or the last lines of its log."""
    if child.last is not None and child.last.kind == "failed":
        return str(child.last.fields.get("reason", "failed"))
    code = child.process.returncode or 0
    if code == -system.KILLED:
        return "the process was killed, as the system does when memory runs out"
    if code < 0:
        return f"the process ended by {_signal_name(-code)}"
    return f"the process ended with code {code} and no result: {_tail(folder / LOG)}"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _tail(path: Path) -> str:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError:
        return "no log"
    return (
        " / ".join([line.strip() for line in lines if line.strip()][-LOG_TAIL_LINES:])[:400]
        or "its log is empty"
    )
