"""What the keys of the single tabs do: data, calibration, options, scenarios, report."""

from __future__ import annotations

from collections.abc import Coroutine, Iterable
from typing import TYPE_CHECKING, Any

from advisor.tui import messages
from advisor.tui.screens.desk_face import DeskFace

if TYPE_CHECKING:
    from advisor.tui.widgets.decision_pane import DecisionPane
    from advisor.tui.widgets.report_pane import ReportPane

DIALOG = "dialog"
"""The group of the workers that open dialogs."""


class TabActions(DeskFace):
    """One method per action that belongs to a tab."""

    def _dialog(self, work: Coroutine[Any, Any, object]) -> None:
        """Start what opens a dialog; keys wait for it."""
        self.run_worker(work, group=DIALOG, exit_on_error=False)

    def _in_background(self, work: Coroutine[Any, Any, object]) -> None:
        """Start what asks nothing; keys do not wait for it."""
        self.run_worker(work, exit_on_error=False)

    def action_turn_page(self, step: int) -> None:
        """Scroll the pane in sight by a page, wherever the focus is."""
        self.panes.turn_page(step)

    def action_write_reports(self) -> None:
        """Write the report in every format."""
        self._in_background(self.files.write_reports())

    async def action_calibrate(self) -> None:
        """Go to the tab, with what the next step measures; there, start the plan or plan again."""
        if not await self.ways.measure_prompt():
            await self.calibration.calibrate()

    def action_set_aside(self) -> None:
        """Divide the data into test items and the rows that stay."""
        self._in_background(self.ways.set_aside())

    def action_note_score(self) -> None:
        """Put a score that the user knows into the brief."""
        self._dialog(self.ways.note_score())

    async def action_answer_gap(self) -> None:
        """Go to the answer that would help most."""
        await self.ways.answer_gap()

    def action_cancel_run(self) -> None:
        """Stop the run on the screen; on the Data tab, the look at the data."""
        if self.current_tab == "data":
            self.judging.stop_look()
        else:
            self._dialog(self.calibration.cancel())

    def action_recordings(self) -> None:
        """Choose a recorded run and watch it."""
        self._dialog(self.calibration.choose_recording())

    def action_pace(self, step: int) -> None:
        """Replay a recorded run faster or slower."""
        self.calibration.change_speed(step)

    def action_take_back(self) -> None:
        """Take back the newest proposals that were accepted."""
        self.judging.take_back()

    def action_take_all(self) -> None:
        """Accept everything that the data propose."""
        from advisor.tui.widgets.data_pane import DataPane

        for pane in self.query(DataPane):
            pane.post_message(messages.ProposalsAccepted(pane.proposals))

    def action_explain(self, option_id: str = "") -> None:
        """Show every figure of an option, by default of the chosen one."""
        from advisor.tui.screens.explain import ExplainScreen

        verdict = self.verdict
        wanted = option_id or (verdict.arm if verdict is not None else "")
        options = verdict.arms if verdict is not None else ()
        option = next((option for option in options if option.id == wanted), None)
        if option is None:
            self.complain("nothing to explain yet")
        else:
            self.app.push_screen(ExplainScreen(option, self.draft))

    def action_pin(self) -> None:
        """Pin what is on the desk, to compare it with what comes next."""
        scenario = self.panes.pin()
        if scenario is None:
            self.complain("no verdict to pin yet")
        else:
            self.notify(f"pinned as {scenario.name}; 6 compares", markup=False)

    def action_unpin(self) -> None:
        """Drop the newest pin."""
        self.panes.unpin()

    def action_open_report(self) -> None:
        """Open the report that was written."""
        self.files.open_report()

    @property
    def report_pane(self) -> ReportPane | None:
        """The Report tab, once it was opened."""
        from advisor.tui.widgets.report_pane import ReportPane

        return next(iter(self.query(ReportPane)), None)

    def action_sort_options(self) -> None:
        """Sort the options by another column."""
        for pane in self._decision_panes():
            pane.sort()

    def action_fold_options(self) -> None:
        """Fold the variants of one model into a row, or unfold them."""
        for pane in self._decision_panes():
            pane.fold()

    def action_turn_section(self, step: int) -> None:
        """Show the next section of the decision, or the one before."""
        for pane in self._decision_panes():
            pane.turn(step)

    def action_filter_options(self) -> None:
        """Ask for words that the names of the options contain."""
        self._dialog(self._filter_options())

    async def _filter_options(self) -> None:
        from advisor.tui.screens.dialogs import AskText

        text = await self.app.push_screen_wait(
            AskText("Show only options whose name contains", hint="words; empty: every option")
        )
        if text is not None:
            for pane in self._decision_panes():
                pane.filter(text)

    def _decision_panes(self) -> Iterable[DecisionPane]:
        from advisor.tui.widgets.decision_pane import DecisionPane

        return self.query(DecisionPane)
