"""Rows of annotation tools (Label Studio, Prodigy, Argilla, spaCy, SageMaker Ground Truth, Vertex
AI) as a text with its label, its spans or its answer.
"""

from __future__ import annotations

from advisor.probe.forms import argilla, cloud_labels, label_studio
from advisor.probe.forms.records import JsonObject

_PRODIGY = "_task_hash"
_NOT_ACCEPTED = {"reject": "rejected", "ignore": "ignored"}
_LEAST_SET = 0.5
"""From this share on a category of spaCy counts as set."""

MARKS = frozenset((
    "annotations", "annotation_id", _PRODIGY, "cats", "source", "source-ref", "textContent",
    "external_id", "_server_id", "status", "fields",
))  # fmt: skip
"""Fields without one of which a row is none of these."""


def annotated(row: JsonObject) -> JsonObject:
    """A row of an annotation tool as a plain one; any other row as it is.

    Raises ValueError with the reason where the annotator did not accept it.
    """
    if MARKS.isdisjoint(row):
        return row
    if label_studio.is_task(row):
        return label_studio.task(row)
    if label_studio.is_minimal(row):
        return label_studio.minimal(row)
    if _PRODIGY in row:
        return _prodigy(row)
    if isinstance(row.get("cats"), dict):
        return {k: v for k, v in row.items() if k != "cats"} | {"labels": categories(row["cats"])}
    if "textContent" in row:
        return cloud_labels.vertex(row)
    if cloud_labels.is_ground_truth(row):
        return cloud_labels.ground_truth(row)
    if argilla.is_record(row):
        return argilla.record(row)
    return argilla.flat(row)


def _prodigy(row: JsonObject) -> JsonObject:
    """A task with the options that were chosen, the label that was confirmed, or what was typed."""
    refused = _NOT_ACCEPTED.get(str(row.get("answer")))
    if refused:
        raise ValueError(f"{refused} by its annotator")
    plain = {
        k: v for k, v in row.items() if not k.startswith("_") and k not in ("answer", "accept")
    }
    if isinstance(plain.get("user_input"), str):
        return {k: v for k, v in plain.items() if k != "user_input"} | {
            "answer": plain["user_input"]
        }
    if not isinstance(row.get("accept"), list):
        return plain
    plain = {k: v for k, v in plain.items() if k not in ("options", "config")}
    chosen = row["accept"]
    is_one = (row.get("config") or {}).get("choice_style") != "multiple" and len(chosen) < 2
    return plain | ({"label": chosen[0] if chosen else ""} if is_one else {"labels": chosen})


def categories(cats: JsonObject) -> list[str]:
    """The categories that spaCy's `cats` set."""
    return [
        str(name)
        for name, share in cats.items()
        if isinstance(share, int | float) and share >= _LEAST_SET
    ]
