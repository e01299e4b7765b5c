"""The desk: brief on the left, verdict on the right, tabs, keys and help around them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.events import DescendantFocus
from textual.widgets import Footer, Tab, Tabs

from advisor.tui.draft import Draft
from advisor.tui.messages import Accepted
from advisor.tui.screens.calibrating import Calibrating
from advisor.tui.widgets.stage import TABS

if TYPE_CHECKING:
    from advisor.tui.widgets.panes import DecisionPane

WIDTHS = [(0, "-narrow"), (100, "-wide")]
ONLY_IN = {"write_reports": "report", "take_all": "data", "undo": "data", "recordings": "calibrate"}
"""Actions that have their key only where what they are about is in sight."""

WHILE_IT_MOVES = ("cancel_run", "pace")
"""Actions on a run that is on the screen and has not ended."""

HEIGHTS = [(0, "-short"), (30, "-tall")]


class Desk(Calibrating):
    """What stands where, which key does what, and help that follows the focus."""

    HORIZONTAL_BREAKPOINTS = WIDTHS
    VERTICAL_BREAKPOINTS = HEIGHTS
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(str(n), f"tab('{tab}')", tab.title(), show=False)
            for n, tab in enumerate(TABS, 1)
        ),
        Binding("ctrl+pagedown,ctrl+pageup", "next_tab", "Next tab", show=False),
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
        Binding("u", "undo", "Undo", show=False),
        Binding("f1", "help", "Help"),
        Binding("ctrl+s", "save", "Save"),
        Binding("q", "app.quit", "Quit"),
        Binding("ctrl+o", "open", "Open"),
        Binding("ctrl+n", "new", "New"),
    ]

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
        self._taken.clear()
        self.hold(draft)
        self.show_failure("")
        for lines in self.lines:
            lines.verdict = None
        await self._stage.take(draft)
        self.query_one(Tabs).active = "brief"
        self.bench.look(draft.judged)

    @on(DescendantFocus)
    def _help_follows(self, event: DescendantFocus) -> None:
        from advisor.tui.widgets.field import Field

        field = event.widget.parent
        self._help.question = field.question if isinstance(field, Field) else None
        self._help.about = getattr(event.widget, "about", "")
        self._help.refusal = field.refusal if isinstance(field, Field) else ""

    def action_explain(self, option: str = "") -> None:
        """Every figure of an option, by default of the chosen one."""
        from advisor.tui.screens.explain import ExplainScreen

        found = self.verdict and next(
            (a for a in self.verdict.arms if a.id == (option or self.verdict.arm)), None
        )
        if found:
            self.app.push_screen(ExplainScreen(found))
        else:
            self.complain("there is no option to explain yet")

    def on_decision_pane_explain(self, event: DecisionPane.Explain) -> None:
        """A row of the table of options was chosen."""
        self.action_explain(event.arm)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Some actions have their key only on the tab that they are about."""
        here, shown = self.in_sight == "calibrate", self.runner.shown
        moving = shown is not None and not shown.ended
        if action in WHILE_IT_MOVES:
            return here and moving and (action != "pace" or bool(shown and shown.replay))
        if action in ("calibrate", "recordings") and here and moving:
            return False
        return action not in ONLY_IN or self.in_sight == ONLY_IN[action]

    @property
    def in_sight(self) -> str:
        """The tab that is shown."""
        return self.query_one(Tabs).active

    def action_take_all(self) -> None:
        """Take over everything that the data propose."""
        from advisor.tui.widgets.data_pane import DataPane

        for pane in self.query(DataPane):
            pane.post_message(Accepted(pane.offers))

    def action_help(self) -> None:
        """Open or close the whole help."""
        self._help.opened = not self._help.opened

    def action_leave(self) -> None:
        """Out of the field, so that letters are keys again; out of a run on the screen where there
        is no field.
        """
        from advisor.tui.widgets.field import Field

        in_a_field = self.focused is not None and isinstance(self.focused.parent, Field)
        if self.in_sight != "calibrate" or in_a_field or not self.leave_run():
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
        await self._stage.bring("brief")
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
