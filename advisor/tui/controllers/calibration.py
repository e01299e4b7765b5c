"""Calibration runs: plan, start, cancel, replay, and judge again with what was measured."""

from __future__ import annotations

from asyncio import to_thread
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.core.experiment import RunRecord, Status
from advisor.core.format import clean, plural
from advisor.tui.messages import PlanReady, RunEnded, VerdictReady
from advisor.tui.model.twins import twin
from advisor.tui.work.run_jobs import SPEEDS, RunJobs

if TYPE_CHECKING:
    from advisor.core.brief import Brief
    from advisor.experiments import Prepared
    from advisor.tui.model.run_request import CalibrationRequest
    from advisor.tui.screens.desk import Desk
    from advisor.tui.widgets.calibrate_pane import CalibratePane
    from advisor.tui.work.engine import Engine

STOP = "Cancel the run"
GO_ON = "Let it run"
QUIT = "Cancel it and quit"
SPEND = "Run anyway"
BACK = "Back to the plan"


class CalibrationController:
    """Owns the run jobs. A run belongs to the desk and continues whatever tab is in sight."""

    def __init__(self, desk: Desk, engine: Engine) -> None:
        self._desk = desk
        self._engine = engine
        self.jobs = RunJobs(desk, engine)
        self._measured_for: Brief | None = None

    @property
    def _pane(self) -> CalibratePane | None:
        from advisor.tui.widgets.calibrate_pane import CalibratePane

        panes = self._desk.panes.children
        return next((pane for pane in panes if isinstance(pane, CalibratePane)), None)

    def plan(self) -> None:
        """Make a plan for the request of the pane; without observations it comes later."""
        observations = self._desk.judging.observations
        if (pane := self._pane) and observations is not None:
            self.jobs.plan(pane.request, self._desk.draft.brief, observations)
        self._desk.panes.name_command()

    def request(self, request: CalibrationRequest) -> None:
        """Put a request into the pane, and plan for it."""
        if (pane := self._pane) is not None:
            pane.fill(request)

    def show_plan(self, message: PlanReady) -> None:
        """Show a plan, unless a newer one is being made."""
        from advisor.tui.views.plan import PlanNotes

        if message.number == self.jobs.plans and (pane := self._pane):
            command = twin("calibrate", self._desk.draft, request=pane.request)
            notes = PlanNotes(message.missing, command, message.leaves)
            pane.show_plan(message.prepared, message.failure, notes)

    async def calibrate(self) -> None:
        """Go to the tab; there, start the plan, or plan again after the end of a run."""
        if self._desk.current_tab != "calibrate":
            await self._desk.action_tab("calibrate")
            return
        pane = self._pane
        if pane is None:
            return
        if self.jobs.run_on_screen is None:
            self._start(pane)
        elif self.jobs.run_on_screen.ended:
            self._plan_again(pane)

    def _start(self, pane: CalibratePane) -> None:
        prepared = pane.prepared
        if prepared is None:
            self._desk.complain("nothing is planned yet: the reason is below the questions")
        elif pane.missing:
            self._desk.complain(pane.missing)
        elif not prepared.left:
            self._desk.complain(
                "every trial has its answer: set “again” to yes to repeat them, or watch with v"
            )
        elif not self._is_price_known(prepared):
            from advisor.tui.screens.tab_actions import DIALOG

            ask = self._ask_price(prepared, pane)
            self._desk.run_worker(ask, group=DIALOG, exit_on_error=False)
        else:
            self._run(prepared, pane)

    def _run(self, prepared: Prepared, pane: CalibratePane) -> None:
        from advisor.tui.model.run_progress import RunProgress

        earlier = prepared.earlier.outcomes if prepared.earlier is not None else ()
        self.jobs.start(prepared, RunProgress.of_plan(prepared.plan, earlier))
        self.show_run()
        pane.focus_run()

    @staticmethod
    def _is_price_known(prepared: Prepared) -> bool:
        from advisor.experiments.leaving import is_price_known

        return prepared.machine.device != "endpoint" or is_price_known(prepared.plan)

    async def _ask_price(self, prepared: Prepared, pane: CalibratePane) -> None:
        """Asks before money of an unknown amount is spent, as the command does."""
        from advisor.experiments.leaving import unknown_price
        from advisor.tui.screens.dialogs import Ask

        question = unknown_price(prepared.plan, pane.request.served_model)
        ask = Ask(f"{clean(question)}.", BACK, SPEND)
        if await self._desk.app.push_screen_wait(ask) == SPEND:
            self._run(prepared, pane)

    def _plan_again(self, pane: CalibratePane) -> None:
        self.jobs.leave()
        pane.ask()
        self.show_run()

    def leave_run(self) -> bool:
        """Cancel the run, or go from an ended one back to the plan; whether there was a run."""
        pane = self._pane
        run = self.jobs.run_on_screen
        if pane is None or run is None:
            return False
        if run.ended:
            self._plan_again(pane)
        else:
            self._desk.action_cancel_run()
        return True

    async def cancel(self) -> None:
        """Stop the run; asks where the trial under way would be lost."""
        run = self.jobs.run_on_screen
        if run is None or run.ended:
            return
        if run.running and run.progress.under_way is not None:
            from advisor.tui.screens.dialogs import Ask

            if await self._desk.app.push_screen_wait(Ask(self._loss(), STOP, GO_ON)) != STOP:
                return
        self.jobs.cancel()
        self.show_run()

    def _loss(self) -> str:
        """What cancelling would lose, and what stays."""
        assert self.jobs.run_on_screen is not None
        progress = self.jobs.run_on_screen.progress
        finished = plural(progress.finished, "finished trial")
        stays = f"{finished} stay, and the same plan continues from there."
        if progress.under_way is None:
            return stays
        label = clean(progress.under_way.label)
        return f"{label} is under way and would be lost; {stays}"

    async def choose_recording(self) -> None:
        """Choose a recorded run and watch it."""
        from advisor.tui.model.run_progress import RunProgress
        from advisor.tui.screens.dialogs import AskPath

        run = self.jobs.run_on_screen
        if run is not None and not run.ended:
            self._desk.complain("a run is on the screen: press x to end it first")
            return
        recordings = await to_thread(self._engine.recordings)
        choices = [(Path(name), about) for name, about in recordings]
        chosen = await self._desk.app.push_screen_wait(
            AskPath("Recorded runs", choices, hint="number of a run, its name, or an event file")
        )
        if chosen is None:
            return
        recorded = await to_thread(self._engine.recorded, str(chosen))
        await self._desk.action_tab("calibrate")
        self.jobs.replay(str(chosen), recorded, RunProgress())
        self.show_run()
        if pane := self._pane:
            pane.focus_run()

    def change_speed(self, step: int) -> None:
        """Replay a recorded run faster or slower."""
        at = SPEEDS.index(self.jobs.speed) + step
        self.jobs.speed = SPEEDS[min(max(at, 0), len(SPEEDS) - 1)]
        self.show_run()

    def end(self, message: RunEnded) -> None:
        """Take the end of a run; its measurements lead to a new verdict."""
        self.jobs.end(message)
        run = self.jobs.run_on_screen
        judging = self._desk.judging
        if run is not None and message.record is not None and bears_on_verdict(message.record):
            run.before = judging.verdict
            self._measured_for = judging.draft.judged
            judging.jobs.drop()  # a judgement without the new measurements counts no more
            judging.jobs.look(judging.draft.judged)
        self.show_run()
        if run is not None and not run.replay and self._desk.current_tab != "calibrate":
            status = run.record.summary.status.value if run.record else ""
            self._desk.notify(clean(f"calibration: {run.failure or status}"), markup=False)

    def compare(self, message: VerdictReady) -> None:
        """Show what a run changed once the first deep verdict after it is there.

        Nothing is compared where the brief was changed meanwhile.
        """
        run = self.jobs.run_on_screen
        newest = message.number == self._desk.judging.jobs.judgements
        if run is None or self._measured_for is None or not newest or not message.deep:
            return
        if self._measured_for == self._desk.draft.judged:
            run.after = message.verdict
        else:
            run.before = None
        self._measured_for = None
        self.show_run()

    def show_run(self) -> None:
        """Draw the state of the run."""
        self._desk.status.running = self._desk.panes.show_run()
        self._desk.refresh_bindings()

    async def may_quit(self) -> bool:
        """Whether the program may end: a run under way is cancelled if the user agrees."""
        run = self.jobs.run_on_screen
        if run is None or not run.running:
            return True
        from advisor.tui.screens.dialogs import Ask

        loss = self._loss() if run.progress.under_way else "Nothing is measured yet."
        text = f"A calibration is under way. {loss}"
        return await self._desk.app.push_screen_wait(Ask(text, QUIT, GO_ON)) == QUIT


def bears_on_verdict(record: RunRecord) -> bool:
    """Whether a run measured anything that an estimate may use."""
    return not record.result.get("demonstration") and any(
        outcome.status is Status.DONE for outcome in record.outcomes
    )
