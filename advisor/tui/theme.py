"""The app's own colours, dark and light; the terminal's palette is Textual's `ansi` theme.

Every pair of text and ground keeps a contrast of at least 4.5 (WCAG AA).
"""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="advisor-dark",
    primary="#7aa2d8",
    secondary="#9d8cd8",
    accent="#e8b45a",
    foreground="#e3e6ea",
    background="#12161c",
    surface="#1a2028",
    panel="#222a34",
    success="#7fc98f",
    warning="#e8b45a",
    error="#e8838f",
    dark=True,
    variables={
        "block-cursor-background": "#2b4a6d",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-text-style": "bold",
        "block-cursor-blurred-background": "#22344a",
        "scrollbar": "#3a4654",
        "scrollbar-hover": "#56677c",
        "scrollbar-active": "#7aa2d8",
        "scrollbar-background": "#161b22",
        "scrollbar-background-hover": "#161b22",
        "scrollbar-background-active": "#161b22",
        "scrollbar-corner-color": "#161b22",
    },
)
LIGHT = Theme(
    name="advisor-light",
    primary="#1d4f91",
    secondary="#5b3fa0",
    accent="#8a4b00",
    foreground="#1c2128",
    background="#fbfbf9",
    surface="#f1f1ed",
    panel="#e4e6e8",
    success="#1f6b33",
    warning="#8a4b00",
    error="#a3202f",
    dark=False,
    variables={
        "block-cursor-background": "#bdd0e6",
        "block-cursor-foreground": "#0c1116",
        "block-cursor-text-style": "bold",
        "block-cursor-blurred-background": "#d3deea",
        "scrollbar": "#b4bac2",
        "scrollbar-hover": "#8c959f",
        "scrollbar-active": "#1d4f91",
        "scrollbar-background": "#ecece8",
        "scrollbar-background-hover": "#ecece8",
        "scrollbar-background-active": "#ecece8",
        "scrollbar-corner-color": "#ecece8",
    },
)
THEMES = (DARK, LIGHT)
