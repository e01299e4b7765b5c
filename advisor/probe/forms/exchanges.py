"""Logged requests with their replies as one chat: stored completions, traces, proxies' logs, and
preference pairs that hold the candidates within the last message.
"""

from __future__ import annotations

import json
from typing import Any

from advisor.probe.forms.records import JsonObject, are_objects

_REQUESTS = ("request", "body", "request_body", "requestBody", "inputs", "input", "payload",
             "modelInput")  # fmt: skip
_REPLIES = ("response", "response_body", "responseBody", "outputs", "output", "result",
            "completion", "choices", "candidates", "generations", "modelOutput")  # fmt: skip
_BODIES = ("body", "inputBodyJson", "outputBodyJson")
_CHATS = ("messages", "contents")
MARKS = frozenset((*_REQUESTS, *_CHATS))
"""Fields without one of which a row is no exchange."""

_GIVEN = ("messages", "contents", "tools", "functions", "system", "systemInstruction",
          "system_instruction", "toolConfig", "instructions")  # fmt: skip
"""What of a request is given to the model; the rest are its settings."""


def exchange(row: JsonObject) -> JsonObject:
    """A logged request and its reply as one chat; a pair of candidates as a pair; any other row as
    it is.
    """
    if MARKS.isdisjoint(row):
        return row
    field = next((name for name in _CHATS if are_objects(row.get(name)) and row[name]), "")
    if field:
        candidates = row[field][-1].get("candidates")
        if isinstance(candidates, list):
            return _candidates(row, field, candidates)
        return _answered(row, row, field)
    for name in _REQUESTS:
        request = _parsed(row.get(name))
        if isinstance(request, dict):
            request = _flattened(request)
            field = next((c for c in _CHATS if are_objects(request.get(c)) and request[c]), "")
            if field:
                return _answered(row, request, field)
    return row


def _answered(row: JsonObject, request: JsonObject, field: str) -> JsonObject:
    """The request with the reply that stands in the row; the row as it is where there is none."""
    for name in _REPLIES:
        value = _parsed(row.get(name))
        if name == field or not isinstance(value, dict | list):
            continue
        reply = reply_of({name: value} if isinstance(value, list) else value)
        if reply:
            base = row if request is row else {k: request[k] for k in _GIVEN if k in request}
            joined = {field: _joined(request[field], reply)}
            return {k: v for k, v in base.items() if k != name} | joined
    return row


def _joined(request: list[JsonObject], reply: list[JsonObject]) -> list[JsonObject]:
    """Both in one list; a reply that repeats the request stands for both."""
    if len(reply) > len(request) and reply[: len(request)] == request:
        return reply
    return [*request, *reply]


def reply_of(value: JsonObject) -> list[JsonObject]:
    """The messages of a service's reply; none where the value is not one.

    Forms: OpenAI's chat completions and responses, Anthropic's messages, Gemini's candidates,
    LangChain's generations, and the body of a batch's result.
    """
    for key in (*_BODIES, "output"):
        if isinstance(value.get(key), dict):
            return reply_of(value[key])
    for key in ("choices", "candidates", "generations"):
        listed = value.get(key)
        while isinstance(listed, list) and listed and isinstance(listed[0], list):
            listed = listed[0]
        if isinstance(listed, list) and listed and isinstance(listed[0], dict):
            return _first_choice(listed[0])
    for key in ("message", "content"):
        if isinstance(value.get(key), dict):
            return [value[key]]
    if value.get("role") in ("assistant", "model") and "content" in value:
        return [value]
    for key in ("messages", "output"):
        if are_objects(value.get(key)) and value[key]:
            return list(value[key])
    return []


def _first_choice(choice: JsonObject) -> list[JsonObject]:
    for key in ("message", "content"):
        if isinstance(choice.get(key), dict):
            return [choice[key]]
    text = choice.get("text")
    return [{"role": "assistant", "content": text}] if isinstance(text, str) else []


def _candidates(row: JsonObject, field: str, candidates: list[Any]) -> JsonObject:
    """Bedrock's preference pairs: candidates marked as preferred and non-preferred."""
    sides = {str(c.get("preferenceLabel", "")): c for c in candidates if isinstance(c, dict)}
    if not {"preferred", "non-preferred"} <= sides.keys():
        return row
    role = {"role": row[field][-1].get("role", "assistant")}
    return {
        **{k: v for k, v in row.items() if k != field},
        "prompt": row[field][:-1],
        "chosen": [role | {"content": sides["preferred"].get("content")}],
        "rejected": [role | {"content": sides["non-preferred"].get("content")}],
    }


def _parsed(value: Any) -> Any:
    """A value; what a text in JSON holds, as logs write requests into tables."""
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[{")):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def _flattened(request: JsonObject) -> JsonObject:
    """A request without its envelope; messages may be a list within a list, as LangChain traces
    them.
    """
    for key in _BODIES:
        if isinstance(request.get(key), dict):
            return _flattened(request[key])
    messages = request.get("messages")
    if isinstance(messages, list) and len(messages) == 1 and isinstance(messages[0], list):
        return {**request, "messages": messages[0]}
    return request
