"""What one does with the hands: ranges, filters, flips, past verdicts, pictures, lost terminals."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from textual.widgets import Button, Input, Static

from advisor.core.quantity import Range
from advisor.core.verdict import Verdict
from advisor.report import json
from advisor.store import Store
from advisor.tui.app import AdvisorApp
from advisor.tui.controllers import files
from advisor.tui.messages import WhatIfStepped
from advisor.tui.model.autosave import DraftStore
from advisor.tui.model.draft import Draft
from advisor.tui.screens import desk
from advisor.tui.screens.dialogs import Ask, AskText
from advisor.tui.screens.jump import JumpScreen
from advisor.tui.screens.range_editor import AskRange
from advisor.tui.widgets.compare_pane import ComparePane
from advisor.tui.widgets.decision_pane import DecisionPane, OptionTable
from advisor.tui.widgets.flip_list import FlipList
from advisor.tui.widgets.history_list import HistoryList
from advisor.tui.widgets.key_line import KeyLine
from advisor.tui.widgets.status_line import StatusLine
from tests.tui.test_desk import VOLUME, field, type_into
from tests.tui.waiting import opened, settle, until


async def open_range(app, pilot, key: str) -> AskRange:
    await settle(pilot)
    await app.desk.go_to(key)
    await settle(pilot)
    await pilot.press("f4")
    await opened(pilot, AskRange)
    return app.screen


async def test_the_range_editor_gives_low_likely_and_high(app):
    async with app.run_test(size=(100, 30)) as pilot:
        editor = await open_range(app, pilot, VOLUME)
        inputs = list(editor.query(Input))
        for control, text in zip(inputs, ("2M", "3M", "5M"), strict=True):
            control.focus()
            await pilot.press("home", "shift+end", *text)
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.desk)
        await settle(pilot)
        assert app.desk.draft.brief.traffic.requests_per_month == Range(2e6, 3e6, 5e6)
        await pilot.press("ctrl+z")
        await settle(pilot)
        assert app.desk.draft.brief.traffic.requests_per_month == Range.exact(3e6)


async def test_a_range_in_the_wrong_order_is_refused_where_it_is_typed(app):
    async with app.run_test(size=(100, 30)) as pilot:
        editor = await open_range(app, pilot, VOLUME)
        first = editor.query(Input).first()
        first.focus()
        await pilot.press("home", "shift+end", *"9M", "enter")
        await settle(pilot)
        assert app.screen is editor
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.desk)
        assert app.desk.draft.brief.traffic.requests_per_month == Range.exact(3e6)


async def test_the_range_editor_is_only_for_numbers(app):
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await app.desk.go_to("name")
        await pilot.press("f4")
        await until(pilot, lambda: any("range fits" in n.message for n in app._notifications))
        assert app.screen is app.desk


async def test_the_table_of_options_is_filtered_sorted_and_folded_back(app):
    async with app.run_test(size=(140, 45)) as pilot:
        await settle(pilot)
        await pilot.press("5")
        await settle(pilot)
        pane, table = app.desk.query_one(DecisionPane), app.desk.query_one(OptionTable)
        assert table.option_count == 2
        await pilot.press("/")
        await opened(pilot, AskText)
        await pilot.press(*"claude", "enter")
        await until(pilot, lambda: table.option_count == 1)
        assert table.get_option_at_index(0).id.startswith("prompt/")
        assert "claude" in str(pane.border_title)
        await pilot.press("/")
        await opened(pilot, AskText)
        await pilot.press("enter")
        await until(pilot, lambda: table.option_count == 2)
        first = table.get_option_at_index(0).id
        await pilot.press("s", "s")
        await settle(pilot)
        assert table.get_option_at_index(0).id != first
        assert "once" in str(pane.border_title)


async def test_a_flip_that_is_pressed_becomes_a_what_if(app, engine):
    async with app.run_test(size=(140, 45)) as pilot:
        await settle(pilot)
        await pilot.press("5")
        await settle(pilot)
        app.desk.query_one(DecisionPane).turn_to("flips")
        flips = app.desk.query_one(FlipList)
        await until(pilot, lambda: flips.display and flips.option_count == 1)
        flips.focus()
        await pilot.press("enter")
        await settle(pilot)
        supposed = app.desk.draft.supposed[VOLUME]
        assert supposed.p50 == pytest.approx(1_150_000, rel=0.02)
        assert supposed.p50 < 1_150_000
        assert engine.asked[-1][0].traffic.requests_per_month == supposed
        assert "what-if" in app.desk.query_one(StatusLine).render().plain.lower()
        assert not app.desk.draft.unsaved


def kept(verdict: Verdict) -> int:
    """The number under which a verdict is kept."""
    with Store.open() as store:
        brief_id = store.save_brief("schema = 1", "shop.toml", name=verdict.name)
        return store.save_verdict(
            brief_id,
            json.render(verdict),
            verdict=verdict.verdict,
            arm=verdict.arm,
            p_best=verdict.p_best,
            as_of=verdict.as_of,
        )


async def test_a_past_verdict_is_opened_beside_the_one_on_the_desk(app, engine, brief_file):
    async with app.run_test(size=(140, 45)) as pilot:
        await settle(pilot)
        before = replace(engine.verdict, name="As it was", as_of="2026-10-01")
        number = kept(before)
        await pilot.press("6")
        pane = app.desk.query_one(ComparePane)
        history = pane.query_one(HistoryList)
        await until(pilot, lambda: history.option_count == 1)
        history.focus()
        await pilot.press("enter")
        await until(pilot, lambda: len(app.desk.panes.pins.scenarios) == 1)
        await settle(pilot)
        shown = pane.query("FittedText").first().render().plain
        assert f"#{number}, 2026-10-01" in shown
        assert "on the desk" in shown
        await pilot.press("P")
        await settle(pilot)
        assert not app.desk.panes.pins.scenarios


async def test_f12_writes_a_picture_of_the_screen(app, tmp_path: Path, monkeypatch):
    folder = tmp_path / "pictures"
    folder.mkdir()
    monkeypatch.chdir(folder)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press("f12")
        await until(pilot, lambda: bool(list(folder.glob("advisor-*.svg"))))
    (picture,) = folder.glob("advisor-*.svg")
    text = picture.read_text(encoding="utf-8")
    assert text.lstrip().startswith("<svg")
    assert "FINE-TUNE" in text


async def test_a_file_that_another_program_changed_is_noticed_once(app, brief_file, monkeypatch):
    monkeypatch.setattr(desk, "WATCH_SECONDS", 0.05)

    def notices() -> int:
        return sum("changed by another program" in n.message for n in app._notifications)

    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        text = brief_file.read_text(encoding="utf-8").replace("3_000_000", "2_000_000")
        brief_file.write_text(text, encoding="utf-8")
        await until(pilot, lambda: notices() == 1)
        await pilot.pause(0.2)
        assert notices() == 1
        await pilot.press("ctrl+r")
        await until(
            pilot, lambda: app.desk.draft.brief.traffic.requests_per_month == Range.exact(2e6)
        )
        await settle(pilot)
        assert not app.desk.draft.unsaved


def left_behind(brief_file: Path) -> None:
    """What a program that was killed leaves: a draft of a process that is gone."""
    gone = 2**22 - 7
    assert not Path(f"/proc/{gone}").exists() or os.name != "posix"
    DraftStore().keep(Draft.read(brief_file).answer("quality.target", 0.77), gone)


@pytest.mark.parametrize(
    ("answer", "target"), [(files.RECOVER, 0.77), (files.LATER, 0.9), (files.FORGET, 0.9)]
)
async def test_after_a_kill_what_was_not_saved_is_offered(engine, brief_file, answer, target):
    left_behind(brief_file)
    app = AdvisorApp(Draft.read(brief_file), engine)
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(pilot, Ask)
        assert "unsaved changes" in str(app.screen.query(Static).first().content)
        next(b for b in app.screen.query(Button) if b.name == answer).press()
        await until(pilot, lambda: app.screen is app.desk)
        await settle(pilot)
        assert app.desk.draft.brief.quality.target == target
        assert app.desk.draft.unsaved == (answer == files.RECOVER)
    if answer != files.RECOVER:
        left = DraftStore().of_file(brief_file)
        assert (left is None) == (answer == files.FORGET)


async def test_what_is_longer_than_its_field_ends_with_dots_until_it_is_edited(app):
    def line() -> str:
        return field(app, "name").control.render_line(0).text

    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        app.desk.judging.put({"name": "Customs data from invoices of every kind and every country"})
        await settle(pilot)
        width = field(app, "name").control.content_size.width
        assert line().startswith("Customs data from invoices")
        assert line().endswith("…")
        assert len(line()) == width
        field(app, "name").control.focus()
        await until(pilot, lambda: "…" not in line())
        assert "country" in line()


@pytest.mark.parametrize("key", ["name", "current.monthly_usd", "hardware.gpu", "client"])
async def test_the_field_in_focus_is_in_sight(app, key):
    async with app.run_test(size=(60, 20)) as pilot:
        await settle(pilot)
        await app.desk.go_to(key)
        form = app.desk.panes.form
        await until(pilot, lambda: app.desk.focused is form.field(key).control)
        await until(pilot, lambda: form.region.contains_region(form.field(key).region))


async def test_pages_are_turned_wherever_the_focus_is(app):
    async with app.run_test(size=(60, 20)) as pilot:
        await settle(pilot)
        for tab in ("1", "7"):
            await pilot.press(tab)
            await settle(pilot)
            pane = app.desk.panes.visible_content
            await until(pilot, lambda pane=pane: pane.max_scroll_y > 0)
            await pilot.press("pagedown")
            await until(pilot, lambda pane=pane: pane.scroll_y > 0)
            await pilot.press("pageup")
            await until(pilot, lambda pane=pane: pane.scroll_y == 0)


async def test_a_what_if_starts_from_what_the_file_holds(app):
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        field(app, "data.examples").control.focus()
        await until(pilot, lambda: "what if" in app.desk.field_help.render().plain)
        await pilot.press("plus")
        await settle(pilot)
        assert app.desk.draft.supposed["data.examples"] == Range.exact(3290)


async def test_escape_drops_a_what_if_before_it_leaves_the_field(app):
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await app.desk.go_to(VOLUME)
        await pilot.press("plus")
        await settle(pilot)
        assert "Keep" in app.desk.query_one(KeyLine).render().plain
        assert "Drop" in app.desk.query_one(KeyLine).render().plain
        slider = app.desk.field_help.render().plain.splitlines()[0]
        assert len(slider) <= app.desk.field_help.content_size.width
        await pilot.press("escape")
        await settle(pilot)
        assert not app.desk.draft.supposed
        assert app.focused is field(app, VOLUME).control
        await pilot.press("escape")
        await settle(pilot)
        assert app.focused is not field(app, VOLUME).control


@pytest.mark.parametrize(("key", "volume"), [("K", 3.3e6), ("D", 3e6)])
async def test_what_ifs_are_settled_from_any_tab(app, key, volume):
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        app.desk.judging.put({"current.model": "claude-sonnet-5"})
        app.desk.judging.step(WhatIfStepped(VOLUME, 1))
        await pilot.press("5")
        await settle(pilot)
        assert f"{key} " in app.desk.query_one(KeyLine).render().plain
        await pilot.press(key)
        await settle(pilot)
        assert not app.desk.draft.supposed
        assert app.desk.draft.brief.traffic.requests_per_month.p50 == pytest.approx(volume)
        app.desk.autosave.forget()


async def test_undo_first_puts_back_an_answer_that_was_refused(app):
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await type_into(app, pilot, "quality.target", "0.8")
        await type_into(app, pilot, VOLUME, "many")
        await pilot.press("tab")
        await settle(pilot)
        await pilot.press("ctrl+z")
        await settle(pilot)
        assert field(app, VOLUME).control.text() == "3.0 M"
        assert field(app, VOLUME).refusal == ""
        assert app.desk.draft.brief.quality.target == 0.8
        app.desk.autosave.forget()


async def test_jump_letters_stand_on_what_is_in_sight(app):
    async with app.run_test(size=(60, 20)) as pilot:
        await settle(pilot)
        await pilot.press("ctrl+g")
        await opened(pilot, JumpScreen)
        form = app.desk.panes.form
        fields = [w for w in app.screen._targets.values() if form in w.ancestors]
        assert fields
        assert all(form.region.contains_region(widget.region) for widget in fields)
