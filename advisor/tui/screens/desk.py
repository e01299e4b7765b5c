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
from advisor.tui.screens.judging import Judging
from advisor.tui.widgets.stage import TABS

if TYPE_CHECKING:
    from advisor.tui.widgets.panes import DecisionPane

WIDTHS = [(0, "-narrow"), (100, "-wide")]
ONLY_IN = {"write_reports": "report", "take_all": "data", "undo": "data"}
"""Actions that have their key only where what they are about is in sight."""

HEIGHTS = [(0, "-short"), (30, "-tall")]


class Desk(Judging):
    """What stands where, which key does what, and help that follows the focus."""

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
        Binding("a", "take_all", "Take all", show=False),
        Binding("u", "undo", "Undo", show=False),
        Binding("f1", "help", "Help"),
        Binding("ctrl+s", "save", "Save"),
        Binding("ctrl+o", "open", "Open"),
        Binding("ctrl+n", "new", "New"),
        Binding("q", "app.quit", "Quit"),
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
        """Some actions have their key only on the tab that they are about."""
        return action not in ONLY_IN or self.query_one(Tabs).active == ONLY_IN[action]

    def action_take_all(self) -> None:
        """Take over everything that the data propose."""
        from advisor.tui.widgets.data_pane import DataPane

        for pane in self.query(DataPane):
            pane.post_message(Accepted(pane.offers))

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
