"""How a run is asked to stop: a word on standard input, a signal, a parent that is gone, or the end
of its minutes.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue

from advisor.calibrate.protocol import CANCEL
from advisor.core.experiment import JsonObject

POLL_SECONDS = 0.1
ORPHAN_SECONDS = 20.0
"""How long a child without a parent may take to reach the end of its step."""


class Stopped(Exception):
    """The trial under way ends here; `partial` is what it had found so far, marked as partial
    wherever it is kept.
    """

    def __init__(self, reason: str, partial: JsonObject | None = None) -> None:
        super().__init__(reason)
        self.partial = dict(partial or {})


class RunOver(Exception):
    """No further trial of the run can work, such as with a key that is refused."""


class Stop:
    """Polled between steps. `reason` is empty until somebody asks."""

    def __init__(self, minutes: float | None = None) -> None:
        self.reason = ""
        self._answers: SimpleQueue[str] = SimpleQueue()
        self._deadline = None if minutes is None else time.monotonic() + 60.0 * minutes

    def ask(self, reason: str) -> None:
        self.reason = self.reason or reason

    @property
    def asked(self) -> bool:
        if self._deadline is not None and time.monotonic() >= self._deadline:
            self.ask("its minutes are used up")
        return bool(self.reason)

    def check(self) -> None:
        """Raises Stopped once somebody asked."""
        if self.asked:
            raise Stopped(self.reason)

    def answer(self, patience_seconds: float) -> str:
        """The parent's next line that is no word to stop; empty where none comes in time, or
        somebody asks to stop.
        """
        give_up = time.monotonic() + patience_seconds
        while not self.asked and time.monotonic() < give_up:
            with suppress(Empty):
                return self._answers.get(timeout=POLL_SECONDS)
        return ""

    def remaining_seconds(self) -> float:
        """Until the deadline; infinite where there is none."""
        return (
            float("inf") if self._deadline is None else max(self._deadline - time.monotonic(), 0.0)
        )

    def listen(self, descriptor: int = 0, orphaned: Callable[[], None] | None = None) -> None:
        """Watch signals and the parent's line from now on; an orphan that does not stop by itself
        is ended.
        """
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self.ask("asked to stop by a signal"))
        watcher = threading.Thread(
            target=self._watch, args=(descriptor, orphaned or _end_orphan), daemon=True, name="stop"
        )
        watcher.start()

    def _watch(self, descriptor: int, orphaned: Callable[[], None]) -> None:
        """Reads without Python's buffers: their locks cannot be taken from a waiting thread when
        the program ends.
        """
        rest = ""
        while chunk := os.read(descriptor, 4096):
            *lines, rest = (rest + chunk.decode("ascii", "replace")).split("\n")
            for line in filter(None, map(str.strip, lines)):
                if line == CANCEL:
                    self.ask("cancelled")
                else:
                    self._answers.put(line)
        self.ask("the parent is gone")
        orphaned()


def _end_orphan() -> None:
    time.sleep(ORPHAN_SECONDS)
    os._exit(1)
