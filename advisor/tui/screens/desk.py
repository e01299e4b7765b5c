"""The desk: brief on the left, verdict on the right, tabs, keys and help around them."""

from __future__ import annotations

from asyncio import Event
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import BindingType
from textual.events import DescendantFocus
from textual.widget import Widget
from textual.widgets import Tabs
from textual.worker import Worker, WorkerState

from advisor.core.format import clean
from advisor.tui import messages
from advisor.tui.controllers.autosaving import AutosaveController
from advisor.tui.controllers.calibration import CalibrationController
from advisor.tui.controllers.files import FileController
from advisor.tui.controllers.judging import JudgingController
from advisor.tui.controllers.ways import WaysController
from advisor.tui.model.draft import Draft
from advisor.tui.screens.desk_actions import DeskActions
from advisor.tui.screens.desk_keys import KEYS, ONLY_IN, WHILE_RUNNING
from advisor.tui.screens.tab_actions import DIALOG
from advisor.tui.widgets.tab_panes import TabPanes
from advisor.tui.work import loading

if TYPE_CHECKING:
    from advisor.tui.model.completion import Names
    from advisor.tui.widgets.decision_pane import DecisionPane
    from advisor.tui.work.engine import Engine

WATCH_SECONDS = 2.0
"""Pause between two looks at the file of the brief, which another program may change."""


