"""The desk: brief on the left, verdict on the right; owns the draft and the newest verdict."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.events import DescendantFocus
from textual.widgets import Footer, Tab, Tabs

from advisor.core.brief import questions
from advisor.core.verdict import Verdict
from advisor.report.words import clean
from advisor.tui.bench import REST_SECONDS, Bench
from advisor.tui.draft import NONE, Draft
from advisor.tui.engine import Engine, Sights
from advisor.tui.messages import Answered, Judged, Looked, Refused, Settled, Stepped
from advisor.tui.screens.filing import Filing
from advisor.tui.whatif import stepped
from advisor.tui.widgets.brief_form import put
from advisor.tui.widgets.field import Field
from advisor.tui.widgets.field_help import FieldHelp
from advisor.tui.widgets.stage import TABS, Stage
from advisor.tui.widgets.status_line import StatusLine
from advisor.tui.widgets.verdict_view import Lines, VerdictPanel, VerdictStrip

if TYPE_CHECKING:
    from advisor.tui.widgets.panes import DecisionPane

LOOKED_AT = {
    "data.path",
    "data.eval_path",
    "data.sample",
    "traffic.log",
    "prices.file",
    "hardware.gpu",
}
"""Questions whose answer sends the program looking again; all others only need a new judgement."""
WIDTHS = [(0, "-narrow"), (100, "-wide")]
HEIGHTS = [(0, "-short"), (30, "-tall")]


class Desk(Filing):
    """One flow: an answer changes the draft, the draft is judged in a thread, the verdict is shown."""

    HORIZONTAL_BREAKPOINTS = WIDTHS
    VERTICAL_BREAKPOINTS = HEIGHTS
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(n), f"tab('{tab}')", tab.title(), show=False) for n, tab in enumerate(TABS, 1)),
        Binding("ctrl+pagedown,ctrl+pageup", "next_tab", "Next tab", show=False),
        Binding("escape", "leave", "Leave field", show=False),
        Binding("e,f2", "explain", "Explain", key_display="e"),
        Binding("m", "more", "More questions", show=False),
        Binding("r", "tab('report')", "Report"),
        Binding("w", "write_reports", "Write report"),
        Binding("f1", "help", "Help"),
        Binding("ctrl+s", "save", "Save"),
        Binding("ctrl+o", "open", "Open"),
        Binding("ctrl+n", "new", "New"),
        Binding("q", "app.quit", "Quit"),
    ]

    def __init__(self, engine: Engine, draft: Draft) -> None:
        super().__init__()
        self.bench = Bench(self, engine)
        self.draft = draft
        self.sights: Sights | None = None
        self.verdict: Verdict | None = None
        self._status, self._stage, self._help = StatusLine(), Stage(), FieldHelp()
        self._panel, self._strip = VerdictPanel(), VerdictStrip()

    def compose(self) -> ComposeResult:
        yield self._status
        yield Tabs(*(Tab(f"{n} {tab.title()}", id=tab) for n, tab in enumerate(TABS, 1)))
        yield self._strip
        with Horizontal(id="desk"):
            yield self._stage
            yield self._panel
        yield self._help
        yield Footer(show_command_palette=True)

    def on_mount(self) -> None:
        self.query_one(Tabs).focus()
        self.call_after_refresh(self.take, self.draft)

    async def take(self, draft: Draft) -> None:
        """Work on another brief from now on."""
        self.sights = self.verdict = None
        self.hold(draft)
        self._show_failure("")
        for lines in self._lines:
            lines.verdict = None
        await self._stage.take(draft)
        self.query_one(Tabs).active = "brief"
        self.bench.look(draft.judged)

    def hold(self, draft: Draft) -> None:
        """Another state of the same brief."""
        self.draft = draft
        self._status.draft = draft
        if form := self._stage.form:
            form.relate(draft)
        if supposed := len(draft.supposed):
            self._panel.border_title = f"Verdict — what-if: {supposed}"
        else:
            self._panel.border_title = "Verdict"
        for view in (self._panel, self._strip):
            view.set_class(bool(supposed), "-supposed")

    def judge(self) -> None:
        """Ask for a verdict on what stands now; before the first look has ended, that one asks."""
        key, contradiction = self.draft.contradiction()
        if key:
            self.bench.drop()
            self._show_failure(f"{key}: {contradiction}")
        elif self.sights is not None:
            self.bench.judge(self.draft.judged, self.sights)

    @on(Answered)
    def _answered(self, message: Answered) -> None:
        self._help.refusal = ""
        self.hold(self.draft.answer(message.key, message.value))
        if message.key in LOOKED_AT:
            self.bench.look(self.draft.judged, after=REST_SECONDS)
        else:
            self.judge()

    @on(Refused)
    def _refused(self, message: Refused) -> None:
        self.complain(message.line)

    @on(Stepped)
    def _stepped(self, message: Stepped) -> None:
        question = questions()[message.key]
        value = self.draft.supposed.get(message.key, self.draft.value(message.key))
        value = question.default if value is None else value
        if value is None:
            self.notify(f"type a value first: {question.source}", markup=False)
            return
        self._suppose(self.draft.suppose(message.key, stepped(question, value, message.direction)), message.key)

    @on(Settled)
    def _settled(self, message: Settled) -> None:
        if message.key in self.draft.supposed:
            kept = self.draft.answer(message.key, self.draft.supposed[message.key])
            self._suppose(kept if message.keep else self.draft.drop(message.key), message.key)
        elif message.keep:
            self.focus_next()
        else:
            self.action_leave()

    def action_settle_all(self, keep: bool) -> None:
        """Keep or drop every what-if."""
        for key in self.draft.supposed:
            self._settled(Settled(key, keep))

    def _suppose(self, draft: Draft, key: str) -> None:
        self.hold(draft)
        form = self._stage.form
        if form is not None and (field := form.field(key)):
            put(field, draft)
        self.judge()

    @on(Looked)
    def _looked(self, message: Looked) -> None:
        if message.number != self.bench.looks:
            return
        self._show_failure(message.failure)
        if message.sights is not None:
            self.sights = message.sights
            self.judge()
        self._stage.show(self.sights, self.verdict)

    @on(Judged)
    def _judged(self, message: Judged) -> None:
        if message.number != self.bench.judgements:
            return
        self._show_failure(message.failure)
        if message.verdict is None:
            return
        self.verdict = message.verdict
        self._status.verdict = message.verdict
        for lines in self._lines:
            lines.verdict = message.verdict
        if not message.deep and self.sights is not None:
            self.bench.deepen(self.draft.judged, self.sights)
        self._stage.show(self.sights, self.verdict)

    def _show_failure(self, line: str) -> None:
        for lines in self._lines:
            lines.failure = clean(line)

    @property
    def _lines(self) -> tuple[Lines, Lines]:
        return self._panel.lines, self._strip.lines

    def refused(self) -> str:
        """The first field that holds no valid answer, in one line; empty where all do."""
        for field in self.query(Field):
            if line := field.check():
                field.control.focus()
                return line
        key, line = replace(self.draft, supposed=NONE).contradiction()
        return f"{key}: {line}" if line else ""

    @on(DescendantFocus)
    def _help_follows(self, event: DescendantFocus) -> None:
        field = event.widget.parent
        self._help.question = field.question if isinstance(field, Field) else None
        self._help.refusal = field.refusal if isinstance(field, Field) else ""

    def action_explain(self, arm: str = "") -> None:
        """Every figure of an option, by default of the chosen one."""
        from advisor.tui.screens.explain import ExplainScreen

        found = self.verdict and next((a for a in self.verdict.arms if a.id == (arm or self.verdict.arm)), None)
        if found:
            self.app.push_screen(ExplainScreen(found))
        else:
            self.complain("there is no option to explain yet")

    def on_decision_pane_explain(self, event: DecisionPane.Explain) -> None:
        """A row of the table of options was chosen."""
        self.action_explain(event.arm)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Writing a report has its key only where the report is in sight."""
        return action != "write_reports" or self.query_one(Tabs).active == "report"

    def action_help(self) -> None:
        """Open or close the whole help."""
        self._help.opened = not self._help.opened

    def action_leave(self) -> None:
        """Out of the field, so that letters are keys again."""
        self.query_one(Tabs).focus()

    async def on_tabs_tab_activated(self, event: Tabs.TabActivated) -> None:
        """A tab was chosen by mouse or arrows."""
        await self._stage.bring(event.tab.id or "brief")
        self.refresh_bindings()

    async def action_tab(self, tab: str) -> None:
        """Show a tab."""
        self.query_one(Tabs).active = tab

    async def go_to(self, key: str) -> None:
        """The field of a question, under the focus."""
        await self.action_tab("brief")
        if form := self._stage.form:
            await form.reveal(key)

    async def action_more(self) -> None:
        """The questions that matter less, too."""
        await self.action_tab("brief")
        if form := self._stage.form:
            await form.add_rest()

    async def action_next_tab(self) -> None:
        """Go round the tabs."""
        await self.action_tab(TABS[(TABS.index(self.query_one(Tabs).active) + 1) % len(TABS)])
