"""The event loop is never held up: keys are answered while the app loads, looks, judges many
options and calibrates.
"""

from __future__ import annotations

import asyncio
import gc
import time

import pytest

from advisor import shipped
from advisor.tui.app import AdvisorApp
from advisor.tui.model.draft import Draft
from advisor.tui.work import garbage
from advisor.tui.work.garbage import GarbageSearch
from advisor.tui.work.process_engine import ProcessEngine
from tests.tui.loop_watch import LoopWatch
from tests.tui.test_calibrate import plan, run_through
from tests.tui.waiting import until

LONGEST_SECONDS = 0.05
TRIES = 3
"""A step that other work on the machine interrupted is long now and then, not in every try."""

MANY = (
    "claude-sonnet-5-5",
    "claude-haiku-4-5",
    "claude-opus-5-5",
    "gpt-6-luna",
    "gpt-5.6-luna",
    "gpt-4.1-mini",
    "gemini-3.1-flash-lite",
)
MANY_TUNED = ("Qwen3-0.6B", "Qwen3-1.7B", "Qwen3-4B", "Qwen3-8B", "Qwen3-14B", "Llama-3.1-8B")


@pytest.mark.slow
async def test_keys_are_answered_while_many_options_are_judged(home):
    held_up: set[str] = set()
    for number in range(TRIES):
        longest = await longest_steps()
        assert len(longest) >= 6
        too_long = {phase for phase, seconds in longest.items() if seconds > LONGEST_SECONDS}
        held_up = too_long if number == 0 else held_up & too_long
        if not held_up - {"end"}:
            return
    raise AssertionError(f"held up: {longest}")


async def longest_steps() -> dict[str, float]:
    """With the real engine: load, judge, open every tab, look again, watch a recorded run."""
    draft = Draft.read(shipped.folder("profiles") / "briefs" / "customs-invoices.toml")
    draft = draft.answer("models.prompt", MANY).answer("models.tune", MANY_TUNED)
    app = AdvisorApp(draft, ProcessEngine())
    async with LoopWatch() as watch, app.run_test(size=(140, 45)) as pilot:
        watch.phase = "load"
        await until(pilot, lambda: app.desk.verdict is not None)
        watch.phase = "judge 42 options"
        await until(pilot, lambda: app.desk.judging.deep)
        await pilot.pause(0.3)
        assert len(app.desk.verdict.arms) + len(app.desk.verdict.excluded) >= 42
        watch.phase = "open the tabs"
        for key in "5234":
            await pilot.press(key)
            await pilot.pause(0.3)
        watch.phase = "probe"
        await pilot.press("2")
        looked = app.desk.judging.observations
        app.desk.judging.jobs.look(app.desk.draft.judged)
        await until(pilot, lambda: app.desk.judging.observations is not looked)
        watch.phase = "judge again"
        await pilot.press("5")
        before = app.desk.verdict
        app.desk.judging.answer({"quality.target": 0.85})
        await until(pilot, lambda: app.desk.verdict not in (None, before))
        await pilot.pause(0.3)
        watch.phase = "watch a run"
        await pilot.press("4")
        app.desk.calibration.jobs.speed = 1000.0
        await pilot.press("v")
        await pilot.pause(0.3)
        await pilot.press(*"cpu-llama-slices", "enter")
        await until(pilot, lambda: app.desk.calibration.jobs.run_on_screen is not None)
        await until(pilot, lambda: app.desk.calibration.jobs.run_on_screen.ended)
        watch.phase = "end"
        app.desk.engine.close()
    return watch.longest()


async def test_keys_are_answered_while_a_calibration_runs(app, engine):
    async with LoopWatch() as watch, app.run_test(size=(140, 45)) as pilot:
        await plan(pilot)
        watch.phase = "calibrate"
        await run_through(pilot)
        await pilot.pause(0.2)
        watch.phase = "end"
    assert watch.longest()["calibrate"] < LONGEST_SECONDS


async def test_a_step_that_holds_the_loop_up_is_seen():
    async with LoopWatch() as watch:
        watch.phase = "quick"
        await asyncio.sleep(0.2)
        watch.phase = "slow"
        begun = time.thread_time()
        while time.thread_time() - begun < 0.2:
            sum(range(1000))
        await asyncio.sleep(0.2)
        watch.phase = "end"
    assert watch.longest()["slow"] > LONGEST_SECONDS > watch.longest()["quick"]


def test_everything_is_searched_for_garbage_only_while_nobody_waits(monkeypatch):
    now = 1000.0
    monkeypatch.setattr(garbage, "monotonic", lambda: now)
    thresholds = gc.get_threshold()
    search = GarbageSearch()
    search.start()
    try:
        assert gc.get_threshold()[2] >= 1_000_000
        now += garbage.BETWEEN_SECONDS + 1
        assert not search.search_if_quiet(busy=True)
        search.note_use()
        assert not search.search_if_quiet(busy=False)
        now += garbage.QUIET_SECONDS
        assert search.search_if_quiet(busy=False)
        assert not search.search_if_quiet(busy=False)
    finally:
        search.stop()
    assert gc.get_threshold() == thresholds
    assert gc.get_freeze_count() == 0
