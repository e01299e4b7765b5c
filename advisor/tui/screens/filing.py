"""What the desk does with files: open, start anew, save, write reports, and ask before anything is
lost.
"""

from __future__ import annotations

from asyncio import to_thread
from pathlib import Path
from typing import TYPE_CHECKING

from textual.screen import Screen
from textual.worker import Worker, WorkerState

from advisor.core.errors import AdvisorError
from advisor.core.format import clean
from advisor.tui import files
from advisor.tui.draft import Draft

if TYPE_CHECKING:
    from advisor.core.verdict import Verdict

SAVE, DISCARD, CANCEL = "Save", "Discard", "Cancel"


class Filing(Screen[None]):
    """The desk's dialogs. Each action runs as a worker, so that it may wait for an answer."""

    draft: Draft
    verdict: Verdict | None
    deep: bool

    async def take(self, draft: Draft) -> None:
        """Work on another brief from now on."""
        raise NotImplementedError

    def hold(self, draft: Draft) -> None:
        """Another state of the same brief."""
        raise NotImplementedError

    def refused(self) -> str:
        """The first field that holds no valid answer, in one line; empty where all do."""
        raise NotImplementedError

    def action_save(self) -> None:
        """Write the brief to its file, or ask for one."""
        self._dialog(self.save())

    def action_save_as(self) -> None:
        """Write the brief to another file."""
        self._dialog(self.save(anew=True))

    def action_open(self) -> None:
        """Open another brief."""
        self._dialog(self._open())

    def action_new(self) -> None:
        """Start from an example or from nothing."""
        self._dialog(self._new())

    def action_write_reports(self) -> None:
        """Write the report in every format."""
        self._dialog(self._write_reports())

    def _dialog(self, work: object) -> None:
        self.run_worker(work, group="dialog", exit_on_error=False)  # type: ignore[arg-type]

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Say what a dialog could not do."""
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            self.complain(str(event.worker.error) or type(event.worker.error).__name__)

    def complain(self, line: str) -> None:
        """One line about what went wrong."""
        self.notify(clean(line), severity="error", title="Not so", markup=False)

    async def may_go(self) -> bool:
        """Whether the brief may leave the desk: saved, or given up by the user."""
        if not self.draft.unsaved:
            return True
        from advisor.tui.screens.dialogs import Ask

        answer = await self.app.push_screen_wait(
            Ask(f"{clean(self.draft.brief.name)}: unsaved.", SAVE, DISCARD, CANCEL)
        )
        return await self.save() if answer == SAVE else answer == DISCARD

    async def save(self, *, anew: bool = False) -> bool:
        """Save, asking for a path where there is none; whether it was saved."""
        from advisor.tui.screens.dialogs import AskPath

        if line := self.refused():
            self.complain(line)
            return False
        path = self.draft.path
        if path is None or anew:
            path = await self.app.push_screen_wait(
                AskPath("Save as", [], str(path or "brief.toml"))
            )
            if path is None or (
                path.exists() and not await self._sure(f"{path} exists.", "Replace it")
            ):
                return False
        elif files.changed_outside(self.draft) and not await self._sure(
            f"{path.name} was changed outside.", "Replace it"
        ):
            return False
        return await self._write(path)

    async def _write(self, path: Path) -> bool:
        try:
            self.hold(await to_thread(files.save, self.draft, path))
        except (OSError, AdvisorError) as error:
            self.complain(f"{path}: {error}")
            return False
        supposed = "; what-ifs are not saved" if self.draft.supposed else ""
        self.notify(clean(f"saved {path}{supposed}"), markup=False)
        return True

    async def _sure(self, text: str, yes: str) -> bool:
        from advisor.tui.screens.dialogs import Ask

        return await self.app.push_screen_wait(Ask(clean(text), yes, CANCEL)) == yes

    async def _open(self) -> None:
        from advisor.tui.screens.dialogs import AskPath

        if not await self.may_go():
            return
        offered = files.neighbours(self.draft.path.parent if self.draft.path else Path())
        path = await self.app.push_screen_wait(AskPath("Open", offered))
        if path is not None:
            await self.take(Draft.read(path))

    async def _new(self) -> None:
        from advisor.tui.screens.dialogs import AskExample

        if not await self.may_go():
            return
        path = await self.app.push_screen_wait(AskExample(files.examples()))
        if path is not None:
            await self.take(Draft() if path == Path() else Draft.read(path).as_new())

    async def _write_reports(self) -> None:
        if self.draft.supposed:
            self.complain(
                "a report is written on answers, not on what-ifs: keep them (enter) or drop them (escape)"
            )
            return
        if self.verdict is None or not self.deep:
            self.complain("the verdict is still being worked out: try again in a moment")
            return
        stem = self.draft.path.with_suffix("") if self.draft.path else Path("brief")
        written = await to_thread(files.write_reports, self.verdict, stem)
        self.notify(clean("wrote " + ", ".join(path.name for path in written)), markup=False)
