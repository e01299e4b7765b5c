"""Labels as clouds write them: Vertex AI's import files and SageMaker Ground Truth's manifests."""

from __future__ import annotations

from typing import Any

from advisor.probe.forms.records import JsonObject, are_objects

_METADATA = "-metadata"


def vertex(row: JsonObject) -> JsonObject:
    """A text with its label or labels, its sentiment, or its spans by their text."""
    text = row["textContent"]
    one = row.get("classificationAnnotation")
    several = row.get("classificationAnnotations")
    sentiment = row.get("sentimentAnnotation")
    spans: Any = row.get("textSegmentAnnotations")
    if isinstance(one, dict):
        return {"text": text, "label": one.get("displayName", "")}
    if are_objects(several):
        return {"text": text, "labels": [a.get("displayName") for a in several or ()]}
    if isinstance(sentiment, dict):
        return {"text": text, "label": str(sentiment.get("sentiment", ""))}
    if are_objects(spans):
        keys = ("startOffset", "endOffset", "displayName")
        return {"text": text, "entities": _spans(text, spans, keys)}
    return {k: v for k, v in row.items() if k != "dataItemResourceLabels"}


def ground_truth(row: JsonObject) -> JsonObject:
    """`source`, a job's number or spans, and the job's metadata with the names of the classes.

    Raises ValueError where the text lies in another file.
    """
    if "source" not in row:
        raise ValueError("its text or picture is in another file (source-ref); put the text here")
    for name, value in row.items():
        if not name.endswith(_METADATA) or not isinstance(value, dict):
            continue
        if "class-name" in value:
            return {"text": row["source"], "label": value["class-name"]}
        if isinstance(value.get("class-map"), dict):
            return {"text": row["source"], "labels": list(value["class-map"].values())}
        job = row.get(name.removesuffix(_METADATA))
        marked = job.get("annotations") if isinstance(job, dict) else None
        if isinstance(marked, dict) and are_objects(marked.get("entities")):
            keys = ("startOffset", "endOffset", "label")
            entities = _spans(row["source"], marked["entities"], keys)
            return {"text": row["source"], "entities": entities}
    return row


def is_ground_truth(row: JsonObject) -> bool:
    """Whether a row is one of a manifest with a labelling job."""
    return ("source" in row or "source-ref" in row) and any(
        name.endswith(_METADATA) and isinstance(value, dict) for name, value in row.items()
    )


def _spans(text: Any, spans: list[JsonObject], keys: tuple[str, str, str]) -> list[JsonObject]:
    start, end, label = keys
    return [{"text": str(text)[s.get(start) : s.get(end)], "label": s.get(label)} for s in spans]
