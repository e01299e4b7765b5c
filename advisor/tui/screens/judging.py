"""The circle of the desk: an answer changes the draft, the draft is judged in a thread, the verdict is shown."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from textual import on

from advisor.core.brief import questions
from advisor.report.words import clean
from advisor.tui.bench import REST_SECONDS, Bench
from advisor.tui.draft import NONE, Draft
from advisor.tui.messages import Answered, Judged, Looked, Refused, Settled, Stepped
from advisor.tui.screens.filing import Filing
from advisor.tui.widgets.field_help import FieldHelp
from advisor.tui.widgets.stage import Stage
from advisor.tui.widgets.status_line import StatusLine
from advisor.tui.widgets.verdict_view import Lines, VerdictPanel, VerdictStrip

if TYPE_CHECKING:
    from advisor.core.verdict import Verdict
    from advisor.tui.engine import Engine, Sights

LOOKED_AT = {
    "data.path",
    "data.eval_path",
    "data.sample",
    "traffic.log",
    "prices.file",
    "hardware.gpu",
}
"""Questions whose answer sends the program looking again; all others only need a new judgement."""


class Judging(Filing):
    """Owns the draft, what the look around found, and the newest verdict; knows the widgets that show them."""

    def __init__(self, engine: Engine, draft: Draft) -> None:
        super().__init__()
        self.bench = Bench(self, engine)
        self.draft = draft
        self.sights: Sights | None = None
        self.verdict: Verdict | None = None
        self.deep = False
        self._status, self._stage, self._help = StatusLine(), Stage(), FieldHelp()
        self._panel, self._strip = VerdictPanel(), VerdictStrip()

    def action_leave(self) -> None:
        """Out of the field, so that letters are keys again."""
        raise NotImplementedError

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
            self._fail(f"{key}: {contradiction}")
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
        from advisor.tui.whatif import stepped

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
            from advisor.tui.widgets.brief_form import put

            put(field, draft)
        self.judge()

    @on(Looked)
    def _looked(self, message: Looked) -> None:
        if message.number != self.bench.looks:
            return
        self.sights = message.sights
        if message.sights is None:
            self._fail(message.failure)
        else:
            self.judge()
        self._stage.show(self.sights, self.verdict)

    @on(Judged)
    def _judged(self, message: Judged) -> None:
        if message.number != self.bench.judgements:
            return
        if message.verdict is None:
            self._fail(message.failure)
            return
        self.show_failure("")
        self.verdict, self.deep = message.verdict, message.deep
        self._status.verdict = message.verdict
        for lines in self.lines:
            lines.verdict = message.verdict
        if not message.deep and self.sights is not None:
            self.bench.deepen(self.draft.judged, self.sights)
        self._stage.show(self.sights, self.verdict)

    def _fail(self, line: str) -> None:
        """There is no verdict on what stands now: one line says why, and no report can be written."""
        self.bench.drop()
        self.verdict, self.deep = None, False
        self.show_failure(line)

    def show_failure(self, line: str) -> None:
        """Put a line in the place of the verdict; empty: the verdict again."""
        for lines in self.lines:
            lines.failure = clean(line)

    @property
    def lines(self) -> tuple[Lines, Lines]:
        """The two places that show the verdict."""
        return self._panel.lines, self._strip.lines

    def refused(self) -> str:
        """The first field that holds no valid answer, in one line; empty where all do."""
        from advisor.tui.widgets.field import Field

        for field in self.query(Field):
            if line := field.check():
                field.control.focus()
                return line
        key, line = replace(self.draft, supposed=NONE).contradiction()
        return f"{key}: {line}" if line else ""
