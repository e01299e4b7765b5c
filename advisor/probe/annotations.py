"""Rows of annotation tools (Label Studio, Prodigy, Argilla, spaCy, SageMaker Ground Truth, Vertex
AI) as a text with its label, its spans or its answer.
"""

from __future__ import annotations

from typing import Any

from advisor.probe.records import JsonObject, are_objects

_PRODIGY = "_task_hash"
_NOT_ACCEPTED = {"reject": "rejected", "ignore": "ignored"}
_RESPONSES = ".responses"
_SUGGESTION = ".suggestion"
_GROUND_TRUTH = "-metadata"
_LEAST_SET = 0.5
"""From this share on a category of spaCy counts as set."""

_MARKS = frozenset((
    "annotations", _PRODIGY, "cats", "source", "source-ref", "textContent", "external_id",
    "_server_id", "status",
))  # fmt: skip
"""Fields without one of which a row is none of these."""


def annotated(row: JsonObject) -> JsonObject:
    """A row of an annotation tool as a plain one; any other row as it is.

    Raises ValueError with the reason where the annotator did not accept it.
    """
    if _MARKS.isdisjoint(row):
        return row
    if isinstance(row.get("data"), dict) and are_objects(row.get("annotations")):
        return _label_studio(row)
    if _PRODIGY in row:
        return _prodigy(row)
    if isinstance(row.get("cats"), dict):
        return {k: v for k, v in row.items() if k != "cats"} | {"labels": _categories(row["cats"])}
    if "textContent" in row:
        return _vertex(row)
    if "source" in row:
        return _ground_truth(row)
    return _argilla(row)


def _label_studio(row: JsonObject) -> JsonObject:
    """The data and the first annotation, with choices as labels, spans by their text, a pair's
    better side as its winner, and what was written as the answer.
    """
    results = row["annotations"][0].get("result") or [] if row["annotations"] else []
    annotations = [r.get("value") or {} for r in results if isinstance(r, dict)]
    choices = [choice for each in annotations for choice in each.get("choices") or ()]
    if choices:
        return {**row["data"], "labels": choices}
    sides = [each["selected"] for each in annotations if isinstance(each.get("selected"), str)]
    if sides:
        return {**row["data"], "winner": sides[0]}
    spans = [
        {"text": each.get("text", ""), "label": label}
        for each in annotations
        for label in each.get("labels") or ()
    ]
    if spans:
        return {**row["data"], "entities": spans}
    written = [text for each in annotations for text in _texts(each)]
    return {**row["data"], "answer": "\n".join(written)}


def _texts(value: JsonObject) -> list[str]:
    text = value.get("text")
    parts = text if isinstance(text, list) else [text]
    return [part for part in parts if isinstance(part, str)]


def _prodigy(row: JsonObject) -> JsonObject:
    """A task with the options that were chosen, or the label that was confirmed."""
    refused = _NOT_ACCEPTED.get(str(row.get("answer")))
    if refused:
        raise ValueError(f"{refused} by its annotator")
    plain = {
        k: v for k, v in row.items() if not k.startswith("_") and k not in ("answer", "accept")
    }
    if not isinstance(row.get("accept"), list):
        return plain
    plain = {k: v for k, v in plain.items() if k not in ("options", "config")}
    chosen = row["accept"]
    is_one = (row.get("config") or {}).get("choice_style") != "multiple" and len(chosen) < 2
    return plain | ({"label": chosen[0] if chosen else ""} if is_one else {"labels": chosen})


def _categories(cats: JsonObject) -> list[str]:
    """The categories that spaCy's `cats` set."""
    return [
        str(name)
        for name, share in cats.items()
        if isinstance(share, int | float) and share >= _LEAST_SET
    ]


def _vertex(row: JsonObject) -> JsonObject:
    """Vertex AI's import files: a text, its label or labels."""
    one = row.get("classificationAnnotation")
    several = row.get("classificationAnnotations")
    if isinstance(one, dict):
        return {"text": row["textContent"], "label": one.get("displayName", "")}
    if are_objects(several):
        return {"text": row["textContent"], "labels": [a.get("displayName") for a in several or ()]}
    return {k: v for k, v in row.items() if k != "dataItemResourceLabels"}


def _ground_truth(row: JsonObject) -> JsonObject:
    """SageMaker's manifests: `source`, a job's number, and its metadata with the class's name."""
    for name, value in row.items():
        if not name.endswith(_GROUND_TRUTH) or not isinstance(value, dict):
            continue
        if "class-name" in value:
            return {"text": row["source"], "label": value["class-name"]}
        if isinstance(value.get("class-map"), dict):
            return {"text": row["source"], "labels": list(value["class-map"].values())}
    return row


def _argilla(row: JsonObject) -> JsonObject:
    """Answers of annotators instead of the records around them: the first that was submitted, else
    the suggestion.
    """
    if not any(_is_answered(name, value) for name, value in row.items()):
        return row
    plain: dict[str, Any] = {}
    for name, value in row.items():
        stem = name.removesuffix(_RESPONSES).removesuffix(_SUGGESTION)
        if are_objects(value) and any("user_id" in part for part in value):
            plain[name] = _submitted(value)
        elif stem != name:
            answer = (value or [""])[0] if name.endswith(_RESPONSES) else value
            plain[stem] = (plain.get(stem) or answer) if name.endswith(_SUGGESTION) else answer
        elif ".responses." not in name and ".suggestion." not in name:
            plain.setdefault(name, value)
    return plain


def _is_answered(name: str, value: Any) -> bool:
    is_record = are_objects(value) and any({"user_id", "value"} <= part.keys() for part in value)
    return is_record or (name.endswith(_RESPONSES) and isinstance(value, list | None))


def _submitted(responses: list[JsonObject]) -> Any:
    return next((r.get("value") for r in responses if r.get("status") != "discarded"), "")
