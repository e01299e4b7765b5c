"""A desk that stays open: memory stays flat, quitting is instant."""

from __future__ import annotations

import asyncio
import gc
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import replace

import pytest
from textual import _time

from advisor.core.probes import Reading
from advisor.tui.messages import MachineRead
from advisor.tui.model import brief_files
from advisor.tui.model.autosave import DraftStore
from advisor.tui.widgets.hardware_pane import HardwarePane
from advisor.tui.work import garbage
from tests.tui.waiting import settle, until

UPDATES = 48
"""One every ten minutes over eight hours; each is an answer, a verdict and a reading of the
machine.
"""
SECONDS = 8 * 3600 / UPDATES

ALLOWED_BYTES = 200_000
"""15 to 55 kB are usual: caches of drawn text have bounds, but move within them. One drawn panel of
10 kB kept per update would be 480 kB.
"""


class FakeClock:
    """Moves the clock of the event loop, of timers and of the garbage search on at once."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._ahead = 0.0
        loop = asyncio.get_running_loop()
        for owner, name in ((loop, "time"), (_time, "get_time"), (garbage, "monotonic")):
            monkeypatch.setattr(owner, name, self._ahead_of(getattr(owner, name)))

    def _ahead_of(self, clock: Callable[[], float]) -> Callable[[], float]:
        return lambda: clock() + self._ahead

    def advance(self, seconds: float) -> None:
        """Every timer that was due in between is due now."""
        self._ahead += seconds


async def test_eight_hours_of_updates_leave_memory_flat(app, engine, monkeypatch):
    clock = FakeClock(monkeypatch)
    looks = []
    monkeypatch.setattr(brief_files, "changed_outside", looks.append)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press("3")
        await settle(pilot)
        report = engine.machine()
        pane = app.desk.query_one(HardwarePane)

        async def eight_hours() -> int:
            for update in range(UPDATES):
                clock.advance(SECONDS)
                app.desk.judging.answer({"quality.target": 0.9 + update % 3 / 100})
                use = Reading(update % 4 / 4, "share")
                pane.post_message(MachineRead(replace(report, processor_use=use)))
                app.desk.show_verdict(app.desk.verdict)
                if update % 4 == 3:
                    await pilot.pause()
            await settle(pilot)
            gc.collect()
            return tracemalloc.get_traced_memory()[0]

        await eight_hours()  # histories and caches that are bounded fill up
        tracemalloc.start()
        before = await eight_hours()
        judged = len(engine.asked)
        after = await eight_hours()
        tracemalloc.stop()
        app.desk.autosave.forget()
    assert len(looks) > UPDATES / 4  # timers did run
    assert len(engine.asked) > judged
    assert after - before < ALLOWED_BYTES


async def test_quitting_is_instant_and_loses_no_input(app):
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        app.desk.judging.answer({"quality.target": 0.87})
        started = time.process_time()
        app._hang_up()
        await until(pilot, lambda: app._exit)
        assert time.process_time() - started < 1.0
    drafts = DraftStore().drafts()
    kept = DraftStore()._folder.glob("*.toml")
    assert drafts or any("0.87" in path.read_text(encoding="utf-8") for path in kept)
