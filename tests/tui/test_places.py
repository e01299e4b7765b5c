"""Every place at four sizes, letter by letter and colour by colour; in each of the other two themes
at one of two sizes, what can be read.

 `UPDATE_GOLDEN=1 pytest tests/tui/test_places.py` writes the golden texts again;
`PICTURES=FOLDER pytest tests/tui/test_places.py` draws every place at every size in every theme as
SVG: look at them.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from textual.widgets import Input

from advisor.tui.model.tabs import TABS
from advisor.tui.screens.explain import ExplainScreen
from advisor.tui.views.decision import SECTIONS
from advisor.tui.widgets.controls import TextControl
from advisor.tui.widgets.decision_pane import DecisionPane
from tests.tui.contrast import own_colours, unreadable
from tests.tui.test_snapshots import rest
from tests.tui.waiting import opened, until

GOLDEN = Path(__file__).parent / "__snapshots__" / "places"
SIZES = ((60, 20), (80, 24), (140, 45), (200, 60))

TERMINAL = "ansi-dark"
OTHERS = ("advisor-light", TERMINAL)
THEMES = ("advisor-dark", *OTHERS)
OTHERS_AT = {(60, 20): OTHERS[:1], (80, 24): OTHERS[1:]}
PICTURES = os.environ.get("PICTURES", "")


def letters(app, title: str) -> str:
    """The screen as text below a title; lines end where their text ends. The digest is that of the
    colours.
    """
    strips = app.screen._compositor.render_strips()
    lines = (strip.text.rstrip() for strip in strips)
    return "\n".join((f"=== {title} · colours {colours(strips)}", *lines))


def colours(strips) -> str:
    styles = [(segment.cell_length, str(segment.style)) for strip in strips for segment in strip]
    return hashlib.sha256(repr(styles).encode()).hexdigest()[:8]


async def places(pilot):
    """The name of each place, while it is on the screen."""
    app = pilot.app
    for number, place in enumerate(TABS, 1):
        await pilot.press(str(number))
        await until(pilot, lambda tab=place: app.desk.panes.current == tab)
        await rest(pilot)
        yield place
    await app.desk.action_tab("decision")
    await until(pilot, lambda: app.desk.panes.current == "decision")
    await rest(pilot)
    for name in SECTIONS:
        app.desk.query_one(DecisionPane).turn_to(name)
        await rest(pilot)
        yield f"decision, {name}"
    await pilot.press("e")
    await opened(pilot, ExplainScreen)
    await rest(pilot)
    yield "explain"
    await pilot.press("escape")
    await until(pilot, lambda: app.screen is app.desk)
    await app.desk.go_to("traffic.requests_per_month")
    await until(pilot, lambda: isinstance(app.desk.focused, TextControl))
    await pilot.press("plus")
    await until(pilot, lambda: bool(app.desk.draft.supposed))
    await rest(pilot)
    yield "what-if"
    await pilot.press("escape", "escape")
    app.desk.query_one(DecisionPane).turn_to(SECTIONS[0])
    await rest(pilot)


def check(name: str, seen: list[str]) -> None:
    path = GOLDEN / name
    text = "\n\n".join(seen) + "\n"
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_every_place_at_every_size(app, monkeypatch, tmp_path, size):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Input, "cursor_blink", False)
    seen = []
    async with app.run_test(size=size) as pilot:
        await rest(pilot)
        for theme in (THEMES[0], *other_themes(size)):
            app.theme = theme
            await rest(pilot)
            async for place in places(pilot):
                if theme == THEMES[0]:
                    seen.append(letters(app, place))
                check_theme(app, theme, place)
                draw(app, f"{size[0]}x{size[1]}-{place.replace(', ', '-')}-{theme}")
        widest = max(len(line) for screen in seen for line in screen.splitlines()[1:])
        app.desk.autosave.forget()
    assert widest <= size[0]
    check(f"{size[0]}x{size[1]}.txt", seen)


def other_themes(size: tuple[int, int]) -> tuple[str, ...]:
    """The themes beside the first that are walked through at this size."""
    return OTHERS if PICTURES else OTHERS_AT.get(size, ())


def draw(app, name: str) -> None:
    if PICTURES:
        Path(PICTURES, f"{name}.svg").write_text(app.export_screenshot(), encoding="utf-8")


def in_front(app):
    """What is in sight; behind a dialog everything is dimmed."""
    return None if app.screen is app.desk else app.screen.query_one("#explain")


def check_theme(app, theme: str, place: str) -> None:
    """Every text can be read; the terminal's own palette keeps its colours."""
    if theme == TERMINAL:
        assert own_colours(app) < 0.25, (place, theme)
    else:
        assert unreadable(app, in_front(app)) == {}, (place, theme)
