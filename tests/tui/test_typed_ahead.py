"""Keys that come faster than the app answers: each acts on what the one before has opened."""

from __future__ import annotations

import asyncio

from textual.events import Key, Paste
from textual.keys import _character_to_key
from textual.widgets import Input

from advisor.tui.app import AdvisorApp
from advisor.tui.screens.dialogs import Ask, AskText
from advisor.tui.screens.explain import ExplainScreen
from advisor.tui.screens.range_editor import AskRange
from advisor.tui.screens.score import AskScore
from advisor.tui.screens.start import StartScreen
from advisor.tui.widgets.decision_pane import DecisionPane
from advisor.tui.work.key_queue import KeyQueue
from tests.tui.test_desk import VOLUME, field
from tests.tui.waiting import listed, opened, settle, until

NAMED = ("enter", "escape", "tab", "ctrl+o", "ctrl+q", "ctrl+p", "f4", "down", "space", "home")

DIALOGS = (("/", AskText), ("n", AskScore), ("e", ExplainScreen), ("ctrl+o", Ask), ("ctrl+q", Ask))


def type_ahead(app: AdvisorApp, *parts: str) -> None:
    """All at once: named keys, and texts letter by letter."""
    for part in parts:
        keys = [(part, None)] if part in NAMED else [(_character_to_key(c), c) for c in part]
        for key, character in keys:
            app.post_message(Key(key, character).set_sender(app))


async def test_five_questions_answered_at_once(engine):
    app = AdvisorApp(None, engine, welcome=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, StartScreen)
        type_ahead(app, "enter", "c", "enter", "1.2M", "enter", "tickets.csv", "enter", "85%")
        type_ahead(app, "enter", "n", "enter")
        await until(pilot, lambda: app.screen is app.desk and app.desk.draft.unsaved)
        await settle(pilot)
        brief = app.desk.draft.brief
        assert brief.task.type == "classification"
        assert brief.traffic.requests_per_month.p50 == 1.2e6
        assert brief.data.path == "tickets.csv"
        assert brief.quality.target == 0.85
        assert not brief.policy.data_may_leave
        app.desk.autosave.forget()


async def test_a_key_for_a_dialog_does_not_act_below_it(app):
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        app.desk.judging.put({"current.model": "claude-sonnet-5"})
        await settle(pilot)
        for key, dialog in DIALOGS:
            type_ahead(app, "5", key, "2")
            await opened(pilot, dialog)
            await pilot.pause()
            assert app.desk.current_tab == "decision", key
            type_ahead(app, "escape", "3")
            await until(pilot, lambda: app.desk.current_tab == "hardware")
        await app.desk.go_to(VOLUME)
        type_ahead(app, "f4", "7")
        await opened(pilot, AskRange)
        await until(pilot, lambda: [one.value for one in app.screen.query(Input)][:1] == ["7"])
        assert app.desk.current_tab == "brief"
        app.desk.autosave.forget()


async def test_from_dialog_to_dialog_and_back(app, tmp_path):
    """A score, a filter, an answer and quitting, all typed before the first dialog is there."""
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        app.desk.judging.answer({"current.model": "claude-sonnet-5"})
        await settle(pilot)
        type_ahead(app, "5", "n", "88% of 300", "enter", "/", "sonnet", "enter", "1")
        await until(pilot, lambda: any(p._wanted == "sonnet" for p in app.desk.query(DecisionPane)))
        await until(pilot, lambda: app.desk.current_tab == "brief")
        await settle(pilot)
        assert app.desk.draft.brief.quality.measured[0].items == 300
        type_ahead(app, "ctrl+p", "quality target")
        await listed(pilot, "quality target")
        type_ahead(app, "enter", "87%")
        await until(pilot, lambda: app.desk.draft.brief.quality.target == 0.87)
        assert app.desk.current_tab == "brief"
        app.desk.autosave.forget()


async def test_quitting_right_after_typing_asks_before_anything_is_lost(app):
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await app.desk.go_to("quality.target")
        type_ahead(app, "85%", "ctrl+q")
        await opened(pilot, Ask)
        assert app.desk.draft.brief.quality.target == 0.85
        app.desk.autosave.forget()


async def test_quitting_on_a_half_typed_answer_asks_too(app):
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await app.desk.go_to("quality.target")
        type_ahead(app, "eighty", "ctrl+q")
        await opened(pilot, Ask)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.desk)
        assert field(app, "quality.target").control.text() == "eighty"


async def test_a_paste_comes_after_the_key_that_opens_its_dialog(app):
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        type_ahead(app, "5", "/")
        app.post_message(Paste("sonnet").set_sender(app))
        await opened(pilot, AskText)
        await until(pilot, lambda: app.screen.query_one(Input).value == "sonnet")


async def test_a_widget_that_is_removed_with_its_key_holds_up_no_other(app, monkeypatch):
    """The key goes into a queue that nobody reads any more: the next one waits a moment only."""
    monkeypatch.setattr("advisor.tui.work.key_queue.PATIENCE_SECONDS", 0.1)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        queue = app._keys
        monkeypatch.setattr(KeyQueue, "_follow", lambda *_: asyncio.sleep(0))
        type_ahead(app, "2")
        await until(pilot, lambda: queue._is_busy)
        monkeypatch.undo()
        type_ahead(app, "5")
        await until(pilot, lambda: app.desk.current_tab == "decision")
        await settle(pilot)
