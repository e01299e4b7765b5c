"""`python -m advisor.calibrate.worker.rank FOLDER DIGEST`: one process of several that measure a
trial together.

torchrun starts it. Only the first process speaks, and only it hears the leader; what one of them
decides, all do.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import threading
import time
from pathlib import Path

from advisor.calibrate.protocol import PLAN_FILE, plan_of
from advisor.calibrate.worker.reporter import Reporter, own_stdout
from advisor.calibrate.worker.session import reason_of
from advisor.calibrate.worker.stop import Stop, Stopped
from advisor.core.experiment import JsonObject

WATCH_SECONDS = 0.5
DIE_WITH_PARENT = 1
"""PR_SET_PDEATHSIG of prctl(2)."""


def main(folder: Path, digest: str) -> int:
    """Measure the trial of the plan in `folder`; returns the exit code."""
    rank = int(os.environ["RANK"])
    _die_with_the_agent()
    events = own_stdout()
    reporter = Reporter(events if rank == 0 else open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115
    stop = Stop()
    if rank == 0:
        stop.listen(orphaned=lambda: os._exit(1))
        signal.signal(
            signal.SIGTERM, signal.SIG_DFL
        )  # torchrun: another has failed, waiting is in vain
    try:
        reporter.say("result", result=_measured(folder, digest, reporter, stop))
    except Stopped as stopped:
        reporter.say("cancelled", partial=stopped.partial)
    except (
        Exception
    ) as error:  # whatever it is, the leader tells it; the others cannot go on and are ended
        _leave_word(folder, rank, error)
        raise
    return 0


def _measured(folder: Path, digest: str, reporter: Reporter, stop: Stop) -> JsonObject:
    import torch
    import torch.distributed as dist

    from advisor.calibrate.worker.device import Device
    from advisor.calibrate.worker.lean import leave_out_bitsandbytes
    from advisor.calibrate.worker.process_group import PATIENCE
    from advisor.calibrate.worker.runners import THREADS, load_all
    from advisor.calibrate.worker.throughput import measure

    plan = plan_of(json.loads((folder / PLAN_FILE).read_text(encoding="utf-8")))
    trial = next(t for t in plan.trials if plan.trial_digest(t) == digest)
    torch.set_num_threads(THREADS)
    device = Device(plan.device, int(os.environ["LOCAL_RANK"]), alone=False)
    dist.init_process_group("nccl" if device.kind == "cuda" else "gloo", timeout=PATIENCE)
    try:
        leave_out_bitsandbytes([trial.spec])
        load_all(device)
        reporter.say("started", device={**device.about(), "processes": dist.get_world_size()})
        torch.manual_seed(plan.seed)
        return measure(trial, plan.shared, reporter, stop, device)
    finally:
        dist.destroy_process_group()


def _die_with_the_agent() -> None:
    """torchrun gives every process a session of its own, so nobody's signal reaches it once
    torchrun is gone.
    """
    agent = os.getppid()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)
    threading.Thread(target=_watch, args=(agent,), daemon=True, name="agent").start()


def _watch(agent: int) -> None:
    while os.getppid() == agent:
        time.sleep(WATCH_SECONDS)
    os._exit(1)


def _leave_word(folder: Path, rank: int, error: Exception) -> None:
    """Why this process failed, for the leader; a connection that another one broke is an echo of
    its failure.
    """
    reason = reason_of(error)
    echo = any(
        word in reason.lower() for word in ("connection", "gloo", "nccl", "peer", "broken pipe")
    )
    note = {"rank": rank, "reason": reason, "echo": echo, "at": time.time()}
    (folder / f"rank-{rank}.json").write_text(json.dumps(note), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
