"""Whether every letter on the screen can be read: the contrast of what is really drawn."""

from __future__ import annotations

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


def own_colours(app) -> float:
    """The share of texts in colours that are not the terminal's own."""
    styles = [
        segment.style
        for strip in app.screen._compositor.render_strips()
        for segment in strip
        if segment.style is not None and is_text(segment.text)
    ]
    own = [style for style in styles if style.color and style.color.type.name == "TRUECOLOR"]
    return len(own) / len(styles)
