"""What the keys and commands of the whole desk do; controllers do the work."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from time import strftime
from typing import TYPE_CHECKING

from textual.widget import Widget
from textual.widgets import Tabs

from advisor.core.brief import questions
from advisor.core.format import clean
from advisor.tui import messages
from advisor.tui.model.tabs import TABS
from advisor.tui.screens.desk_face import TOML_OPEN
from advisor.tui.screens.tab_actions import TabActions

if TYPE_CHECKING:
    from advisor.core.question import Question
    from advisor.tui.widgets.field import Field


class DeskActions(TabActions):
    """One method per action that belongs to no tab."""

    def action_next_field(self) -> None:
        """Keep a what-if of the field, and go to the next one."""
        field = self._focused_field
        if field is None:
            return
        self.focus_next()
        key = field.question.key
        if key in self.draft.supposed:
            self.judging.settle(messages.WhatIfSettled(key, keep=True))
        elif models := field.meant_models():
            self._dialog(self._choose_model(field, models))

    async def _choose_model(self, field: Field, models: Sequence[str]) -> None:
        from advisor.tui.screens.dialogs import AskChoice

        title = f"Which model is “{field.control.text()}”?"
        model = await self.app.push_screen_wait(AskChoice(title, models))
        if model is not None:
            answer = (model,) if field.question.kind == "names" else model
            self.judging.put({field.question.key: answer})

    def action_jump(self) -> None:
        """Show a letter on everything that can take the focus."""
        self._dialog(self._jump())

    async def _jump(self) -> None:
        from advisor.tui.screens.jump import JumpScreen

        targets = [w for w in self.focus_chain if w.region and self._is_in_sight(w)]
        target = await self.app.push_screen_wait(JumpScreen(targets))
        if target is not None:
            target.focus()

    def _is_in_sight(self, widget: Widget) -> bool:
        place = self.find_widget(widget)
        return place.region == place.visible_region

    def action_copy(self) -> None:
        """Copy the verdict in one line."""
        from advisor.tui.views.one_line import verdict_line

        if self.verdict is None:
            self.complain("no verdict to copy yet")
        else:
            self.hand_over(verdict_line(self.verdict))

    def action_copy_command(self) -> None:
        """Copy the command that shows the same in a plain terminal."""
        self.hand_over(self.panes.command())

    def hand_over(self, text: str) -> None:
        """Put a text on the clipboard of the terminal, and show it."""
        self.app.copy_to_clipboard(text)
        self.notify(clean(text), title="Copied", markup=False)

    def action_picture(self) -> None:
        """Write a picture of the screen into the working folder."""
        name = strftime("advisor-%Y%m%d-%H%M%S.svg")
        self.app.save_screenshot(filename=name, path=str(Path.cwd()))
        self.notify(clean(f"wrote {name}"), markup=False)

    def action_keys_file(self) -> None:
        """Write the file in which keys can be changed, where there is none yet."""
        self._in_background(self.files.write_keys())

    def action_toml(self) -> None:
        """Show the brief as a file beside the form, or the verdict again."""
        self.toggle_class(TOML_OPEN)
        self.show_toml()

    def action_range(self) -> None:
        """Give the number in focus as low, likely and high, or as not known."""
        field = self._focused_field
        if field is None or not field.question.ranged or field.question.key not in questions():
            self.complain("a range fits a number of the brief: put the cursor into its field")
        else:
            self._dialog(self._ask_range(field.question))

    async def _ask_range(self, question: Question) -> None:
        from advisor.tui.screens.range_editor import AskRange

        key = question.key
        answer = await self.app.push_screen_wait(AskRange(question, self.draft.value(key)))
        if answer is not None:
            self.judging.put({key: answer.value})

    @property
    def _focused_field(self) -> Field | None:
        from advisor.tui.widgets.field import Field

        parent = self.focused.parent if self.focused is not None else None
        return parent if isinstance(parent, Field) else None

    def action_start(self) -> None:
        """Show the ways in: five questions, a file, an example."""
        self._dialog(self.files.start())

    def action_save(self) -> None:
        """Write the brief to its file, or ask for one."""
        self._dialog(self.files.save())

    def action_save_as(self) -> None:
        """Write the brief to another file."""
        self._dialog(self.files.save(to_new_file=True))

    def action_open(self) -> None:
        """Open another brief."""
        self._dialog(self.files.open())

    def action_reload(self) -> None:
        """Read the file of the brief again."""
        self._dialog(self.files.reload())

    def action_new(self) -> None:
        """Start from an example or from an empty brief."""
        self._dialog(self.files.new())

    def action_undo(self) -> None:
        """Put back the answer of a field whose text is none; else go back to the answers before
        the newest change.
        """
        if self.panes.form.put_back():
            self.judging.judge()
        else:
            self.judging.undo()

    def action_redo(self) -> None:
        """Go forward again."""
        self.judging.redo()

    def action_settle_all(self, keep: bool) -> None:
        """Keep or drop every what-if."""
        self.judging.settle_all(keep=keep)

    def action_help(self) -> None:
        """Open or close the whole help."""
        self.field_help.opened = not self.field_help.opened

    def action_leave(self) -> None:
        """Leave the field, so that letters are keys again; outside a field, leave the run."""
        on_a_run = self.current_tab == "calibrate" and self._focused_field is None
        if not (on_a_run and self.calibration.leave_run()):
            self.query_one(Tabs).focus()

    async def go_to(self, key: str) -> None:
        """Focus the field of a question."""
        await self.action_tab("brief")
        await self.panes.bring("brief")
        await self.panes.form.reveal(key)

    async def action_tab(self, tab: str) -> None:
        """Show a tab."""
        self.query_one(Tabs).active = tab

    async def action_more(self) -> None:
        """Show the questions that matter less, too."""
        await self.action_tab("brief")
        await self.panes.form.show_all()

    async def action_next_tab(self, step: int = 1) -> None:
        """Go round the tabs."""
        await self.action_tab(TABS[(TABS.index(self.current_tab) + step) % len(TABS)])
