"""The outline of the desk stands at once; what is typed while the rest loads is answered."""

from __future__ import annotations

import subprocess
import sys
import threading
from functools import partial

import pytest

from advisor.core.errors import UsageError
from advisor.tui.app import AdvisorApp
from advisor.tui.model.draft import Draft
from advisor.tui.screens.opening import Opening
from advisor.tui.screens.start import FiveQuestions, StartScreen
from advisor.tui.work import loading
from advisor.tui.work.process_engine import ProcessEngine
from tests.tui.waiting import opened, settle, until


@pytest.fixture
def gate(monkeypatch, engine):
    """Loading waits for it; the engine is the pretended one."""
    opened = threading.Event()

    def load(read):
        opened.wait(10)
        return read(), engine

    monkeypatch.setattr(loading, "load", load)
    yield opened
    opened.set()


async def test_keys_that_come_while_the_desk_loads_are_answered(gate, brief_file):
    app = AdvisorApp(read=partial(loading.open_brief, brief_file), opened="shop.toml")
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, Opening)
        await pilot.press("5")
        strips = app.screen._compositor.render_strips()
        outline = "\n".join(strip.text for strip in strips)
        assert "shop.toml" in outline
        assert "5 Decision" in outline
        gate.set()
        await until(pilot, lambda: getattr(app, "desk", None) is app.screen)
        await until(pilot, lambda: app.desk.panes.current == "decision")
        await settle(pilot)
        assert app.desk.draft.path == brief_file
        assert app.desk.verdict is not None


async def test_keys_that_come_too_early_choose_a_way_in(gate):
    app = AdvisorApp(read=partial(loading.open_brief, None), welcome=True)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("enter")
        gate.set()
        await opened(pilot, FiveQuestions)
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, FiveQuestions | StartScreen))


async def test_quitting_does_not_wait_for_the_desk(gate):
    app = AdvisorApp(read=partial(loading.open_brief, None))
    async with app.run_test() as pilot:
        await pilot.press("ctrl+q")
        await until(pilot, lambda: app._exit)
        gate.set()


async def test_a_file_that_is_no_brief_ends_the_app_with_one_line(gate, tmp_path):
    path = tmp_path / "broken.toml"
    path.write_text("[task\n", encoding="utf-8")
    app = AdvisorApp(read=partial(loading.open_brief, path))
    async with app.run_test() as pilot:
        gate.set()
        await until(pilot, lambda: app._exit)
    assert isinstance(app.refusal, UsageError)
    assert "broken.toml" in str(app.refusal)


def test_loading_starts_the_judging_process_and_ends_it_where_the_brief_is_refused(
    brief_file, monkeypatch
):
    draft, engine = loading.load(partial(loading.open_brief, brief_file))
    process = engine._process
    assert draft == Draft.read(brief_file)
    assert process.poll() is None
    engine.close()
    assert process.poll() is not None
    closed = []
    monkeypatch.setattr(ProcessEngine, "start", lambda engine: None)
    monkeypatch.setattr(ProcessEngine, "close", lambda engine: closed.append(engine))
    with pytest.raises(UsageError):
        loading.load(partial(loading.open_brief, brief_file.with_name("absent.toml")))
    assert len(closed) == 1


def test_the_first_frame_needs_nothing_of_what_comes_later():
    code = "import sys, advisor.tui.app; print(*[m for m in sys.modules if 'advisor' in m])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "advisor.tui.screens.opening" in loaded
    assert not loaded & {"advisor.core.brief", "advisor.brief", "advisor.tui.screens.desk"}
