"""From nothing to a written report with the keyboard alone, as a newcomer would."""

from __future__ import annotations

import csv
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.command import CommandPalette
from textual.pilot import Pilot

from advisor import brief as files
from advisor.core.events import StageEvent
from advisor.tui.app import AdvisorApp
from advisor.tui.screens.dialogs import AskPath
from advisor.tui.screens.score import AskScore
from advisor.tui.screens.start import FiveQuestions, StartScreen
from advisor.tui.widgets.compare_pane import ComparePane
from advisor.tui.widgets.data_pane import DataPane
from advisor.tui.widgets.field_help import FieldHelp
from advisor.tui.work.engine import PipelineEngine
from tests.tui.test_desk import VOLUME, field, panel
from tests.tui.waiting import listed, opened, settle, until


@pytest.fixture
def tickets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "tickets.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["text", "label"])
        rows.writerows([f"ticket {n} about order {n * 7}", f"intent {n % 40}"] for n in range(300))
    return path


class Newcomer:
    """Presses keys, which count, and types words, which do not."""

    def __init__(self, app: AdvisorApp, pilot: Pilot[None]) -> None:
        self._app = app
        self._pilot = pilot
        self.pressed = 0

    async def press(self, *keys: str) -> None:
        self.pressed += len(keys)
        await self._pilot.press(*keys)

    async def write(self, text: str) -> None:
        await self._pilot.press(*("space" if c == " " else c for c in text))

    async def until(self, done: Callable[[], bool]) -> None:
        await until(self._pilot, done)

    async def judged(self) -> None:
        judging = self._app.desk.judging
        await self.until(lambda: judging.deep and not judging.is_looking)

    async def find(self, question: str) -> None:
        app = self._app
        await self.press("ctrl+p")
        await opened(self._pilot, CommandPalette)
        await self.write(question)
        await listed(self._pilot, question)
        await self.press("enter")
        await self.until(lambda: app.screen is app.desk)
        await settle(self._pilot)

    async def answer_five_questions(self, target: str) -> None:
        app = self._app
        await self.until(lambda: isinstance(app.screen, StartScreen))
        await self.press("enter")
        await self.until(lambda: isinstance(app.screen, FiveQuestions))
        await self.press("c", "enter")
        for text in ("1.2 million tickets a month", "tickets.csv", target):
            await self.write(text)
            await self.press("enter")
        await self.press("enter")
        await self.until(lambda: app.screen is app.desk)

    async def save_and_open_report(self) -> None:
        app = self._app
        await self.press("ctrl+s")
        await self.until(lambda: isinstance(app.screen, AskPath))
        await self.press("enter")
        await self.until(lambda: app.desk.draft.path is not None)
        await self.press("r")


async def test_from_empty_to_report_by_keyboard(engine, tickets, tmp_path):
    app = AdvisorApp(None, engine, welcome=True)
    async with app.run_test(size=(80, 24)) as pilot:
        user = Newcomer(app, pilot)
        await user.answer_five_questions("90%")
        await settle(pilot)
        assert app.desk.draft.brief.task.type == "classification"
        assert app.desk.draft.brief.traffic.requests_per_month.p50 == 1.2e6
        assert app.desk.draft.brief.data.path == "tickets.csv"
        assert app.desk.draft.brief.quality.target == 0.9
        assert "FINE-TUNE" in app.export_screenshot()
        await user.save_and_open_report()
        await settle(pilot)
        await user.press("w")
        await until(pilot, lambda: any("wrote" in n.message for n in app._notifications))
    assert user.pressed <= 40
    assert files.read(tmp_path / "brief.toml").data.path == "tickets.csv"
    assert (tmp_path / "brief.report.md").read_text(encoding="utf-8").startswith("#")
    assert (tmp_path / "brief.report.html").is_file()


async def test_scenarios_are_pinned_and_compared(app, engine):
    async with app.run_test(size=(140, 45)) as pilot:
        await settle(pilot)
        await pilot.press("p")
        field(app, VOLUME).control.focus()
        await pilot.press(*"5M")
        await settle(pilot)
        await pilot.press("escape", "6")
        await settle(pilot)
        text = str(app.desk.query_one(ComparePane).query("FittedText").first().render())
        assert "on the desk" in text
        assert "3.0 M" in text
        assert "5.0 M" in text
        await pilot.press("P")
        await settle(pilot)
        text = str(app.desk.query_one(ComparePane).query("FittedText").first().render())
        assert "3.0 M" not in text


