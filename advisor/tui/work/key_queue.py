"""Gives keys to the app one at a time, each after everything the one before has set in motion.

Textual hands a key to the widget in focus at once, though that widget, its parents and a dialog
that opens answer earlier ones later. Of keys that come quickly, the text for a dialog would reach
what is below it, and what was typed before enter would come after it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.app import App
    from textual.events import Key, Paste
    from textual.message_pump import MessagePump

PATIENCE_SECONDS = 5.0
"""How long a key waits for a dialog; also for a widget that was removed before it answered."""
ROUNDS = 3
"""A key, the change it makes and the answer that the form makes of it each go this way."""
LOOK_SECONDS = 0.01
"""Pause between two looks at whether a dialog is there."""


class KeyQueue:
    """Keys that wait until the app has answered the one before.

    `give` hands a key to the app; `must_wait` says whether a dialog is about to open or close.
    """

    def __init__(
        self,
        app: App[Any],
        give: Callable[[Key | Paste], Awaitable[None]],
        must_wait: Callable[[], bool],
    ) -> None:
        self._app = app
        self._give = give
        self._must_wait = must_wait
        self._waiting: deque[Key | Paste] = deque()
        self._given = 0
        self._is_held = False
        self._is_busy = False
        self._deadline = 0.0

    def hold(self) -> None:
        """Keep every key until `release`."""
        self._is_held = True

    async def release(self) -> None:
        """Give the keys that were kept, before those that come since."""
        self._is_held = False
        await self._give_next()

    async def take(self, event: Key | Paste) -> None:
        """Give a key to the app, or keep it until its turn."""
        self._waiting.append(event)
        if self._is_busy:
            self._app.set_timer(PATIENCE_SECONDS, partial(self._settle, self._given))
        elif len(self._waiting) == 1:
            self._deadline = monotonic() + PATIENCE_SECONDS
            await self._give_next()

    async def _give_next(self) -> None:
        if self._is_held or self._is_busy or not self._waiting or not self._app.screen_stack:
            return  # an app that closes has no screen left to give a key to
        if self._must_wait() and monotonic() < self._deadline:
            self._app.set_timer(LOOK_SECONDS, self._give_next)
            return
        self._is_busy = True
        self._given += 1
        self._deadline = monotonic() + PATIENCE_SECONDS
        way = tuple((self._app.focused or self._app.screen).ancestors_with_self)
        await self._give(self._waiting.popleft())
        await self._follow(self._given, way)

    async def _follow(
        self, number: int, way: tuple[MessagePump, ...], place: int = 0, rounds: int = 1
    ) -> None:
        """Go the way of a key: from the widget in focus, each passes on to its parent what it does
        not use. Where no key waits, one round will do: before the next comes, all is answered.
        """
        for at in range(place, len(way)):
            if way[at].call_later(self._follow, number, way, at + 1, rounds):
                return
        if self._waiting and rounds < ROUNDS:
            await self._follow(number, way, 0, rounds + 1)
        else:
            await self._settle(number)

    async def _settle(self, number: int) -> None:
        """The key with this number was answered: it is the turn of the next."""
        if number == self._given and self._is_busy:
            self._is_busy = False
            await self._give_next()
