"""The circle of the desk: an answer changes the draft, the draft is judged in a thread, the verdict
is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from textual import on

from advisor.core.brief import questions
from advisor.core.errors import UsageError
from advisor.core.format import clean
from advisor.tui.bench import REST_SECONDS, Bench
from advisor.tui.draft import NONE, Draft
from advisor.tui.messages import Accepted, Answered, Judged, Looked, Refused, Settled, Stepped
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


@dataclass(frozen=True, slots=True)
class Taken:
    """A proposal that was taken over: the answer before (None: left out) and after."""

    key: str
    before: Any
    after: Any


class Judging(Filing):
    """Owns the draft, what the look around found, and the newest verdict; knows the widgets that
    show them.
    """

    def __init__(self, engine: Engine, draft: Draft) -> None:
        super().__init__()
        self.bench = Bench(self, engine)
        self.draft = draft
        self.sights: Sights | None = None
        self.verdict: Verdict | None = None
        self.deep = False
        self._status, self._stage, self._help = StatusLine(), Stage(engine.machine), FieldHelp()
        self._taken: list[tuple[Taken, ...]] = []
        self._panel, self._strip = VerdictPanel(), VerdictStrip()

    def action_leave(self) -> None:
        """Out of the field, so that letters are keys again."""
        raise NotImplementedError

    def hold(self, draft: Draft) -> None:
        """Another state of the same brief."""
        self.draft = draft
        self._status.draft = draft
        self._stage.hold(draft)
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
        self._answer({message.key: message.value})

    def _answer(self, answers: Mapping[str, Any]) -> None:
        draft = self.draft
        for key, value in answers.items():
            draft = draft.answer(key, value)
        self.hold(draft)
        if LOOKED_AT & answers.keys():
            self.bench.look(self.draft.judged, after=REST_SECONDS)
        else:
            self.judge()

    @on(Accepted)
    def _accepted(self, message: Accepted) -> None:
        """Proposals become answers as if they had been typed: a value that is none is refused,
        alone.
        """
        from advisor.brief import parse_answer

        answers = {}
        for offer in message.offers:
            try:
                answers[offer.key] = parse_answer(questions()[offer.key], offer.text)
            except UsageError as error:
                self.complain(str(error))
        if answers:
            self._taken.append(tuple(Taken(k, self.draft.value(k), v) for k, v in answers.items()))
            self._put(answers)
            self.notify(f"taken over: {', '.join(answers)}; u undoes", markup=False)

    def action_undo(self) -> None:
        """Take back the newest proposals that were taken over, as far as their answers still
        stand.
        """
        if not self._taken:
            self.notify("no proposal to take back", markup=False)
            return
        self._put(
            {t.key: t.before for t in self._taken.pop() if self.draft.value(t.key) == t.after}
        )

    def _put(self, answers: Mapping[str, Any]) -> None:
        """Answers that did not come from the form; it has to show them too."""
        self._answer(answers)
        for key in answers:
            self._show_answer(key)

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
        self._suppose(
            self.draft.suppose(message.key, stepped(question, value, message.direction)),
            message.key,
        )

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
        self._show_answer(key)
        self.judge()

    def _show_answer(self, key: str) -> None:
        form = self._stage.form
        if form is not None and (field := form.field(key)):
            from advisor.tui.widgets.brief_form import put

            put(field, self.draft)

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
        """There is no verdict on what stands now: one line says why, and no report can be
        written.
        """
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
