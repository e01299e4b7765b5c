"""What systems do differently: signals, process groups and file locks, behind one interface.

Everything else in the program is the same on Linux, macOS and Windows.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from typing import TypedDict

IS_WINDOWS = os.name == "nt"

KILLED = int(getattr(signal, "SIGKILL", 9))
"""The number of the signal that ends a process at once; Windows has none, and ends with a code."""

NEW_GROUP = 0x00000200
"""CREATE_NEW_PROCESS_GROUP of the Windows API."""


class ChildOptions(TypedDict, total=False):
    """What starting a process takes so that Ctrl-C in the terminal does not reach it."""

    start_new_session: bool
    pass_fds: tuple[int, ...]
    creationflags: int


def stopping_signals() -> tuple[signal.Signals, ...]:
    """The signals that ask a program to end: of a closed terminal, where there is one, and of
    `kill`.
    """
    hang_up = getattr(signal, "SIGHUP", None)
    return (signal.SIGTERM,) if hang_up is None else (hang_up, signal.SIGTERM)


def apart(descriptors: Sequence[int] = ()) -> ChildOptions:
    """Options for a process that leads a group of its own and keeps these descriptors open.

    Windows hands no descriptors on: there a lock ends with the program that took it.
    """
    if IS_WINDOWS:
        return {"creationflags": NEW_GROUP}
    return {"start_new_session": True, "pass_fds": tuple(descriptors)}


def end_group(pid: int, *, at_once: bool) -> None:
    """End a process that was started `apart`, and all that it started; nothing where it is gone."""
    if IS_WINDOWS:
        force = ("/F",) if at_once else ()
        words = ("taskkill", "/T", *force, "/PID", str(pid))
        subprocess.run(words, capture_output=True, check=False)
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, KILLED if at_once else signal.SIGTERM)


def lock(descriptor: int, *, wait: bool) -> bool:
    """Take the lock of an open file; False where another process has it and `wait` is false.

    It ends with the last process that holds the descriptor, however that ends. Raises OSError.
    """
    if IS_WINDOWS:
        return _lock_first_byte(descriptor, wait=wait)
    fcntl = importlib.import_module("fcntl")
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    return True


def _lock_first_byte(descriptor: int, *, wait: bool) -> bool:
    """Windows locks ranges of bytes; the first one stands for the file."""
    msvcrt = importlib.import_module("msvcrt")
    os.lseek(descriptor, 0, os.SEEK_SET)
    try:
        msvcrt.locking(descriptor, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
    except OSError:
        if wait:
            raise
        return False
    return True


def peak_resident_bytes() -> float:
    """The most memory that this process has had in use; macOS counts bytes, Linux KiB."""
    if IS_WINDOWS:
        psutil = importlib.import_module("psutil")
        return float(psutil.Process().memory_info().peak_wset)
    resource = importlib.import_module("resource")
    unit = 1.0 if sys.platform == "darwin" else 1024.0
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit)
