"""Whether the program that began a run still works on it.

Each run holds a lock file; the system drops the lock however the program ends, so a run whose
terminal was killed is not taken for running.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from advisor.core import system
from advisor.core.experiment import RunSummary, Status
from advisor.store.folders import folders


@contextmanager
def working_on(run_id: int) -> Iterator[None]:
    """Hold the lock of a run while it is worked on."""
    path = _path(run_id)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        system.lock(descriptor, wait=True)
        yield
    finally:
        os.close(descriptor)


def settled(summary: RunSummary) -> RunSummary:
    """The summary with status killed where it says running but nobody works on it."""
    if summary.status is not Status.RUNNING or _is_worked_on(summary.id):
        return summary
    return replace(summary, status=Status.KILLED)


def _is_worked_on(run_id: int) -> bool:
    try:
        descriptor = os.open(_path(run_id), os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        return not system.lock(descriptor, wait=False)
    finally:
        os.close(descriptor)


def _path(run_id: int) -> Path:
    return folders().state / "locks" / f"run-{run_id}.lock"
