"""Looks for garbage in small steps while the user works, and thoroughly while nobody waits.

Python looks for objects that refer to each other from time to time, in whichever step is under way:
with a verdict of 57 options one full search takes 270 ms, and one of 50,000 new objects 60 ms. Keys
would wait for that.
"""

from __future__ import annotations

import gc
from time import monotonic

NEW_OBJECTS = 4_000
"""A search through so many objects takes about 4 ms."""
YOUNG_ROUNDS = 4
NEVER = 1_000_000
QUIET_SECONDS = 30.0
"""After so long without a key or a click the app may search everything."""
BETWEEN_SECONDS = 300.0
"""Pause between two searches through everything."""


def pause() -> None:
    """Search for nothing while the app loads: what loads stays, and searches take a sixth of it."""
    gc.disable()


class GarbageSearch:
    """Owns the settings of Python's garbage collector between `start` and `stop`."""

    def __init__(self) -> None:
        self._before: tuple[int, int, int] | None = None
        self._used_at = 0.0
        self._searched_at = 0.0

    def start(self) -> None:
        """Leave out what is there now, as it stays until the end, and search in small steps."""
        self._before = gc.get_threshold()
        gc.set_threshold(NEW_OBJECTS, YOUNG_ROUNDS, NEVER)
        gc.freeze()
        gc.enable()
        self._used_at = self._searched_at = monotonic()

    def stop(self) -> None:
        """Give the collector back as it was."""
        if self._before is not None:
            gc.set_threshold(*self._before)
            gc.unfreeze()
            self._before = None

    def note_use(self) -> None:
        """The user pressed a key or a button of the mouse."""
        self._used_at = monotonic()

    def search_if_quiet(self, *, busy: bool) -> bool:
        """Search everything when the user has paused and nothing is under way, from time to time;
        returns whether it did.
        """
        now = monotonic()
        if busy or now - self._used_at < QUIET_SECONDS or now - self._searched_at < BETWEEN_SECONDS:
            return False
        gc.collect()
        self._searched_at = now
        return True
