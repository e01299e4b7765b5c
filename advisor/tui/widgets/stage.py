"""The left side: one pane at a time, made when first asked for and filled only while it is in
sight.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.widget import Widget
from textual.widgets import ContentSwitcher

if TYPE_CHECKING:
    from advisor.core.probes import HardwareReport
    from advisor.core.verdict import Verdict
    from advisor.tui.draft import Draft
    from advisor.tui.engine import Sights
    from advisor.tui.runner import Runner
    from advisor.tui.widgets.brief_form import BriefForm


TABS = ("brief", "data", "hardware", "calibrate", "decision", "report")


class Stage(ContentSwitcher):
    """Panes by the id of their tab.

    Imports wait with the panes, for the sake of the first frame.
    """

    DEFAULT_CSS = """
    Stage { width: 10fr; height: 1fr; }
    Stage > * { height: 1fr; }
    Stage.-roomy { width: 13fr; }
    """

    def __init__(self, machine: Callable[[], HardwareReport]) -> None:
        super().__init__()
        self._machine = machine
        self._draft: Draft | None = None
        self._sights: Sights | None = None
        self._verdict: Verdict | None = None
        self._form: BriefForm | None = None
        self.runner: Runner | None = None

    @property
    def form(self) -> BriefForm | None:
        """The form, once it is made."""
        return self._form

    async def take(self, draft: Draft) -> None:
        """A new form for another brief, in front."""
        from advisor.tui.widgets.brief_form import BriefForm

        self._sights = self._verdict = None
        self._draft = draft
        self.current = None
        await self.query("Stage > *").remove()
        self._form = BriefForm(draft, id="brief")
        await self.add_content(self._form, set_current=True)

    async def bring(self, tab: str) -> None:
        """Show the pane of a tab."""
        if self._form is None:
            return
        if not self.query(f"#{tab}"):
            await self.add_content(self._make(tab), id=tab)
        self.current = tab
        self.set_class(tab != "brief", "-roomy")
        self._follow_machine(tab == "hardware")
        self._fill()

    def show(self, sights: Sights | None, verdict: Verdict | None) -> None:
        """New findings; only the pane in sight is drawn."""
        self._sights, self._verdict = sights, verdict
        self._fill()

    def hold(self, draft: Draft) -> None:
        """Another state of the same brief."""
        self._draft = draft
        if self.current in ("data", "calibrate"):
            self._fill()

    def _follow_machine(self, on: bool) -> None:
        if self.query("#hardware"):
            from advisor.tui.widgets.hardware_pane import HardwarePane

            self.query_one(HardwarePane).follow(on)

    def _fill(self) -> None:
        if self.current in (None, "brief"):
            return
        from advisor.tui.offers import offers
        from advisor.tui.widgets.calibrate_pane import CalibratePane
        from advisor.tui.widgets.data_pane import DataPane
        from advisor.tui.widgets.hardware_pane import HardwarePane
        from advisor.tui.widgets.panes import DecisionPane
        from advisor.tui.widgets.report_pane import ReportPane

        pane = self.visible_content
        if isinstance(pane, DataPane) and self._sights is not None and self._draft is not None:
            pane.show(self._sights.data, offers(self._sights.data, self._draft))
        elif isinstance(pane, HardwarePane) and self._sights is not None:
            pane.show(self._sights.hardware is not None)
        elif isinstance(pane, CalibratePane):
            pane.follow(self._draft, self._sights)
        elif isinstance(pane, DecisionPane | ReportPane) and self._verdict is not None:
            pane.show(self._verdict)

    def show_run(self) -> str:
        """Draw the run where it is in sight; returns how it stands in a few words, empty where none
        is under way.
        """
        from advisor.tui.views.run import indicator
        from advisor.tui.widgets.calibrate_pane import CalibratePane

        if isinstance(pane := self.visible_content, CalibratePane):
            pane.show_run()
        return (
            indicator(self.runner.shown)
            if self.runner is not None and self.runner.shown is not None
            else ""
        )

    def _make(self, tab: str) -> Widget:
        from advisor.tui.widgets.calibrate_pane import CalibratePane
        from advisor.tui.widgets.data_pane import DataPane
        from advisor.tui.widgets.hardware_pane import HardwarePane
        from advisor.tui.widgets.panes import DecisionPane
        from advisor.tui.widgets.report_pane import ReportPane

        if tab == "hardware":
            return HardwarePane(self._machine, id=tab)
        if tab == "calibrate" and self.runner is not None:
            return CalibratePane(self.runner, id=tab)
        makers: dict[str, Callable[..., Widget]] = {
            "data": DataPane,
            "decision": DecisionPane,
            "report": ReportPane,
        }
        return makers[tab](id=tab)
