"""From answer to verdict: answers change the draft, the draft is judged, the verdict shown."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from advisor.core.brief import questions
from advisor.core.errors import UsageError
from advisor.core.format import clean
from advisor.core.plugins import faults
from advisor.tui.messages import (
    FlipTried,
    ObservationsReady,
    ProposalsAccepted,
    VerdictReady,
    WhatIfSettled,
    WhatIfStepped,
)
from advisor.tui.model.draft import NONE, Answers, Draft
from advisor.tui.model.known_enough import shows_winner
from advisor.tui.model.undo import UndoHistory
from advisor.tui.model.verdict_change import change_line
from advisor.tui.work.judge_jobs import REST_SECONDS, JudgeJobs

if TYPE_CHECKING:
    from advisor.core.probes import DataReport
    from advisor.core.verdict import Verdict
    from advisor.tui.screens.desk import Desk
    from advisor.tui.work.engine import Engine, Observations

OBSERVED_KEYS = frozenset(
    (
        "data.path",
        "data.eval_path",
        "data.sample",
        "traffic.log",
        "prices.file",
        "hardware.gpu",
    )
)
"""Questions whose answer makes the program look again; others only need a new judgement."""


@dataclass(frozen=True, slots=True)
class AppliedProposal:
    """A proposal that became an answer: the answer before (None: left out) and after."""

    key: str
    before: Any
    after: Any


class JudgingController:
    """Owns the draft, the observations of data and machine, and the newest verdict.

    `deep`: the verdict includes flip points, sensitivity and the next step.
    """

    def __init__(self, desk: Desk, engine: Engine, draft: Draft) -> None:
        self._desk = desk
        self.jobs = JudgeJobs(desk, engine)
        self.draft = draft
        self.observations: Observations | None = None
        self.verdict: Verdict | None = None
        self.deep = False
        self.history = UndoHistory()
        self._applied: list[tuple[AppliedProposal, ...]] = []
        self._before_change: Verdict | None = None
        self._warned: set[str] = set()

    def take(self, draft: Draft) -> None:
        """Start over with another brief."""
        self.observations = None
        self.verdict = None
        self.deep = False
        self.history = UndoHistory()
        self._applied.clear()
        self._before_change = None
        self._desk.field_help.report = None
        self.set_draft(draft)
        self._desk.show_failure("")
        self._desk.show_verdict(None)

    def set_draft(self, draft: Draft) -> None:
        """Replace the draft by another state of the same brief."""
        self.draft = draft
        self._desk.show_draft(draft)

    def judge(self) -> None:
        """Ask for a verdict on the draft; before the first observations, those will ask."""
        self.deep = False
        key, contradiction = self.draft.contradiction()
        if key:
            self._fail(f"{key}: {contradiction}")
        elif self.observations is not None:
            self.jobs.judge(self.draft.judged, self.observations)

    def answer(self, answers: Answers) -> None:
        """Take answers from the form."""
        draft = self.draft
        for key, value in answers.items():
            draft = draft.answer(key, value)
        self.change(draft, frozenset(answers))

    def change(self, draft: Draft, keys: frozenset[str]) -> None:
        """Take another state of the brief, in which these answers differ."""
        self._remember(keys)
        self.set_draft(draft)
        self._judge_change(keys)

    def _remember(self, keys: frozenset[str]) -> None:
        """Note what stands before a change, for undo and for the line of what it changed: before
        the first key of an answer, since half an answer is judged too.
        """
        begins = self.history.record(self.draft, keys)
        if begins and self.verdict is not None:
            # Where no winner was shown, there is nothing that could have changed.
            self._before_change = self.verdict if shows_winner(self.draft.judged) else None

    def _judge_change(self, keys: frozenset[str]) -> None:
        self.deep = False
        if OBSERVED_KEYS & keys:
            self.jobs.look(self.draft.judged, after=REST_SECONDS)
        else:
            self.judge()

    def undo(self) -> None:
        """Go back to the draft before the newest change."""
        self._move_to(self.history.undo(self.draft), "nothing to undo")

    def redo(self) -> None:
        """Go forward to the draft that was undone last."""
        self._move_to(self.history.redo(self.draft), "nothing to redo")

    def _move_to(self, draft: Draft | None, otherwise: str) -> None:
        if draft is None:
            self._desk.notify(otherwise, markup=False)
            return
        changed = frozenset(
            key for key in questions() if draft.value(key) != self.draft.value(key)
        ) | (draft.supposed.keys() ^ self.draft.supposed.keys())
        if draft.path != self.draft.path or draft.text != self.draft.text:
            # Saved since: what differs from the file has to be written again.
            draft = replace(
                draft,
                path=self.draft.path,
                text=self.draft.text,
                changed=tuple(dict.fromkeys((*draft.changed, *sorted(changed)))),
            )
        self._before_change = self.verdict
        self.set_draft(draft)
        self._desk.fill_form(draft)
        self._judge_change(changed)

    def accept(self, message: ProposalsAccepted) -> None:
        """Turn proposals into answers as if they had been typed; refuse invalid ones singly."""
        from advisor.brief import parse_answer

        answers = {}
        for proposal in message.proposals:
            try:
                answers[proposal.key] = parse_answer(questions()[proposal.key], proposal.text)
            except UsageError as error:
                self._desk.complain(str(error))
        if not answers:
            return
        self._applied.append(
            tuple(AppliedProposal(k, self.draft.value(k), v) for k, v in answers.items())
        )
        self.put(answers)
        self._desk.notify(f"accepted: {', '.join(answers)}; u undoes", markup=False)

    def take_back(self) -> None:
        """Take back the newest proposals, except where the answer was changed since."""
        if not self._applied:
            self._desk.notify("no proposal to take back", markup=False)
            return
        newest = self._applied.pop()
        self.put({p.key: p.before for p in newest if self.draft.value(p.key) == p.after})

    def put(self, answers: Answers) -> None:
        """Take answers that did not come from the form, so the form has to show them too."""
        self.answer(answers)
        for key in answers:
            self._desk.show_answer(key, self.draft)

    def step(self, message: WhatIfStepped) -> None:
        """Try a larger or smaller number without making it an answer."""
        from advisor.tui.model.proposed_answers import value_in_use
        from advisor.tui.model.stepping import stepped

        question = questions()[message.key]
        value = value_in_use(self._data, self.draft, message.key)
        if value is None:
            self._desk.notify(f"type a value first: {question.source}", markup=False)
            return
        what_if = stepped(question, value, message.direction)
        self._suppose(self.draft.suppose(message.key, what_if), message.key)

    def try_flip(self, message: FlipTried) -> None:
        """Suppose a value just beyond a flip of the verdict."""
        from advisor.tui.model.stepping import just_beyond

        question = questions().get(message.key)
        if question is None:
            self._desk.complain(f"{message.key}: not an answer of the brief, so it stays as it is")
            return
        what_if = just_beyond(question, message.value, message.now)
        self._suppose(self.draft.suppose(message.key, what_if), message.key)

    def settle(self, message: WhatIfSettled) -> None:
        """Keep or drop a what-if; without one, leave the field."""
        if message.key in self.draft.supposed:
            self._settle(message.key, keep=message.keep)
        elif not message.keep:
            self._desk.action_leave()

    def settle_all(self, *, keep: bool) -> None:
        """Keep or drop every what-if."""
        for key in self.draft.supposed:
            self._settle(key, keep=keep)

    def _settle(self, key: str, *, keep: bool) -> None:
        self.history.end_step()
        if keep:
            self._suppose(self.draft.answer(key, self.draft.supposed[key]), key)
            self._desk.notify("what-if kept as the answer; ctrl+z undoes", markup=False)
        else:
            self._suppose(self.draft.drop(key), key)

    def _suppose(self, draft: Draft, key: str) -> None:
        self._remember(frozenset((key,)))
        self.set_draft(draft)
        self._desk.show_answer(key, draft)
        self.judge()

    def observe(self, message: ObservationsReady) -> None:
        """Take what was observed, unless a newer request is under way."""
        if message.number != self.jobs.looks:
            return
        self.jobs.is_looking = False
        self.observations = message.observations
        if message.observations is None:
            self._fail(message.failure)
        else:
            self._show_findings()
            self.judge()
        self._desk.panes.show(self.observations, self.verdict)

    def _show_findings(self) -> None:
        """Say at the fields what the data hold, beside answers and in the place of missing ones."""
        from advisor.tui.model.proposed_answers import differing, standing_in

        data = self._data
        self._desk.field_help.report = data
        self._desk.show_findings(differing(data, self.draft), standing_in(data, self.draft))

    @property
    def _data(self) -> DataReport | None:
        return self.observations.data if self.observations is not None else None

    def receive(self, message: VerdictReady) -> None:
        """Show a verdict, unless a newer request is under way; then judge in depth."""
        if message.number != self.jobs.judgements:
            return
        if message.verdict is None:
            self._fail(message.failure)
            return
        self._desk.show_failure("")
        self._desk.mark_field("", "")
        self.verdict = message.verdict
        self.deep = message.deep
        change = ""
        if self._before_change is not None:
            change = change_line(self._before_change, message.verdict)
        self._desk.show_verdict(message.verdict, change)
        self._warn_of_plugins()
        if not message.deep and self.observations is not None:
            self.jobs.deepen(self.draft.judged, self.observations)
        # In a turn of its own, so that keys are answered between the panel and the pane.
        self._desk.call_later(self._desk.panes.show, self.observations, self.verdict)

    def _warn_of_plugins(self) -> None:
        """Say once of each plug-in that it is left out, and why."""
        for fault in faults():
            if fault not in self._warned:
                self._warned.add(fault)
                self._desk.notify(clean(fault), severity="warning", markup=False)

    @property
    def is_looking(self) -> bool:
        """Whether the look at data and machine is under way."""
        return self.jobs.is_looking

    def stop_look(self) -> None:
        """Stop the look at the data; the brief goes on without its file."""
        self.jobs.stop_look()
        self._desk.status.running = ""
        self._desk.panes.look_stopped()
        self._fail("data.path: looking was stopped; name a smaller file, or set “sample” to yes")

    def _fail(self, line: str) -> None:
        """There is no verdict on the draft: one line says why; no report can be written.

        The last good verdict stays on the screen, dimmed and dated.
        """
        self.jobs.drop()
        self.verdict = None
        self.deep = False
        self._desk.show_failure(clean(line))
        key, _, _ = line.partition(": ")
        if key in questions():
            self._desk.mark_field(key, line)

    def first_refusal(self) -> str:
        """The first field without a valid answer, in one line; empty where all are valid."""
        if line := self._desk.check_fields():
            return line
        key, contradiction = replace(self.draft, supposed=NONE).contradiction()
        return f"{key}: {contradiction}" if contradiction else ""
