"""What the desk does with calibrations: plan, start, cancel, replay, and judge again with what was
measured.
"""

from __future__ import annotations

from asyncio import to_thread
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on

from advisor.core.experiment import RunRecord, Status
from advisor.core.format import clean, plural
from advisor.tui.draft import Draft
from advisor.tui.messages import Ended, Judged, Planned, Progressed
from advisor.tui.runner import SPEEDS, Runner
from advisor.tui.screens.judging import Judging

if TYPE_CHECKING:
    from advisor.core.brief import Brief
    from advisor.tui.engine import Engine
    from advisor.tui.widgets.calibrate_pane import CalibratePane

STOP, GO_ON, QUIT = "Cancel the run", "Let it run", "Cancel it and quit"


class Calibrating(Judging):
    """Owns the runner. A run belongs to the desk: it goes on whatever tab is in sight."""

    def __init__(self, engine: Engine, draft: Draft) -> None:
        super().__init__(engine, draft)
        self.engine = engine
        self.runner = Runner(self, engine)
        self._stage.runner = self.runner
        self._measured_for: Brief | None = None

    @property
    def in_sight(self) -> str:
        """The tab that is shown."""
        raise NotImplementedError

    async def action_tab(self, tab: str) -> None:
        """Show a tab."""
        raise NotImplementedError

    @property
    def _pane(self) -> CalibratePane | None:
        from advisor.tui.widgets.calibrate_pane import CalibratePane

        return next(iter(self.query(CalibratePane)), None)

    @on(Planned)
    def _planned(self, message: Planned) -> None:
        if message.number == self.runner.plans and (pane := self._pane):
            pane.show_plan(message.prepared, message.failure, message.missing)

    def on_calibrate_pane_wished(self) -> None:
        """Another plan is needed; it waits for the look around."""
        if (pane := self._pane) and self.sights is not None:
            self.runner.plan(pane.wish, self.draft.brief, self.sights)

    async def action_calibrate(self) -> None:
        """To the tab; on it: start, or after the end of a run plan anew."""
        if self.in_sight != "calibrate":
            await self.action_tab("calibrate")
            return
        pane, shown = self._pane, self.runner.shown
        if pane is None:
            return
        if shown is None:
            self._start(pane)
        elif shown.ended:
            self._plan_again(pane)

    def _start(self, pane: CalibratePane) -> None:
        from advisor.tui.course import Course

        prepared = pane.prepared
        if prepared is None:
            self.complain("there is no plan yet: see below the questions why")
        elif pane.missing:
            self.complain(pane.missing)
        elif not prepared.left:
            self.complain(
                "every trial has its answer: say yes to “again” to measure anew, or v shows the run"
            )
        else:
            earlier = prepared.earlier.outcomes if prepared.earlier is not None else ()
            self.runner.start(prepared, Course.of_plan(prepared.plan, earlier))
            self._show_run()
            pane.focus_run()

    def _plan_again(self, pane: CalibratePane) -> None:
        self.runner.leave()
        pane.ask()
        self._show_run()

    def on_unmount(self) -> None:
        """However the app ends, no process outlives it."""
        self.runner.close()

    def leave_run(self) -> bool:
        """Escape: cancel what runs, or go from an ended run back to the plan; whether there was a
        run.
        """
        pane, shown = self._pane, self.runner.shown
        if pane is None or shown is None:
            return False
        if shown.ended:
            self._plan_again(pane)
        else:
            self.action_cancel_run()
        return True

    def action_cancel_run(self) -> None:
        """Stop the run on the screen; asks where a trial under way would be lost."""
        self._dialog(self._cancel_run())

    async def _cancel_run(self) -> None:
        shown = self.runner.shown
        if shown is None or shown.ended:
            return
        if shown.running and shown.course.under_way is not None:
            from advisor.tui.screens.dialogs import Ask

            if await self.app.push_screen_wait(Ask(self._loss(), STOP, GO_ON)) != STOP:
                return
        self.runner.cancel()
        self._show_run()

    def _loss(self) -> str:
        """What cancelling costs, and what it keeps."""
        assert self.runner.shown is not None
        course = self.runner.shown.course
        under_way = (
            f"{clean(course.under_way.label)} is under way and would be lost"
            if course.under_way
            else ""
        )
        return f"{under_way}; {plural(course.finished, 'finished trial')} stay, and the same plan goes on from there."

    def action_recordings(self) -> None:
        """Choose a recorded run and watch it."""
        self._dialog(self._recordings())

    async def _recordings(self) -> None:
        from advisor.tui.course import Course
        from advisor.tui.screens.dialogs import AskPath

        if self.runner.shown is not None and not self.runner.shown.ended:
            self.complain("a run is on the screen: x ends it first")
            return
        offered = [(Path(name), about) for name, about in await to_thread(self.engine.recordings)]
        chosen = await self.app.push_screen_wait(
            AskPath("Recorded runs", offered, hint="number of a run, its name, or a file of events")
        )
        if chosen is not None:
            recorded = await to_thread(self.engine.recorded, str(chosen))
            await self.action_tab("calibrate")
            self.runner.replay(str(chosen), recorded, Course())
            self._show_run()
            if pane := self._pane:
                pane.focus_run()

    def action_pace(self, step: int) -> None:
        """Watch a recorded run faster or slower."""
        at = SPEEDS.index(self.runner.speed) + step
        self.runner.speed = SPEEDS[min(max(at, 0), len(SPEEDS) - 1)]
        self._show_run()

    @on(Progressed)
    def _progressed(self) -> None:
        self._show_run()

    @on(Ended)
    def _ended(self, message: Ended) -> None:
        self.runner.end(message)
        shown = self.runner.shown
        if shown is not None and message.record is not None and tells_a_verdict(message.record):
            shown.before, self._measured_for = self.verdict, self.draft.judged
            self.bench.drop()  # what is judged without the run counts no more
            self.bench.look(self.draft.judged)
        self._show_run()
        if shown is not None and not shown.replay and self.in_sight != "calibrate":
            told = shown.failure or (shown.record.summary.status.value if shown.record else "")
            self.notify(clean(f"calibration: {told}"), markup=False)

    @on(Judged)
    def _judged_again(self, message: Judged) -> None:
        """The first judgement in depth after a run shows what it changed, unless the brief was
        changed meanwhile.
        """
        shown, newest = self.runner.shown, message.number == self.bench.judgements
        if shown is None or self._measured_for is None or not newest or not message.deep:
            return
        if self._measured_for == self.draft.judged:
            shown.after = message.verdict
        else:
            shown.before = None
        self._measured_for = None
        self._show_run()

    def _show_run(self) -> None:
        self._status.running = self._stage.show_run()
        self.refresh_bindings()

    async def may_quit(self) -> bool:
        """Whether the program may end: a run under way is cancelled first, if the user says so."""
        shown = self.runner.shown
        if shown is not None and shown.running:
            from advisor.tui.screens.dialogs import Ask

            text = "A calibration is under way. " + (
                self._loss() if shown.course.under_way else "Nothing is measured yet."
            )
            if await self.app.push_screen_wait(Ask(text, QUIT, GO_ON)) != QUIT:
                return False
        return await self.may_go()


def tells_a_verdict(record: RunRecord) -> bool:
    """Whether a run measured anything that an estimate may use."""
    return not record.result.get("demonstration") and any(
        o.status is Status.DONE for o in record.outcomes
    )
