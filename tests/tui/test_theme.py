"""Colours that can be read: contrast by the formula of WCAG 2.1."""

from __future__ import annotations

import pytest
from textual.color import Color

from advisor.tui.theme import THEMES


def luminance(color: str) -> float:
    parts = []
    for part in Color.parse(color).rgb:
        share = part / 255
        parts.append(share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4)
    red, green, blue = parts
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_the_formula_is_that_of_the_standard():
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
@pytest.mark.parametrize("text", ["foreground", "primary", "accent", "success", "warning", "error"])
@pytest.mark.parametrize("ground", ["background", "surface", "panel"])
def test_every_text_can_be_read_on_every_ground(theme, text, ground):
    assert contrast(getattr(theme, text), getattr(theme, ground)) >= 4.5
