"""What the data propose for the brief, as answers the user may take over. No Textual here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from advisor.core.brief import Brief, questions
from advisor.core.quantity import Range
from advisor.tui.model.question_text import as_typed, in_short

if TYPE_CHECKING:
    from advisor.core.probes import DataReport, Proposal
    from advisor.tui.model.draft import Draft

_DIGITS = 4
"""Significant digits of a measured range: more would only make the brief hard to read."""
_DIGITS_AT_A_GLANCE = 3
"""The same in an empty field, where nothing is taken over."""


@dataclass(frozen=True, slots=True)
class ProposedAnswer:
    """An answer that the data suggest: `now` and `text` as a person would type them; `now` is empty
    where left out.
    """

    key: str
    now: str
    text: str
    why: str


def proposed_answers(report: DataReport | None, draft: Draft) -> tuple[ProposedAnswer, ...]:
    """One offer a question, nothing that the brief already says; of two proposals the later one, a
    hint.
    """
    if report is None:
        return ()
    from advisor.probe.proposals import apply, proposals

    informed = apply(report, draft.brief)
    by_key = {p.key: _proposed(p, draft, informed) for p in proposals(report, draft.brief)}
    return tuple(answer for answer in by_key.values() if answer.text != answer.now)


def differing(report: DataReport | None, draft: Draft) -> Mapping[str, str]:
    """Where the files say something else than the brief's own answers: `file: 77` by key."""
    differences = {
        answer.key: f"file: {answer.text}"
        for answer in proposed_answers(report, draft)
        if answer.key in draft.brief.origins
    }
    if report is not None and report.labels and "task.labels" in draft.brief.origins:
        count = len(report.labels)
        if count != draft.brief.task.labels:
            differences["task.labels"] = f"file: {count:,}"
    return differences


def standing_in(report: DataReport | None, draft: Draft) -> Mapping[str, str]:
    """What the files hold for questions that the brief leaves out: `40, from the file` by key.

    The verdict rests on it already; accepting the proposal makes it an answer.
    """
    if report is None:
        return {}
    from advisor.probe.proposals import apply

    informed = apply(report, draft.brief)
    return {
        key: f"{in_short(questions()[key], _at_a_glance(informed.get(key)))}, from the file"
        for key in questions()
        if key in informed.origins and key not in draft.brief.origins
    }


def value_in_use(report: DataReport | None, draft: Draft, key: str) -> Any:
    """What the verdict rests on: a what-if, the answer, what the files hold, or the default."""
    value = draft.supposed.get(key, draft.value(key))
    if value is not None:
        return value
    if report is not None:
        from advisor.probe.proposals import apply

        informed = apply(report, draft.brief)
        if key in informed.origins:
            return _at_a_glance(informed.get(key))
    return questions()[key].default


def _proposed(proposal: Proposal, draft: Draft, informed: Brief) -> ProposedAnswer:
    """A measured value is taken exactly, not from its text; a hint has only its text."""
    question = questions()[proposal.key]
    origin = informed.origins.get(proposal.key)
    measured = origin is not None and origin.source == proposal.why
    text = (
        as_typed(question, _readable(informed.get(proposal.key))) if measured else proposal.proposed
    )
    return ProposedAnswer(
        proposal.key, as_typed(question, draft.value(proposal.key)), text, proposal.why
    )


def _at_a_glance(value: Any) -> Any:
    return _readable(value, _DIGITS_AT_A_GLANCE)


def _readable(value: Any, digits: int = _DIGITS) -> Any:
    if not isinstance(value, Range) or value.is_exact:
        return value
    points = (value.p10, value.p50, value.p90)
    return Range(*(None if point is None else float(f"{point:.{digits}g}") for point in points))
