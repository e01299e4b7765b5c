"""Results of one's own scripts and of RAGAS: a row per test item, with what was asked, what was
answered and a score, as CSV, a JSON list, JSON Lines or a list within an object.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from advisor.core import given_files
from advisor.core.errors import UsageError
from advisor.core.experiment import JsonObject
from advisor.probe.evaluations.systems import Systems, model_in, option_name, score_of

ITEMS = (
    "item", "item_id", "id", "idx", "index", "qid", "question_id", "example_id", "sample_id",
    "question", "user_input", "input", "prompt", "query", "text",
)  # fmt: skip
ANSWERED = frozenset((
    "response", "predicted", "prediction", "pred", "answer", "output", "generated", "generation",
    "actual", "actual_output", "model_answer", "model_output", "completion", "predicted_label",
    "predicted_answer", "generated_answer", "model_response",
))  # fmt: skip
SCORES = frozenset((
    "score", "correct", "is_correct", "accuracy", "acc", "passed", "pass", "success", "match",
    "exact_match", "em", "f1", "f1_score", "token_f1", "reward", "grade", "faithfulness",
    "answer_relevancy", "answer_correctness", "answer_similarity", "semantic_similarity",
    "factual_correctness", "context_recall", "context_precision", "rouge_l", "rougel", "bleu",
))  # fmt: skip
MODELS = ("model", "model_name", "model_id", "system", "provider")
_TRUTHS = {"true": True, "false": False, "yes": True, "no": False}
_TRAINING = frozenset(("step", "loss", "epoch", "global_step", "current_steps", "messages"))


def rows_of(document: Any) -> Sequence[JsonObject] | None:
    """The rows in a JSON document; None where it holds none of this form."""
    if isinstance(document, Mapping):
        lists = [v for v in document.values() if isinstance(v, list) and is_scored(v)]
        return _with_model(lists[0], document) if len(lists) == 1 else None
    return document if isinstance(document, list) and is_scored(document) else None


def is_scored(rows: Sequence[Any]) -> bool:
    """Whether each row has an item, an answer and a score, and none is of a training."""
    return bool(rows) and all(
        isinstance(row, Mapping)
        and _first(row, ITEMS) is not None
        and bool(ANSWERED & set(map(_plain, row)))
        and bool(SCORES & set(map(_plain, row)))
        and not _TRAINING & row.keys()
        for row in rows
    )


def table_rows(path: Path) -> Sequence[JsonObject] | None:
    """The rows of a CSV of this form; None for any other."""
    try:
        with given_files.open_text(path, encoding="utf-8-sig", newline="") as handle:
            rows = [row for row in csv.DictReader(handle) if None not in row]
    except (OSError, UnicodeDecodeError, csv.Error):
        return None
    return rows if is_scored(rows) else None


def read_rows(path: Path, rows: Sequence[JsonObject]) -> Systems:
    """The systems, one per model that the rows name, by the one column of scores.

    Raises UsageError where several columns score an item.
    """
    names = dict.fromkeys(name for row in rows for name in row if _plain(name) in SCORES)
    scored = [name for name in names if any(_score(row.get(name)) is not None for row in rows)]
    if len(scored) > 1:
        raise UsageError(
            f"{path}: {', '.join(scored[:6])} all score an item: keep the one that the target is "
            "about, and leave the others out"
        )
    systems = Systems()
    for number, row in enumerate(rows):
        model = next((str(row[m]) for m in MODELS if row.get(m)), "model")
        item = _first(row, ITEMS)
        systems.add(option_name(model_in(model)), str(item or number), _score(row.get(scored[0])))
    if option_name("model") in systems.by_name:
        systems.note("the file names no model; rename the column, or use --set model=NAME")
    return systems


def _with_model(rows: Sequence[JsonObject], document: JsonObject) -> Sequence[JsonObject]:
    model = next((document[m] for m in MODELS if isinstance(document.get(m), str)), "")
    return [{"model": model, **row} for row in rows] if model else rows


def _first(row: JsonObject, names: Sequence[str]) -> Any:
    plain = {_plain(name): value for name, value in row.items()}
    return next((plain[name] for name in names if plain.get(name) not in (None, "")), None)


def _plain(name: str) -> str:
    return name.strip().lower().replace(" ", "_").replace("-", "_")


def _score(value: Any) -> float | None:
    return score_of(_TRUTHS.get(value.strip().lower(), value) if isinstance(value, str) else value)
