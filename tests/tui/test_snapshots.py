"""How the desk looks in the states that matter; every place at every size: test_places.

Look at the report before taking a new baseline.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from advisor import experiments
from advisor.core.probes import Reading
from advisor.tui.app import AdvisorApp
from advisor.tui.messages import MachineRead, RunProgressed
from advisor.tui.model.run_progress import RunProgress
from advisor.tui.widgets import verdict_panel
from advisor.tui.widgets.calibrate_pane import CalibratePane
from advisor.tui.widgets.hardware_pane import HardwarePane
from advisor.tui.work.run_jobs import RunOnScreen
from tests.tui.test_calibrate import ended
from tests.tui.waiting import settle

SIZES = {"140x45": (140, 45), "80x24": (80, 24), "60x20": (60, 20)}


async def rest(pilot):
    """Nothing moves or is under way any more."""
    await settle(pilot, "machine", "calibration")
    await pilot.wait_for_scheduled_animations()
    await settle(pilot, "machine", "calibration")


def after(*keys: str):
    async def press(pilot):
        await rest(pilot)
        await pilot.press(*keys)
        await rest(pilot)

    return press


@pytest.fixture
def still_app(app: AdvisorApp, monkeypatch: pytest.MonkeyPatch) -> AdvisorApp:
    from textual.widgets import Input

    monkeypatch.setattr(Input, "cursor_blink", False)
    return app


@pytest.fixture(autouse=True)
def _no_blinking(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing blinks, and the commands below the panes name no folder of this run."""
    from textual.widgets import Input

    monkeypatch.setattr(Input, "cursor_blink", False)
    monkeypatch.chdir(tmp_path)


def test_desk(snap_compare, still_app):
    assert snap_compare(still_app, run_before=after(), terminal_size=(140, 45))


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_scenarios_side_by_side(snap_compare, still_app, size):
    async def pin(pilot):
        await rest(pilot)
        await pilot.press("p")
        pilot.app.desk.judging.answer({"quality.target": 0.95})
        await rest(pilot)
        await pilot.press("6")
        pilot.app.clear_notifications()
        await rest(pilot)

    assert snap_compare(still_app, run_before=pin, terminal_size=size)


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_an_empty_brief_names_no_winner(snap_compare, engine, monkeypatch, size):
    assert snap_compare(AdvisorApp(None, engine), run_before=after(), terminal_size=size)


@pytest.mark.parametrize("size", [SIZES["140x45"], SIZES["60x20"]], ids=["140x45", "60x20"])
def test_start(snap_compare, engine, size):
    app = AdvisorApp(None, engine, welcome=True)
    assert snap_compare(app, run_before=after(), terminal_size=size)


def test_five_questions(snap_compare, engine):
    app = AdvisorApp(None, engine, welcome=True)
    keys = ("enter", "c", "enter", *"1.2M", "enter")
    assert snap_compare(app, run_before=after(*keys), terminal_size=SIZES["80x24"])


@pytest.mark.parametrize("size", [SIZES["140x45"], SIZES["80x24"]], ids=["140x45", "80x24"])
def test_a_wrong_answer_keeps_the_last_verdict(snap_compare, still_app, monkeypatch, size):
    monkeypatch.setattr(verdict_panel, "clock", lambda: "14:02")

    async def type_words(pilot):
        await rest(pilot)
        pilot.app.desk.query_one("BriefForm").field("traffic.requests_per_month").control.focus()
        await pilot.press(*"many", "tab")
        await rest(pilot)

    assert snap_compare(still_app, run_before=type_words, terminal_size=size)


def test_data_where_the_screen_is_small(snap_compare, still_app):
    assert snap_compare(still_app, run_before=after("2", "tab"), terminal_size=SIZES["80x24"])


@pytest.mark.parametrize("size", [SIZES["140x45"], SIZES["80x24"]], ids=["140x45", "80x24"])
def test_hardware_live(snap_compare, still_app, engine, size):
    async def watch(pilot):
        await rest(pilot)
        await pilot.press("3")
        await rest(pilot)
        for turn in range(30):
            report = engine.machine()
            gpu = replace(report.gpus[0], utilisation=Reading(turn / 30, "share"))
            pilot.app.desk.query_one(HardwarePane).post_message(
                MachineRead(replace(report, gpus=(gpu,)))
            )
        await rest(pilot)

    assert snap_compare(still_app, run_before=watch, terminal_size=size)


DESKS = {"140x45": (140, 45), "80x24": (80, 24)}


@pytest.mark.parametrize("size", DESKS.values(), ids=DESKS)
def test_calibration_planned(snap_compare, still_app, size):
    assert snap_compare(still_app, run_before=after("4", "tab"), terminal_size=size)


@pytest.mark.parametrize("size", [*DESKS.values(), (60, 20)], ids=[*DESKS, "60x20"])
def test_calibration_under_way(snap_compare, still_app, size):
    async def watch(pilot):
        await after("4")(pilot)
        desk = pilot.app.desk
        course = RunProgress()
        for event in experiments.recorded_events("cpu-llama-slices")[:30]:
            course.note(event)
        desk.calibration.jobs.run_on_screen = RunOnScreen(
            course, desk.query_one(CalibratePane).prepared
        )
        desk.post_message(RunProgressed())
        await rest(pilot)

    assert snap_compare(still_app, run_before=watch, terminal_size=size)


@pytest.mark.parametrize("size", DESKS.values(), ids=DESKS)
def test_calibration_ended(snap_compare, still_app, size):
    async def replay(pilot):
        await after("4")(pilot)
        pilot.app.desk.calibration.jobs.speed = 0.0
        await pilot.press("v")
        await rest(pilot)
        await pilot.press(*"cpu-llama-slices", "enter")
        await ended(pilot)
        await rest(pilot)

    assert snap_compare(still_app, run_before=replay, terminal_size=size)


def test_what_if_and_help(snap_compare, still_app):
    async def suppose(pilot):
        await rest(pilot)
        pilot.app.desk.query_one("BriefForm").field("traffic.requests_per_month").control.focus()
        await pilot.press("+", "f1")
        await rest(pilot)

    assert snap_compare(still_app, run_before=suppose, terminal_size=(80, 24))


def test_without_colour(snap_compare, brief_file, engine, monkeypatch):
    from advisor.tui.model.draft import Draft

    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(
        AdvisorApp(Draft.read(brief_file), engine), run_before=after(), terminal_size=(80, 24)
    )
