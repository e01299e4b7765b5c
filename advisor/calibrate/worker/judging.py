"""Open answers marked by a model: by a rubric, or in pairs with the reference in both orders."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import TYPE_CHECKING

from advisor.calibrate.judge import JudgeSpec, agreement
from advisor.calibrate.metrics.scorer import Scorer
from advisor.calibrate.quality_records import ScoredItems
from advisor.calibrate.worker.calls import Calls, Request, Session
from advisor.calibrate.worker.marking import ItemAnswer
from advisor.calibrate.worker.stop import Stop, Stopped
from advisor.core.experiment import JsonObject

if TYPE_CHECKING:
    from advisor.calibrate.worker.ledger import KeptAnswer

RUBRIC = (
    "You grade an answer. Rubric: {rubric}\n\nQuestion:\n{question}\n\nReference answer:\n"
    "{reference}\n\nAnswer to grade:\n{answer}\n\nThink briefly, then write the grade from 1 "
    "(worst) to 5 (best) alone on the last line, after 'Grade:'."
)
PAIRWISE = (
    "Which of two answers is better? Criterion: {rubric}\n\nQuestion:\n{question}\n\nAnswer A:\n"
    "{first}\n\nAnswer B:\n{second}\n\nThink briefly, then write A, B or TIE alone on the last "
    "line, after 'Verdict:'."
)
_GRADE = re.compile(r"grade\W*([1-5])(?!\d)", re.IGNORECASE)
_VERDICT = re.compile(r"verdict\W*\b(A|B|TIE)\b", re.IGNORECASE)


@dataclass(slots=True)
class AnswerJudge:
    """A model that marks answers, with its own answers, price and agreement with labels."""

    judge: JudgeSpec
    session: Session
    stop: Stop
    calls: dict[str, KeptAnswer] = field(default_factory=dict)
    unread: int = 0
    swapped: int = 0
    """Pairs on which the order decided: A twice, or B twice."""

    pairs: int = 0

    def marked(
        self, scorer: Scorer, answers: Sequence[ItemAnswer], items: Sequence[tuple[str, str]]
    ) -> ScoredItems:
        """Scores from 0 to 1 by item. Raises Stopped."""
        texts = [answer.text for answer in answers]
        scores = self.scores([q for q, _ in items], texts, [a for _, a in items])
        return ScoredItems(scorer.metric, fmean(scores), len(scores), scores)

    def scores(
        self, questions: Sequence[str], answers: Sequence[str], references: Sequence[str]
    ) -> list[float]:
        """Of every answer: its grade from 0 to 1, or how it does against the reference."""
        rows = list(zip(questions, answers, references, strict=True))
        if not self.judge.pairwise:
            return [_graded(reply) for reply in self._asked([self._rubric(*row) for row in rows])]
        prompts = [
            text
            for question, answer, reference in rows
            for text in (
                self._pair(question, answer, reference),
                self._pair(question, reference, answer),
            )
        ]
        replies = [_preferred(reply) for reply in self._asked(prompts)]
        first = replies[0::2]
        second = [None if value is None else 1.0 - value for value in replies[1::2]]
        self.pairs += len(rows)
        self.swapped += sum({a, b} == {0.0, 1.0} for a, b in zip(first, second, strict=True))
        return [_mean_of(pair) for pair in zip(first, second, strict=True)]

    def report(self) -> JsonObject:
        """The judge with its cost, and how far it agrees with the user's own labels."""
        agreed = self._agreement()
        priced = self.judge.spec.is_priced
        document: JsonObject = {
            "model": self.judge.spec.model,
            "kind": "pairwise" if self.judge.pairwise else "rubric",
            "calls": len(self.calls),
            "usd": sum(c.usd or 0.0 for c in self.calls.values()) if priced else None,
            "order_decided": self.swapped / self.pairs if self.pairs else None,
        }
        return document if agreed is None else {**document, "agreement": agreed}

    def _agreement(self) -> JsonObject | None:
        labels = self.judge.labels
        if not labels:
            return None
        marks = self.scores(
            [row.question for row in labels],
            [row.answer for row in labels],
            [row.reference for row in labels],
        )
        return agreement(marks, [row.score for row in labels])

    def _rubric(self, question: str, answer: str, reference: str) -> str:
        return RUBRIC.format(
            rubric=self.judge.rubric, question=question, answer=answer, reference=reference
        )

    def _pair(self, question: str, first: str, second: str) -> str:
        return PAIRWISE.format(
            rubric=self.judge.rubric, question=question, first=first, second=second
        )

    def _asked(self, prompts: Sequence[str]) -> list[str]:
        spec = self.judge.spec
        requests = [Request.of(spec, [{"role": "user", "content": text}]) for text in prompts]
        calls = Calls(spec, self.session, self.stop, requests).run(lambda done: None)
        if len(calls) < len(requests):
            raise Stopped(self.stop.reason, {"spent_usd": self.session.budget.spent_usd})
        self.calls |= {answer.request: answer for answer in calls.values()}
        return [calls[place].text for place in range(len(requests))]


def _graded(reply: str) -> float:
    """The last grade in a reply, 1 to 5 as 0 to 1; a reply without one gives no points."""
    grades = _GRADE.findall(reply) or re.findall(r"^\W*([1-5])\W*$", reply, re.MULTILINE)
    return (int(grades[-1]) - 1) / 4 if grades else 0.0


def _preferred(reply: str) -> float | None:
    """1 where A is better, 0 where B is, one half for a tie; None where the reply says neither."""
    verdicts = _VERDICT.findall(reply) or re.findall(
        r"^\W*(A|B|TIE)\W*$", reply, re.MULTILINE | re.IGNORECASE
    )
    return {"A": 1.0, "B": 0.0, "TIE": 0.5}[verdicts[-1].upper()] if verdicts else None


def _mean_of(pair: Sequence[float | None]) -> float:
    values = [value for value in pair if value is not None]
    return fmean(values) if values else 0.5
