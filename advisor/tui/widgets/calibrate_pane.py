"""The Calibrate tab: what to measure, its plan and price; then the run, live or recorded."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from textual import on
from textual.app import ComposeResult
from textual.containers import HorizontalGroup, VerticalGroup, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Button, ContentSwitcher

from advisor.core.format import clean
from advisor.tui.messages import Answered, Settled, Stepped
from advisor.tui.views.plan import plan_lines
from advisor.tui.views.run import chart_lines, end_lines, head_lines
from advisor.tui.whatif import stepped
from advisor.tui.widgets.field import Field
from advisor.tui.widgets.panes import FittedText
from advisor.tui.wish import QUESTIONS, RARE, Wish, asked, in_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from advisor.core.brief import Brief
    from advisor.experiments import Prepared
    from advisor.tui.draft import Draft
    from advisor.tui.engine import Sights
    from advisor.tui.runner import Runner, Shown

_CHART_SHARE, _CHART_SHARE_AT_THE_END = 0.45, 0.3
"""Of the height of the pane, for all curves together; at the end what it showed matters more."""


class RunKey(Button):
    """A button that does what a key does; `about` is its help."""

    def __init__(self, text: str, action: str, about: str) -> None:
        super().__init__(Content(text), action=action, compact=True)
        self.about = about


class PlanView(VerticalScroll):
    """The questions, and below them the plan they make."""

    def __init__(self) -> None:
        super().__init__(id="plan", can_focus=False)
        self.fields = {name: Field(question) for name, question in QUESTIONS.items()}

    def compose(self) -> ComposeResult:
        with VerticalGroup():
            yield from self.fields.values()
        with HorizontalGroup(classes="keys"):
            yield RunKey(
                "Start (c)", "screen.calibrate", "Runs the plan below, in a process of its own."
            )
            yield RunKey(
                "Recorded runs (v)",
                "screen.recordings",
                "Shows a run of yours or one that comes along.",
            )
        yield FittedText("working out the plan …")

    def relate(self, wish: Wish, told: Sequence[str] = ()) -> None:
        """Show the questions that matter for this kind of run; those of `RARE` where answered or in
        `told`.
        """
        shown = asked(wish.what)
        for name, field in self.fields.items():
            rare = name in RARE and name not in told and wish.value(name) is None
            field.display = name in shown and not rare


class RunView(VerticalScroll):
    """How far it is, its curves, its trials; at the end what it showed and changed."""

    about = "x cancels, what is finished is kept; at the end c goes back to the plan"

    def __init__(self) -> None:
        super().__init__(id="run")

    def compose(self) -> ComposeResult:
        yield FittedText()
        yield FittedText()
        yield FittedText()

    def draw(self, shown: Shown, speed: float, height: int) -> None:
        """Everything anew; `height` is that of the pane."""
        head, charts, rest = self.query(FittedText)
        head.show(partial(head_lines, shown, speed))
        share = _CHART_SHARE_AT_THE_END if shown.ended else _CHART_SHARE
        charts.show(partial(chart_lines, shown.course, height=round(height * share)))
        rest.show(partial(end_lines, shown))


class CalibratePane(ContentSwitcher):
    """Holds what is wished for; the desk plans, runs and replays."""

    class Wished(Message):
        """Another plan is needed."""

        def __init__(self, wish: Wish) -> None:
            super().__init__()
            self.wish = wish

    BORDER_TITLE = "Calibrate"
    DEFAULT_CSS = """
    CalibratePane {
        border: round $foreground 30%; border-title-color: $foreground; padding: 0 1;
        &:focus-within { border: round $border; }
        PlanView, RunView { height: 1fr; scrollbar-size-vertical: 1; scrollbar-gutter: stable; }
        VerticalGroup { height: auto; }
        .keys { height: 1; margin-bottom: 1; }
        .keys Button { margin-right: 2; }
        RunView FittedText { margin-bottom: 1; }
    }
    """

    def __init__(self, runner: Runner, id: str) -> None:
        super().__init__(id=id, initial="plan")
        self._runner = runner
        self.wish = Wish()
        self.prepared: Prepared | None = None
        self.missing = ""
        self._asked_for: tuple[Brief | None, Sights | None] = (None, None)

    def compose(self) -> ComposeResult:
        yield PlanView()
        yield RunView()

    def on_mount(self) -> None:
        plan = self.query_one(PlanView)
        for field in plan.fields.values():
            field.show(self.wish.value(field.question.key))
        plan.relate(self.wish)

    def follow(self, draft: Draft | None, sights: Sights | None) -> None:
        """Another brief, or something else was found: plan for it."""
        brief = draft.brief if draft is not None else None
        if sights is not None and (brief != self._asked_for[0] or sights is not self._asked_for[1]):
            self._asked_for = (brief, sights)
            self.ask()
        self.show_run()

    def ask(self) -> None:
        """Have the plan worked out anew."""
        self.prepared = None
        self._say(Content.styled("working out the plan …", "dim"))
        self.post_message(self.Wished(self.wish))

    def show_plan(self, prepared: Prepared | None, failure: str, missing: str) -> None:
        """The plan with its price, or why there is none."""
        self.prepared, self.missing = prepared, missing
        told = [name for name in RARE if f"--{name.replace('_', '-')}" in failure]
        if prepared is not None and prepared.left < len(prepared.plan.trials):
            told.append("again")
        self.query_one(PlanView).relate(self.wish, told)
        if prepared is None:
            self._say(Content.styled(f"✗ {clean(in_words(failure))}", "$text-error"))
        else:
            self._text.show(partial(plan_lines, prepared, missing))

    def show_run(self) -> None:
        """The run of the desk's runner where there is one, else the plan."""
        shown = self._runner.shown
        wanted = "run" if shown is not None else "plan"
        if self.current != wanted:
            focused = self.has_focus_within
            self.current = wanted
            if focused:
                self.query_one(RunView if shown is not None else "#plan Button").focus()
        if shown is not None:
            self.query_one(RunView).draw(shown, self._runner.speed, self.size.height)

    def focus_run(self) -> None:
        """Arrows scroll the run."""
        self.query_one(RunView).focus()

    def on_resize(self) -> None:
        """Another height has room for other charts."""
        self.show_run()

    def _say(self, text: Content) -> None:
        self._text.show(lambda width: text)

    @property
    def _text(self) -> FittedText:
        """Below the questions."""
        return self.query_one("#plan FittedText", FittedText)

    @on(Answered)
    def _answered(self, message: Answered) -> None:
        message.stop()
        self._wish(message.key, message.value)

    @on(Stepped)
    def _stepped(self, message: Stepped) -> None:
        """+ and − move a limit at once: a wish is hypothetical by itself."""
        message.stop()
        field = self.query_one(PlanView).fields[message.key.rpartition(".")[2]]
        before = self.wish.value(message.key)
        value = stepped(field.question, 1.0 if before is None else before, message.direction)
        field.show(value)
        self._wish(message.key, value)

    @on(Settled)
    def _settled(self, message: Settled) -> None:
        """Enter goes to the next field; escape is the desk's."""
        if message.keep:
            message.stop()
            self.screen.focus_next()

    def _wish(self, key: str, value: Any) -> None:
        self.wish = self.wish.answered(key, value)
        if key.endswith(".what"):
            self.query_one(PlanView).relate(self.wish)
        self.ask()
