"""Spans of a text with a label each: by their places, as doccano, Prodigy and spaCy have them, or
by their text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from advisor.probe.forms.columns import is_missing
from advisor.probe.forms.recognised import Fields
from advisor.probe.forms.records import JsonObject
from advisor.probe.forms.turns import as_json, text_of

_STARTS = ("start", "start_offset", "startOffset")
_ENDS = ("end", "end_offset", "endOffset")
_LABELS = ("label", "displayName", "entity_group", "type", "tag")


def are_spans(rows: Sequence[JsonObject], prompt: str, answer: str) -> bool:
    """Whether a field holds nothing but lists of spans, at least one of them not empty."""
    values = [row[answer] for row in rows if not is_missing(row.get(answer))]
    texts = [row.get(prompt) for row in rows if not is_missing(row.get(answer))]
    read = [by_text(text, value) for text, value in zip(texts, values, strict=True)]
    return bool(read) and all(spans is not None for spans in read) and any(read)


def by_text(text: Any, value: Any) -> list[JsonObject] | None:
    """Each span as its text and its label, as a model writes it; None for anything else."""
    if not isinstance(value, list):
        return None
    spans = [_span(text_of(text), one) for one in value]
    return None if any(span is None for span in spans) else [span for span in spans if span]


def _span(text: str, one: Any) -> JsonObject | None:
    if isinstance(one, list) and len(one) == 3 and isinstance(one[2], str):
        start, end, label = one
    elif isinstance(one, Mapping):
        label = next((one[key] for key in _LABELS if isinstance(one.get(key), str)), None)
        if isinstance(one.get("text"), str) and set(one) == {"text", "label"}:
            return {"text": one["text"], "label": label}
        start = next((one[key] for key in _STARTS if key in one), None)
        end = next((one[key] for key in _ENDS if key in one), None)
    else:
        return None
    if not isinstance(start, int) or not isinstance(end, int) or label is None:
        return None
    return {"text": text[start:end], "label": label}


def of_spans(prompt: str, answer: str, assumed: str) -> Fields:
    """A text and its spans: learned by their text as JSON, each kind counted once per row."""

    def take(row: JsonObject) -> tuple[str, str]:
        return text_of(row[prompt]), as_json(by_text(row[prompt], row.get(answer)) or [])

    def kinds(row: JsonObject) -> tuple[str, ...]:
        spans = by_text(row.get(prompt), row.get(answer)) or []
        return tuple(dict.fromkeys(str(span["label"]) for span in spans))

    note = "spans by their text, their kinds counted per row"
    return Fields(prompt, answer, f"{assumed}; {note}", take, labels=kinds)
