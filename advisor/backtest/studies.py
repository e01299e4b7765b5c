"""Reads published studies: rows of the evidence schema as skills with a score."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from advisor.backtest.class_counts import class_count
from advisor.core.errors import UsageError, did_you_mean
from advisor.estimate.quality.design import ADDED_EXAMPLES
from advisor.estimate.quality.metric_kind import kind_of
from advisor.estimate.quality.skills import Skill, TaskProfile

COLUMNS = (
    "study",
    "task",
    "task_type",
    "domain",
    "base_model",
    "base_params_b",
    "approach",
    "n_shots",
    "n_train_examples",
    "metric",
    "value",
    "notes",
)
TECHNIQUES = {
    "zero_shot": ("prompt", "zero-shot"),
    "few_shot": ("prompt", "few-shot"),
    "many_shot": ("prompt", "many-shot"),
    "cot": ("prompt", "chain-of-thought"),
    "optimised_prompt": ("prompt", "searched"),
    "rag": ("prompt", "retrieval"),
    "prompt_tuning": ("tune", "soft-prompt"),
    "lora": ("tune", "lora"),
    "qlora": ("tune", "qlora"),
    "full_ft": ("tune", "full"),
    "peft_other": ("tune", "other"),
    "api_ft": ("tune", "hosted"),
    "rl_ft": ("tune", "reinforced"),
    "hybrid": ("hybrid", "tuned-few-shot"),
}
SPECIFIC = {
    "medical": "high",
    "legal": "high",
    "finance": "high",
    "agriculture": "high",
    "general": "low",
}
_WEAK = re.compile(
    r"unsupervised|continued pre-?train|bootstrapped traces|unlabel|out[- ]of[- ]d|rollout|grpo",
    re.IGNORECASE,
)
_ENCODER = re.compile(r"bert|setfit|mpnet|electra|xlnet|\bpet\b", re.IGNORECASE)
_ITEMS = re.compile(r"test n=(\d+)|(\d+)-(?:item|example) test|on (\d+) items|test = (\d+) items")
USUAL_ITEMS = 300.0
_RETRIEVAL = re.compile(
    r"\brag\b|retriev(?!ed (?:demo|example|fuzzy))|gold knowledge", re.IGNORECASE
)
_ADDED_EXAMPLES = re.compile(
    r"\bthen\b[^;]*(?:demo|shot)|at inference only|format clash", re.IGNORECASE
)
_CASCADE = re.compile(r"\bfilter\b|\breranks?\b|\bcascade|\brout(?:er|ed|ing)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Result:
    """One published result.

    `value` is scaled to 0..1 (`scale` undoes it); None where the file leaves it out.

    `examples` is the place on a learning curve: labels for a tuned model, demonstrations for a
    prompt.
    """

    study: str
    task: str
    metric: str
    raw_approach: str
    params_b: float | None
    about: TaskProfile
    skill: Skill
    value: float | None
    scale: float
    examples: float | None
    items: float

    @property
    def family(self) -> str:
        return self.skill.approach

    @property
    def has_unit(self) -> bool:
        """Whether the metric says what a full mark is."""
        return (
            self.scale == 1
            or "_pct" in self.metric
            or "_frac" in self.metric
            or "0_10" in self.metric
        )

    @property
    def lower_is_better(self) -> bool:
        return "lower_better" in self.metric


def read(path: Path) -> list[Result]:
    """Every row of an evidence file.

    Raises UsageError naming the file and line where a row cannot be read.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            _check_columns(path, reader.fieldnames or ())
            rows = [(reader.line_num, row) for row in reader]
    except OSError as error:
        raise UsageError(
            f"{path}: {error.strerror or 'cannot be read'}; give a file of the evidence schema"
        ) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(
            f"{path}: is not readable as CSV ({error}); save it as UTF-8 CSV"
        ) from None
    scales = _scales(path, rows)
    results = [_result(path, line, row, scales[row["study"], row["metric"]]) for line, row in rows]
    return _with_documents(results)


def _with_documents(results: list[Result]) -> list[Result]:
    """Marks the tasks of a study on which it tried retrieval: their answers rest on documents."""
    looked_up = {(r.study, r.task) for r in results if "retrieval" in r.skill.technique}
    return [
        replace(r, about=replace(r.about, documents=True)) if (r.study, r.task) in looked_up else r
        for r in results
    ]


