"""The commands of the palette: what can be done now, and every question by its name."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.types import IgnoreReturnCallbackType

from advisor.core.brief import questions
from advisor.tui.model.question_text import label
from advisor.tui.model.tabs import TABS

if TYPE_CHECKING:
    from advisor.tui.screens.desk import Desk

Command = tuple[str, str, IgnoreReturnCallbackType]


class DeskCommands(Provider):
    """Only what fits the present state is listed."""

    async def discover(self) -> Hits:
        """Everything but the questions, before anything is typed."""
        for name, line, run in self._actions():
            yield DiscoveryHit(name, run, help=line)

    async def search(self, query: str) -> Hits:
        """What matches, questions included."""
        matcher = self.matcher(query)
        for name, line, run in (*self._actions(), *self._questions()):
            if (score := matcher.match(name)) > 0:
                whole = name.lower().endswith(f": {query.lower()}")  # the name of a question
                yield Hit(score + whole, matcher.highlight(name), run, help=line)

    @property
    def _desk(self) -> Desk | None:
        from advisor.tui.screens.desk import Desk

        return self.screen if isinstance(self.screen, Desk) else None

    def _actions(self) -> Iterator[Command]:
        desk = self._desk
        if desk is None:
            return
        yield "Save brief", "Write it to its file", desk.action_save
        yield "Save brief as", "Write it to another file", desk.action_save_as
        yield "Open brief", "Another TOML file", desk.action_open
        yield "New brief", "From an example or from nothing", desk.action_new
        yield from (
            (f"Show {tab}", f"Tab {n}", partial(desk.action_tab, tab))
            for n, tab in enumerate(TABS, 1)
        )
        run = desk.calibration.jobs.run_on_screen
        if run is not None and not run.ended:
            yield "Cancel the run", "What is finished is kept", desk.action_cancel_run
        else:
            yield "Calibrate", "Plan a run; on its tab: start it", desk.action_calibrate
            yield "Recorded runs", "Watch one again", desk.action_recordings
        yield "Help", "Open or close the help that follows the focus", desk.action_help
        if desk.verdict is not None:
            yield (
                "Explain figures",
                "Formula, numbers and source of every figure",
                desk.action_explain,
            )
            yield (
                "Write report",
                "Markdown, HTML and JSON beside the brief",
                desk.action_write_reports,
            )
        yield "Jump", "A letter on everything that can take the focus", desk.action_jump
        yield (
            "Copy the command",
            "What shows the same in a plain terminal",
            desk.action_copy_command,
        )
        yield "Change keys", "The file that gives actions other keys", desk.action_keys_file
        yield "Show the file", "The brief as TOML beside the form", desk.action_toml
        yield "Note a score", "That you know already, of any option", desk.action_note_score
        yield "Set test items aside", "A tenth of the data file", desk.action_set_aside
        if desk.draft.supposed:
            yield "Keep what-ifs", "Make them answers", partial(desk.action_settle_all, True)
            yield "Drop what-ifs", "Back to the answers", partial(desk.action_settle_all, False)

    def _questions(self) -> Iterator[Command]:
        desk = self._desk
        if desk is None:
            return
        for box in desk.panes.form.boxes:
            for key in box.group.keys:
                yield (
                    f"Go to {box.group.title}: {label(key)}",
                    questions()[key].text,
                    partial(desk.go_to, key),
                )
