"""The Calibrate tab: what to measure, its plan and price; then the run, live or recorded."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from textual import on
from textual.app import ComposeResult
from textual.containers import HorizontalGroup, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Button, ContentSwitcher, Static

from advisor.core.format import clean
from advisor.tui.messages import AnswerGiven, PlanWanted, WhatIfSettled, WhatIfStepped
from advisor.tui.model.run_questions import RARE, in_words
from advisor.tui.model.run_request import CalibrationRequest
from advisor.tui.model.stepping import stepped
from advisor.tui.views.plan import PlanNotes, in_short, plan_lines
from advisor.tui.views.run import chart_lines, end_lines, head_lines
from advisor.tui.widgets.field import Field
from advisor.tui.widgets.fitted_text import FittedText
from advisor.tui.widgets.focus_border import FocusBorder
from advisor.tui.widgets.run_form import RunForm

if TYPE_CHECKING:
    from advisor.core.brief import Brief
    from advisor.experiments import Prepared
    from advisor.tui.model.draft import Draft
    from advisor.tui.work.engine import Observations
    from advisor.tui.work.run_jobs import RunJobs, RunOnScreen

_CHART_SHARE = 0.45
_CHART_SHARE_AT_THE_END = 0.3
"""Of the height of the pane, for all curves together; at the end what it showed matters more."""


class RunKey(Button):
    """A button that does what a key does; `about` is its help."""

    def __init__(self, text: str, action: str, about: str) -> None:
        super().__init__(Content(text), action=action, compact=True)
        self.about = about


class PlanView(Vertical):
    """The questions and the plan they make; below them, always in sight, how to start it."""

    def __init__(self) -> None:
        super().__init__(id="plan")
        self.form = RunForm()

    @property
    def fields(self) -> dict[str, Field]:
        """The fields by the names of their questions."""
        return self.form.fields

    def compose(self) -> ComposeResult:
        with VerticalScroll(can_focus=False):
            yield self.form
            yield FittedText("working out the plan …")
        with HorizontalGroup(classes="keys"):
            yield RunKey("Start (c)", "screen.calibrate", "Runs the plan, in a process of its own.")
            yield RunKey(
                "Recorded (v)",
                "screen.recordings",
                "Shows a run of yours or one that comes along.",
            )
            yield Static(classes="in-short")

    def say_in_short(self, text: Content) -> None:
        """One line beside the keys, in sight wherever the form is scrolled to."""
        self.query_one(".in-short", Static).update(text)


class RunView(VerticalScroll):
    """How far it is, its curves, its trials; at the end what it showed and changed."""

    about = "x cancels, what is finished is kept; at the end c goes back to the plan"

    def __init__(self) -> None:
        super().__init__(id="run")

    def compose(self) -> ComposeResult:
        yield FittedText()
        yield FittedText()
        yield FittedText()

    def draw(self, run: RunOnScreen, speed: float, height: int) -> None:
        """Everything anew; `height` is that of the pane."""
        head, charts, rest = self.query(FittedText)
        head.show(partial(head_lines, run, speed))
        share = _CHART_SHARE_AT_THE_END if run.ended else _CHART_SHARE
        charts.display = bool(run.progress.curves)
        charts.show(partial(chart_lines, run.progress, height=round(height * share)))
        rest.show(partial(end_lines, run))


class CalibratePane(FocusBorder, ContentSwitcher):
    """Contains the request for a run; the desk plans, runs and replays."""

    BORDER_TITLE = "Calibrate"
    DEFAULT_CSS = """
    CalibratePane {
        PlanView { height: 1fr; }
        PlanView VerticalScroll, RunView {
            height: 1fr; scrollbar-size-vertical: 1; scrollbar-gutter: stable;
        }
        PlanView FittedText { margin-top: 1; }
        .keys { height: 1; }
        .keys Button { margin-right: 1; }
        .keys .in-short { width: 1fr; height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
        RunView FittedText { margin-bottom: 1; }
    }
    """

    def __init__(self, jobs: RunJobs, id: str) -> None:
        super().__init__(id=id, initial="plan")
        self._jobs = jobs
        self.request = CalibrationRequest()
        self.prepared: Prepared | None = None
        self.missing = ""
        self._asked_for: tuple[Brief | None, Observations | None] = (None, None)

    def compose(self) -> ComposeResult:
        yield PlanView()
        yield RunView()

    def on_mount(self) -> None:
        self._show_request()

    def fill(self, request: CalibrationRequest) -> None:
        """Show another request, and have its plan worked out."""
        self.request = request
        self._show_request()
        self.ask()

    def _show_request(self) -> None:
        self.query_one(PlanView).form.fill(self.request)

    def follow(self, draft: Draft | None, observations: Observations | None) -> None:
        """Another brief, or something else was found: plan for it."""
        brief = draft.brief if draft is not None else None
        if observations is not None and (
            brief != self._asked_for[0] or observations is not self._asked_for[1]
        ):
            self._asked_for = (brief, observations)
            self.ask()
        self.show_run()

    def ask(self) -> None:
        """Have the plan worked out anew."""
        self.prepared = None
        self._say(Content.styled("working out the plan …", "dim"))
        self.post_message(PlanWanted())

    def show_plan(self, prepared: Prepared | None, failure: str, notes: PlanNotes) -> None:
        """The plan with its price, or why there is none."""
        self.prepared = prepared
        self.missing = notes.missing
        relevant = [name for name in RARE if f"--{name.replace('_', '-')}" in failure]
        if prepared is not None and prepared.left < len(prepared.plan.trials):
            relevant.append("again")
        view = self.query_one(PlanView)
        view.form.relate(self.request, relevant)
        if prepared is None:
            self._say(Content.styled(f"✗ {clean(in_words(failure))}", "$text-error"))
        else:
            self._text.show(partial(plan_lines, prepared, notes))
            view.say_in_short(in_short(prepared))

    def show_run(self) -> None:
        """Show the run where there is one, else the plan."""
        run = self._jobs.run_on_screen
        wanted = "run" if run is not None else "plan"
        if self.current != wanted:
            focused = self.has_focus_within
            self.current = wanted
            if focused:
                self.query_one(RunView if run is not None else "#plan Button").focus()
        if run is not None:
            self.query_one(RunView).draw(run, self._jobs.speed, self.size.height)

    def focus_run(self) -> None:
        """Arrows scroll the run."""
        self.query_one(RunView).focus()

    def on_resize(self) -> None:
        """Another height has room for other charts."""
        self.show_run()

    def _say(self, text: Content) -> None:
        self._text.show(lambda width: text)
        self.query_one(PlanView).say_in_short(text)

    @property
    def _text(self) -> FittedText:
        """Below the questions."""
        return self.query_one("#plan FittedText", FittedText)

    @on(AnswerGiven)
    def _answered(self, message: AnswerGiven) -> None:
        message.stop()
        self._change(message.key, message.value)

    @on(WhatIfStepped)
    def _stepped(self, message: WhatIfStepped) -> None:
        """+ and − move a limit at once: a request is hypothetical by itself."""
        message.stop()
        field = self.query_one(PlanView).fields[message.key.rpartition(".")[2]]
        before = self.request.value(message.key)
        value = stepped(field.question, 1.0 if before is None else before, message.direction)
        field.show(value)
        self._change(message.key, value)

    @on(WhatIfSettled)
    def _settled(self, message: WhatIfSettled) -> None:
        """Enter goes to the next field; escape is the desk's."""
        if message.keep:
            message.stop()
            self.screen.focus_next()

    def _change(self, key: str, value: Any) -> None:
        self.request = self.request.answered(key, value)
        self.query_one(PlanView).form.relate(self.request)
        self.ask()
