"""A judge of open answers: which model, by what rubric, and how far it agrees with a person."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from advisor.calibrate.quality_records import PromptsSpec
from advisor.core import given_files
from advisor.core.errors import UsageError
from advisor.core.experiment import JsonObject
from advisor.core.records import JsonRecord, known_fields

JUDGE_METRICS = ("judge rubric", "judge pairwise")
JUDGE_TOKENS = 256
DEFAULT_RUBRIC = "The answer is correct, complete, and says nothing that the reference contradicts."
FEWEST_LABELS = 5


@dataclass(frozen=True, slots=True)
class JudgedAnswer(JsonRecord):
    """An answer that a person marked, 0 to 1."""

    question: str
    answer: str
    reference: str
    score: float


@dataclass(frozen=True, slots=True)
class JudgeSpec(JsonRecord):
    """The endpoint of the judge and what it is asked; `labels` are answers a person marked."""

    spec: PromptsSpec
    rubric: str = DEFAULT_RUBRIC
    pairwise: bool = False
    labels: Sequence[JudgedAnswer] = ()

    @classmethod
    def from_json(cls, document: JsonObject) -> JudgeSpec:
        """The judge in a plan's shared data."""
        values = known_fields(cls, document)
        values["spec"] = PromptsSpec.from_json(values["spec"])
        values["labels"] = [JudgedAnswer.from_json(row) for row in values.get("labels", ())]
        return cls(**values)


def agreement(marks: Sequence[float], labels: Sequence[float]) -> JsonObject:
    """How far a judge agrees with a person on the same answers, both from 0 to 1.

    `same_side` is the share on which both say good (at least one half) or both bad, `kappa` that
    share beyond chance (Cohen 1960), `difference` the judge's mean minus the person's.
    """
    judged = [mark >= 0.5 for mark in marks]
    stated = [label >= 0.5 for label in labels]
    same = fmean(a == b for a, b in zip(judged, stated, strict=True))
    good = fmean(judged)
    right = fmean(stated)
    by_chance = good * right + (1 - good) * (1 - right)
    return {
        "items": len(marks),
        "same_side": same,
        "kappa": (same - by_chance) / (1 - by_chance) if by_chance < 1 else None,
        "difference": fmean(marks) - fmean(labels),
    }


def read_judged(path: Path) -> tuple[JudgedAnswer, ...]:
    """Answers that a person marked: a CSV with the columns question, answer, reference, score.

    Raises UsageError naming file and line.
    """
    columns = ("question", "answer", "reference", "score")
    try:
        with given_files.open_text(path, encoding="utf-8-sig", newline="") as handle:
            reader = csv.DictReader(handle)
            missing = [name for name in columns if name not in (reader.fieldnames or ())]
            if missing:
                raise UsageError(
                    f"{path}: line 1: no column {missing[0]}; the columns are {', '.join(columns)}"
                )
            rows = [_judged(path, reader.line_num, row) for row in reader]
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; check the path") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path}: not a CSV text file: {error}") from None
    if len(rows) < FEWEST_LABELS:
        raise UsageError(f"{path}: {len(rows)} marked answers; give at least {FEWEST_LABELS}")
    return tuple(rows)


def _judged(path: Path, line: int, row: dict[str, str]) -> JudgedAnswer:
    try:
        score = float(row["score"])
    except (TypeError, ValueError):
        score = -1.0
    if not 0 <= score <= 1:
        raise UsageError(f"{path}: line {line}: score {row['score']!r} is not from 0 to 1")
    return JudgedAnswer(row["question"], row["answer"], row["reference"], score)
