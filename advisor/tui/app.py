"""The full-screen app: opens the desk, owns quitting and the palette."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path

from textual.app import App
from textual.events import Event, Key, MouseDown
from textual.screen import Screen

from advisor.core.errors import UsageError
from advisor.core.format import clean
from advisor.core.system import stopping_signals
from advisor.tui.commands import DeskCommands
from advisor.tui.model.draft import Draft
from advisor.tui.model.keymap import keymap_path, read_keymap
from advisor.tui.screens.desk import Desk
from advisor.tui.theme import DARK, THEMES
from advisor.tui.work.engine import Engine
from advisor.tui.work.garbage import GarbageSearch
from advisor.tui.work.process_engine import ProcessEngine

LOOK_FOR_QUIET_SECONDS = 10.0
"""Pause between two looks at whether the user has paused."""


class AdvisorApp(App[None]):
    """One desk; everything else is a dialog over it."""

    TITLE = "advisor"
    CSS_PATH = "layout.tcss"
    COMMANDS = App.COMMANDS | {lambda: DeskCommands}

    def __init__(
        self,
        draft: Draft | None = None,
        engine: Engine | None = None,
        *,
        welcome: bool = False,
    ) -> None:
        super().__init__()
        for theme in THEMES:
            self.register_theme(theme)
        if not os.environ.get("TEXTUAL_THEME"):
            self.theme = DARK.name
        self._garbage = GarbageSearch()
        self.desk = Desk(engine or ProcessEngine(), draft or Draft(), welcome=welcome)

    def on_mount(self) -> None:
        """A terminal that is closed ends the app in order: drafts kept, runs cancelled."""
        self._garbage.start()
        self.set_interval(LOOK_FOR_QUIET_SECONDS, self._search_garbage)
        self._take_keys()
        loop = asyncio.get_running_loop()
        for number in stopping_signals():
            # Only the main thread may handle signals; elsewhere the default action stands.
            with suppress(NotImplementedError, RuntimeError, ValueError):
                loop.add_signal_handler(number, self._hang_up)

    def on_unmount(self) -> None:
        """Leave the interpreter as it was."""
        self._garbage.stop()

    async def on_event(self, event: Event) -> None:
        """Note when the user pressed something."""
        if isinstance(event, Key | MouseDown):
            self._garbage.note_use()
        await super().on_event(event)

    def _search_garbage(self) -> None:
        self._garbage.search_if_quiet(busy=self.desk.is_busy)

    def _take_keys(self) -> None:
        """Use the user's own keys; a file that cannot be read changes none."""
        path = keymap_path()
        if not path.is_file():
            return
        from advisor.tui.screens.desk_keys import key_names

        try:
            self.set_keymap(dict(read_keymap(path, key_names())))
        except UsageError as error:
            self.notify(clean(str(error)), severity="error", title="Keys", markup=False)

    def _hang_up(self) -> None:
        self.desk.autosave.flush()
        self.run_worker(self._leave(), group="quit", exclusive=True)

    async def _leave(self) -> None:
        self.desk.judging.jobs.close()
        await self.desk.calibration.jobs.finish()
        self.desk.engine.close()
        self.exit()

    def get_default_screen(self) -> Screen[None]:
        """The desk."""
        return self.desk

    async def action_quit(self) -> None:
        """Leave, but not with an unsaved brief or a run under way unless the user says so."""
        self.run_worker(self._quit(), group="quit", exclusive=True)

    async def _quit(self) -> None:
        if await self.desk.may_quit():
            self.desk.autosave.forget()
            await self._leave()


def open_app(path: Path | None = None) -> None:
    """Run the app on the brief in a file, on a copy of an example, or on an empty brief.

    Raises UsageError for a file that is not a brief.
    """
    if path is None:
        AdvisorApp(welcome=True).run()
        return
    from advisor.brief.examples import examples
    from advisor.tui.model.recent import remember_brief

    draft = Draft.read(path)
    if path in examples().values():
        AdvisorApp(draft.as_new()).run()
        return
    remember_brief(path)
    AdvisorApp(draft).run()
