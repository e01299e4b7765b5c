"""The desk: brief on the left, verdict on the right, tabs, keys and help around them."""

from __future__ import annotations

from collections.abc import Coroutine, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.events import DescendantFocus
from textual.screen import Screen
from textual.widgets import Footer, Tab, Tabs
from textual.worker import Worker, WorkerState

from advisor.core.format import clean
from advisor.tui import messages
from advisor.tui.controllers.autosaving import AutosaveController
from advisor.tui.controllers.calibration import CalibrationController
from advisor.tui.controllers.files import FileController
from advisor.tui.controllers.judging import JudgingController
from advisor.tui.model.draft import Draft
from advisor.tui.widgets.field_help import FieldHelp
from advisor.tui.widgets.status_line import StatusLine
from advisor.tui.widgets.tab_panes import TABS, TabPanes
from advisor.tui.widgets.verdict_panel import VerdictPanel, VerdictStrip

if TYPE_CHECKING:
    from advisor.core.verdict import Verdict
    from advisor.tui.model.completion import Names
    from advisor.tui.widgets.decision_pane import DecisionPane
    from advisor.tui.widgets.field import Field
    from advisor.tui.work.engine import Engine

WIDTHS = [(0, "-narrow"), (100, "-wide")]
HEIGHTS = [(0, "-short"), (30, "-tall")]
ONLY_IN = {
    "write_reports": "report",
    "open_report": "report",
    "unpin": "compare",
    "take_all": "data",
    "take_back": "data",
    "recordings": "calibrate",
}
"""Actions whose key is active only on the tab they are about."""

WATCH_SECONDS = 2.0
"""Pause between two looks at the file of the brief, which another program may change."""

WHILE_RUNNING = ("cancel_run", "pace")
"""Actions on a run that is on the screen and has not ended."""


