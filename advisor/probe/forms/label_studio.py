"""Label Studio's exports: JSON, a task with its annotations, and JSON-MIN or CSV, a row per task
with a field per question.
"""

from __future__ import annotations

from typing import Any

from advisor.probe.forms.records import JsonObject, are_objects

_ABOUT_THE_TASK = frozenset((
    "id", "annotator", "annotation_id", "created_at", "updated_at", "lead_time", "agreement",
))  # fmt: skip
"""Fields that JSON-MIN adds to what was annotated."""


def is_task(row: JsonObject) -> bool:
    """Whether a row is a task of the JSON export."""
    return isinstance(row.get("data"), dict) and are_objects(row.get("annotations"))


def is_minimal(row: JsonObject) -> bool:
    """Whether a row is of JSON-MIN or CSV."""
    return "annotation_id" in row and "lead_time" in row


def minimal(row: JsonObject) -> JsonObject:
    """What was annotated and what was answered, with several choices as labels and spans by their
    text.
    """
    answered = {k: v for k, v in row.items() if k not in _ABOUT_THE_TASK}
    several = [k for k, v in answered.items() if _is_several(v)]
    if len(several) == 1:
        answered["labels"] = answered.pop(several[0])
    return {k: _flat(v) for k, v in answered.items()}


def _is_several(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("choices"), list)


def _flat(value: Any) -> Any:
    if _is_several(value):
        return value["choices"]
    if are_objects(value) and value and all("labels" in each for each in value):
        return _spans(value)
    return value


def task(row: JsonObject) -> JsonObject:
    """The data and the first annotation that was not skipped: choices as labels, spans by their
    text, a pair's better side as its winner, and what was written as the answer.

    Raises ValueError for a task that was skipped or is not annotated yet.
    """
    answers = _values(row["annotations"])
    data: JsonObject = row["data"]
    choices = [choice for each in answers for choice in _choices(each)]
    if choices:
        has_chat = any(are_objects(value) and value for value in data.values())
        return {**data, "label": ", ".join(choices)} if has_chat else {**data, "labels": choices}
    sides = [each["selected"] for each in answers if isinstance(each.get("selected"), str)]
    if sides:
        return {**data, "winner": sides[0]}
    spans = _spans([each for each in answers if each.get("labels")], _only_text(data))
    if spans:
        return {**data, "entities": spans}
    measured = [each[k] for each in answers for k in ("rating", "number") if k in each]
    if measured:
        return {**data, "label": str(measured[0])}
    return {**data, "answer": "\n".join(text for each in answers for text in _texts(each))}


def _values(annotations: list[JsonObject]) -> list[JsonObject]:
    """The values of the first annotation that counts."""
    if not annotations:
        raise ValueError("not annotated yet")
    counted = [a for a in annotations if not a.get("was_cancelled")]
    if not counted:
        raise ValueError("skipped by its annotator")
    results: list[Any] = next((a["result"] for a in counted if a.get("result")), [])
    return [r.get("value") or {} for r in results if isinstance(r, dict)]


def _choices(value: JsonObject) -> list[str]:
    """Choices, and the paths of a taxonomy."""
    paths = value.get("taxonomy") or ()
    return [
        *map(str, value.get("choices") or ()),
        *(" / ".join(map(str, path)) for path in paths if isinstance(path, list)),
    ]


def _only_text(data: JsonObject) -> str:
    """The text of a task that has but one."""
    texts = [value for value in data.values() if isinstance(value, str)]
    return texts[0] if len(texts) == 1 else ""


def _spans(values: list[JsonObject], whole: str = "") -> list[JsonObject]:
    """Spans by their text; of an export without it, cut from the whole text by their places."""
    return [
        {"text": each.get("text") or whole[each.get("start") : each.get("end")], "label": label}
        for each in values
        for label in each.get("labels") or ()
    ]


def _texts(value: JsonObject) -> list[str]:
    text = value.get("text")
    parts = text if isinstance(text, list) else [text]
    return [part for part in parts if isinstance(part, str)]
