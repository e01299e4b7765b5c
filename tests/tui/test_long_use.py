"""A desk that stays open: memory stays flat, quitting is instant, no step holds the screen up."""

from __future__ import annotations

import asyncio
import gc
import time
import tracemalloc
from dataclasses import replace

from advisor.core.probes import Reading
from advisor.tui.app import AdvisorApp
from advisor.tui.messages import MachineRead
from advisor.tui.model.autosave import DraftStore
from advisor.tui.widgets.hardware_pane import HardwarePane
from tests.tui.test_desk import settle, until

UPDATES = 480
"""One a minute over eight hours; each is an answer, a verdict and a reading of the machine."""

ALLOWED_BYTES = 3_000_000
"""Bounded caches of drawn text may fill; verdicts that were kept would take ten times as much."""
LONGEST_SECONDS = 0.08
"""The goal is 0.05 on an idle machine; beside other work the same step takes longer."""


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


async def test_no_step_of_the_event_loop_holds_the_screen_up(app, engine, monkeypatch):
    """Measured in processor time of the screen's thread, against a known amount of work, so that a
    busy machine does not count.
    """
    longest: dict[str, float] = {}
    doing = "load"
    run = asyncio.Handle._run

    def timed(handle: asyncio.Handle) -> None:
        begun = time.thread_time()
        run(handle)
        longest[doing] = max(longest.get(doing, 0.0), time.thread_time() - begun)

    many = replace(
        engine.verdict, arms=tuple(replace(option, id=f"{option.id}-{n}") for n in range(21)
                                   for option in engine.verdict.arms)
    )  # fmt: skip
    slowness = max(_work_seconds() / USUAL_WORK_SECONDS, 1.0)
    app = AdvisorApp(app.desk.draft, engine)
    async with app.run_test(size=(140, 45)) as pilot:
        await settle(pilot)
        monkeypatch.setattr(asyncio.Handle, "_run", timed)
        doing = "judge 42 options"
        engine.verdict = replace(many, arm=many.arms[0].id)
        await pilot.press("5")
        for target in (0.91, 0.92, 0.93):
            app.desk.judging.answer({"quality.target": target})
            await settle(pilot)
        doing = "probe"
        await pilot.press("2")
        app.desk.judging.jobs.look(app.desk.draft.judged)
        await settle(pilot)
        monkeypatch.setattr(asyncio.Handle, "_run", run)
        app.desk.autosave.forget()
    assert {name: took for name, took in longest.items() if took > LONGEST_SECONDS * slowness} == {}


USUAL_WORK_SECONDS = 0.012


def _work_seconds() -> float:
    """Processor time of a fixed piece of plain Python, the shortest of three."""
    times = []
    for _ in range(3):
        begun = time.thread_time()
        sum(len(str(number)) for number in range(100_000))
        times.append(time.thread_time() - begun)
    return min(times)
