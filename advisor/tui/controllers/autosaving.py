"""Unsaved drafts are written to the state folder a moment after each change."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from textual.timer import Timer

from advisor.core.errors import AdvisorError
from advisor.tui.model.autosave import DraftStore
from advisor.tui.model.draft import Draft

if TYPE_CHECKING:
    from advisor.tui.screens.desk import Desk

AUTOSAVE_SECONDS = 1.0
"""A killed terminal loses at most what was typed in so long a time."""


class AutosaveController:
    """Keeps the newest unsaved draft on disk until it is saved or discarded."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._timer: Timer | None = None
        self._kept: Draft | None = None
        self._complained = False

    def changed(self, draft: Draft) -> None:
        """Write the draft soon; once it is saved, forget it."""
        if not draft.unsaved:
            self.forget()
        elif self._timer is None:
            self._timer = self._desk.set_timer(AUTOSAVE_SECONDS, self._keep_in_thread)

    def _keep_in_thread(self) -> None:
        self._desk.run_worker(self.flush, group="autosave", thread=True, exit_on_error=False)

    def flush(self) -> None:
        """Write the draft now."""
        self._stop_timer()
        draft = self._desk.draft
        if not draft.unsaved:
            return
        try:
            DraftStore().keep(draft, os.getpid())
            self._kept = draft
        except (OSError, AdvisorError) as error:
            if not self._complained:
                self._complained = True
                self._desk.app.call_from_thread(
                    self._desk.complain, f"drafts cannot be kept: {error}"
                )

    def forget(self) -> None:
        """The draft was saved or discarded: nothing is left to recover."""
        self._stop_timer()
        if self._kept is not None:
            DraftStore().forget(self._kept, os.getpid())
            self._kept = None

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