async def test_the_slider_marks_the_value_at_which_the_verdict_flips(app):
    async with app.run_test(size=(140, 45)) as pilot:
        await settle(pilot)
        field(app, VOLUME).control.focus()
        await settle(pilot)
        line = app.desk.query_one(FieldHelp).render().plain.splitlines()[0]
        assert "◆ prompting from 1.15 M" in line
        track = line[line.index("├") : line.index("┤") + 1]
        assert track.index("◆") < track.index("●")
        before = track.index("●")
        await pilot.press(*["+"] * 3)
        await settle(pilot)
        line = app.desk.query_one(FieldHelp).render().plain.splitlines()[0]
        moved = line[line.index("├") : line.index("┤") + 1]
        assert moved.index("○") == before < moved.index("●")
        assert moved.index("◆") == track.index("◆")


async def test_a_long_look_shows_how_far_it_is_and_can_be_stopped(app, engine, monkeypatch):
    begun = threading.Event()
    gate = threading.Event()

    def slow_look(brief, cancel, events):
        events(StageEvent("probe", "reading rows.csv: 60,000 rows", 60_000, 200_000))
        begun.set()
        while not cancel.cancelled and not gate.wait(0.01):
            pass
        cancel.check()

    monkeypatch.setattr(engine, "look", slow_look)
    app = AdvisorApp(app.desk.draft, engine)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, begun.is_set)
        await pilot.press("2")
        await until(pilot, lambda: "60,000 rows" in app.desk.status.running)
        await pilot.press("x")
        await until(pilot, lambda: not app.desk.judging.is_looking)
        assert "looking was stopped" in panel(app)
        assert app.desk.query_one(DataPane)
        gate.set()


async def test_what_was_typed_is_shown_as_understood(app):
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await app.desk.go_to("current.monthly_usd")
        await pilot.press(*"60k", "space", *"USD", "space", "a", "space", *"year", "tab")
        await settle(pilot)
        assert app.desk.draft.brief.current.monthly_usd.p50 == 5000
        assert field(app, "current.monthly_usd").control.text() == "5,000"


async def test_a_newcomer_reaches_a_verdict_to_trust(tmp_path, monkeypatch):
    """The whole way with the real engine: what is typed is what a newcomer knows."""
    monkeypatch.chdir(tmp_path)
    things = ("order", "refund", "parcel", "address", "password", "invoice", "colour", "delay")
    with (tmp_path / "tickets.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["text", "intent"])
        for n in range(3000):
            thing, other, third = (things[n // step % 8] for step in (1, 8, 5))
            rows.writerow([f"my {thing} {other} {n * 7919} is {third}", f"{thing}-{n // 8 % 5}"])
    app = AdvisorApp(None, PipelineEngine(), welcome=True)
    async with app.run_test(size=(80, 24)) as pilot:
        user = Newcomer(app, pilot)
        await user.answer_five_questions("85%")
        await user.judged()
        assert app.desk.verdict.verdict == "undecided"
        await user.press("t")
        await until(pilot, lambda: app.desk.draft.brief.data.eval_path == "tickets.test.csv")
        await user.judged()
        await user.find("today model")
        await user.write("Claude")
        await user.press("enter")
        await until(pilot, lambda: app.screen is not app.desk)
        await user.press("enter")
        await until(pilot, lambda: app.screen is app.desk)
        await user.find("today monthly")
        await user.write("60k USD a year")
        await user.find("max latency")
        await user.write("2 s")
        await user.find("hardware gpu")
        await user.write("none")
        await user.press("escape", "2")
        await user.judged()
        await user.press("a", "n")
        await opened(pilot, AskScore)
        await user.write("88% of 300")
        await user.press("enter")
        await until(pilot, lambda: bool(app.desk.draft.brief.quality.measured))
        await user.judged()
        brief, verdict = app.desk.draft.brief, app.desk.verdict
        await user.save_and_open_report()
        await user.judged()
        await user.press("w")
        await until(pilot, lambda: (tmp_path / "brief.report.md").is_file())
    assert user.pressed <= 40
    assert verdict.verdict == "prompt"
    assert verdict.p_approach >= 0.8
    assert not [check for check in verdict.readiness if check.status == "stop"]
    assert brief.current.model.startswith("claude")
    assert brief.current.monthly_usd.p50 == 5000
    assert brief.traffic.max_latency_seconds.p50 == 2
    assert brief.hardware.gpu == "none"
    assert brief.task.labels == 40
    assert brief.quality.measured[0].items == 300
