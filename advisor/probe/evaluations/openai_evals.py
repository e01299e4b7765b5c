"""OpenAI's evals: the record of `oaieval` (JSON Lines of events), and the output items of a run of
the Evals API.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from advisor.core.experiment import JsonObject
from advisor.probe.evaluations.systems import Systems, model_in, option_name, score_of

ITEM = "eval.run.output_item"
SCORES = ("correct", "score", "accuracy", "f1", "f1_score")
"""Fields of an event that score its sample, the first that it has counts."""


def items_of(document: Any) -> Sequence[JsonObject] | None:
    """The output items in an answer of the Evals API; None where it is another one."""
    listed = document.get("data") if isinstance(document, Mapping) else document
    items = listed if isinstance(listed, list) else [document]
    return items if items and all(map(is_item, items)) else None


def is_item(row: Any) -> bool:
    """Whether this is one item of a run of the Evals API."""
    return isinstance(row, Mapping) and row.get("object") == ITEM


def read_items(items: Sequence[JsonObject]) -> Systems:
    """The systems of output items: the score of the only grader, of several whether all passed."""
    systems = Systems()
    for item in items:
        graded = [r for r in item.get("results") or () if isinstance(r, Mapping)]
        score = score_of(graded[0].get("score")) if len(graded) == 1 else None
        if len(graded) > 1:
            systems.note("items with several graders count as passed or not")
        if score is None and graded:
            score = float(all(r.get("passed") for r in graded))
        model = (item.get("sample") or {}).get("model") or "model"
        systems.add(
            option_name(model_in(str(model))),
            str(item.get("datasource_item_id", item.get("id"))),
            score,
        )
    return systems


def is_record(rows: Sequence[Any]) -> bool:
    """Whether lines are the record of a run of oaieval: its specification, then events."""
    return any("spec" in row for row in rows) and all(
        "spec" in row or "final_report" in row or ("type" in row and "data" in row) for row in rows
    )


def read_record(rows: Sequence[JsonObject]) -> Systems:
    """The system of a record; items are samples by their id, each with its first score."""
    systems = Systems()
    spec = next(row["spec"] for row in rows if "spec" in row)
    models = spec.get("completion_fns") or [spec.get("model_name") or "model"]
    name = option_name(model_in(str(models[0])), str(spec.get("eval_name", "")))
    scored: set[str] = set()
    for row in rows:
        sample = str(row.get("sample_id"))
        data = row.get("data")
        if sample in scored or not isinstance(data, Mapping):
            continue
        score = next((score_of(data[key]) for key in SCORES if key in data), None)
        if score is not None:
            scored.add(sample)
            systems.add(name, sample, score)
    return systems
