"""What the answers to an item say: the final answer of one, or the vote of several."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from advisor.calibrate.metrics.extraction import AnswerReading, Extracted, fenced_json
from advisor.calibrate.metrics.labels import named_label
from advisor.calibrate.metrics.numbers import last_number
from advisor.calibrate.metrics.scorer import LABELS, Scorer
from advisor.calibrate.metrics.text import normalised
from advisor.calibrate.prompting.forms import PromptForm
from advisor.calibrate.worker.ledger import KeptAnswer
from advisor.core.experiment import JsonObject


@dataclass(frozen=True, slots=True)
class ItemAnswer:
    """The final answer to item `number`; `share` of its answers agree with it."""

    number: int
    text: str
    reading: AnswerReading
    calls: Sequence[KeptAnswer]
    share: float = 1.0
    item_characters: int = 0


@dataclass(frozen=True, slots=True)
class Marker:
    """Reads answers for a metric."""

    scorer: Scorer

    @classmethod
    def of(cls, shared: JsonObject) -> Marker:
        """By the plan's shared data."""
        return cls(Scorer.of(shared))

    def read(self, number: int, answers: Sequence[KeptAnswer], form: PromptForm) -> ItemAnswer:
        """The answer to one item: of several the most frequent, the first of equals."""
        readings = [self.extracted(answer, form) for answer in answers]
        good = [reading for reading in readings if reading.reading is AnswerReading.READ]
        if not good:
            return ItemAnswer(number, readings[0].text, readings[0].reading, answers, 0.0)
        votes = Counter(self.key(reading.text) for reading in good)
        winner, count = votes.most_common(1)[0]
        text = next(reading.text for reading in good if self.key(reading.text) == winner)
        return ItemAnswer(number, text, AnswerReading.READ, answers, count / len(answers))

    def extracted(self, answer: KeptAnswer, form: PromptForm) -> Extracted:
        """The final answer in one reply, by metric and technique."""
        if answer.lost:
            return Extracted("", AnswerReading.LOST)
        text = _unstructured(answer.text) if form.structured else answer.text
        return self.scorer.extract(
            text, was_cut=answer.was_cut, refusal=answer.refusal, thinks=form.thinks
        )

    def key(self, text: str) -> str:
        """What answers that say the same have in common."""
        if self.scorer.metric in LABELS:
            return named_label(text, self.scorer.labels)
        if self.scorer.metric == "numeric match":
            return str(last_number(text))
        if self.scorer.metric.startswith("JSON"):
            return _canonical(text)
        return normalised(text)


def _unstructured(text: str) -> str:
    """The answer in a structured reply; the reply itself where it is not one."""
    try:
        document = json.loads(fenced_json(text))
    except (ValueError, RecursionError):
        return text
    answer = document.get("answer") if isinstance(document, dict) else None
    if answer is None:
        return text
    return answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)


def _canonical(text: str) -> str:
    try:
        return json.dumps(json.loads(text), sort_keys=True)
    except (ValueError, RecursionError):
        return normalised(text)
