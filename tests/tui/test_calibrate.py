"""The Calibrate tab under a pilot, over a real child that only waits: plan, run, cancel, resume,
fail, replay, quit.
"""

from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from textual.pilot import Pilot
from textual.widgets import Select, Switch

from advisor import experiments
from advisor.core.errors import UsageError
from advisor.core.experiment import Status
from advisor.core.quantity import Range
from advisor.tui.app import AdvisorApp
from advisor.tui.screens.dialogs import Ask, AskPath
from advisor.tui.widgets.calibrate_pane import CalibratePane, PlanView, RunView
from advisor.tui.widgets.decision_pane import FittedText
from advisor.tui.widgets.status_line import StatusLine
from tests.tui.waiting import PATIENCE_SECONDS, opened, settle, until

QUICK = {"does": "wait", "value": 1}


def drawn(app: AdvisorApp) -> str:
    """What the pane says in the part that is run."""
    pane = app.desk.query_one(CalibratePane)
    return "\n".join(str(text.visual) for text in pane.visible_content.query(FittedText))


async def plan(pilot: Pilot[None]) -> CalibratePane:
    """The tab with its plan, or with the reason why there is none."""
    await until(pilot, lambda: pilot.app.desk.judging.observations)
    await pilot.press("4")
    await until(pilot, lambda: pilot.app.desk.query("CalibratePane RunView"))
    await settle(pilot)
    pane = pilot.app.desk.query_one(CalibratePane)
    await until(pilot, lambda: pane.prepared is not None or "✗" in drawn(pilot.app))
    return pane


async def test_a_tab_asked_for_twice_at_once_is_made_once(app):
    """A key of the verdict brings the tab, and so does the row of tabs that it turns."""
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.desk.judging.observations and app.desk.panes.current)
        panes = app.desk.panes
        await asyncio.gather(panes.bring("calibrate"), panes.bring("calibrate"))
        assert len(app.desk.query(CalibratePane)) == 1
        assert "working out" in drawn(app) or "takes" in drawn(app)


async def begin(pilot: Pilot[None], *, finished: int = 0) -> None:
    """Start the plan, and wait until a trial is under way that waits for its file."""
    await plan(pilot)
    await pilot.press("c")
    progress = pilot.app.desk.calibration.jobs.run_on_screen.progress
    await until(
        pilot,
        lambda: progress.finished == finished and progress.under_way and "▸" in drawn(pilot.app),
    )


async def run_through(pilot: Pilot[None]) -> None:
    """Start the plan, and wait for its end."""
    await plan(pilot)
    await pilot.press("c")
    await ended(pilot)


async def ended(pilot: Pilot[None]) -> None:
    await until(
        pilot,
        lambda: (
            pilot.app.desk.calibration.jobs.run_on_screen
            and pilot.app.desk.calibration.jobs.run_on_screen.ended
        ),
    )


@pytest.fixture
def go(tmp_path: Path) -> Path:
    """The file a slow trial waits for."""
    return tmp_path / "go"


def slow(go: Path) -> dict:
    return {"does": "wait", "until": str(go)}


def children() -> list[psutil.Process]:
    """The calibration processes of this test."""
    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            found += [process] if "fake_worker" in " ".join(process.cmdline()) else []
        except psutil.NoSuchProcess:
            continue
    return found


async def test_plan_price_and_machine_stand_before_anything_runs(app, engine):
    async with app.run_test(size=(140, 45)) as pilot:
        pane = await plan(pilot)
        text = drawn(app)
        assert "pretend" in text
        assert "this CPU" in text
        assert "(P50 – P90)" in text
        assert "costs     nothing" in text
        assert [f"· t{n}" for n in range(3)] == [
            line for line in text.splitlines() if line.startswith("· ")
        ]
        assert app.desk.calibration.jobs.run_on_screen is None
        assert children() == []
        assert pane.prepared.left == 3


async def test_limits_and_choices_reach_the_plan(app, engine):
    async with app.run_test(size=(140, 45)) as pilot:
        pane = await plan(pilot)
        fields = pane.query_one(PlanView).fields
        fields["minutes"].control.focus()
        await pilot.press("7", ".", "5", "plus")
        fields["usd_per_hour"].control.focus()
        await pilot.press("2", "tab")
        await until(pilot, lambda: engine.requests[-1].usd_per_hour == Range.exact(2.0))
        assert engine.requests[-1].minutes == pytest.approx(8.25)
        fields["what"].query_one(Select).value = "prompts"
        await until(pilot, lambda: engine.requests[-1].what == "prompts")
        assert [name for name, field in fields.items() if field.display][:4] == [
            "what",
            "runs_on",
            "url",
            "served_model",
        ]
        assert not fields["gpu"].display
        assert app.desk.draft.unsaved is False


