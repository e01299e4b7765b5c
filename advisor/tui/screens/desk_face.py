"""What is on the desk, and what controllers show there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.events import Resize
from textual.screen import Screen
from textual.widgets import Tab, Tabs

from advisor.core.format import clean
from advisor.tui.model.effects import effects
from advisor.tui.model.tabs import TABS
from advisor.tui.model.twins import twin
from advisor.tui.screens.opening import WIDTHS
from advisor.tui.widgets.field_help import FieldHelp
from advisor.tui.widgets.key_line import KeyLine
from advisor.tui.widgets.status_line import StatusLine
from advisor.tui.widgets.tab_panes import TabPanes
from advisor.tui.widgets.toml_panel import TomlPanel
from advisor.tui.widgets.verdict_panel import VerdictPanel, VerdictStrip

if TYPE_CHECKING:
    from advisor.core.verdict import Verdict
    from advisor.tui.controllers.autosaving import AutosaveController
    from advisor.tui.controllers.calibration import CalibrationController
    from advisor.tui.controllers.files import FileController
    from advisor.tui.controllers.judging import JudgingController
    from advisor.tui.controllers.ways import WaysController
    from advisor.tui.model.completion import Names
    from advisor.tui.model.draft import Draft
    from advisor.tui.work.engine import Engine

TOML_OPEN = "-toml"
ROOM_FOR_DIGITS = 76
HEIGHTS = [(0, "-short"), (30, "-tall")]


class DeskFace(Screen[None]):
    """Owns the widgets. Controllers change them only by the methods here."""

    HORIZONTAL_BREAKPOINTS = WIDTHS
    VERTICAL_BREAKPOINTS = HEIGHTS

    judging: JudgingController
    calibration: CalibrationController
    files: FileController
    autosave: AutosaveController
    ways: WaysController

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self.engine = engine
        self.names: Names | None = None
        self.status = StatusLine()
        self.panel = VerdictPanel()
        self.strip = VerdictStrip()
        self.field_help = FieldHelp()
        self.toml = TomlPanel()
        self.panes: TabPanes

    def compose(self) -> ComposeResult:
        # Textual gives these classes after the first layout, and then does all of it once more.
        for size, steps in ((self.app.size.width, WIDTHS), (self.app.size.height, HEIGHTS)):
            self.add_class([name for least, name in steps if size >= least][-1])
        yield self.status
        yield Tabs(*(Tab(tab.title(), id=tab) for tab in TABS))
        yield self.strip
        with Horizontal(id="desk"):
            yield self.panes
            yield self.panel
            yield self.toml
        yield self.field_help
        yield KeyLine()

    def on_resize(self, event: Resize) -> None:
        """Names of tabs with the digits that choose them, where the row has room for both."""
        numbered = event.size.width >= ROOM_FOR_DIGITS
        for number, name in enumerate(TABS, 1):
            tab = self.query_one(f"Tab#{name}", Tab)
            tab.label = Content(f"{number} {name.title()}" if numbered else name.title())

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

    def show_draft(self, draft: Draft) -> None:
        """Show another state of the brief everywhere but in its own fields."""
        self.status.draft = draft
        self.field_help.draft = draft
        self.autosave.changed(draft)
        self.panes.show_draft(draft)
        self.show_toml()
        self.panes.form.relate(draft)
        what_ifs = len(draft.supposed)
        self.refresh_bindings()
        self.panel.border_title = f"Verdict — what-if: {what_ifs}" if what_ifs else "Verdict"
        self.panel.border_subtitle = Content(clean(twin("verdict", draft)))
        for view in (self.panel, self.strip):
            view.set_class(bool(what_ifs), "-supposed")

    def show_toml(self) -> None:
        """Show the file beside the form, where it is open."""
        if self.has_class(TOML_OPEN):
            question = self.field_help.question
            self.toml.show(self.draft, question.key if question else "")

    def show_answer(self, key: str, draft: Draft) -> None:
        """Show in the field of a question what the draft says."""
        if field := self.panes.form.field(key):
            from advisor.tui.widgets.brief_form import put

            put(field, draft)

    def fill_form(self, draft: Draft) -> None:
        """Show the answers of a draft in every field."""
        self.panes.form.fill(draft)

    def show_findings(self, findings: Mapping[str, str], stand_ins: Mapping[str, str]) -> None:
        """Show at the fields what the data say: where it differs from the answers, and where it
        stands in for a missing one.
        """
        self.panes.form.show_findings(findings, stand_ins)

    def mark_field(self, key: str, line: str) -> None:
        """Mark the field of a question as refused; an empty key removes every such mark."""
        self.panes.form.mark(key, line)

    def show_verdict(self, verdict: Verdict | None, change: str = "") -> None:
        """Show a verdict, and what the newest answer changed in it."""
        self.status.verdict = verdict
        self.field_help.verdict = verdict
        ways = self.panes.ways = self.ways.ways()
        if verdict is None or verdict.sensitivity:
            self.panes.form.show_effects(effects(verdict))
        for view in (self.panel, self.strip):
            view.text.show(verdict, self.draft.judged, change, ways)

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
