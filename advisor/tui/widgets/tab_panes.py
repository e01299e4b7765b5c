"""The left side: one pane at a time, made when first asked for and filled only while it is in
sight.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from textual.content import Content
from textual.widget import Widget
from textual.widgets import ContentSwitcher

from advisor.core.format import clean
from advisor.tui.model.scenarios import Pins, Scenario

if TYPE_CHECKING:
    from advisor.core.events import StageEvent
    from advisor.core.probes import HardwareReport
    from advisor.core.verdict import Verdict
    from advisor.tui.model.draft import Draft
    from advisor.tui.model.ways_forward import WayForward
    from advisor.tui.widgets.brief_form import BriefForm
    from advisor.tui.work.engine import Observations
    from advisor.tui.work.run_jobs import RunJobs


NARROW = "10fr"
ROOMY = "20fr"
"""Width beside the verdict: the form needs little, tables and charts need much."""


class TabPanes(ContentSwitcher):
    """Panes by the id of their tab.

    Imports wait with the panes, for the sake of the first frame.
    """

    DEFAULT_CSS = """
    TabPanes { width: 10fr; height: 1fr; }
    TabPanes > * { height: 1fr; }
    """

    def __init__(self, machine: Callable[[], HardwareReport], jobs: RunJobs, draft: Draft) -> None:
        from advisor.tui.widgets.brief_form import BriefForm

        self._form = BriefForm(draft, id="brief")
        super().__init__()
        self._machine = machine
        self._draft = draft
        self._observations: Observations | None = None
        self._verdict: Verdict | None = None
        self._jobs = jobs
        self._making = asyncio.Lock()
        self.pins = Pins()
        self.ways: tuple[WayForward, ...] = ()

    @property
    def form(self) -> BriefForm:
        """The form of the brief on the desk."""
        return self._form

    async def open(self) -> None:
        """Put the form there: after the rest of the desk, so that neither step takes long."""
        await self.add_content(self._form, set_current=True)
        self.name_command()

    async def take(self, draft: Draft) -> None:
        """A new form for another brief, in front."""
        from advisor.tui.widgets.brief_form import BriefForm

        self._observations = None
        self._verdict = None
        self.pins = Pins()
        self._draft = draft
        self.current = None
        await self.query("TabPanes > *").remove()
        self._form = BriefForm(draft, id="brief")
        await self.add_content(self._form, set_current=True)

    async def bring(self, tab: str) -> None:
        """Show the pane of a tab."""
        if self.current is None:
            return
        async with self._making:  # a second call must not take a pane for made that is on its way
            if not self.query(f"#{tab}"):
                await self.add_content(self._make(tab), id=tab)
        self.current = tab
        self.name_command()
        # Not by a class: that would look up the style of every field again, which takes long.
        self.styles.width = NARROW if tab == "brief" else ROOMY
        self._follow_machine(tab == "hardware")
        self._fill()

    def turn_page(self, step: int) -> None:
        """Scroll the pane in sight: the largest part of it that has more than fits."""
        pane = self.visible_content
        if pane is None:
            return
        parts = [
            part
            for part in pane.walk_children(Widget, with_self=True)
            if part.max_scroll_y and part.is_on_screen
        ]
        if parts:
            part = max(parts, key=lambda part: part.region.area)
            part.scroll_relative(y=step * max(part.scrollable_content_region.height - 1, 1))

    def name_command(self) -> None:
        """Below the pane: the command that shows the same in a plain terminal."""
        pane = self.visible_content
        if pane is not None:
            pane.border_subtitle = Content(clean(self.command()))

    def command(self) -> str:
        """That command, of the pane in sight."""
        from advisor.tui.model.twins import twin

        request = None
        if self.current == "calibrate":
            from advisor.tui.widgets.calibrate_pane import CalibratePane

            request = self.query_one(CalibratePane).request
        return twin(self.current or "brief", self._draft, request=request)

    def show(self, observations: Observations | None, verdict: Verdict | None) -> None:
        """New findings; only the pane in sight is drawn."""
        self._observations = observations
        self._verdict = verdict
        self._fill()

    def show_look(self, event: StageEvent) -> None:
        """How far the look at the data is."""
        if self.current != "data":
            return
        from advisor.tui.widgets.data_pane import DataPane

        if isinstance(pane := self.visible_content, DataPane):
            pane.show_progress(event)

    def look_stopped(self) -> None:
        """The user stopped the look at the data."""
        from advisor.tui.widgets.data_pane import DataPane

        for pane in self.query(DataPane):
            pane.show_stopped()

    def show_draft(self, draft: Draft) -> None:
        """Another state of the same brief."""
        self._draft = draft
        self.name_command()
        if self.current in ("data", "calibrate"):
            self._fill()

    def _follow_machine(self, on: bool) -> None:
        if self.query("#hardware"):
            from advisor.tui.widgets.hardware_pane import HardwarePane

            self.query_one(HardwarePane).follow(on)

    def _fill(self) -> None:
        if self.current in (None, "brief"):
            return
        from advisor.tui.model.proposed_answers import proposed_answers
        from advisor.tui.widgets.calibrate_pane import CalibratePane
        from advisor.tui.widgets.compare_pane import ComparePane
        from advisor.tui.widgets.data_pane import DataPane
        from advisor.tui.widgets.decision_pane import DecisionPane
        from advisor.tui.widgets.hardware_pane import HardwarePane
        from advisor.tui.widgets.report_pane import ReportPane

        pane = self.visible_content
        if isinstance(pane, DataPane) and self._observations is not None:
            pane.show(
                self._observations.data, proposed_answers(self._observations.data, self._draft)
            )
        elif isinstance(pane, HardwarePane) and self._observations is not None:
            pane.show(self._observations.hardware is not None)
        elif isinstance(pane, CalibratePane):
            pane.follow(self._draft, self._observations)
        elif isinstance(pane, ComparePane):
            pane.show(self._scenarios())
        elif isinstance(pane, DecisionPane) and self._verdict is not None:
            pane.text.show(self._verdict, self._draft.judged, ways=self.ways)
            pane.show(self._verdict)
        elif isinstance(pane, ReportPane) and self._verdict is not None:
            pane.show(self._verdict)

    def _scenarios(self) -> list[Scenario]:
        """The pinned scenarios, and the one on the desk."""
        if self._verdict is None:
            return list(self.pins.scenarios)
        now = Scenario("on the desk", with_answers(self._verdict, self._draft))
        return [*self.pins.scenarios, now]

    def pin(self) -> Scenario | None:
        """Pin the scenario on the desk; None where there is no verdict on it."""
        if self._verdict is None:
            return None
        scenario = self.pins.pin(with_answers(self._verdict, self._draft))
        self._fill()
        return scenario

    def pin_past(self, name: str, verdict: Verdict) -> None:
        """Pin a verdict of the past under its day."""
        self.pins.pin(verdict, name)
        self._fill()

    def unpin(self) -> None:
        """Drop the newest pin."""
        self.pins.unpin()
        self._fill()

    def read_past(self) -> None:
        """List the verdicts of the past again, where they are in sight."""
        from advisor.tui.widgets.compare_pane import ComparePane

        for pane in self.query(ComparePane):
            pane.read_past()

    def show_run(self) -> str:
        """Draw the run where it is in sight; returns how it stands in a few words, empty where none
        is under way.
        """
        if self.current == "calibrate":
            from advisor.tui.widgets.calibrate_pane import CalibratePane

            self.query_one(CalibratePane).show_run()
        if (run := self._jobs.run_on_screen) is None:
            return ""
        from advisor.tui.views.run import indicator

        return indicator(run)

    def _make(self, tab: str) -> Widget:
        from advisor.tui.widgets.calibrate_pane import CalibratePane
        from advisor.tui.widgets.compare_pane import ComparePane
        from advisor.tui.widgets.data_pane import DataPane
        from advisor.tui.widgets.decision_pane import DecisionPane
        from advisor.tui.widgets.hardware_pane import HardwarePane
        from advisor.tui.widgets.report_pane import ReportPane

        if tab == "hardware":
            return HardwarePane(self._machine, id=tab)
        if tab == "calibrate":
            return CalibratePane(self._jobs, id=tab)
        makers: dict[str, Callable[..., Widget]] = {
            "data": DataPane,
            "compare": ComparePane,
            "decision": DecisionPane,
            "report": ReportPane,
        }
        return makers[tab](id=tab)


def with_answers(verdict: Verdict, draft: Draft) -> Verdict:
    """The verdict with what the brief states, what-ifs included; one that is not deep has none."""
    from advisor.brief.register import answers

    return replace(verdict, answers=answers(draft.judged))