class Desk(DeskActions):
    """Receives messages and keys; controllers do the work."""

    BINDINGS: ClassVar[list[BindingType]] = [*KEYS]

    def __init__(self, engine: Engine, draft: Draft, *, welcome: bool = False) -> None:
        super().__init__(engine)
        self._welcome = welcome
        self.is_open = Event()
        self.judging = JudgingController(self, engine, draft)
        self.calibration = CalibrationController(self, engine)
        self.files = FileController(self)
        self.autosave = AutosaveController(self)
        self.ways = WaysController(self)
        self.panes = TabPanes(engine.machine, self.calibration.jobs, draft)

    def on_mount(self) -> None:
        for tabs in self.query(Tabs):  # none where the app was closed meanwhile
            tabs.focus()
        self.set_interval(WATCH_SECONDS, self.files.watch_file)
        self.call_after_refresh(self._begin)

    async def _begin(self) -> None:
        await self.panes.open()
        self._start_with(self.draft)
        self.is_open.set()
        self.set_timer(loading.REST_SECONDS, self._load_rest)
        if self._welcome:
            self.action_start()
            return
        if self.draft.path is not None:
            self._dialog(self.files.offer_recovery())
        self.post_message(messages.DeskReady())

    def _load_rest(self) -> None:
        self.run_worker(self._read_rest, group="rest", thread=True, exit_on_error=False)

    def _read_rest(self) -> None:
        """Names of models and GPUs for completion, without which any name may be typed; and what
        other places need, so that no key has to wait for it.
        """
        from advisor.tui.model.completion import Names

        names = Names(tuple(self.engine.models()), tuple(self.engine.gpus()))
        self.app.call_from_thread(self._take_names, names)
        loading.load_rest()

    def _take_names(self, names: Names) -> None:
        self.names = names
        self.panes.form.complete_with(names)

    def on_unmount(self) -> None:
        """However the app ends, no process outlives it."""
        self.calibration.jobs.close()

    async def take(self, draft: Draft) -> None:
        """Work on another brief from now on."""
        await self.panes.take(draft)
        self._start_with(draft)

    def _start_with(self, draft: Draft) -> None:
        self.judging.take(draft)
        if self.names is not None:
            self.panes.form.complete_with(self.names)
        self.query_one(Tabs).active = "brief"
        self.judging.jobs.look(draft.judged)

    @property
    def is_busy(self) -> bool:
        """Whether a look, a judgement or a run is under way."""
        run = self.calibration.jobs.run_on_screen
        return self.is_judging or (run is not None and not run.ended)

    @property
    def is_judging(self) -> bool:
        """Whether the verdict on the newest answers is still to come, with all that follows."""
        return self.judging.is_looking or not (self.judging.deep or self.panel.text.failure)

    @property
    def is_in_dialog(self) -> bool:
        """Whether something is under way that asks: a dialog is open, or about to be."""
        return any(
            worker.group in (DIALOG, "quit") and not worker.is_finished
            for worker in self.app.workers
        )

    async def may_quit(self) -> bool:
        """Whether the program may end without losing anything the user wants to keep."""
        return await self.calibration.may_quit() and await self.files.may_leave_brief()

    @on(messages.AnswerGiven)
    def _answer_given(self, message: messages.AnswerGiven) -> None:
        self.field_help.refusal = ""
        self.judging.answer({message.key: message.value})

    @on(messages.AnswerRefused)
    def _answer_refused(self, message: messages.AnswerRefused) -> None:
        self.show_failure(clean(message.line))

    @on(messages.WhatIfStepped)
    def _stepped(self, message: messages.WhatIfStepped) -> None:
        self.judging.step(message)

    @on(messages.WhatIfSettled)
    def _settled(self, message: messages.WhatIfSettled) -> None:
        self.judging.settle(message)

    @on(messages.FlipTried)
    def _flip_tried(self, message: messages.FlipTried) -> None:
        self.judging.try_flip(message)

    @on(messages.PastWanted)
    def _past_wanted(self, message: messages.PastWanted) -> None:
        self._in_background(self.files.open_past(message.number))

    @on(messages.ProposalsAccepted)
    def _proposals_accepted(self, message: messages.ProposalsAccepted) -> None:
        self.judging.accept(message)

    @on(messages.ObservationsReady)
    def _observations_ready(self, message: messages.ObservationsReady) -> None:
        self.calibration.show_run()
        self.judging.observe(message)

    @on(messages.VerdictReady)
    def _verdict_ready(self, message: messages.VerdictReady) -> None:
        self.judging.receive(message)
        self.calibration.compare(message)

    @on(messages.PlanWanted)
    def _plan_wanted(self) -> None:
        self.calibration.plan()

    @on(messages.PlanReady)
    def _plan_ready(self, message: messages.PlanReady) -> None:
        self.calibration.show_plan(message)

    @on(messages.RunProgressed)
    def _run_progressed(self) -> None:
        self.calibration.show_run()

    @on(messages.RunEnded)
    def _run_ended(self, message: messages.RunEnded) -> None:
        self.calibration.end(message)

    @on(messages.HelpWanted)
    def _help_wanted(self, message: messages.HelpWanted) -> None:
        self.field_help.about = message.text

    @on(messages.LookProgressed)
    def _look_progressed(self, message: messages.LookProgressed) -> None:
        self.panes.show_look(message.event)
        self.refresh_bindings()
        self.status.running = clean(f"… {message.event.message}")

    @on(DescendantFocus)
    def _help_follows(self, event: DescendantFocus) -> None:
        self._explain_focus(event.widget)

    def _explain_focus(self, widget: Widget | None) -> None:
        from advisor.tui.widgets.field import Field

        field = widget.parent if widget is not None else None
        self.field_help.question = field.question if isinstance(field, Field) else None
        self.strip.text.keys_first = not isinstance(field, Field)
        self.field_help.about = getattr(widget, "about", "")
        self.field_help.refusal = field.refusal if isinstance(field, Field) else ""
        self.show_toml()

    async def on_tabs_tab_activated(self, event: Tabs.TabActivated) -> None:
        """A tab was chosen by mouse or arrows."""
        await self.panes.bring(event.tab.id or "brief")
        self.refresh_bindings()
        # What had the focus is hidden with its tab, and loses it at the next layout.
        self.call_after_refresh(lambda: self._explain_focus(self.focused))

    def on_decision_pane_explain(self, event: DecisionPane.Explain) -> None:
        """A row of the table of options was chosen."""
        self.action_explain(event.option_id)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Say what a dialog could not do."""
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            self.complain(str(event.worker.error) or type(event.worker.error).__name__)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Some actions have their key only on the tab that they are about."""
        if action == "next_field":
            return self._focused_field is not None
        if action == "settle_all":
            return bool(self.draft.supposed) and self._focused_field is None
        here = self.current_tab == "calibrate"
        run = self.calibration.jobs.run_on_screen
        moving = run is not None and not run.ended
        if action == "cancel_run" and self.current_tab == "data":
            return self.judging.is_looking
        if action in WHILE_RUNNING:
            return here and moving and (action != "pace" or bool(run and run.replay))
        if action in ("calibrate", "recordings") and here and moving:
            return False
        return action not in ONLY_IN or self.current_tab == ONLY_IN[action]
