"""Argilla's exports: records of version 2 with `fields` and `responses`, the same flattened
(`label.responses`), and datasets of version 1 with a list of responses per question.
"""

from __future__ import annotations

from typing import Any

from advisor.probe.forms.names import ANSWERS, plain
from advisor.probe.forms.records import JsonObject, are_objects

_RESPONSES = ".responses"
_SUGGESTION = ".suggestion"


def is_record(row: JsonObject) -> bool:
    """Whether a row is a record of version 2 as `to_json` writes it."""
    return isinstance(row.get("fields"), dict) and (
        isinstance(row.get("responses"), dict) or isinstance(row.get("suggestions"), dict)
    )


def record(row: JsonObject) -> JsonObject:
    """The fields, and per question the first response that was not discarded, else the suggestion.

    Raises ValueError for a record that was discarded.
    """
    if row.get("status") == "discarded":
        raise ValueError("discarded by its annotator")
    responses: JsonObject = row.get("responses") or {}
    suggestions: JsonObject = row.get("suggestions") or {}
    questions = dict.fromkeys((*responses, *suggestions))
    answers = {
        question: _first(responses.get(question), suggestions.get(question))
        for question in questions
    }
    if len(answers) == 1 and plain(next(iter(answers))) not in ANSWERS:
        only = next(iter(answers.values()))
        answers = {"labels" if isinstance(only, list) else "answer": only}
    return {**row["fields"], **answers}


def _first(responses: Any, suggestion: Any) -> Any:
    if are_objects(responses) and responses:
        return submitted(responses)
    return suggestion.get("value", "") if isinstance(suggestion, dict) else ""


def flat(row: JsonObject) -> JsonObject:
    """Answers of annotators instead of the records around them: the first that was not discarded,
    else the suggestion. A row that is no record of Argilla stays as it is.
    """
    if not any(_is_answered(name, value) for name, value in row.items()):
        return row
    plain_row: dict[str, Any] = {}
    for name, value in row.items():
        stem = name.removesuffix(_RESPONSES).removesuffix(_SUGGESTION)
        if are_objects(value) and any("user_id" in part for part in value):
            plain_row[name] = submitted(value)
        elif stem != name:
            answer = (value or [""])[0] if name.endswith(_RESPONSES) else value
            is_suggested = name.endswith(_SUGGESTION)
            plain_row[stem] = (plain_row.get(stem) or answer) if is_suggested else answer
        elif ".responses." not in name and ".suggestion." not in name:
            plain_row.setdefault(name, value)
    return plain_row


def _is_answered(name: str, value: Any) -> bool:
    is_response = are_objects(value) and any({"user_id", "value"} <= part.keys() for part in value)
    return is_response or (name.endswith(_RESPONSES) and isinstance(value, list | None))


def submitted(responses: list[JsonObject]) -> Any:
    """The first answer that was not discarded; empty where there is none."""
    return next((r.get("value") for r in responses if r.get("status") != "discarded"), "")
