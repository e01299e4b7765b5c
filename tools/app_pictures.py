"""Takes the pictures of the app for the guide, and records its tour as one animated SVG.

    python tools/app_pictures.py        # writes docs/guide/*.svg

Every picture is the real program on an example that comes with it, at a fixed size.
"""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from textual.pilot import Pilot
from textual.widgets import Input

ROOT = Path(__file__).parents[1]
GUIDE = ROOT / "docs" / "guide"
EXAMPLE = ROOT / "profiles" / "briefs" / "customs-invoices.toml"
SIZE = (120, 36)
PATIENCE_SECONDS = 60.0
FRAME_SECONDS = 2.5


@dataclass(frozen=True, slots=True)
class Scene:
    """Keys to press, and the file to keep what is seen then; empty: only a frame of the tour."""

    keys: tuple[str, ...]
    file: str = ""


TURN = "right_square_bracket"
SCENES = (
    Scene((), "app.svg"),
    Scene(("5", "p", "1", "ctrl+p", *"requests", "enter", *["minus"] * 3), "what-if.svg"),
    Scene(("enter", "escape", "5", TURN, TURN), "decision.svg"),
    Scene((TURN, TURN), "learning.svg"),
    Scene((TURN,)),
    Scene(("6",), "compare.svg"),
    Scene(("7",)),
)


async def _rest(pilot: Pilot[None]) -> None:
    """Until the verdict is deep and nothing moves any more."""
    from advisor.tui.app import AdvisorApp

    app = pilot.app
    assert isinstance(app, AdvisorApp)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not app.desk.judging.deep:
            await pilot.pause(0.1)
    await pilot.pause(1.0)


async def frames() -> list[tuple[str, str]]:
    """(file, SVG) of every scene."""
    from advisor.tui.app import AdvisorApp
    from advisor.tui.model.draft import Draft

    Input.cursor_blink = False
    os.chdir(EXAMPLE.parent)
    app = AdvisorApp(Draft.read(EXAMPLE))
    taken = []
    async with app.run_test(size=SIZE) as pilot:
        await _rest(pilot)
        for scene in SCENES:
            for key in scene.keys:
                await pilot.press(key)
                if key in ("ctrl+p", "enter"):
                    await pilot.pause(1.0)
            await _rest(pilot)
            app.clear_notifications()
            await pilot.pause(0.3)
            taken.append((scene.file, app.export_screenshot(title="advisor")))
        app.desk.autosave.forget()
        app.desk.engine.close()
    return taken


def animated(pictures: Sequence[str]) -> str:
    """The pictures one after another, for ever; each is shown for the same time."""
    box = re.search(r'viewBox="([^"]+)"', pictures[0])
    assert box is not None
    share = 100 / len(pictures)
    seconds = FRAME_SECONDS * len(pictures)
    style = (
        f"@keyframes turn {{ 0%, {share:.3f}% {{ visibility: visible }} "
        f"{share + 0.001:.3f}%, 100% {{ visibility: hidden }} }}"
        f".frame {{ visibility: hidden; animation: turn {seconds}s step-end infinite }}"
    )
    groups = [
        f'<g class="frame" style="animation-delay: {FRAME_SECONDS * number}s">{picture}</g>'
        for number, picture in enumerate(pictures)
    ]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box[1]}">'
    return f"{head}<style>{style}</style>{''.join(groups)}</svg>\n"


def main() -> None:
    """Write every picture and the tour."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["ADVISOR_HOME"] = home
        taken = asyncio.run(frames())
    for name, picture in taken:
        if name:
            (GUIDE / name).write_text(picture, encoding="utf-8")
    (GUIDE / "tour.svg").write_text(animated([svg for _, svg in taken]), encoding="utf-8")


if __name__ == "__main__":
    main()
