"""Results of promptfoo: `promptfoo eval -o results.json`, versions 2 and 3, and JSON Lines."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from advisor.core.experiment import JsonObject
from advisor.probe.evaluations.systems import Systems, model_in, option_name, score_of


def rows_of(document: Any) -> Sequence[JsonObject] | None:
    """The results in a document of promptfoo; None where it is another one."""
    if isinstance(document, Mapping) and isinstance(document.get("data"), Mapping):
        document = document["data"]  # as its server answers
    results = document.get("results") if isinstance(document, Mapping) else None
    if isinstance(results, Mapping):
        results = results.get("results")
        if results == []:
            return []
    if isinstance(results, list) and results and all(map(is_row, results)):
        return results
    return None


def is_row(row: Any) -> bool:
    """Whether this is the result of one test of promptfoo."""
    if not isinstance(row, Mapping) or "provider" not in row:
        return False
    return "success" in row or "score" in row or "gradingResult" in row


def read_rows(rows: Sequence[JsonObject]) -> Systems:
    """The systems: a provider with a prompt each; items are tests by their variables."""
    systems = Systems()
    prompts: dict[str, str] = {}
    for row in rows:
        model = _model(row["provider"])
        label = _label(row)
        name = option_name(model, label)
        if prompts.setdefault(name, label) != label:
            systems.note(
                f"prompt {label[:60]!r} of {model}: left out, an option has one prompt; call it "
                "by its technique (such as few-shot) to keep both"
            )
            continue
        if row.get("error") and row.get("failureReason") == 2:
            systems.note(f"{model}: tests that ended in an error are left out")
            continue
        systems.add(name, _item(row), _score(row))
    return systems


def _model(provider: Any) -> str:
    if isinstance(provider, Mapping):
        name = str(provider.get("id") or "")
        if not name or name.startswith("file:"):
            name = str(provider.get("label") or name or "model")
        return model_in(name)
    return model_in(str(provider))


def _label(row: JsonObject) -> str:
    prompt = row.get("prompt")
    if isinstance(prompt, Mapping):
        return str(prompt.get("label") or prompt.get("display") or prompt.get("raw") or "")
    return str(row.get("promptId") or row.get("promptIdx") or "")


def _item(row: JsonObject) -> str:
    test = row.get("testCase")
    inner = test.get("vars") if isinstance(test, Mapping) else None
    values = row.get("vars") or inner
    if values:
        return json.dumps(values, sort_keys=True, ensure_ascii=False)
    return str(row.get("testIdx", row.get("id", "")))


def _score(row: JsonObject) -> float | None:
    """Its score, else whether it passed."""
    grading = row.get("gradingResult")
    values = [row.get("score")]
    if isinstance(grading, Mapping):
        values += [grading.get("score"), grading.get("pass")]
    scores = (score_of(value) for value in (*values, row.get("success")) if value is not None)
    return next((score for score in scores if score is not None), None)
