"""Which measure a task has, and answers marked by it: per item, so that arms can be compared in
pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, median

from advisor.calibrate.metrics.extraction import (
    AnswerReading,
    Extracted,
    after_mark,
    fenced_json,
    is_refusal,
    marked_answer,
    marked_answers,
    unmarked_answers,
    without_thoughts,
)
from advisor.calibrate.metrics.label_reader import reader_for
from advisor.calibrate.metrics.labels import labels_of, macro_f1, marks
from advisor.calibrate.metrics.numbers import MARK, is_number, last_number, numeric_match
from advisor.calibrate.metrics.overlap import corpus, library, rouge_l, sentence
from advisor.calibrate.metrics.structured import is_json, match, valid
from advisor.calibrate.metrics.text import exact, token_f1
from advisor.calibrate.quality_records import ScoredItems
from advisor.core import format as fmt
from advisor.core.errors import UsageError, did_you_mean
from advisor.core.experiment import JsonObject

LABELS = ("accuracy", "macro F1")
WRITTEN = ("BLEU", "chrF")
LIBRARIES = {"ROUGE-L": "rapidfuzz.distance", "BLEU": "sacrebleu", "chrF": "sacrebleu"}
METRICS = (
    *LABELS,
    "exact match",
    "token F1",
    "ROUGE-L",
    *WRITTEN,
    "numeric match",
    "JSON validity",
    "JSON match",
)
ONE_LINE = frozenset({*LABELS, "exact match", "token F1"})
NAMES = {
    "acc": "accuracy",
    "f1macro": "macro F1",
    "em": "exact match",
    "squadf1": "token F1",
    "rouge": "ROUGE-L",
    "sacrebleu": "BLEU",
    "gsm8k": "numeric match",
    "numericaccuracy": "numeric match",
    "json": "JSON match",
    "fieldf1": "JSON match",
    "fieldaccuracy": "JSON match",
    "validjson": "JSON validity",
    "schemavalidity": "JSON validity",
} | {"".join(c for c in m.lower() if c.isalnum()): m for m in METRICS}
BY_TYPE = {"classification": "accuracy", "summarisation": "ROUGE-L", "translation": "chrF"}
FITS = 0.9
MOST_NUMBER_LABELS = 12
"""More different numbers than this are quantities, not grades."""

SHORT_WORDS = 4
SENTENCE_WORDS = 20


def _numbered(answer: str) -> bool:
    return last_number(answer) is not None


SUITS: dict[str, tuple[Callable[[str], bool], str]] = {
    "numeric match": (_numbered, "hold a number"),
    "JSON match": (is_json, "are JSON objects or arrays"),
}
"""What an answer must be for its metric; one that is not is matched exactly."""


@dataclass(frozen=True, slots=True)
class Scorer:
    """How answers are marked.

    `labels` is empty where answers are free text; `one_line`: nothing follows a line end.
    """

    metric: str
    labels: tuple[str, ...] = ()
    schema: JsonObject | None = None
    one_line: bool = False

    @classmethod
    def of(cls, shared: JsonObject) -> Scorer:
        """The marking of a plan's shared data."""
        return cls(
            str(shared["metric"]),
            tuple(shared["labels"]),
            shared.get("schema"),
            bool(shared.get("one_line", False)),
        )

    def extract(
        self, written: str, *, was_cut: bool = False, refusal: str = "", thinks: bool = False
    ) -> Extracted:
        """The final answer in what a model wrote, by the metric: a label, a number, JSON or text.

        A cut-off answer counts as read where it names a label or ends in JSON nevertheless. Of a
        prompt that `thinks` only what follows the last mark counts, where there is one.
        """
        text = without_thoughts(written)
        text = after_mark(text) if thinks else text
        if refusal and not text:
            return Extracted("", AnswerReading.REFUSED)
        if not text:
            return Extracted(
                "", AnswerReading.CUT if was_cut or written.strip() else AnswerReading.EMPTY
            )
        answer = self._final(text)
        if answer is not None and not (was_cut and self.metric not in LABELS):
            return Extracted(answer)
        if is_refusal(text):
            return Extracted(text, AnswerReading.REFUSED)
        if was_cut:
            return Extracted(answer or text, AnswerReading.CUT)
        return Extracted(text, AnswerReading.UNREADABLE)

    def _final(self, text: str) -> str | None:
        """The final answer, None where the text holds none of the kind that the metric needs."""
        if self.metric in LABELS:
            reader = reader_for(self.labels)
            names = [reader.named(c) or reader.leading(c) for c in marked_answers(text)]
            names += [reader.named(candidate) for candidate in unmarked_answers(text)]
            return next((name for name in names if name), None)
        if self.metric == "numeric match":
            return text if last_number(text) is not None else None
        if self.metric.startswith("JSON"):
            return fenced_json(text)
        if is_refusal(text):
            return None
        return marked_answer(text) if self.metric in ONE_LINE else text

    def score(self, prediction: str, answer: str) -> float:
        """One answer, 0 to 1. Raises ValueError for a metric that is not scored here."""
        if self.metric in LABELS:
            reader = reader_for(self.labels)
            named = reader.named(prediction)
            return float(bool(named) and named == reader.exactly(answer))
        if self.metric in WRITTEN:
            return sentence(self.metric, prediction, answer)
        suits = SUITS.get(self.metric)
        if suits is not None and not suits[0](answer):
            return exact(prediction, answer)
        if self.metric.startswith("JSON"):
            return (
                valid(prediction, self.schema)
                if self.metric == "JSON validity"
                else match(prediction, answer, self.schema)
            )
        plain = {
            "exact match": exact,
            "token F1": token_f1,
            "ROUGE-L": rouge_l,
            "numeric match": numeric_match,
        }
        if self.metric not in plain:
            raise ValueError(
                f"metric {self.metric!r} is not scored here; one of {', '.join(METRICS)}"
            )
        return plain[self.metric](prediction, answer)

    def score_all(self, predictions: Sequence[str], answers: Sequence[str]) -> ScoredItems:
        """All answers: `score` of the set, `item_scores`, and in `also` what else such a set is
        reported by.

        Macro F1 is a figure of the set: its `item_scores` say which items are right, its
        `item_labels` keep it exact.
        """
        scores = [self.score(p, a) for p, a in zip(predictions, answers, strict=True)]
        scored = ScoredItems(self.metric, fmean(scores), len(scores), scores)
        if self.metric in LABELS:
            return self._with_balance(scored, predictions, answers)
        return replace(scored, also=self._also(predictions, answers))

    def _with_balance(
        self, scored: ScoredItems, predictions: Sequence[str], answers: Sequence[str]
    ) -> ScoredItems:
        """Accuracy and macro F1 beside each other; macro F1 needs the labels of every item."""
        labels = marks(predictions, answers, self.labels)
        balanced = float(macro_f1(labels)[0])
        if self.metric == "macro F1":
            return replace(
                scored, score=balanced, also={"accuracy": scored.score}, item_labels=labels
            )
        return replace(scored, also={"macro F1": balanced})

    def _also(self, predictions: Sequence[str], answers: Sequence[str]) -> dict[str, float]:
        if self.metric in WRITTEN:
            return {f"corpus {self.metric}": corpus(self.metric, predictions, answers)}
        if self.metric == "JSON match":
            return {"JSON validity": fmean(valid(p, self.schema) for p in predictions)}
        if self.metric == "token F1":
            pairs = zip(predictions, answers, strict=True)
            return {"exact match": fmean(exact(p, a) for p, a in pairs)}
        return {}


