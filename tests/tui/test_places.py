"""Every place at four sizes, letter by letter; their colours are a matter of test_contrast.

`UPDATE_GOLDEN=1 pytest tests/tui/test_places.py` writes the golden texts again: look at them.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from advisor.tui.views.decision import SECTIONS
from advisor.tui.widgets.decision_pane import DecisionPane
from advisor.tui.widgets.tab_panes import TABS
from tests.tui.test_snapshots import rest

GOLDEN = Path(__file__).parent / "__snapshots__" / "places"
SIZES = ((60, 20), (80, 24), (140, 45), (200, 60))


def letters(app, title: str) -> str:
    """The screen as text below a title; lines end where their text ends."""
    strips = app.screen._compositor.render_strips()
    return "\n".join((f"=== {title}", *(strip.text.rstrip() for strip in strips)))


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_every_place_at_every_size(app, monkeypatch, tmp_path, size):
    monkeypatch.chdir(tmp_path)
    seen = []
    async with app.run_test(size=size) as pilot:
        await rest(pilot)
        for number, place in enumerate(TABS, 1):
            await pilot.press(str(number))
            await rest(pilot)
            seen.append(letters(app, place))
        await pilot.press("5")
        await rest(pilot)
        for name in SECTIONS:
            app.desk.query_one(DecisionPane).turn_to(name)
            await pilot.pause(0.1)
            seen.append(letters(app, f"decision, {name}"))
        widest = max(len(line) for screen in seen for line in screen.splitlines())
    assert widest <= size[0]
    path = GOLDEN / f"{size[0]}x{size[1]}.txt"
    text = "\n\n".join(seen) + "\n"
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