async def test_a_run_is_told_live_and_its_end_is_judged(app, engine, go):
    engine.trials = [slow(go)]
    async with app.run_test(size=(140, 45)) as pilot:
        await begin(pilot)
        before = engine.looks
        assert "▶" in app.desk.query_one(StatusLine).running
        assert app.desk.query_one(RunView).has_focus
        await until(pilot, lambda: "1 of 3" in drawn(app))
        go.touch()
        engine.verdict = replace(
            engine.verdict, verdict="prompt", arm=engine.verdict.alternative, p_best=0.55
        )
        await ended(pilot)
        await until(pilot, lambda: "What it changed" in drawn(app))
        text = drawn(app)
        assert app.desk.calibration.jobs.run_on_screen.record.summary.status is Status.DONE
        assert engine.looks == before + 1
        assert "verdict   FINE-TUNE → PROMPT" in text
        assert "best in   91 of 100 → 55 of 100" in text
        assert app.desk.query_one(StatusLine).running == ""
        assert len(experiments.runs()) == 1


async def test_a_run_that_moves_nothing_says_so(app, engine):
    async with app.run_test(size=(140, 45)) as pilot:
        await run_through(pilot)
        await until(pilot, lambda: "stays as it was" in drawn(app))


async def test_another_tab_lets_it_run_and_a_changed_brief_makes_no_claim(app, engine, go):
    engine.trials = [slow(go)]
    async with app.run_test(size=(140, 45)) as pilot:
        await begin(pilot)
        await pilot.press("1")
        await settle(pilot)
        engine.gates[3e6] = threading.Event()
        go.touch()
        await ended(pilot)
        app.desk.judging.answer({"quality.target": 0.8})
        engine.gates.pop(3e6).set()
        await until(pilot, lambda: app.desk.calibration.jobs.run_on_screen.before is None)
        await pilot.press("4")
        await settle(pilot)
        assert "What it changed" not in drawn(app)
        assert "judging" not in drawn(app)


async def test_cancelling_asks_keeps_what_is_finished_and_the_next_run_goes_on(app, engine, go):
    engine.trials = [QUICK, slow(go)]
    async with app.run_test(size=(80, 24)) as pilot:
        await begin(pilot, finished=1)
        await pilot.press("x")
        await opened(pilot, Ask)
        await pilot.press("tab", "enter")
        await settle(pilot)
        assert not app.desk.calibration.jobs.run_on_screen.cancelling
        await pilot.press("escape")
        await opened(pilot, Ask)
        await pilot.press("enter")
        await ended(pilot)
        assert app.desk.calibration.jobs.run_on_screen.record.summary.status is Status.CANCELLED
        await until(pilot, lambda: "kept" in drawn(app))
        assert children() == []
        await pilot.press("escape")
        pane = await plan(pilot)
        assert (pane.prepared.left, "answered  1 of 2" in drawn(app)) == (1, True)
        assert pane.query_one(PlanView).fields["again"].display
        go.touch()
        await pilot.press("c")
        await ended(pilot)
        assert app.desk.calibration.jobs.run_on_screen.record.summary.status is Status.DONE
        assert len(experiments.runs()) == 1


async def test_what_is_answered_does_not_run_again_unless_wished(app, engine):
    engine.trials = [QUICK]
    async with app.run_test(size=(140, 45)) as pilot:
        await run_through(pilot)
        await pilot.press("c")
        pane = await plan(pilot)
        assert pane.prepared.left == 0
        await pilot.press("c")
        await settle(pilot)
        assert app.desk.calibration.jobs.run_on_screen is None
        pane.query_one(PlanView).fields["again"].query_one(Switch).toggle()
        await until(pilot, lambda: pane.prepared is not None and pane.prepared.left == 1)


async def test_a_failed_run_names_reason_and_log(app, engine):
    engine.trials = [{"does": "raise"}]
    async with app.run_test(size=(140, 45)) as pilot:
        await plan(pilot)
        await pilot.press("c")
        await ended(pilot)
        run = app.desk.calibration.jobs.run_on_screen
        assert run.record.summary.status is Status.FAILED
        await until(pilot, lambda: "the third" in drawn(app))
        await until(pilot, lambda: run.log in drawn(app).replace("\n", ""))
        assert "the third" in Path(run.log).read_text()


async def test_what_does_not_fit_is_an_answer(app, engine):
    engine.trials = [{"does": "oom"}, QUICK]
    async with app.run_test(size=(140, 45)) as pilot:
        await run_through(pilot)
        assert (
            app.desk.calibration.jobs.run_on_screen.progress.trials[0].status
            is Status.OUT_OF_MEMORY
        )


async def test_a_busy_gpu_is_refused_with_a_way_to_insist(app, engine):
    engine.refusal = UsageError(
        "GPU 0 (L40S): busy, 60% of its memory is taken by x [red]; wait, or use --allow-busy"
    )
    async with app.run_test(size=(80, 24)) as pilot:
        pane = await plan(pilot)
        await until(pilot, lambda: "60% of its memory is taken by x [red]" in drawn(app))
        await until(pilot, lambda: "“allow busy”" in drawn(app))
        await pilot.press("c")
        await settle(pilot)
        assert app.desk.calibration.jobs.run_on_screen is None
        field = pane.query_one(PlanView).fields["allow_busy"]
        assert field.display
        field.query_one(Switch).toggle()
        await until(pilot, lambda: pane.prepared is not None)
        assert engine.requests[-1].allow_busy
        assert field.display


