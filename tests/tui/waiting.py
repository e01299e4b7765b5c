"""Waiting for the condition itself: a busy machine takes longer than any number of pauses."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from textual.app import App
from textual.command import CommandList, CommandPalette
from textual.message_pump import MessagePump
from textual.pilot import Pilot
from textual.screen import Screen
from textual.timer import Timer

ScreenOf = TypeVar("ScreenOf", bound=Screen[Any])

PATIENCE_SECONDS = 120.0
"""A busy machine is slow; nothing here takes longer than a second on an idle one."""
SOON_SECONDS = 0.25
"""A timer that is due sooner belongs to what a key has set going; a later one is housekeeping."""
BRIEF_WORK = ("look", "judge", "plan", "names", "preview", "history", "elsewhere")
"""Workers that end by themselves: not those that ask, measure, or read the machine."""


async def until(pilot: Pilot[None], done: Callable[[], object]) -> None:
    """Wait until it is so; after a long time fail with what is on the screen."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not done():
        assert time.monotonic() < end, _on_screen(pilot.app)
        if pilot.app._exception is not None:
            raise pilot.app._exception
        await asyncio.sleep(0.01)


async def settle(pilot: Pilot[None], *also: str) -> None:
    """Wait until all that was set going is through: messages, layouts, short timers, workers.

    `also`: further groups of workers to wait for.
    """
    rounds_at_rest = 0
    end = time.monotonic() + PATIENCE_SECONDS
    while rounds_at_rest < 2:  # what ends may set something else going
        assert time.monotonic() < end, f"never at rest: {next(_busy(pilot.app, also))}"
        await pilot.pause(0.005)
        rounds_at_rest = 0 if next(_busy(pilot.app, also), "") else rounds_at_rest + 1


async def opened(pilot: Pilot[None], kind: type[ScreenOf]) -> ScreenOf:
    """Wait until a dialog or page of this kind stands in front, and return it."""
    await until(pilot, lambda: isinstance(pilot.app.screen, kind))
    await settle(pilot)
    assert isinstance(pilot.app.screen, kind)
    return pilot.app.screen


async def listed(pilot: Pilot[None], command: str) -> None:
    """Wait until the palette offers first what has every one of these words."""
    commands = (await opened(pilot, CommandPalette)).query_one(CommandList)

    def is_first() -> bool:
        if not commands.option_count:
            return False
        first = str(commands.get_option_at_index(0).prompt).lower()
        return all(word in first for word in command.lower().split())

    await until(pilot, is_first)
    await settle(pilot)


def _busy(app: App[Any], also: tuple[str, ...]) -> Iterator[str]:
    """Everything that is under way."""
    for worker in app.workers:
        if worker.group in BRIEF_WORK + also and not worker.is_finished:
            yield f"worker {worker.group}"
    for node in _nodes(app):
        if node.message_queue_size or node._next_callbacks or getattr(node, "_callbacks", ()):
            yield f"messages of {node}"
        for timer in node._timers:
            if _is_due_soon(timer):
                yield f"{timer} of {node}"


def _nodes(app: App[Any]) -> Iterator[MessagePump]:
    yield app
    for screen in app.screen_stack:
        yield from screen.walk_children(with_self=True)


def _is_due_soon(timer: Timer) -> bool:
    is_once, task = timer._repeat == 0, timer._task
    return is_once and timer._interval < SOON_SECONDS and task is not None and not task.done()


def _on_screen(app: App[Any]) -> str:
    """What a test that waited in vain sees."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)
