"""Keys of one's own, jumping by letters, copying, and the command for every place."""

from __future__ import annotations

import shlex

import pytest

from advisor.cli.commands import COMMANDS
from advisor.core.errors import UsageError
from advisor.core.quantity import Range
from advisor.tui.model.draft import Draft
from advisor.tui.model.keymap import read_keymap, template
from advisor.tui.model.tabs import TABS
from advisor.tui.model.twins import twin
from advisor.tui.screens.desk_keys import key_names
from advisor.tui.screens.jump import JumpScreen, labels
from tests.tui.waiting import opened, settle, until


def test_a_file_gives_actions_other_keys(tmp_path):
    path = tmp_path / "keys.toml"
    assert read_keymap(path, key_names()) == {}
    path.write_text('report = "f5"\n', encoding="utf-8")
    assert read_keymap(path, key_names()) == {"report": "f5"}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('reprot = "f5"', "no such action; did you mean 'report'"),
        ("report = 5", "write a key in quotes"),
        ("report = ", "correct it or delete"),
    ],
)
def test_a_wrong_file_is_one_line(tmp_path, text, why):
    path = tmp_path / "keys.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=why):
        read_keymap(path, key_names())


def test_the_template_names_every_key_and_changes_none(tmp_path):
    path = tmp_path / "keys.toml"
    path.write_text(template(key_names()), encoding="utf-8")
    assert read_keymap(path, key_names()) == {}
    assert path.read_text(encoding="utf-8").count("# ") >= len(key_names())


async def test_a_key_of_ones_own_works(app, tmp_path, monkeypatch):
    path = tmp_path / "keys.toml"
    path.write_text('report = "f5"\n', encoding="utf-8")
    monkeypatch.setattr("advisor.tui.model.keymap.keymap_path", lambda: path)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("f5")
        await settle(pilot)
        assert app.desk.current_tab == "report"


@pytest.mark.parametrize("count", [0, 5, 26, 27, 120])
def test_no_label_begins_another(count):
    made = labels(count)
    assert len(set(made)) == count
    assert len({len(text) for text in made}) <= 1


async def test_jumping_goes_where_the_letter_stands(app):
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("ctrl+g")
        await opened(pilot, JumpScreen)
        text, target = list(app.screen._targets.items())[3]
        await pilot.press(*text)
        await until(pilot, lambda: app.screen is app.desk)
        await settle(pilot)
        assert app.desk.focused is target


async def test_the_verdict_is_copied_in_one_line(app):
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("y")
        await settle(pilot)
        assert "FINE-TUNE · Tuned Llama" in app.clipboard
        await pilot.press("Y")
        await settle(pilot)
        assert app.clipboard.startswith("advisor recommend ")
        await pilot.press("e")
        await settle(pilot)
        await pilot.press("y")
        await settle(pilot)
        assert "run.total $3,317" in app.clipboard


@pytest.mark.parametrize("place", [*TABS, "verdict", "explain"])
def test_every_place_has_a_command(place):
    draft = Draft().suppose("traffic.requests_per_month", Range.exact(5e6))
    words = shlex.split(twin(place, draft, "tune/lora@m", "run.total"))
    assert words[0] == "advisor"
    assert words[1] in COMMANDS
    if place in ("brief", "decision", "explain"):
        assert "traffic.requests_per_month=5.0M" in words
