"""Nothing that was typed is lost, changed unseen, or sent to the wrong place."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from textual import events
from textual.widgets import Input, Switch

from advisor import brief as files
from advisor.core.errors import UsageError
from advisor.core.verdict import Verdict
from advisor.tui.app import AdvisorApp
from advisor.tui.controllers import autosaving, judging
from advisor.tui.model.autosave import DraftStore
from advisor.tui.model.draft import Draft
from advisor.tui.model.proposed_answers import standing_in
from advisor.tui.model.undo import UndoHistory
from advisor.tui.screens.dialogs import AskChoice
from advisor.tui.widgets.field import Field
from tests.tui.test_desk import VOLUME, field, panel, type_into
from tests.tui.waiting import opened, settle, until


async def test_enter_never_changes_another_answer(app):
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("m")
        await settle(pilot)
        await type_into(app, pilot, VOLUME, "5M")
        await pilot.press("enter")  # from here on the field shows what was understood
        await settle(pilot)
        before = {f.question.key: f.control.text() for f in app.desk.query(Field)}
        for _ in range(len(before)):
            await pilot.press("enter")
        await settle(pilot)
        after = {f.question.key: f.control.text() for f in app.desk.query(Field)}
        assert after == before
        assert app.desk.draft.changed == (VOLUME,)


async def test_space_and_letters_answer_switches_and_choices(app):
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        switch = field(app, "traffic.can_wait_24h").query_one(Switch)
        switch.focus()
        await pilot.press("n")
        await settle(pilot)
        assert app.desk.draft.brief.traffic.can_wait_24h is False
        await pilot.press("space")
        await settle(pilot)
        assert app.desk.draft.brief.traffic.can_wait_24h is True
        field(app, "task.type").control.focus()
        await pilot.press("q")
        await settle(pilot)
        assert app.desk.draft.brief.task.type == "qa"


async def test_keys_that_arrive_together_go_to_the_field_they_were_typed_for(app):
    """A terminal hands over what was typed while the program was busy in one piece."""
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        field(app, "traffic.static_tokens").control.focus()
        await settle(pilot)
        for key in ("7", "7", "tab", "8", "8", "8", "tab", "q", "9"):
            app.post_message(events.Key(key, key if len(key) == 1 else None))
        await settle(pilot)
        assert field(app, "traffic.static_tokens").query_one(Input).value == "77"
        assert field(app, "traffic.input_tokens").query_one(Input).value == "888"
        assert app.is_running
        assert app.screen is app.desk


async def test_a_wrong_answer_marks_its_field_and_leaves_the_last_verdict(app, engine):
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        engine.error = UsageError("hardware.gpu: GPU 'a100' names several products")
        await app.desk.go_to("hardware.gpu")
        await settle(pilot)
        await type_into(app, pilot, "hardware.gpu", "a100")
        await settle(pilot)
        assert "several products" in field(app, "hardware.gpu").refusal
        assert panel(app).startswith("✗ hardware.gpu")
        assert "FINE-TUNE" in panel(app)
        engine.error = None
        await type_into(app, pilot, "hardware.gpu", "L40S")
        await settle(pilot)
        assert field(app, "hardware.gpu").refusal == ""
        assert panel(app).startswith(" FINE-TUNE")


async def test_a_family_is_completed_to_one_of_its_models(app, engine):
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await app.desk.go_to("current.model")
        await settle(pilot)
        judged = len(engine.asked)
        await pilot.press(*"Claude")
        await settle(pilot)
        assert len(engine.asked) == judged
        await pilot.press("enter")
        await opened(pilot, AskChoice)
        await pilot.press("enter")
        await settle(pilot)
        assert app.desk.draft.brief.current.model == "claude-sonnet-5"
        assert field(app, "current.model").query_one(Input).value == "claude-sonnet-5"
        assert "FINE-TUNE" in panel(app)


async def test_a_family_that_is_left_behind_is_marked_and_not_judged(app, engine):
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await app.desk.go_to("current.model")
        await pilot.press(*"Claude", "tab")
        await settle(pilot)
        assert "which model? claude-sonnet-5" in field(app, "current.model").refusal
        assert "which model?" in panel(app)
        assert "FINE-TUNE" in panel(app)
        assert all(brief.current is None for brief, _ in engine.asked)


async def test_labels_of_the_file_that_differ_from_the_brief_are_named(app, engine, monkeypatch):
    from tests.tui.conftest import FakeObservations

    labels = {f"intent {n}": 10 for n in range(77)}
    data = replace(FakeObservations().data, labels=labels)
    monkeypatch.setattr(engine, "look", lambda *given: FakeObservations(data))
    draft = app.desk.draft
    brief = replace(draft.brief, task=replace(draft.brief.task, type="classification"))
    draft = replace(draft, brief=brief).answer("task.labels", 40)
    app = AdvisorApp(draft, engine)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        note = field(app, "task.labels").query(".note").first()
        assert "! file: 77" in str(note.render())


async def test_what_an_answer_changed_is_told_against_what_stood_before_its_first_key(
    app, engine, monkeypatch
):
    """Half of a number is judged as well, and would be the `was` of the whole one."""
    compared = []

    def change_line(before: Verdict, after: Verdict) -> str:
        compared.append(before)
        return ""

    monkeypatch.setattr(judging, "change_line", change_line)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        stood = app.desk.judging.verdict
        await type_into(app, pilot, VOLUME, "5")
        await settle(pilot)
        assert app.desk.judging.verdict is not stood
        await pilot.press("M")
        await settle(pilot)
        assert app.desk.draft.brief.traffic.requests_per_month.p50 == 5e6
        assert compared
        assert all(before is stood for before in compared)
        compared.clear()
        whole = app.desk.judging.verdict
        await type_into(app, pilot, "quality.target", "0.8")
        await settle(pilot)
        assert all(before is whole for before in compared)


async def test_undo_and_redo_walk_through_every_kind_of_change(app, engine):
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await type_into(app, pilot, VOLUME, "5M")
        await settle(pilot)
        await type_into(app, pilot, "quality.target", "0.8")
        await settle(pilot)
        await pilot.press("ctrl+z")
        await settle(pilot)
        assert app.desk.draft.brief.quality.target == 0.9
        assert field(app, "quality.target").query_one(Input).value == "0.9"
        await pilot.press("ctrl+z")
        await settle(pilot)
        assert app.desk.draft.brief.traffic.requests_per_month.p50 == 3e6
        assert engine.asked[-1][0].traffic.requests_per_month.p50 == 3e6
        await pilot.press("ctrl+y", "ctrl+y")
        await settle(pilot)
        assert app.desk.draft.brief.quality.target == 0.8
        assert app.desk.draft.brief.traffic.requests_per_month.p50 == 5e6


async def test_a_what_if_that_was_kept_can_be_undone(app):
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        field(app, VOLUME).control.focus()
        await pilot.press("+", "enter")
        await settle(pilot)
        assert app.desk.draft.brief.traffic.requests_per_month.p50 == pytest.approx(3.3e6)
        await pilot.press("ctrl+z", "ctrl+z")
        await settle(pilot)
        assert app.desk.draft.brief.traffic.requests_per_month.p50 == 3e6
        assert not app.desk.draft.supposed


def test_letters_of_one_answer_are_one_step_of_undo():
    history = UndoHistory()
    drafts = [Draft().answer("name", text) for text in ("a", "ab", "abc")]
    for draft in drafts[:2]:
        history.record(draft, frozenset(["name"]))
    assert history.undo(drafts[2]) == drafts[0]
    assert history.undo(drafts[0]) is None
    assert history.redo(drafts[0]) == drafts[2]


def test_a_kept_draft_comes_back_whole(brief_file, home):
    draft = Draft.read(brief_file).answer("quality.target", 0.8)
    store = DraftStore()
    store.keep(draft, pid=1 << 30)
    saved = store.of_file(brief_file)
    assert saved is not None
    back = store.restore(saved)
    assert back.brief.quality.target == 0.8
    assert (back.path, back.text, back.changed) == (draft.path, draft.text, draft.changed)
    assert back.toml() == draft.toml()
    store.remove(saved.id)
    assert store.drafts() == ()


def test_a_damaged_draft_and_one_that_is_open_are_left_out(brief_file, home):
    store = DraftStore()
    store.keep(Draft().answer("name", "open"), os.getpid())
    written = next(iter(home.rglob("*.json")))
    (written.parent / "bad.json").write_text("{", encoding="utf-8")
    assert store.drafts() == ()
    record = json.loads(written.read_text()) | {"pid": 1 << 30}
    written.write_text(json.dumps(record), encoding="utf-8")
    assert [saved.name for saved in store.drafts()] == ["open"]


async def test_a_change_is_kept_at_once_and_forgotten_once_saved(app, monkeypatch, brief_file):
    monkeypatch.setattr(autosaving, "AUTOSAVE_SECONDS", 0.01)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await type_into(app, pilot, VOLUME, "5M")
        kept = app.desk.autosave
        await until(pilot, lambda: kept._kept is not None)
        store = DraftStore()
        names = [path.name for path in store._folder.iterdir()]
        assert len(names) == 2
        await pilot.press("ctrl+s")
        await until(pilot, lambda: not app.desk.draft.unsaved)
        assert list(store._folder.iterdir()) == []
    assert files.read(brief_file).traffic.requests_per_month.p50 == 5e6


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from advisor.tui.app import AdvisorApp
from advisor.tui.model.draft import Draft
from tests.tui.conftest import FakeEngine
from tests.tui.waiting import settle

async def main():
    app = AdvisorApp(Draft.read(Path(sys.argv[1])), FakeEngine())
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        app.desk.judging.answer({"quality.target": 0.8})
        os.kill(os.getpid(), signal.SIGHUP)
        await pilot.pause(5)

asyncio.run(main())
"""


def test_a_closed_terminal_loses_no_answer(brief_file, home):
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, str(brief_file)],
        timeout=60,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert ended.returncode != -signal.SIGHUP, ended.stderr
    (saved,) = DraftStore().drafts()
    assert DraftStore().restore(saved).brief.quality.target == 0.8


async def test_explain_and_verdict_show_one_figure(app, verdict):
    from advisor.tui.views.figure import summary

    total = replace(verdict.chosen.figure("run.total"), value=3000.0)
    assert summary(total) == "$3,317 per month"


def test_what_the_file_holds_stands_in_for_answers_that_are_left_out(brief_file, observations):
    draft = Draft.read(brief_file)
    texts = standing_in(observations.data, draft)
    assert texts["data.examples"] == "2,990, from the file"
    assert "quality.target" not in texts
    assert "data.examples" not in standing_in(observations.data, draft.answer("data.examples", 50))
    assert standing_in(None, draft) == {}


async def test_a_field_shows_what_stands_in_until_it_is_answered(app):
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        placeholder = field(app, "data.examples").query_one(Input).placeholder
        assert placeholder == "2,990, from the file"
