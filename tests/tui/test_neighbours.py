"""What comes from elsewhere is shown like the program's own: imported runs and plug-ins."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from textual.widgets import Select

from advisor import experiments, travel
from advisor.calibrate import quality
from advisor.calibrate.prompts_plan import prompts_plan
from advisor.calibrate.protocol import Event
from advisor.core.plugins import PluggedReport
from advisor.report import formats
from advisor.store import Store
from advisor.tui.model.run_planning import leaves, recordings
from advisor.tui.model.runs_elsewhere import runs_elsewhere
from advisor.tui.screens.dialogs import AskPath
from advisor.tui.views.plan import PlanNotes, plan_lines
from advisor.tui.views.runs_elsewhere import elsewhere_lines
from advisor.tui.widgets.fitted_text import FittedText
from advisor.tui.widgets.hardware_pane import HardwarePane
from advisor.tui.widgets.report_pane import ReportPane
from tests.experiments.test_learned import keep_training
from tests.tui.test_calibrate import drawn, ended, plan
from tests.tui.waiting import opened, settle, until


@pytest.fixture
def imported(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """The number of a run that another home has measured."""
    monkeypatch.setenv("ADVISOR_HOME", str(tmp_path / "far"))
    run = keep_training(100.0)
    record = experiments.run_record(run)
    (outcome,) = record.outcomes
    events = (
        Event("planned", 0.0, {"trials": [outcome.label], "name": record.summary.name}),
        Event("started", 0.1, {"device": {"name": "NVIDIA L40S"}}),
        *(
            Event(
                "step",
                0.1,
                {"label": outcome.label, "step": n, "steps": 40, "memory_gib": n / 2, "watts": 300},
            )
            for n in range(1, 41)
        ),
        Event("trial", 0.2, {"label": outcome.label, "status": "done", "result": {}}),
        Event("result", 0.3, {}),
    )
    written = "".join(event.line() for event in events)
    with Store.open() as store:
        store.database.execute("update runs set events = ? where id = ?", [written, run])
    text = travel.run_record_text(experiments.run_record(run))
    monkeypatch.setenv("ADVISOR_HOME", str(home))
    return travel.take_in(json.loads(text), "ssh://gpu-box").run_id


def test_the_list_of_runs_names_where_a_run_came_from(imported: int) -> None:
    own = keep_training(50.0)
    listed = dict(recordings())
    assert listed[str(imported)].startswith("throughput, done, 1 of 1 answered")
    assert listed[str(imported)].endswith(", from ssh://gpu-box")
    assert "from" not in listed[str(own)]


async def test_an_imported_run_replays_like_an_own_one(app, imported: int) -> None:
    async with app.run_test(size=(140, 45)) as pilot:
        await plan(pilot)
        await pilot.press("v")
        await opened(pilot, AskPath)
        app.desk.calibration.jobs.speed = 0.0
        await pilot.press(*str(imported), "enter")
        await until(pilot, lambda: app.desk.calibration.jobs.run_on_screen)
        await ended(pilot)
        text = drawn(app)
        assert "on NVIDIA L40S, another machine (ssh://gpu-box)" in text
        assert "1 of 1 · done" in text


@pytest.fixture
def plugged(monkeypatch: pytest.MonkeyPatch) -> str:
    """A report format of a plug-in, called `org`."""

    def render(document: object) -> str:
        return "* report"

    plugin = PluggedReport("org", (".org",), "a test", "2026-01-01", render)
    form = formats.PluggedFormat("org", (".org",), "org", plugin)
    monkeypatch.setattr(formats, "plugged", lambda: iter([form]))
    return form.name


def test_a_gpu_elsewhere_is_shown_with_what_was_read_of_it(imported: int) -> None:
    keep_training(50.0)  # a run of our own is not elsewhere
    (run,) = runs_elsewhere()
    assert (run.number, run.origin) == (imported, "ssh://gpu-box")
    assert [reading.name for reading in run.readings] == ["memory", "power"]
    heading, memory, power = elsewhere_lines((run,), 73).plain.splitlines()
    assert run.device in heading
    assert "ssh://gpu-box" in heading
    assert "max 20 GiB" in memory
    assert memory.endswith("▁▁▁▁▂▂▂▂▂▃▃▃▃▃▄▄▄▄▄▅▅▅▅▅▆▆▆▆▆▇▇▇▇▇██████")
    assert "max 300 W" in power
    assert power.endswith("█" * 40)
    assert max(map(len, elsewhere_lines((run,), 50).plain.splitlines()[1:])) <= 50


def test_a_run_elsewhere_without_its_events_is_shown_by_what_it_measured(imported: int) -> None:
    """A record of an earlier release holds none; it must not hide the others either."""
    with Store.open() as store:
        store.database.execute("update runs set events = '' where id = ?", [imported])
    (outcome,) = experiments.run_record(imported).outcomes
    (run,) = runs_elsewhere()
    readings = {reading.name: reading.values for reading in run.readings}
    assert readings["speed"] == (outcome.result["tokens_per_second"],)
    assert readings["memory"] == (outcome.result["memory"]["process_gib"],)


async def test_the_hardware_tab_shows_gpus_elsewhere(app, imported: int) -> None:
    async with app.run_test(size=(140, 45)) as pilot:
        await settle(pilot)
        await pilot.press("3")
        await until(pilot, lambda: "ssh://gpu-box" in hardware_text(app))


async def test_without_runs_of_other_machines_the_tab_says_how_to_get_some(app) -> None:
    async with app.run_test(size=(140, 45)) as pilot:
        await settle(pilot)
        await pilot.press("3")
        await until(pilot, lambda: "advisor runs import FILE" in hardware_text(app))


def hardware_text(app) -> str:
    panes = app.desk.query(HardwarePane)
    return panes.first().query_one(FittedText).render().plain if panes else ""


async def test_the_formats_of_plugins_are_offered(app, plugged: str) -> None:
    async with app.run_test(size=(140, 45)) as pilot:
        await until(pilot, lambda: app.desk.judging.deep)
        await pilot.press("7")
        await until(pilot, lambda: app.desk.query(ReportPane))
        select = app.desk.query_one(ReportPane).query_one(Select)
        select.value = plugged
        assert app.desk.query_one(ReportPane).formats == (plugged,)


async def test_a_broken_plugin_is_warned_of_once(app, monkeypatch: pytest.MonkeyPatch) -> None:
    fault = "plug-in gone is left out: its package is missing"
    monkeypatch.setattr("advisor.tui.controllers.judging.faults", lambda: (fault,))
    async with app.run_test(size=(140, 45)) as pilot:
        await until(pilot, lambda: app.desk.judging.deep)
        said = [note.message for note in app._notifications]
        assert said.count(fault) == 1


def test_a_plan_for_an_endpoint_says_what_would_leave() -> None:
    url = "http://127.0.0.1:9/v1"
    rows = [(f"ticket {i}", "AB"[i % 2]) for i in range(60)]
    planned = prompts_plan(quality.task(rows, most_items=12, development=8), url, "m")
    limits = experiments.Limits(None, None, None, False)
    prepared = experiments.prepare(planned, experiments.endpoint(url), limits)
    shown = plan_lines(prepared, PlanNotes(leaves=leaves(prepared)), 200).plain
    assert re.search(r"leaves +about [\d,]+ bytes in \d+ requests: 12 test items", shown)
    assert f"to {url}" in shown
