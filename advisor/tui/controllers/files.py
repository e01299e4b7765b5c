"""Briefs and reports as files: open, start a new one, save, and ask before anything is lost."""

from __future__ import annotations

from asyncio import to_thread
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.core.errors import AdvisorError
from advisor.core.format import clean
from advisor.tui.model import brief_files
from advisor.tui.model.draft import Draft

if TYPE_CHECKING:
    from advisor.tui.screens.desk import Desk

SAVE = "Save"
DISCARD = "Discard"
CANCEL = "Cancel"


class FileController:
    """The file dialogs of the desk. Each method that waits for an answer runs as a worker."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def may_leave_brief(self) -> bool:
        """Whether the brief may be closed: it is saved, or the user discards the changes."""
        draft = self._desk.draft
        if not draft.unsaved:
            return True
        from advisor.tui.screens.dialogs import Ask

        answer = await self._desk.app.push_screen_wait(
            Ask(f"{clean(draft.brief.name)}: unsaved changes.", SAVE, DISCARD, CANCEL)
        )
        if answer == SAVE:
            return await self.save()
        return answer == DISCARD

    async def save(self, *, to_new_file: bool = False) -> bool:
        """Save, asking for a path where there is none; returns whether the brief was saved."""
        if line := self._desk.judging.first_refusal():
            self._desk.complain(line)
            return False
        path = self._desk.draft.path
        if path is None or to_new_file:
            path = await self._ask_new_path()
        elif brief_files.changed_outside(self._desk.draft) and not await self._confirm(
            f"{path.name} was changed by another program.", "Replace it"
        ):
            path = None
        return path is not None and await self._write(path)

    async def _ask_new_path(self) -> Path | None:
        from advisor.tui.screens.dialogs import AskPath

        suggestion = str(self._desk.draft.path or "brief.toml")
        path = await self._desk.app.push_screen_wait(AskPath("Save as", [], suggestion))
        if path is not None and path.exists():
            return path if await self._confirm(f"{path} exists.", "Replace it") else None
        return path

    async def _write(self, path: Path) -> bool:
        try:
            self._desk.judging.set_draft(await to_thread(brief_files.save, self._desk.draft, path))
        except (OSError, AdvisorError) as error:
            self._desk.complain(f"{path}: {error}")
            return False
        supposed = "; what-ifs are not saved" if self._desk.draft.supposed else ""
        self._desk.notify(clean(f"saved {path}{supposed}"), markup=False)
        return True

    async def _confirm(self, text: str, yes: str) -> bool:
        from advisor.tui.screens.dialogs import Ask

        return await self._desk.app.push_screen_wait(Ask(clean(text), yes, CANCEL)) == yes

    async def open(self) -> None:
        """Open another brief."""
        from advisor.tui.screens.dialogs import AskPath

        if not await self.may_leave_brief():
            return
        current = self._desk.draft.path
        choices = brief_files.neighbours(current.parent if current else Path())
        path = await self._desk.app.push_screen_wait(AskPath("Open", choices))
        if path is not None:
            await self._desk.take(Draft.read(path))

    async def new(self) -> None:
        """Start from an example or from an empty brief."""
        from advisor.tui.screens.dialogs import AskExample

        if not await self.may_leave_brief():
            return
        path = await self._desk.app.push_screen_wait(AskExample(brief_files.examples()))
        if path is not None:
            await self._desk.take(Draft() if path == Path() else Draft.read(path).as_new())

    async def write_reports(self) -> None:
        """Write the report in every format beside the brief."""
        judging = self._desk.judging
        if self._desk.draft.supposed:
            self._desk.complain(
                "a report needs answers, not what-ifs: keep them (enter) or drop them (escape)"
            )
            return
        if judging.verdict is None or not judging.deep:
            self._desk.complain("the verdict is still being computed: try again in a moment")
            return
        path = self._desk.draft.path
        stem = path.with_suffix("") if path else Path("brief")
        written = await to_thread(brief_files.write_reports, judging.verdict, stem)
        names = ", ".join(file.name for file in written)
        self._desk.notify(clean(f"wrote {names}"), markup=False)