async def test_without_the_libraries_it_plans_and_says_what_to_install(app, engine):
    engine.lacks = "calibration needs torch"
    async with app.run_test(size=(140, 45)) as pilot:
        await plan(pilot)
        await until(pilot, lambda: "! calibration needs torch" in drawn(app))
        await until(pilot, lambda: "3 trials" in drawn(app))
        await pilot.press("c")
        await settle(pilot)
        assert app.desk.calibration.jobs.run_on_screen is None


async def test_two_runs_do_not_fight_over_a_machine(app, engine, home):
    from advisor.calibrate.limits import gpu_lock

    async with app.run_test(size=(140, 45)) as pilot:
        await plan(pilot)
        with gpu_lock(home / "state" / "locks", "cpu"):
            await pilot.press("c")
            await ended(pilot)
        await until(pilot, lambda: "another calibration is running" in drawn(app))
        await pilot.press("c")
        await plan(pilot)
        await pilot.press("c")
        await ended(pilot)
        assert app.desk.calibration.jobs.run_on_screen.record.summary.status is Status.DONE


async def test_a_recorded_run_replays_into_the_same_screen(app):
    async with app.run_test(size=(140, 45)) as pilot:
        await plan(pilot)
        await pilot.press("v")
        await opened(pilot, AskPath)
        await pilot.press(*"cpu-llama-slices", "enter")
        await until(pilot, lambda: app.desk.calibration.jobs.run_on_screen)
        await until(pilot, lambda: "× 10" in drawn(app))
        await pilot.press("plus")
        await ended(pilot)
        text = drawn(app)
        assert "end of the recording" in text
        assert text.count("✓ small-llama") == 6
        assert "2,175 tokens/s, not steady" in text
        assert {"loss", "tokens_per_second", "memory_gib"} == set(
            app.desk.calibration.jobs.run_on_screen.progress.curves
        )
        assert experiments.runs() == ()
        await pilot.press("escape")
        await until(pilot, lambda: app.desk.query_one(CalibratePane).current == "plan")


async def test_an_own_run_replays_with_what_it_showed(app, engine):
    async with app.run_test(size=(140, 45)) as pilot:
        await run_through(pilot)
        await pilot.press("v")
        await opened(pilot, AskPath)
        app.desk.calibration.jobs.speed = 0.0
        await pilot.press("tab", "enter")
        await until(pilot, lambda: app.desk.calibration.jobs.run_on_screen.replay == "1")
        await ended(pilot)
        assert "6 of 6" not in drawn(app)
        await until(pilot, lambda: "What it showed" in drawn(app))
        assert "What it changed" not in drawn(app)


async def test_a_replay_ends_when_told_and_asks_nothing(app):
    async with app.run_test(size=(140, 45)) as pilot:
        await plan(pilot)
        app.desk.calibration.jobs.speed = 1.0
        await pilot.press("v")
        await opened(pilot, AskPath)
        await pilot.press(*"cpu-llama-whole", "enter")
        await until(pilot, lambda: app.desk.calibration.jobs.run_on_screen)
        await pilot.press("x")
        await ended(pilot)
        assert not isinstance(app.screen, Ask)


async def test_no_such_recording_is_one_line(app):
    async with app.run_test(size=(140, 45)) as pilot:
        await plan(pilot)
        await pilot.press("v")
        await opened(pilot, AskPath)
        await pilot.press(*"nothing", "enter")
        await until(pilot, lambda: any("nothing" in n.message for n in app._notifications))
        assert app.desk.calibration.jobs.run_on_screen is None


async def test_quitting_asks_and_leaves_no_process(app, engine, go):
    engine.trials = [slow(go)]
    async with app.run_test(size=(140, 45)) as pilot:
        await begin(pilot)
        await pilot.press("q")
        await opened(pilot, Ask)
        await pilot.press("tab", "enter")
        await settle(pilot)
        assert app.is_running
        assert children()
        await pilot.press("q")
        await opened(pilot, Ask)
        await pilot.press("enter")
        await until(pilot, lambda: not app.is_running)
    assert children() == []
    assert not [run for run in experiments.runs() if run.status is Status.RUNNING]


async def test_an_app_that_ends_otherwise_leaves_no_process_either(app, engine, go):
    engine.trials = [slow(go)]
    async with app.run_test(size=(140, 45)) as pilot:
        await begin(pilot)
        app.exit()
    end = time.monotonic() + PATIENCE_SECONDS
    while children() and time.monotonic() < end:
        await asyncio.sleep(0.05)
    assert children() == []


async def test_help_follows_the_questions_and_the_palette_knows_the_commands(app):
    async with app.run_test(size=(140, 45)) as pilot:
        pane = await plan(pilot)
        pane.query_one(PlanView).fields["usd_per_hour"].control.focus()
        await settle(pilot)
        assert "What does this machine cost" in str(app.desk.field_help.render())
        await pilot.press("tab")
        await settle(pilot)
        assert "process of its own" in str(app.desk.field_help.render())
        await pilot.press("ctrl+p", *"recorded", "enter")
        await opened(pilot, AskPath)
