"""Measures how long the event loop is held up, whatever else the machine does.

Only processor time of the loop's own thread counts, garbage search included. As the same step takes
more of it beside other work, a known piece of work is run again and again as a yardstick.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from statistics import median
from typing import Self

YARDSTICK_SECONDS = 0.001
"""What the known piece of work takes on an idle machine like ours."""
EVERY_SECONDS = 0.05


class LoopWatch:
    """Between `async with` and its end: the longest step of each phase, in seconds of an idle
    machine.
    """

    def __init__(self) -> None:
        self.phase = "start"
        self._steps: defaultdict[str, list[float]] = defaultdict(list)
        self._yardstick: defaultdict[str, list[float]] = defaultdict(list)

    async def __aenter__(self) -> Self:
        self._run = asyncio.Handle._run
        run, steps = self._run, self._steps

        def timed(handle: asyncio.Handle) -> None:
            begun = time.thread_time()
            run(handle)
            steps[self.phase].append(time.thread_time() - begun)

        asyncio.Handle._run = timed  # type: ignore[method-assign]
        self._task = asyncio.create_task(self._measure())
        return self

    async def __aexit__(self, *error: object) -> None:
        asyncio.Handle._run = self._run  # type: ignore[method-assign]
        self._task.cancel()

    async def _measure(self) -> None:
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            begun = time.thread_time()
            sum(len(str(number)) for number in range(12_500))
            self._yardstick[self.phase].append(time.thread_time() - begun)

    def longest(self) -> dict[str, float]:
        """The longest step of each phase that was watched."""
        return {
            phase: max(steps) / max(median(self._yardstick[phase]) / YARDSTICK_SECONDS, 1.0)
            for phase, steps in self._steps.items()
            if self._yardstick[phase]
        }
