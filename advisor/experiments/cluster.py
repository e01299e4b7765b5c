"""The same entries on a Ray cluster: each a task of its own on some node; what comes back is kept
here.
"""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from advisor.calibrate import client
from advisor.calibrate.protocol import parse, plan_data, plan_of
from advisor.core.errors import AdvisorError, MissingExtra, UsageError
from advisor.core.events import CancelToken
from advisor.core.experiment import JsonObject, Status, TrialOutcome
from advisor.experiments.entries import Entry, Listener
from advisor.experiments.machines import Machine
from advisor.experiments.running import adopt

POLL_SECONDS = 0.3
QUIET: Mapping[str, str] = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_DEDUP_LOGS": "0",
}
"""Ray sends nothing to its makers, and says little."""


def place(address: str) -> Machine:
    """A cluster as the place of runs: `ray`, started here for them, or `ray://host:port`.

    Raises UsageError.
    """
    if address != "ray" and not address.startswith("ray://"):
        raise UsageError(f"--on {address}: neither ray (started here) nor ray://host:port")
    return Machine(address, "auto")


def run_all(
    entries: Sequence[Entry],
    where: Machine,
    *,
    listen: Listener,
    cancel: CancelToken,
    cpus: int | None = None,
) -> None:
    """Send every entry that has something left; keep each as it comes back.

    The nodes need the extra `calibrate`.

    Raises AdvisorError where Ray is not installed or the cluster cannot be reached.
    """
    with ExitStack() as stack:
        ray = _started(where.name, cpus, stack)
        stack.callback(ray.shutdown)
        gpus = 1 if ray.cluster_resources().get("GPU", 0) else 0
        task = ray.remote(num_cpus=1, num_gpus=gpus, max_retries=0)(measured)
        sent = {task.remote(_left(e)): e for e in entries if e.prepared.left}
        while sent and not cancel.cancelled:
            ready, _ = ray.wait(list(sent), num_returns=1, timeout=POLL_SECONDS)
            for reference in ready:
                _take(ray, reference, sent.pop(reference), listen)
        for reference in sent:
            ray.cancel(reference, force=True)


def _started(address: str, cpus: int | None, stack: ExitStack) -> Any:
    os.environ.update({k: v for k, v in QUIET.items() if k not in os.environ})
    try:
        import ray
    except ImportError:
        raise MissingExtra("--on ray needs Ray: pip install 'prompt-or-tune[cluster]'") from None
    own: dict[str, Any] = {"address": address}
    if address == "ray":
        folder = stack.enter_context(
            tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True)
        )
        own = {
            "include_dashboard": False,
            "num_cpus": cpus,
            "_temp_dir": folder,
            "configure_logging": False,
        }
    try:
        ray.init(log_to_driver=False, **own)
    except Exception as error:  # its errors have no common class
        first = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise AdvisorError(f"--on {address}: the cluster cannot be used: {first}") from error
    return ray


def _left(entry: Entry) -> JsonObject:
    """The entry's plan with what is left of it, as plain data."""
    prepared = entry.prepared
    return plan_data(replace(prepared.plan, trials=prepared.to_run))


def announcement(entries: Sequence[Entry]) -> str:
    """How many bytes of plans go to the cluster, and whether rows are among them."""
    plans = [_left(entry) for entry in entries if entry.prepared.left]
    size = sum(len(json.dumps(plan).encode()) for plan in plans)
    has_rows = any(plan["kind"] != "throughput" for plan in plans)
    rows = "with your rows as text" if has_rows else "with row lengths, but no rows"
    return f"about {size:,} bytes: the plans of {len(plans)} runs, {rows}"


def measured(document: JsonObject) -> JsonObject:
    """On a node: run the plan by a child process there; returns outcomes, events and how it ended,
    as plain data.
    """
    lines: list[str] = []
    with tempfile.TemporaryDirectory(prefix="advisor-") as folder:
        ending = asyncio.run(
            client.follow(
                plan_of(document),
                Path(folder),
                events=lambda event: lines.append(event.line()),
                keep=lambda outcome: None,
                cancel=CancelToken(),
            )
        )
    outcomes = [
        {"digest": o.digest, "label": o.label, "status": o.status.value, "seconds": o.seconds}
        | {"result": dict(o.result), "reason": o.reason}
        for o in ending.outcomes
    ]
    return {
        "status": ending.status.value,
        "reason": ending.reason,
        "outcomes": outcomes,
        "lines": lines,
    }


def _take(ray: Any, reference: Any, entry: Entry, listen: Listener) -> None:
    """Keep what a node sent; a node or a task that died is this entry's failure."""
    try:
        reply = ray.get(reference)
    except Exception as error:  # the cluster's own errors and those of the task
        entry.reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        listen(entry, None)
        return
    outcomes = tuple(
        TrialOutcome(**{**o, "status": Status(o["status"])}) for o in reply["outcomes"]
    )
    ending = client.Ending(Status(reply["status"]), outcomes, reply["reason"])
    events = [event for line in reply["lines"] if (event := parse(line)) is not None]
    entry.record = adopt(entry.prepared, ending, events)
    listen(entry, None)
