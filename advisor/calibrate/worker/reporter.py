"""Says what happens: each event to the journal first, then to the parent, so that no finished trial
can be lost.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path
from typing import Any, TextIO

from advisor.calibrate.protocol import Event

STEPS_PER_SECOND = 4.0
"""Step events are for a person who watches: more are dropped."""

_KEPT = frozenset({"trial", "result", "cancelled", "failed"})


class Reporter:
    """Writes events to `out` and, where given, to a journal that outlives parent and child.

    Safe across threads.
    """

    def __init__(self, out: TextIO, journal: Path | None = None) -> None:
        self._out = out
        self._journal = journal.open("a", encoding="utf-8") if journal else None
        self._start = time.monotonic()
        self._last_step = float("-inf")
        self._lock = threading.Lock()

    def say(self, kind: str, /, **fields: Any) -> None:
        """One event; a parent that is gone is no reason to stop before the journal has it."""
        with self._lock:
            line = Event(kind, time.monotonic() - self._start, fields).line()
            if self._journal:
                self._journal.write(line)
                self._journal.flush()
                if kind in _KEPT:
                    os.fsync(self._journal.fileno())
            try:
                self._out.write(line)
                self._out.flush()
            except (BrokenPipeError, ValueError):
                pass

    def step(self, /, **fields: Any) -> None:
        """A step event, a few times a second at most."""
        now = time.monotonic()
        if now - self._last_step >= 1.0 / STEPS_PER_SECOND:
            self._last_step = now
            self.say("step", **fields)

    def close(self) -> None:
        if self._journal:
            self._journal.close()


def own_stdout() -> TextIO:
    """The true standard output for events alone; whatever else prints there lands in the log
    (standard error).
    """
    sys.stdout.flush()
    events = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return events