def metric_named(text: str, *, labelled: bool = False, where: str = "--metric") -> str:
    """The metric that a user or a brief names in their own spelling; `F1` alone is macro over
    labels, else over words.

    Raises UsageError, which begins with `where`, for what is not scored here.
    """
    plain = "".join(c for c in text.lower() if c.isalnum())
    if plain == "f1":
        return "macro F1" if labelled else "token F1"
    if plain not in NAMES:
        choices = ", ".join(METRICS)
        raise UsageError(
            f"{where} {text!r}: not scored here; use --metric with one of "
            f"{choices}{did_you_mean(text, METRICS)}"
        )
    return NAMES[plain]


def metric_for(answers: Sequence[str], task_type: str = "") -> str:
    """The metric that suits the answers, and the type of the task where it is known (the words of a
    brief).
    """
    if _share(is_json, answers) >= FITS:
        return "JSON match"
    if _share(lambda a: MARK in a, answers) >= FITS:
        return "numeric match"
    labels = labels_of(answers)
    if task_type in BY_TYPE and (task_type != "classification" or labels):
        return BY_TYPE[task_type]
    numbers = _share(_numbered if task_type == "reasoning" else is_number, answers) >= FITS
    if numbers and not 0 < len(labels) <= MOST_NUMBER_LABELS:
        return "numeric match"
    if labels:
        return "accuracy"
    words = median(len(a.split()) for a in answers)
    if words <= SHORT_WORDS and task_type != "qa":
        return "exact match"
    return "token F1" if words <= SENTENCE_WORDS else "ROUGE-L"


def scorer_for(
    answers: Sequence[str],
    *,
    metric: str = "",
    task_type: str = "",
    schema: JsonObject | None = None,
) -> Scorer:
    """How to mark answers like these.

    Raises UsageError where the metric does not suit them, MissingExtra.
    """
    labels = labels_of(answers)
    named = (
        metric_named(metric, labelled=bool(labels)) if metric else metric_for(answers, task_type)
    )
    if named in LABELS and not labels:
        raise UsageError(
            f"--metric {named}: the answers are not labels (2 to 200, short, repeated); use exact "
            "match"
        )
    if schema is not None and not named.startswith("JSON"):
        raise UsageError(
            f"--schema: {named} does not use a schema; use --metric 'JSON validity' or 'JSON match'"
        )
    suits, are = SUITS.get(named, (lambda _: True, ""))
    if (share := _share(suits, answers)) < FITS:
        raise UsageError(
            f"--metric {named}: only {fmt.share(share)} of the answers {are}; choose another metric"
        )
    if named in LIBRARIES:
        library(LIBRARIES[named])
    one_line = named in ONE_LINE and not any("\n" in a.strip() for a in answers)
    return Scorer(named, labels if named in LABELS else (), schema, one_line)


def _share(suits: Callable[[str], bool], answers: Sequence[str]) -> float:
    return fmean(float(suits(a)) for a in answers) if answers else 0.0
