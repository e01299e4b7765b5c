"""Every letter on the screen can be read: contrast of what is really drawn, in both own themes."""

from __future__ import annotations

import pytest

from advisor.tui.model.tabs import TABS
from advisor.tui.theme import THEMES
from tests.tui.test_desk import settle
from tests.tui.test_theme import contrast

ENOUGH = 4.5
"""WCAG 2.1, level AA, for text."""


def is_text(letters: str) -> bool:
    """Frames, scroll bars and pictures are no text."""
    return any(sign.isalnum() or sign in "$%…●○◆✗✓!·▼" for sign in letters)


def unreadable(app, within=None) -> dict[tuple[str, str], str]:
    """Pairs of colours below the limit, each with a text in them; of a part of the screen only,
    where a dialog dims what is behind it.
    """
    pairs = {}
    region = within.region if within is not None else app.screen.region
    for y, strip in enumerate(app.screen._compositor.render_strips()):
        x = 0
        for segment in strip:
            style = segment.style
            x += segment.cell_length
            if not region.contains(x - 1, y):
                continue
            if not is_text(segment.text) or style is None or not (style.color and style.bgcolor):
                continue
            letters, ground = style.color.triplet.hex, style.bgcolor.triplet.hex
            if contrast(letters, ground) < ENOUGH:
                pairs[letters, ground] = segment.text.strip()
    return pairs


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
async def test_all_text_of_every_place_has_enough_contrast(app, theme):
    app.theme = theme.name
    async with app.run_test(size=(140, 45)) as pilot:
        await settle(pilot)
        for number, place in enumerate(TABS, 1):
            await pilot.press(str(number))
            await settle(pilot)
            assert unreadable(app) == {}, place
        await pilot.press("e")
        await settle(pilot)
        assert unreadable(app, app.screen.query_one("#explain")) == {}


async def test_the_terminal_theme_names_no_colour_of_its_own(app):
    app.theme = "textual-ansi" if "textual-ansi" in app.available_themes else "ansi-dark"
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        styles = [
            segment.style
            for strip in app.screen._compositor.render_strips()
            for segment in strip
            if segment.style is not None and is_text(segment.text)
        ]
    own = [style for style in styles if style.color and style.color.type.name == "TRUECOLOR"]
    assert len(own) < len(styles) / 4
