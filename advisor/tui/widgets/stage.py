"""The left side: one pane at a time, made when first asked for and filled only while it is in sight."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widget import Widget
from textual.widgets import ContentSwitcher

if TYPE_CHECKING:
    from advisor.core.verdict import Verdict
    from advisor.tui.draft import Draft
    from advisor.tui.engine import Sights
    from advisor.tui.widgets.brief_form import BriefForm


TABS = ("brief", "data", "hardware", "decision", "report")


class Stage(ContentSwitcher):
    """Panes by the id of their tab. Imports wait with the panes, for the sake of the first frame."""

    DEFAULT_CSS = """
    Stage { width: 10fr; height: 1fr; }
    Stage > * { height: 1fr; }
    Stage.-roomy { width: 13fr; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._sights: Sights | None = None
        self._verdict: Verdict | None = None
        self._form: BriefForm | None = None

    @property
    def form(self) -> BriefForm | None:
        """The form, once it is made."""
        return self._form

    async def take(self, draft: Draft) -> None:
        """A new form for another brief, in front."""
        from advisor.tui.widgets.brief_form import BriefForm

        self._sights = self._verdict = None
        self.current = None
        await self.query("Stage > *").remove()
        self._form = BriefForm(draft, id="brief")
        await self.add_content(self._form, set_current=True)

    async def bring(self, tab: str) -> None:
        """Show the pane of a tab."""
        if self._form is None:
            return
        if not self.query(f"#{tab}"):
            await self.add_content(_make(tab), id=tab)
        self.current = tab
        self.set_class(tab in ("decision", "report"), "-roomy")
        self._fill()

    def show(self, sights: Sights | None, verdict: Verdict | None) -> None:
        """New findings; only the pane in sight is drawn."""
        self._sights, self._verdict = sights, verdict
        self._fill()

    def _fill(self) -> None:
        from advisor.tui.views.probes import data_lines, hardware_lines
        from advisor.tui.widgets.panes import DecisionPane, TextPane
        from advisor.tui.widgets.report_pane import ReportPane

        pane = self.visible_content
        if isinstance(pane, TextPane) and self._sights is not None:
            lines = data_lines(self._sights.data) if pane.id == "data" else hardware_lines(self._sights.hardware)
            pane.show(lines)
        elif isinstance(pane, DecisionPane | ReportPane) and self._verdict is not None:
            pane.show(self._verdict)


def _make(tab: str) -> Widget:
    from advisor.tui.widgets.panes import DecisionPane, TextPane
    from advisor.tui.widgets.report_pane import ReportPane

    if tab == "decision":
        return DecisionPane(id=tab)
    return ReportPane(id=tab) if tab == "report" else TextPane(tab.title(), id=tab)
