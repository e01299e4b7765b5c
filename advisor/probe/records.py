"""A row of a data file as it was read, before it is known what its fields mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

JsonObject = Mapping[str, Any]
"""A row of a file, or a part of one, as it was read."""


@dataclass(frozen=True, slots=True)
class DataRow:
    """A row as it was read; `value` is None where it cannot be used, and `reason` says why.

    Lines count from 1.
    """

    line: int
    value: JsonObject | None
    reason: str = ""


def rows_of_value(number: int, value: Any) -> Iterator[DataRow]:
    """The rows that one JSON value is: an object, a chat as a list of messages, or an envelope
    around either; of a SQuAD article, its questions.
    """
    if isinstance(value, dict):
        yield from (DataRow(number, row) for row in _unfolded(value))
    elif isinstance(value, list) and value and all(isinstance(part, dict) for part in value):
        yield DataRow(number, {"messages": value})
    else:
        kinds = {list: "a list", str: "a text", bool: "true or false", type(None): "null"}
        kind = kinds.get(type(value), "a number")
        yield DataRow(number, None, f"{kind}, not an object with fields")


def _unfolded(row: JsonObject) -> Iterator[JsonObject]:
    if "paragraphs" in row and _are_objects(row["paragraphs"]):
        for paragraph in row["paragraphs"]:
            yield from _questions(paragraph) if "qas" in paragraph else (paragraph,)
    elif "qas" in row and _are_objects(row["qas"]):
        yield from _questions(row)
    elif isinstance(row.get("data"), dict) and _are_objects(row.get("annotations")):
        yield _annotated(row)
    elif "instruction" in row and _are_objects(row.get("instances")):
        yield from ({"instruction": row["instruction"], **each} for each in row["instances"])
    elif "row" in row and "row_idx" in row and isinstance(row["row"], dict):
        yield row["row"]  # Hugging Face's datasets server
    elif "body" in row and "custom_id" in row and isinstance(row["body"], dict):
        yield row["body"]  # OpenAI's batches
    else:
        yield row


def _questions(paragraph: JsonObject) -> Iterator[JsonObject]:
    """SQuAD 1.1 and 2.0: the first answer of each question; none where it cannot be answered."""
    for question in paragraph["qas"]:
        answers = question.get("answers") or []
        first = answers[0] if isinstance(answers, list) and answers else {}
        yield {
            "context": paragraph.get("context", ""),
            "question": question.get("question", ""),
            "answer": first.get("text", "") if isinstance(first, dict) else first,
        }


def _annotated(row: JsonObject) -> JsonObject:
    """Label Studio: the data and the first annotation, with choices as labels, spans by their text,
    and what was written as the answer.
    """
    results = row["annotations"][0].get("result") or [] if row["annotations"] else []
    annotations = [r.get("value") or {} for r in results if isinstance(r, dict)]
    choices = [choice for each in annotations for choice in each.get("choices") or ()]
    if choices:
        return {**row["data"], "labels": choices}
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


def _are_objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(part, dict) for part in value)
