"""The rows within one JSON value: unpacked from what data sets, annotation tools and the logs of
services wrap around them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from advisor.probe.forms.annotations import MARKS as ANNOTATIONS
from advisor.probe.forms.annotations import annotated, categories
from advisor.probe.forms.exchanges import MARKS as EXCHANGES
from advisor.probe.forms.exchanges import exchange
from advisor.probe.forms.masks import MARKS as MASKS
from advisor.probe.forms.masks import masked
from advisor.probe.forms.records import DataRow, JsonObject, are_objects

_ENVELOPES = (
    "paragraphs", "qas", "instances", "patterns", "row", "item", "mapping", "body",
    "responses_create_params",
)  # fmt: skip
_ANY_MARK = frozenset((*_ENVELOPES, *EXCHANGES, *ANNOTATIONS, *MASKS))
"""Fields without one of which an object is a row as it stands; most are."""


def rows_of_value(number: int, value: Any) -> Iterator[DataRow]:
    """The rows that one JSON value is: an object, a chat as a list of messages, or an envelope
    around either; of a SQuAD article, its questions.
    """
    if isinstance(value, dict):
        if _ANY_MARK.isdisjoint(value):
            yield DataRow(number, value)
            return
        for row in _unfolded(value):
            yield from _row(number, row)
    elif _is_marked_text(value):
        yield from _row(number, {"text": value[0], **value[1]})
    elif isinstance(value, list) and value and all(isinstance(part, dict) for part in value):
        yield DataRow(number, {"messages": value})
    else:
        kinds = {list: "a list", str: "a text", bool: "true or false", type(None): "null"}
        kind = kinds.get(type(value), "a number")
        yield DataRow(number, None, f"{kind}, not an object with fields")


def is_enveloped(row: JsonObject) -> bool:
    """Whether an object is one row of a tool or of a log, whatever lists it holds."""
    try:
        return next(_unfolded(row), row) is not row or _plain(row) is not row
    except ValueError:
        return True


def _row(number: int, row: JsonObject) -> Iterator[DataRow]:
    try:
        yield DataRow(number, _plain(row))
    except ValueError as error:
        yield DataRow(number, None, str(error))


def _plain(row: JsonObject) -> JsonObject:
    return masked(annotated(exchange(row)))


def _is_marked_text(value: Any) -> bool:
    """Whether a value is spaCy's `["a text", {"entities": [[0, 1, "X"]]}]`."""
    if not isinstance(value, list) or len(value) != 2 or not isinstance(value[0], str):
        return False
    return isinstance(value[1], dict) and bool({"entities", "cats", "spans"} & value[1].keys())


def _unfolded(row: JsonObject) -> Iterator[JsonObject]:
    if "paragraphs" in row and are_objects(row["paragraphs"]):
        for paragraph in row["paragraphs"]:
            if "sentences" in paragraph:
                yield _tokens(paragraph)
            else:
                yield from _questions(paragraph) if "qas" in paragraph else (paragraph,)
    elif "qas" in row and are_objects(row["qas"]):
        yield from _questions(row)
    elif "instruction" in row and are_objects(row.get("instances")):
        yield from ({"instruction": row["instruction"], **each} for each in row["instances"])
    elif "patterns" in row and isinstance(row["patterns"], list) and {"tag", "intent"} & row.keys():
        label = row.get("tag", row.get("intent"))
        yield from ({"text": text, "intent": label} for text in row["patterns"] or [""])
    elif "row" in row and "row_idx" in row and isinstance(row["row"], dict):
        yield row["row"]  # Hugging Face's datasets server
    elif len(row) == 1 and isinstance(row.get("item"), dict):
        yield row["item"]  # OpenAI's evals
    elif isinstance(row.get("mapping"), dict) and "message" in next(
        iter(row["mapping"].values()), ()
    ):
        yield {"messages": _branch(row["mapping"], row.get("current_node"))}
    elif isinstance(row.get("responses_create_params"), dict):
        yield _asked(row)  # NeMo Gym
    elif "body" in row and "custom_id" in row and isinstance(row["body"], dict):
        yield row["body"]  # OpenAI's batches
    else:
        yield row


def _branch(nodes: JsonObject, leaf: Any) -> list[JsonObject]:
    """The messages of ChatGPT's export on the way to its current node, or to the last one."""
    at = leaf if leaf in nodes else list(nodes)[-1]
    messages: list[JsonObject] = []
    while at in nodes and len(messages) <= len(nodes):
        message = nodes[at].get("message") or {}
        content = message.get("content") or {}
        if isinstance(content, dict) and content.get("parts"):
            messages.insert(0, {"role": (message.get("author") or {}).get("role", ""),
                                "content": content["parts"]})  # fmt: skip
        at = nodes[at].get("parent")
    return messages


def _asked(row: JsonObject) -> JsonObject:
    """A request of OpenAI's Responses API beside what is expected of its answer."""
    request = row["responses_create_params"]
    rest = {name: value for name, value in row.items() if name != "responses_create_params"}
    context = request.get("input", "")
    prompt = {"messages": context} if are_objects(context) else {"prompt": context}
    tools = {"tools": request["tools"]} if request.get("tools") else {}
    return {**rest, **prompt, **tools}


def _tokens(paragraph: JsonObject) -> JsonObject:
    """A paragraph of spaCy 2: its text and categories, or its words and their entities."""
    named = {str(c.get("label")): c.get("value") for c in paragraph.get("cats") or ()}
    words = [
        token
        for sentence in paragraph["sentences"]
        for token in sentence.get("tokens") or ()
        if isinstance(token, dict)
    ]
    if named:
        text = paragraph.get("raw") or " ".join(str(word.get("orth", "")) for word in words)
        return {"text": text, "labels": categories(named)}
    return {
        "tokens": [word.get("orth", "") for word in words],
        "ner_tags": [word.get("ner", "O") for word in words],
    }


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
