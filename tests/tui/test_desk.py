"""The desk under a pilot: edit, refuse, suppose, save, open, quit; what comes late is dropped."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from rich.cells import cell_len
from textual.command import CommandPalette
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Select, Static, Switch

from advisor import brief as files
from advisor.core.errors import UsageError
from advisor.tui.app import AdvisorApp
from advisor.tui.model.draft import Draft
from advisor.tui.screens.dialogs import Ask, AskExample, AskPath
from advisor.tui.screens.explain import ExplainScreen
from advisor.tui.widgets.brief_form import BriefForm
from advisor.tui.widgets.data_pane import DataPane
from advisor.tui.widgets.field import Field
from advisor.tui.widgets.field_help import FieldHelp
from advisor.tui.widgets.hardware_pane import GROUP, HardwarePane
from advisor.tui.widgets.report_pane import ReportPane
from advisor.tui.widgets.verdict_panel import VerdictPanel, VerdictText
from tests.tui.conftest import BRIEF
from tests.tui.waiting import listed, opened, settle, until

VOLUME = "traffic.requests_per_month"


def field(app: AdvisorApp, key: str) -> Field:
    found = app.desk.query_one(BriefForm).field(key)
    assert found is not None, key
    return found


def panel(app: AdvisorApp) -> str:
    return app.desk.query_one(VerdictPanel).query_one(VerdictText).render().plain


async def type_into(app: AdvisorApp, pilot: Pilot[None], key: str, text: str) -> None:
    control = field(app, key).control
    control.focus()
    await until(pilot, lambda: app.focused is control)
    await pilot.press("home", "shift+end", *(text or ["delete"]))


async def test_an_answer_is_judged_at_once_and_again_in_depth(app, engine):
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        before = len(engine.asked)
        await type_into(app, pilot, VOLUME, "5M")
        await settle(pilot)
        assert app.desk.draft.brief.traffic.requests_per_month.p50 == 5e6
        assert [deep for _, deep in engine.asked[before:]][-2:] == [False, True]
        assert engine.looks == 1
        assert "5,000,000 requests." in panel(app)


async def test_what_is_no_answer_is_refused_on_leaving_and_never_judged(app, engine):
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await type_into(app, pilot, VOLUME, "many")
        assert field(app, VOLUME).refusal == ""
        await pilot.press("tab")
        await settle(pilot)
        assert "many" in field(app, VOLUME).refusal
        assert app.desk.draft.brief.traffic.requests_per_month.p50 == 3e6
        assert all(b.traffic.requests_per_month.p50 == 3e6 for b, _ in engine.asked)
        await pilot.press("ctrl+s")
        await settle(pilot)
        assert not app.desk.draft.unsaved
        assert field(app, VOLUME).control.has_focus


async def test_emptying_a_field_leaves_the_question_out(app):
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await type_into(app, pilot, "quality.target", "")
        await settle(pilot)
        assert "quality.target" not in app.desk.draft.brief.origins
        assert app.desk.draft.brief.quality.target == 0.0


async def test_choices_and_switches_answer_too(app):
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        field(app, "task.type").query_one(Select).value = "qa"
        field(app, "traffic.can_wait_24h").query_one(Switch).toggle()
        await settle(pilot)
        assert app.desk.draft.brief.task.type == "qa"
        assert app.desk.draft.brief.traffic.can_wait_24h is False
        assert app.desk.draft.changed == ("task.type", "traffic.can_wait_24h")


async def test_filling_the_form_is_not_typing(app):
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("m")
        await settle(pilot)
        assert len(app.desk.query(Field)) > 60
        assert not app.desk.draft.unsaved


async def test_saving_changes_the_one_line_and_keeps_the_comments(app, brief_file):
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await type_into(app, pilot, VOLUME, "5M")
        await settle(pilot)
        assert app.desk.draft.unsaved
        await pilot.press("ctrl+s")
        await settle(pilot)
        assert not app.desk.draft.unsaved
    text = brief_file.read_text(encoding="utf-8")
    assert "# The shop wants attributes." in text
    assert "# from the log" in text
    assert files.read(brief_file).traffic.requests_per_month.p50 == 5e6
    assert files.read(brief_file).quality.target == 0.9


async def test_what_if_is_judged_but_not_saved_and_escape_drops_it(app, engine, brief_file):
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        field(app, VOLUME).control.focus()
        await pilot.press("+")
        await settle(pilot)
        assert engine.asked[-1][0].traffic.requests_per_month.p50 == pytest.approx(3.3e6)
        assert not app.desk.draft.unsaved
        assert field(app, VOLUME).has_class("-supposed")
        assert "what-if" in str(app.desk.query_one(VerdictPanel).border_title)
        await pilot.press("-", "-")
        await settle(pilot)
        assert engine.asked[-1][0].traffic.requests_per_month.p50 == pytest.approx(
            3e6 / 1.1, rel=0.01
        )
        await pilot.press("escape")
        await settle(pilot)
        assert engine.asked[-1][0].traffic.requests_per_month.p50 == 3e6
        assert field(app, VOLUME).query_one(Input).value == "3.0 M"


async def test_enter_keeps_a_what_if_as_the_answer(app):
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        field(app, VOLUME).control.focus()
        await pilot.press("+", "enter")
        await settle(pilot)
        assert app.desk.draft.unsaved
        assert not app.desk.draft.supposed
        assert app.desk.draft.brief.traffic.requests_per_month.p50 == pytest.approx(3.3e6)


async def test_a_minus_sign_is_typed_where_a_number_may_be_negative(app):
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("m")
        await settle(pilot)
        await type_into(app, pilot, "quality.expected_uplift", "-0.03..0.07")
        await settle(pilot)
        assert app.desk.draft.brief.quality.expected_uplift.p10 == -0.03


async def test_a_late_verdict_is_dropped(app, engine):
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        engine.gates[4e6] = threading.Event()
        await type_into(app, pilot, VOLUME, "4M")
        await until(pilot, lambda: engine.asked[-1][0].traffic.requests_per_month.p50 == 4e6)
        await pilot.press("home", "shift+end", *"6M")
        await until(pilot, lambda: "6,000,000 requests." in panel(app))
        engine.gates[4e6].set()
        await settle(pilot)
        assert "6,000,000 requests." in panel(app)
        assert "4,000,000 requests." not in panel(app)


async def test_an_error_of_the_engine_is_one_line_and_the_next_answer_heals_it(app, engine):
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        engine.error = UsageError("models.prompt: no model '[bold]x'")
        await type_into(app, pilot, VOLUME, "4M")
        await settle(pilot)
        lines = panel(app).splitlines()
        assert lines[0] == "✗ models.prompt: no model '[bold]x'"
        assert lines[1].startswith("The verdict of ")
        assert "FINE-TUNE" in lines[2]
        engine.error = None
        await type_into(app, pilot, VOLUME, "5M")
        await settle(pilot)
        assert "FINE-TUNE" in panel(app)


async def test_answers_that_cannot_both_hold_are_said_and_not_saved(app, brief_file):
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("m")
        await settle(pilot)
        await type_into(app, pilot, "quality.human_ceiling", "0.8")
        await settle(pilot)
        assert "quality.target" in panel(app)
        await pilot.press("ctrl+s")
        await settle(pilot)
        assert app.desk.draft.unsaved
        assert "human_ceiling" not in brief_file.read_text(encoding="utf-8")


async def test_quitting_with_an_unsaved_brief_asks_first(app, brief_file):
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await type_into(app, pilot, VOLUME, "5M")
        await pilot.press("escape", "q")
        await opened(pilot, Ask)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.desk)
        await pilot.press("q")
        await opened(pilot, Ask)
        await pilot.click("Button")
        await until(pilot, lambda: app._exit)
    assert files.read(brief_file).traffic.requests_per_month.p50 == 5e6


async def test_letters_are_text_inside_a_field_and_keys_outside(app):
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await type_into(app, pilot, "name", "eqr5")
        assert field(app, "name").query_one(Input).value == "eqr5"
        assert app.screen is app.desk
        await pilot.press("escape", "e")
        await opened(pilot, ExplainScreen)


async def test_help_follows_the_focus(app):
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        help_line = app.desk.query_one(FieldHelp)
        field(app, VOLUME).control.focus()
        await pilot.press("f1")
        assert help_line.question is not None
        assert help_line.question.key == VOLUME
        assert help_line.question.text in help_line.render().plain
        field(app, "quality.target").control.focus()
        await until(pilot, lambda: "from 0 to 1" in help_line.render().plain)


def tabs_say(app, said: str) -> bool:
    return said in "\n".join(str(s.render()) for s in app.desk.query("TabPanes Static"))


async def test_every_tab_shows_its_findings(app):
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        for key, said in (
            ("2", "3,000"),
            ("3", "not supported"),
            ("5", "27 % of the batched"),
            ("6", "on the desk"),
            ("7", "advisor explain"),
        ):
            await pilot.press(key)
            await until(pilot, partial(tabs_say, app, said))


async def test_reports_are_written_beside_the_brief(app, brief_file):
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("r")
        await until(pilot, lambda: any(p.is_on_screen for p in app.desk.query(ReportPane)))
        await pilot.press("w")
        await until(pilot, lambda: any("wrote" in n.message for n in app._notifications))
    written = sorted(p.name for p in brief_file.parent.iterdir() if p.is_file())
    assert written == ["shop.report.html", "shop.report.json", "shop.report.md", "shop.toml"]


async def test_format_and_depth_of_the_report_are_chosen(app, brief_file):
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("7")
        await settle(pilot)
        pane = app.desk.query_one(ReportPane)
        await until(pilot, lambda: "APPENDIX" in shown_report(pane))
        await until(pilot, lambda: widest_line(pane) <= pane.query_one("#report-text").size.width)
        pane.query_one("#format", Select).value = "md"
        pane.query_one("#depth", Select).value = "summary"
        await until(pilot, lambda: "APPENDIX" not in shown_report(pane))
        assert "EXECUTIVE SUMMARY" in shown_report(pane)
        assert "summary only" in str(pane.query_one(".how", Static).content)
        pane.focus()
        await pilot.press("w")
        written = brief_file.with_name("shop.report.md")
        await until(pilot, written.is_file)
    text = written.read_text(encoding="utf-8")
    assert "## Executive summary" in text
    assert "Appendix" not in text


def widest_line(pane: ReportPane) -> int:
    return max(cell_len(line) for line in shown_report(pane).splitlines())


def shown_report(pane: ReportPane) -> str:
    return str(pane.query_one("#report-text", Static).content)


async def test_a_new_brief_from_an_example_has_no_file_and_asks_for_one(app, tmp_path: Path):
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("ctrl+n")
        await opened(pilot, AskExample)
        await pilot.press("down", "enter")
        await settle(pilot)
        assert app.desk.draft.path is None
        assert app.desk.draft.brief.name != "Catalogue attribute extraction"
        await pilot.press("ctrl+s")
        await opened(pilot, AskPath)
        app.screen.query_one(Input).value = str(tmp_path / "mine.toml")
        await pilot.press("enter")
        await settle(pilot)
        assert files.read(tmp_path / "mine.toml").name == app.desk.draft.brief.name


async def test_opening_a_file_that_is_no_brief_is_one_line_and_changes_nothing(app, tmp_path: Path):
    bad = tmp_path / "bad.toml"
    bad.write_text("schema = 1\n[traffic]\nrequest_per_month = 3\n", encoding="utf-8")
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("ctrl+o")
        await opened(pilot, AskPath)
        app.screen.query_one(Input).value = str(bad)
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.desk)
        await settle(pilot)
        said = [n.message for n in app._notifications]
        assert any("request_per_month" in line for line in said)
        assert app.desk.draft.brief.name == "Catalogue attribute extraction"


async def test_a_file_changed_outside_is_not_overwritten_unasked(app, brief_file):
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await type_into(app, pilot, VOLUME, "5M")
        brief_file.write_text(
            brief_file.read_text(encoding="utf-8") + "# by another hand\n", encoding="utf-8"
        )
        await pilot.press("ctrl+s")
        await opened(pilot, Ask)
        await pilot.press("escape")
        await settle(pilot)
    assert "# by another hand" in brief_file.read_text(encoding="utf-8")


async def test_the_palette_goes_to_any_question(app):
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("ctrl+p")
        await opened(pilot, CommandPalette)
        await pilot.press(*"tuning hours")
        await listed(pilot, "tuning hours")
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.desk)
        await settle(pilot)
        assert field(app, "team.tuning_hours").control.has_focus


async def test_the_palette_lists_what_ifs_only_while_there_are_any(app):
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        from advisor.tui.commands import DeskCommands

        async def listed() -> set[str]:
            return {str(hit.text) async for hit in DeskCommands(app.desk).discover()}

        assert "Drop what-ifs" not in await listed()
        app.desk.judging.draft = app.desk.draft.suppose("quality.target", 0.95)
        assert "Drop what-ifs" in await listed()
        app.desk.action_settle_all(False)
        assert not app.desk.draft.supposed


async def test_text_from_a_brief_is_never_markup(engine, tmp_path: Path):
    path = tmp_path / "odd.toml"
    path.write_text(BRIEF.replace("Catalogue attribute extraction", "[red]hi[/] [link"), "utf-8")
    engine.verdict = replace(engine.verdict, warnings=("model [/] \x1b[2J gone",))
    app = AdvisorApp(Draft.read(path), engine)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        assert "[red]hi[/] [link" in app.export_screenshot(simplify=True).replace("&#160;", " ")
        assert "\x1b" not in panel(app)
        assert "model [/]" in panel(app)


@pytest.mark.parametrize("size", [(80, 24), (60, 20)])
async def test_the_verdict_stays_in_sight_where_the_screen_is_small(app, size):
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        for key in "12345":
            await pilot.press(key)
            await settle(pilot)
            screen = app.export_screenshot().replace("&#160;", " ")
            assert "FINE-TUNE" in screen, key


async def test_no_report_is_written_on_what_ifs_or_on_a_verdict_that_no_longer_stands(
    app, engine, brief_file
):
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        field(app, VOLUME).control.focus()
        await pilot.press("+")
        await settle(pilot)
        app.desk.action_write_reports()
        await settle(pilot)
        engine.error = UsageError("no such model")
        await pilot.press("escape")
        await settle(pilot)
        assert app.desk.verdict is None
        app.desk.action_write_reports()
        await settle(pilot)
    assert [p.name for p in brief_file.parent.iterdir()] == ["shop.toml"]


async def test_a_look_that_fails_leaves_no_verdict_that_counts(app, engine):
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        engine.blind = UsageError("data.path: no file nowhere.jsonl")
        await type_into(app, pilot, "data.path", "nowhere.jsonl")
        await settle(pilot)
        assert panel(app).startswith("✗ data.path: no file nowhere.jsonl")
        await type_into(app, pilot, VOLUME, "5M")
        await settle(pilot)
        assert panel(app).startswith("✗ data.path: no file nowhere.jsonl")
        engine.blind = None
        await type_into(app, pilot, "data.path", "")
        await settle(pilot)
        assert "5,000,000 requests." in panel(app)


async def at_data(pilot: Pilot[None]) -> DataPane:
    """The Data tab, with its proposals under the focus."""
    await settle(pilot)
    await pilot.press("2")
    await settle(pilot)
    await pilot.press("tab")
    return pilot.app.desk.query_one(DataPane)


async def test_enter_takes_a_proposal_over_as_an_answer_and_saving_writes_it(
    app, engine, brief_file
):
    async with app.run_test(size=(120, 40)) as pilot:
        pane = await at_data(pilot)
        assert pane.proposals[0].key == "data.examples"
        before = len(engine.asked)
        await pilot.press("enter")
        await settle(pilot)
        assert app.desk.draft.changed == ("data.examples",)
        assert engine.asked[before][0].data.examples.p50 == 2990
        assert field(app, "data.examples").query_one(Input).value == "2,990"
        assert "data.examples" not in [o.key for o in pane.proposals]
        assert app.desk.focused is pane.query_one(OptionList)
        await pilot.press("ctrl+s")
        await settle(pilot)
    assert files.read(brief_file).data.examples.p50 == 2990
    assert "# The shop wants attributes." in brief_file.read_text(encoding="utf-8")


async def test_all_proposals_are_taken_at_once_and_taken_back_at_once(app):
    async with app.run_test(size=(120, 40)) as pilot:
        pane = await at_data(pilot)
        offered, brief = pane.proposals, app.desk.draft.brief
        await pilot.press("a")
        await settle(pilot)
        assert pane.proposals == ()
        assert app.desk.draft.brief.data.sensitive is True
        assert set(app.desk.draft.changed) == {o.key for o in offered}
        await pilot.press("u")
        await settle(pilot)
        assert app.desk.draft.brief == brief
        assert pane.proposals == offered


async def test_taking_back_leaves_what_was_answered_since(app):
    async with app.run_test(size=(120, 40)) as pilot:
        await at_data(pilot)
        await pilot.press("a")
        await settle(pilot)
        await pilot.press("1")
        await type_into(app, pilot, "data.examples", "77")
        await pilot.press("escape", "2", "u")
        await settle(pilot)
        assert app.desk.draft.brief.data.examples.p50 == 77
        assert "data.sensitive" not in app.desk.draft.brief.origins


async def test_a_proposal_that_is_no_answer_is_refused_in_one_line(app):
    from advisor.tui.messages import ProposalsAccepted
    from advisor.tui.model.proposed_answers import ProposedAnswer

    async with app.run_test(size=(120, 40)) as pilot:
        pane = await at_data(pilot)
        pane.post_message(
            ProposalsAccepted(
                (
                    ProposedAnswer("task.labels", "", "-1", "odd"),
                    ProposedAnswer("data.sensitive", "", "yes", "rows"),
                )
            )
        )
        await settle(pilot)
        assert app.desk.draft.changed == ("data.sensitive",)
        assert any("task.labels" in n.message for n in app._notifications)


def readings(app: AdvisorApp) -> str:
    return str(app.desk.query_one(HardwarePane).query_one(Static).render())


async def read_through(pilot: Pilot[None]) -> None:
    await pilot.app.workers.wait_for_complete([w for w in pilot.app.workers if w.group == GROUP])
    await settle(pilot)


async def test_the_machine_is_read_only_while_its_tab_is_shown(app, engine, monkeypatch):
    from advisor.tui.widgets import hardware_pane

    monkeypatch.setattr(hardware_pane, "EVERY_SECONDS", 0.01)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        assert engine.readings == 0
        await pilot.press("3")
        await until(pilot, lambda: engine.readings >= 4)
        await pilot.press("1")
        await read_through(pilot)
        seen = engine.readings
        await pilot.pause(0.1)
        assert engine.readings == seen
        await pilot.press("3")
        await until(pilot, lambda: engine.readings > seen)


async def test_a_slow_machine_blocks_nothing_and_is_not_asked_twice_at_a_time(
    app, engine, monkeypatch
):
    from advisor.tui.widgets import hardware_pane

    monkeypatch.setattr(hardware_pane, "EVERY_SECONDS", 0.01)
    gate, asked = threading.Event(), []
    machine = engine.machine

    def slow():
        asked.append(1)
        gate.wait(10)
        return machine()

    engine.machine = slow
    app = AdvisorApp(app.desk.draft, engine)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("3")
        await until(pilot, lambda: "reading the machine" in readings(app))
        await until(pilot, lambda: asked)
        await pilot.pause(0.1)  # ten times as long as the next reading would wait
        assert len(asked) == 1
        await pilot.press("1")
        await type_into(app, pilot, VOLUME, "5M")
        await settle(pilot)
        assert "5,000,000 requests." in panel(app)
        gate.set()
        await pilot.press("escape", "3")
        await until(pilot, lambda: "reading" not in readings(app))
        assert "NVIDIA L40S" in readings(app)


async def test_a_machine_that_cannot_be_read_says_why(app, engine):
    engine.unreadable = UsageError("gpus.csv, line 3: [no] number")
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("3")
        await read_through(pilot)
        assert "✗ gpus.csv, line 3: [no] number" in readings(app)


def test_the_real_engine_reads_this_machine():
    from advisor.tui.work.engine import PipelineEngine

    report = PipelineEngine().machine()
    assert report.memory_gib > 0
    assert 0 <= report.processor_use.value <= 1
    assert report.gpus or report.gpus_reason
