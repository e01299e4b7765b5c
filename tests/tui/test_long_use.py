"""A desk that stays open: memory stays flat, quitting is instant."""

from __future__ import annotations

import gc
import time
import tracemalloc
from dataclasses import replace

from advisor.core.probes import Reading
from advisor.tui.messages import MachineRead
from advisor.tui.model.autosave import DraftStore
from advisor.tui.widgets.hardware_pane import HardwarePane
from tests.tui.test_desk import settle, until

UPDATES = 480
"""One a minute over eight hours; each is an answer, a verdict and a reading of the machine."""

ALLOWED_BYTES = 3_000_000
"""Bounded caches of drawn text may fill; verdicts that were kept would take ten times as much."""


async def test_eight_hours_of_updates_leave_memory_flat(app, engine):
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press("3")
        await settle(pilot)

        async def minutes(count: int) -> None:
            report = engine.machine()
            pane = app.desk.query_one(HardwarePane)
            for minute in range(count):
                app.desk.judging.answer({"quality.target": 0.9 + minute % 9 / 100})
                use = Reading(minute % 10 / 10, "share")
                pane.post_message(MachineRead(replace(report, processor_use=use)))
                app.desk.show_verdict(app.desk.verdict)
                if not minute % 40:
                    await pilot.pause()
            await settle(pilot)

        await minutes(UPDATES)  # histories that are bounded fill up
        gc.collect()
        tracemalloc.start()
        before, _ = tracemalloc.get_traced_memory()
        await minutes(UPDATES)
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        app.desk.autosave.forget()
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
