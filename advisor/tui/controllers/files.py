"""Briefs and reports as files: open, start a new one, save, and ask before anything is lost."""

from __future__ import annotations

from asyncio import sleep, to_thread
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.core.errors import AdvisorError
from advisor.core.format import clean
from advisor.tui.model import brief_files
from advisor.tui.model.autosave import DraftStore
from advisor.tui.model.draft import Draft
from advisor.tui.model.recent import remember_brief

if TYPE_CHECKING:
    from advisor.tui.screens.desk import Desk

SAVE = "Save"
DISCARD = "Discard"
CANCEL = "Cancel"
RECOVER = "Recover"
FORGET = "Delete them"
LATER = "Later"

LOOK_SECONDS = 0.05
"""Pause between two looks at whether the verdict on the newest answers is there."""


class FileController:
    """The file dialogs of the desk. Each method that waits for an answer runs as a worker."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._written: list[Path] = []
        self._told_changed = False

    async def may_leave_brief(self) -> bool:
        """Whether the brief may be closed: it is saved and no answer is half typed, or the user
        discards the changes.
        """
        draft = self._desk.draft
        unfinished = self._desk.check_fields()
        if not (draft.unsaved or unfinished):
            return True
        from advisor.tui.screens.dialogs import Ask

        text = (
            f"an answer is not finished. {clean(unfinished)}" if unfinished else "unsaved changes."
        )
        answer = await self._desk.app.push_screen_wait(
            Ask(f"{clean(draft.brief.name)}: {text}", SAVE, DISCARD, CANCEL)
        )
        if answer == SAVE:
            return await self.save()
        if answer == DISCARD:
            self._desk.autosave.forget()
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
        remember_brief(path)
        self._desk.autosave.forget()
        supposed = "; what-ifs are not saved" if self._desk.draft.supposed else ""
        self._desk.notify(clean(f"saved {path}{supposed}"), markup=False)
        await self._keep_verdict()
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
            await self.open_file(path)

    async def open_file(self, path: Path) -> None:
        """Open a brief file; unsaved changes that were left behind may be recovered."""
        draft = Draft.read(path)
        remember_brief(path)
        await self._desk.take(draft)
        await self.offer_recovery()

    async def offer_recovery(self) -> None:
        """Where changes to this file were left unsaved, ask what should happen to them."""
        path = self._desk.draft.path
        saved = DraftStore().of_file(path) if path is not None else None
        if path is None or saved is None:
            return
        from advisor.tui.screens.dialogs import Ask

        when = saved.saved_at.replace("T", " ")[:16]
        question = f"{path.name} has unsaved changes from {when}."
        answer = await self._desk.app.push_screen_wait(Ask(clean(question), RECOVER, FORGET, LATER))
        if answer == RECOVER:
            await self._desk.take(DraftStore().restore(saved))
        elif answer == FORGET:
            DraftStore().remove(saved.id)

    async def start(self) -> None:
        """Ask what to work on, until something is chosen."""
        from advisor.tui.screens import start

        choice = await self._desk.app.push_screen_wait(start.StartScreen())
        if choice is None or (choice.way == start.EMPTY and choice == start.WayIn()):
            return
        if choice.saved is not None:
            draft = DraftStore().restore(choice.saved)
            DraftStore().remove(choice.saved.id)
            await self._desk.take(draft)
            self._desk.autosave.changed(draft)
        elif choice.path is not None and choice.is_example:
            await self._desk.take(Draft.read(choice.path).as_new())
        elif choice.path is not None:
            await self.open_file(choice.path)
        elif choice.way == start.OPEN:
            await self.open()
        else:
            answers = await self._desk.app.push_screen_wait(start.FiveQuestions(self._desk.names))
            if answers:
                await self._desk.take(start.draft_of(answers))

    async def new(self) -> None:
        """Start from an example or from an empty brief."""
        from advisor.tui.screens.dialogs import AskExample

        if not await self.may_leave_brief():
            return
        path = await self._desk.app.push_screen_wait(AskExample(brief_files.examples()))
        if path is not None:
            await self._desk.take(Draft() if path == Path() else Draft.read(path).as_new())

    async def write_reports(self) -> None:
        """Write the report of the newest answers, in every format chosen, beside the brief."""
        while self._desk.is_judging:
            await sleep(LOOK_SECONDS)
        judging = self._desk.judging
        if self._desk.draft.supposed:
            self._desk.complain(
                "a report needs answers, not what-ifs: keep them (enter) or drop them (escape)"
            )
            return
        if judging.verdict is None:
            self._desk.complain("no report without a verdict: the panel says why there is none")
            return
        path = self._desk.draft.path
        stem = path.with_suffix("") if path else Path("brief")
        pane = self._desk.report_pane
        choice = (pane.formats, pane.look) if pane is not None else ()
        written = await to_thread(brief_files.write_reports, judging.verdict, stem, *choice)
        self._written = written
        await self._keep_verdict()
        names = ", ".join(file.name for file in written)
        self._desk.notify(clean(f"wrote {names}; o opens"), markup=False)

    async def write_keys(self) -> None:
        """Write a file of all keys, unless there is one; say where it is."""
        from advisor import brief
        from advisor.tui.model.keymap import keymap_path, template
        from advisor.tui.screens.desk_keys import key_names

        path = keymap_path()
        if not path.exists():
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                await to_thread(brief.save, path, template(key_names()))
            except (OSError, AdvisorError) as error:
                self._desk.complain(f"{path}: {error}")
                return
        self._desk.notify(clean(f"keys: {path}; they count from the next start"), markup=False)

    async def open_past(self, number: int) -> None:
        """Pin a verdict of the past beside the one on the desk."""
        try:
            name, verdict = await to_thread(brief_files.past_verdict, number)
        except AdvisorError as error:
            self._desk.complain(str(error))
            return
        self._desk.panes.pin_past(name, verdict)

    async def _keep_verdict(self) -> None:
        """Keep the verdict on a saved brief in the history, as the command line does."""
        judging = self._desk.judging
        draft = self._desk.draft
        if judging.verdict is None or not judging.deep or draft.supposed or draft.path is None:
            return
        observations = judging.observations
        if observations is not None:
            await to_thread(brief_files.keep, draft.path, observations, judging.verdict)
            self._desk.panes.read_past()

    def watch_file(self) -> None:
        """Say once that another program has changed the file of the brief."""
        draft = self._desk.draft
        try:
            changed = brief_files.changed_outside(draft)
        except (OSError, UnicodeDecodeError):
            return
        if changed and draft.path is not None and not self._told_changed:
            self._desk.notify(
                clean(f"{draft.path.name} was changed by another program; ctrl+r reads it again"),
                severity="warning",
                markup=False,
            )
        self._told_changed = changed

    async def reload(self) -> None:
        """Read the file of the brief again, unless unsaved changes should stay."""
        path = self._desk.draft.path
        if path is None:
            self._desk.complain("this brief has no file yet")
        elif await self.may_leave_brief():
            await self._desk.take(Draft.read(path))

    def open_report(self) -> None:
        """Open the newest written report with the program the system has for it."""
        if not self._written:
            self._desk.complain("no report has been written yet: w writes it")
            return
        import webbrowser

        best = next((p for p in self._written if p.suffix == ".html"), self._written[0])
        if not webbrowser.open(best.resolve().as_uri()):
            self._desk.notify(clean(f"no program opens it here: {best.resolve()}"), markup=False)
