"""The full-screen app: opens the desk, owns quitting and the palette."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual import work
from textual.app import App
from textual.command import Provider
from textual.events import Event, Key, MouseDown, Paste
from textual.screen import Screen

from advisor.core.errors import AdvisorError, UsageError
from advisor.core.system import stopping_signals
from advisor.tui.screens.opening import Opening
from advisor.tui.theme import DARK, THEMES
from advisor.tui.work.garbage import GarbageSearch
from advisor.tui.work.key_queue import KeyQueue

if TYPE_CHECKING:
    from advisor.tui.messages import DeskReady
    from advisor.tui.model.draft import Draft
    from advisor.tui.screens.desk import Desk
    from advisor.tui.work.engine import Engine

LOOK_FOR_QUIET_SECONDS = 10.0
"""Pause between two looks at whether the user has paused."""

QUIT_KEYS = ("ctrl+q", "ctrl+c")


def desk_commands() -> type[Provider]:
    """The commands of the palette, loaded when it is first opened."""
    from advisor.tui.commands import DeskCommands

    return DeskCommands


class AdvisorApp(App[None]):
    """One desk; everything else is a dialog over it.

    Without a draft the first frame is the outline of the desk: the rest loads and `read` reads the
    draft behind it. Keys that come before the desk is ready are answered as soon as it is.
    """

    TITLE = "advisor"
    CSS_PATH = "layout.tcss"
    COMMANDS = App.COMMANDS | {desk_commands}

    desk: Desk

    def __init__(
        self,
        draft: Draft | None = None,
        engine: Engine | None = None,
        *,
        welcome: bool = False,
        read: Callable[[], Draft] | None = None,
        opened: str = "",
    ) -> None:
        super().__init__()
        for theme in THEMES:
            self.register_theme(theme)
        if not os.environ.get("TEXTUAL_THEME"):
            self.theme = DARK.name
        self._garbage = GarbageSearch()
        self._welcome = welcome
        self._read = read
        self._opened = opened
        self._keys = KeyQueue(self, super().on_event, self._is_screen_changing)
        self._front: Screen[Any] | None = None
        self._is_front_ready = True
        if read is not None:
            self._keys.hold()
        self.refusal: AdvisorError | None = None
        self._leaving = ExitStack()
        if read is None:
            self._make_desk(draft, engine)

    def _make_desk(self, draft: Draft | None, engine: Engine | None) -> None:
        from advisor.tui.model.draft import Draft
        from advisor.tui.screens.desk import Desk
        from advisor.tui.work.process_engine import ProcessEngine

        self.desk = Desk(engine or ProcessEngine(), draft or Draft(), welcome=self._welcome)

    def get_default_screen(self) -> Screen[None]:
        """The desk, or its outline while it loads."""
        return self.desk if self._read is None else Opening(self._opened)

    def on_mount(self) -> None:
        """A terminal that is closed ends the app in order: drafts kept, runs cancelled."""
        loop = asyncio.get_running_loop()
        for number in stopping_signals():
            # Only the main thread may handle signals; elsewhere the default action stands.
            with suppress(NotImplementedError, RuntimeError, ValueError):
                loop.add_signal_handler(number, self._hang_up)
        if self._read is None:
            self._begin()
        else:
            self.call_after_refresh(self._open_desk)

    @work(group="load", exclusive=True)
    async def _open_desk(self) -> None:
        """Load what the first frame did without, in a thread, and put the desk in front."""
        assert self._read is not None
        from advisor.tui.work.loading import REST_SECONDS, load

        try:
            draft, engine = await asyncio.to_thread(load, self._read)
        except AdvisorError as error:
            self.refusal = error
            self.exit()
            return
        self._make_desk(draft, engine)
        self._begin()
        with self.batch_update():  # one layout and one frame, not one per part
            await self.push_screen(self.desk)
            await self.desk.is_open.wait()
        if draft.path is not None:
            self.set_timer(REST_SECONDS, partial(self._remember, draft.path))

    @work(group="remember", thread=True, exit_on_error=False)
    def _remember(self, path: Path) -> None:
        from advisor.tui.model.recent import remember_brief

        remember_brief(path)

    def _begin(self) -> None:
        self._garbage.start()
        self.set_interval(LOOK_FOR_QUIET_SECONDS, self._search_garbage)
        self._take_keys()

    def on_unmount(self) -> None:
        """Leave the interpreter as it was."""
        self._garbage.stop()

    async def on_desk_ready(self, _: DeskReady) -> None:
        """Answer the keys that came too early, before those that came since."""
        await self._keys.release()

    async def on_event(self, event: Event) -> None:
        """Note when the user pressed something; give keys one after the other."""
        if isinstance(event, Key | MouseDown):
            self._garbage.note_use()
        quits = isinstance(event, Key) and event.key in QUIT_KEYS and self._is_loading
        if isinstance(event, Key | Paste) and not (event.is_forwarded or quits):
            await self._keys.take(event)
        else:
            await super().on_event(event)

    def _is_screen_changing(self) -> bool:
        """Whether a dialog is about to open or has just closed.

        The queue of a new screen holds what makes it and gives it the focus, that of the app what
        the closed one asked for, such as a command of the palette.
        """
        if self.screen is not self._front:
            self._front = self.screen
            self._is_front_ready = False
            self._front.call_later(self.call_later, self._note_ready, self._front)
        if not self._is_front_ready:
            return True
        return not self._is_loading and self.screen is self.desk and self.desk.is_in_dialog

    def _note_ready(self, screen: Screen[Any]) -> None:
        if self._front is screen:
            self._is_front_ready = True

    def _search_garbage(self) -> None:
        self._garbage.search_if_quiet(busy=self.desk.is_busy)

    def _take_keys(self) -> None:
        """Use the user's own keys; a file that cannot be read changes none."""
        from advisor.tui.model.keymap import keymap_path, read_keymap

        path = keymap_path()
        if not path.is_file():
            return
        from advisor.core.format import clean
        from advisor.tui.screens.desk_keys import key_names

        try:
            self.set_keymap(dict(read_keymap(path, key_names())))
        except UsageError as error:
            self.notify(clean(str(error)), severity="error", title="Keys", markup=False)

    @property
    def _is_loading(self) -> bool:
        return not hasattr(self, "desk")

    def _hang_up(self) -> None:
        # Nothing more is drawn: Textual waits forever to write to a terminal that has gone.
        self._leaving.enter_context(self.batch_update())
        if not self._is_loading:
            self.desk.autosave.flush()
        self.run_worker(self._leave(), group="quit", exclusive=True)

    async def _leave(self) -> None:
        if self._is_loading:
            self.exit()
            return
        self.desk.judging.jobs.close()
        await self.desk.calibration.jobs.finish()
        self.desk.engine.close()
        self.exit()

    async def action_quit(self) -> None:
        """Leave, but not with an unsaved brief or a run under way unless the user says so."""
        self.run_worker(self._quit(), group="quit", exclusive=True)

    async def _quit(self) -> None:
        if self._is_loading:
            await self._leave()
        elif await self.desk.may_quit():
            self.desk.autosave.forget()
            await self._leave()


def open_app(path: Path | None = None) -> None:
    """Run the app on the brief in a file, on a copy of an example, or on an empty brief.

    Raises UsageError for a file that is not a brief.
    """
    from advisor.tui.work import loading

    read = partial(loading.open_brief, path)
    app = AdvisorApp(read=read, welcome=path is None, opened=path.name if path else "")
    app.run()
    if app.refusal is not None:
        raise app.refusal
