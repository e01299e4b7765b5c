"""What a running stage reports to its listener, and how it is asked to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from advisor.core.errors import Cancelled


@dataclass(frozen=True, slots=True)
class StageEvent:
    """A stage of the pipeline began, moved on or ended.

    `done` of `total` units; total 0: unknown. A warning is shown even where nobody watches the
    progress.
    """

    stage: str
    message: str
    done: int = 0
    total: int = 0
    is_warning: bool = False


EventSink = Callable[[StageEvent], None]


def ignore(event: StageEvent) -> None:
    """A sink for callers that do not watch."""


class CancelToken:
    """Set by a front end, polled by long work; safe across threads."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        self._event.set()

    @property
    def cancelled(self) -> bool:
        return self._event.is_set()

    def check(self) -> None:
        """Raises Cancelled once `cancel` was called."""
        if self.cancelled:
            raise Cancelled("cancelled")