class Desk(Screen[None]):
    """Owns the widgets and the keys; controllers do the work."""

    HORIZONTAL_BREAKPOINTS = WIDTHS
    VERTICAL_BREAKPOINTS = HEIGHTS
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(str(n), f"tab('{tab}')", tab.title(), show=False)
            for n, tab in enumerate(TABS, 1)
        ),
        Binding("ctrl+pagedown,ctrl+pageup", "next_tab", "Next tab", show=False),
        Binding("tab", "app.focus_next", "Next field", show=False, priority=True),
        Binding("shift+tab", "app.focus_previous", "Previous field", show=False, priority=True),
        Binding("enter", "next_field", "Next field", show=False, priority=True),
        Binding("ctrl+z", "undo", "Undo", show=False, priority=True),
        Binding("ctrl+y", "redo", "Redo", show=False, priority=True),
        Binding("escape", "leave", "Leave field", show=False),
        Binding("e,f2", "explain", "Explain", key_display="e"),
        Binding("m", "more", "More questions", show=False),
        Binding("r", "tab('report')", "Report"),
        Binding("w", "write_reports", "Write report"),
        Binding("c", "calibrate", "Calibrate"),
        Binding("v", "recordings", "Recorded runs", show=False),
        Binding("x", "cancel_run", "Cancel"),
        Binding("plus", "pace(1)", "Faster", key_display="+"),
        Binding("minus", "pace(-1)", "Slower", key_display="−"),
        Binding("a", "take_all", "Take all", show=False),
        Binding("u", "take_back", "Take back", show=False),
        Binding("f1", "help", "Help"),
        Binding("ctrl+s", "save", "Save"),
        Binding("q", "app.quit", "Quit"),
        Binding("ctrl+r", "reload", "Read again", show=False),
        Binding("ctrl+o", "open", "Open", show=False),
        Binding("ctrl+n", "new", "New", show=False),
        Binding("p", "pin", "Pin"),
        Binding("P,shift+p", "unpin", "Unpin", show=False),
        Binding("o", "open_report", "Open it"),
    ]

    def __init__(self, engine: Engine, draft: Draft, *, welcome: bool = False) -> None:
        super().__init__()
        self._welcome = welcome
        self.engine = engine
        self.names: Names | None = None
        self.judging = JudgingController(self, engine, draft)
        self.calibration = CalibrationController(self, engine)
        self.files = FileController(self)
        self.autosave = AutosaveController(self)
        self.status = StatusLine()
        self.panes = TabPanes(engine.machine, self.calibration.jobs)
        self.panel = VerdictPanel()
        self.strip = VerdictStrip()
        self.field_help = FieldHelp()

    def compose(self) -> ComposeResult:
        yield self.status
        yield Tabs(*(Tab(f"{n} {tab.title()}", id=tab) for n, tab in enumerate(TABS, 1)))
        yield self.strip
        with Horizontal(id="desk"):
            yield self.panes
            yield self.panel
        yield self.field_help
        yield Footer(show_command_palette=True)

    def on_mount(self) -> None:
        self.query_one(Tabs).focus()
        self.run_worker(self._load_names, group="names", thread=True, exit_on_error=False)
        self.set_interval(WATCH_SECONDS, self.files.watch_file)
        self.call_after_refresh(self._begin)

    async def _begin(self) -> None:
        await self.take(self.draft)
        if self._welcome:
            self.action_start()
        elif self.draft.path is not None:
            self._dialog(self.files.offer_recovery())

    def _load_names(self) -> None:
        """Names of models and GPUs for completion; without them any name may be typed."""
        from advisor.tui.model.completion import Names

        names = Names(tuple(self.engine.models()), tuple(self.engine.gpus()))
        self.app.call_from_thread(self._take_names, names)

    def _take_names(self, names: Names) -> None:
        self.names = names
        if form := self.panes.form:
            form.complete_with(names)

    def on_unmount(self) -> None:
        """However the app ends, no process outlives it."""
        self.calibration.jobs.close()

    # What stands on the desk

    @property
    def draft(self) -> Draft:
        """The brief being edited."""
        return self.judging.draft

    @property
    def verdict(self) -> Verdict | None:
        """The verdict on the draft, where there is one."""
        return self.judging.verdict

    @property
    def current_tab(self) -> str:
        """The tab in sight."""
        return self.query_one(Tabs).active

    async def take(self, draft: Draft) -> None:
        """Work on another brief from now on."""
        self.judging.take(draft)
        await self.panes.take(draft)
        if (form := self.panes.form) and self.names is not None:
            form.complete_with(self.names)
        self.query_one(Tabs).active = "brief"
        self.judging.jobs.look(draft.judged)

    async def may_quit(self) -> bool:
        """Whether the program may end without losing anything the user wants to keep."""
        return await self.calibration.may_quit() and await self.files.may_leave_brief()

    # What controllers show

    def show_draft(self, draft: Draft) -> None:
        """Show another state of the brief everywhere but in its own fields."""
        self.status.draft = draft
        self.field_help.draft = draft
        self.autosave.changed(draft)
        self.panes.show_draft(draft)
        if form := self.panes.form:
            form.relate(draft)
        what_ifs = len(draft.supposed)
        self.panel.border_title = f"Verdict — what-if: {what_ifs}" if what_ifs else "Verdict"
        for view in (self.panel, self.strip):
            view.set_class(bool(what_ifs), "-supposed")

    def show_answer(self, key: str, draft: Draft) -> None:
        """Show in the field of a question what the draft says."""
        form = self.panes.form
        if form is not None and (field := form.field(key)):
            from advisor.tui.widgets.brief_form import put

            put(field, draft)

    def fill_form(self, draft: Draft) -> None:
        """Show the answers of a draft in every field."""
        if form := self.panes.form:
            form.fill(draft)

    def show_findings(self, findings: Mapping[str, str]) -> None:
        """Show at the fields what the data say where it differs from the answers."""
        if form := self.panes.form:
            form.show_findings(findings)

    def mark_field(self, key: str, line: str) -> None:
        """Mark the field of a question as refused; an empty key removes every such mark."""
        if form := self.panes.form:
            form.mark(key, line)

    def show_verdict(self, verdict: Verdict | None, change: str = "") -> None:
        """Show a verdict, and what the newest answer changed in it."""
        self.status.verdict = verdict
        self.field_help.verdict = verdict
        for view in (self.panel, self.strip):
            view.text.show(verdict, self.draft.judged, change)

    def show_failure(self, line: str) -> None:
        """Show one line of why there is no verdict, above the last one; empty: remove it."""
        for view in (self.panel, self.strip):
            view.text.failure = line

    def check_fields(self) -> str:
        """Focus the first field without a valid answer; returns why, empty where all are valid."""
        from advisor.tui.widgets.field import Field

        for field in self.query(Field):
            if line := field.check():
                field.control.focus()
                return line
        return ""

    def complain(self, line: str) -> None:
        """Show one line about what went wrong."""
        self.notify(clean(line), severity="error", title="Error", markup=False)

    async def go_to(self, key: str) -> None:
        """Focus the field of a question."""
        await self.action_tab("brief")
        await self.panes.bring("brief")
        if form := self.panes.form:
            await form.reveal(key)

    # Messages of widgets and workers

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
        from advisor.tui.widgets.field import Field

        field = event.widget.parent
        self.field_help.question = field.question if isinstance(field, Field) else None
        self.field_help.about = getattr(event.widget, "about", "")
        self.field_help.refusal = field.refusal if isinstance(field, Field) else ""

    async def on_tabs_tab_activated(self, event: Tabs.TabActivated) -> None:
        """A tab was chosen by mouse or arrows."""
        await self.panes.bring(event.tab.id or "brief")
        self.refresh_bindings()

    def on_decision_pane_explain(self, event: DecisionPane.Explain) -> None:
        """A row of the table of options was chosen."""
        self.action_explain(event.option_id)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Say what a dialog could not do."""
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            self.complain(str(event.worker.error) or type(event.worker.error).__name__)

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Some actions have their key only on the tab that they are about."""
        if action == "next_field":
            return self._focused_field is not None
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

    def _dialog(self, work: Coroutine[Any, Any, object]) -> None:
        self.run_worker(work, group="dialog", exit_on_error=False)

    def action_next_field(self) -> None:
        """Keep a what-if of the field, and go to the next one."""
        control = self.focused
        field = self._focused_field
        if control is None or field is None:
            return
        # Keys that were typed before enter are still on their way to the control.
        control.call_next(self._finish_field, field)
        self.focus_next()

    async def _finish_field(self, field: Field) -> None:
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

    def action_write_reports(self) -> None:
        """Write the report in every format."""
        self._dialog(self.files.write_reports())

    async def action_calibrate(self) -> None:
        """Go to the tab; there, start the plan or plan again."""
        await self.calibration.calibrate()

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

    def action_undo(self) -> None:
        """Go back to the answers before the newest change."""
        self.judging.undo()

    def action_redo(self) -> None:
        """Go forward again."""
        self.judging.redo()

    def action_take_back(self) -> None:
        """Take back the newest proposals that were accepted."""
        self.judging.take_back()

    def action_settle_all(self, keep: bool) -> None:
        """Keep or drop every what-if."""
        self.judging.settle_all(keep=keep)

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
            self.app.push_screen(ExplainScreen(option))

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
    def report_formats(self) -> tuple[str, ...]:
        """The formats to write, as chosen on the Report tab."""
        from advisor.tui.model.brief_files import REPORTS
        from advisor.tui.widgets.report_pane import ReportPane

        pane = next(iter(self.query(ReportPane)), None)
        return pane.formats if pane is not None else REPORTS

    def action_sort_options(self) -> None:
        """Sort the options by another column."""
        for pane in self._decision_panes():
            pane.sort()

    def action_fold_options(self) -> None:
        """Fold the variants of one model into a row, or unfold them."""
        for pane in self._decision_panes():
            pane.fold()

    def _decision_panes(self) -> Iterable[DecisionPane]:
        from advisor.tui.widgets.decision_pane import DecisionPane

        return self.query(DecisionPane)

    def action_help(self) -> None:
        """Open or close the whole help."""
        self.field_help.opened = not self.field_help.opened

    def action_leave(self) -> None:
        """Leave the field, so that letters are keys again; outside a field, leave the run."""
        on_a_run = self.current_tab == "calibrate" and self._focused_field is None
        if not (on_a_run and self.calibration.leave_run()):
            self.query_one(Tabs).focus()

    async def action_tab(self, tab: str) -> None:
        """Show a tab."""
        self.query_one(Tabs).active = tab

    async def action_more(self) -> None:
        """Show the questions that matter less, too."""
        await self.action_tab("brief")
        if form := self.panes.form:
            await form.show_all()

    async def action_next_tab(self) -> None:
        """Go round the tabs."""
        await self.action_tab(TABS[(TABS.index(self.current_tab) + 1) % len(TABS)])