def _check_columns(path: Path, header: Iterable[str]) -> None:
    names = list(header)
    for column in COLUMNS:
        if column not in names:
            raise UsageError(
                f"{path}: line 1: column {column!r} is missing{did_you_mean(column, names)}; add it"
            )


def _number(path: Path, line: int, row: dict[str, str], column: str) -> float | None:
    text = (row[column] or "").strip()
    try:
        value = float(text) if text else None
    except ValueError:
        raise UsageError(
            f"{path}: line {line}: {column} {text[:40]!r} is not a number; "
            "correct it or leave it empty"
        ) from None
    if value is not None and not abs(value) < 1e12:
        raise UsageError(
            f"{path}: line {line}: {column} is not finite; correct it or leave it empty"
        )
    return value


def _scales(path: Path, rows: list[tuple[int, dict[str, str]]]) -> dict[tuple[str, str], float]:
    """100 for percentages, 10 for marks out of ten, 1 for shares; an unnamed unit by its largest
    value.
    """
    scales: dict[tuple[str, str], float] = {}
    for line, row in rows:
        key = (row["study"], row["metric"])
        value = _number(path, line, row, "value") or 0.0
        scales[key] = max(scales.get(key, 1.0), _scale(row["metric"], value))
    return scales


def _scale(metric: str, value: float) -> float:
    """The full mark of a metric by its name, else by the size of one value."""
    if "lower_better" in metric:
        return 1.0
    if "_pct" in metric:
        return 100.0
    if "0_10" in metric:
        return 10.0
    return 100.0 if value > 1.5 else 1.0


def _result(path: Path, line: int, row: dict[str, str], scale: float) -> Result:
    if row["approach"] not in TECHNIQUES:
        hint = did_you_mean(row["approach"], TECHNIQUES)
        raise UsageError(
            f"{path}: line {line}: approach {row['approach'][:40]!r} is unknown{hint}; correct it"
        )
    numbers = {
        c: _number(path, line, row, c)
        for c in ("base_params_b", "n_shots", "n_train_examples", "value")
    }
    params, shots, labels, value = numbers.values()
    params = params if params is not None and params > 0 else None
    approach, technique = _technique(row, shots, params)
    examples = shots if approach == "prompt" else labels
    skill = Skill(
        id=f"{technique}@{row['base_model']}#{line}",
        approach=approach,
        technique=technique,
        model=row["base_model"],
        params_b=params,
        examples=examples,
        encoder=technique == "encoder",
        weak=approach != "prompt" and bool(_WEAK.search(row["notes"] or "")),
    )
    about = TaskProfile(
        row["task_type"],
        SPECIFIC.get(row["domain"], "medium"),
        class_count(row["task"]) if row["task_type"] == "classification" else 0,
        metric=kind_of(row["metric"], row["task_type"]),
    )
    scaled = None if value is None else value / scale
    return Result(
        row["study"],
        row["task"],
        row["metric"],
        row["approach"],
        params,
        about,
        skill,
        scaled,
        scale,
        examples,
        _items(row["notes"] or ""),
    )


def _technique(row: dict[str, str], shots: float | None, params: float | None) -> tuple[str, str]:
    approach, technique = TECHNIQUES[row["approach"]]
    notes = row["notes"] or ""
    if technique == "few-shot" and approach == "prompt" and shots == 1:
        technique = "one-shot"
    if approach == "hybrid":
        technique = _hybrid(notes)
    if row["approach"] == "full_ft" and (_ENCODER.search(row["base_model"]) or (params or 1) < 0.5):
        technique = "encoder"
    if (
        approach == "prompt"
        and technique in ("few-shot", "one-shot", "many-shot")
        and "retrieved" in notes
    ):
        technique = "retrieved-examples"
    return approach, technique


def _hybrid(notes: str) -> str:
    """The kind of hybrid by the notes of its row; without a hint, tuned on the form it is served
    with.
    """
    if _RETRIEVAL.search(notes):
        return "tuned-retrieval"
    if _ADDED_EXAMPLES.search(notes):
        return ADDED_EXAMPLES
    return "cascade" if _CASCADE.search(notes) else "tuned-few-shot"


def _items(notes: str) -> float:
    """Size of the test set where the notes state it, else `USUAL_ITEMS`."""
    match = _ITEMS.search(notes)
    if match is None:
        return USUAL_ITEMS
    return max(float(next(group for group in match.groups() if group)), 1.0)
