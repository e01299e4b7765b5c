"""The leader of a run over several GPUs: starts a process a GPU by torchrun, hears the first,
ends them all.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from advisor.calibrate.protocol import CANCEL, Event, parse
from advisor.calibrate.worker.reporter import Reporter
from advisor.calibrate.worker.stop import Stop, Stopped
from advisor.core.experiment import JsonObject
from advisor.core.system import KILLED

OUTPUT = "ranks.log"
ASK_SECONDS = 6.0
END_SECONDS = 3.0
"""Patience after asking the processes to stop, and after SIGTERM."""

POLL_SECONDS = 0.1


def measure(
    folder: Path, digest: str, processes: int, reporter: Reporter, stop: Stop
) -> JsonObject:
    """The result of one trial of the plan in `folder`, measured by that many processes together.

    Raises Stopped with what they had found, or RuntimeError with the first reason of one that
    failed.
    """
    for old in folder.glob("rank-*.json"):
        old.unlink()
    heard: list[Event] = []
    with _started(folder, digest, processes) as agent:
        assert agent.stdout is not None
        hearing = threading.Thread(
            target=_hear, args=(agent.stdout, reporter, heard), daemon=True, name="launcher"
        )
        hearing.start()
        _wait(agent, stop)
        _end(agent)
        hearing.join(END_SECONDS)
    return _answer(folder, processes, heard, stop)


def command(folder: Path, digest: str, processes: int) -> list[str]:
    """torchrun on this machine alone, without restarts: a run that lost a process is over."""
    return [
        *(sys.executable, "-P", "-m", "torch.distributed.run", "--standalone", "--no-python"),
        *(f"--nproc-per-node={processes}", "--max-restarts=0", "--monitor-interval=0.2"),
        *(sys.executable, "-P", "-m", "advisor.calibrate.worker.rank", str(folder), digest),
    ]


@contextlib.contextmanager
def _started(folder: Path, digest: str, processes: int) -> Iterator[subprocess.Popen[bytes]]:
    environment = {
        **os.environ,
        "TMPDIR": str(folder),
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1"),
    }
    with (folder / OUTPUT).open("wb") as log:
        agent = subprocess.Popen(
            command(folder, digest, processes),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=environment,
        )
    try:
        yield agent
    finally:
        _end(agent)
        for pipe in (agent.stdin, agent.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


def _hear(lines: IO[bytes], reporter: Reporter, heard: list[Event]) -> None:
    """What the first process says goes on to the parent, but for how it ended: that is the leader's
    to say.
    """
    for line in lines:
        event = parse(line)
        if event is None:
            continue
        if event.kind in ("result", "cancelled", "failed"):
            heard.append(event)
        else:
            reporter.say(event.kind, **event.fields)


def _wait(agent: subprocess.Popen[bytes], stop: Stop) -> None:
    """Until the processes end, or some time after they were asked to."""
    while not stop.asked:
        with contextlib.suppress(subprocess.TimeoutExpired):
            agent.wait(POLL_SECONDS)
            return
    with contextlib.suppress(OSError):
        assert agent.stdin is not None
        agent.stdin.write(f"{CANCEL}\n".encode())
        agent.stdin.flush()
    with contextlib.suppress(subprocess.TimeoutExpired):
        agent.wait(ASK_SECONDS)


def _end(agent: subprocess.Popen[bytes]) -> None:
    """torchrun passes SIGTERM on; if it must be killed, its processes notice and end themselves."""
    if agent.poll() is None:
        agent.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            agent.wait(END_SECONDS)
    if agent.poll() is None:
        agent.kill()
        agent.wait()


def _answer(folder: Path, processes: int, heard: list[Event], stop: Stop) -> JsonObject:
    fields: JsonObject = heard[-1].fields if heard else {}
    kind = heard[-1].kind if heard else ""
    if kind == "result":
        return dict(fields["result"])
    log = (folder / OUTPUT).read_text(encoding="utf-8", errors="replace")
    sys.stderr.write(log)
    if stop.asked:
        raise Stopped(stop.reason, fields.get("partial") if kind == "cancelled" else None)
    reasons = [
        json.loads(f.read_text(encoding="utf-8")) for f in sorted(folder.glob("rank-*.json"))
    ]
    if reasons:
        first = min(reasons, key=lambda note: (note["echo"], note["at"]))
        raise RuntimeError(f"process {first['rank']} of {processes}: {first['reason']}")
    raise RuntimeError(f"{processes} processes: {_death(log)}")


def _death(log: str) -> str:
    """How torchrun says that a process ended without a word."""
    codes = [int(code) for code in re.findall(r"exitcode\s*: (-?\d+)", log)]
    if -KILLED in codes:
        return "one was killed, as the system does when memory runs out"
    return f"one ended with code {codes[0]}" if codes else "they ended without a result"
