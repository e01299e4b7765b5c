"""Chat answers as servers give them: text or parts, reasoning, refusals, usage, streams."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from advisor.core.experiment import JsonObject
from advisor.endpoint.errors import ServerError, Trouble

REASONING_PARTS = frozenset({"reasoning", "thinking", "reasoning_text", "redacted_thinking"})


@dataclass(frozen=True, slots=True)
class ChatAnswer:
    """One answer; tokens None where the server did not count them.

    `text` is what the model said, without reasoning in parts or fields of its own;
    `finish_reason` as the server names it: stop, length, content_filter and others.
    """

    text: str
    seconds: float
    finish_reason: str = ""
    refusal: str = ""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int = 0
    reasoning_tokens: int = 0

    @property
    def was_cut(self) -> bool:
        """Whether it reached the most tokens allowed."""
        return self.finish_reason in ("length", "max_tokens")


def answer_of(document: JsonObject, seconds: float, address: str) -> ChatAnswer:
    """The answer in a chat completion. Raises ServerError where it is none."""
    try:
        choice = document["choices"][0]
        message = choice["message"]
        usage = document.get("usage") or {}
        return ChatAnswer(
            text=text_of(message.get("content")),
            seconds=seconds,
            finish_reason=str(choice.get("finish_reason") or ""),
            refusal=str(message.get("refusal") or ""),
            prompt_tokens=count(usage.get("prompt_tokens")),
            completion_tokens=count(usage.get("completion_tokens")),
            cached_tokens=_detail(usage, "prompt_tokens_details", "cached_tokens"),
            reasoning_tokens=_detail(usage, "completion_tokens_details", "reasoning_tokens"),
        )
    except (LookupError, TypeError, AttributeError):
        raise ServerError(
            f"{address}: the answer is not a chat completion", 200, Trouble.BROKEN
        ) from None


def text_of(content: Any) -> str:
    """The text of a message: as it stands, or the text parts of a list without its reasoning."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    return "".join(_part_text(part) for part in content)


def _part_text(part: Any) -> str:
    if isinstance(part, str):
        return part
    if not isinstance(part, Mapping) or part.get("type") in REASONING_PARTS:
        return ""
    text = part.get("text", part.get("content", ""))
    if isinstance(text, Mapping):
        text = text.get("value", "")
    return text if isinstance(text, str) else ""


def merged(events: Iterable[JsonObject]) -> JsonObject:
    """One chat completion from the events of a stream; a whole answer stays as it is."""
    usage: JsonObject = {}
    content: list[str] = []
    finish = ""
    refusal = ""
    for event in events:
        choice = _first_choice(event)
        if "message" in choice or (not choice and "choices" not in event):
            return event
        delta = choice.get("delta")
        if isinstance(delta, Mapping):
            content.append(text_of(delta.get("content")))
            refusal += str(delta.get("refusal") or "")
        finish = str(choice.get("finish_reason") or finish)
        if isinstance(event.get("usage"), dict):
            usage = event["usage"]
    message = {"content": "".join(content), "refusal": refusal}
    choices = [{"message": message, "finish_reason": finish}]
    return {"usage": usage, "choices": choices}


def has_text(event: JsonObject) -> bool:
    """Whether an event brings the first of an answer: text, or the thoughts of a reasoning
    model.
    """
    choice = _first_choice(event)
    part = choice.get("delta") or choice.get("message")
    kinds = ("content", "reasoning_content", "reasoning", "tool_calls")
    return isinstance(part, dict) and any(part.get(kind) for kind in kinds)


def _first_choice(event: JsonObject) -> JsonObject:
    choices = event.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    return first if isinstance(first, dict) else {}


def count(value: Any) -> int | None:
    """A count of tokens, None for anything else."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9:
        return value
    return None


def _detail(usage: JsonObject, group: str, name: str) -> int:
    details = usage.get(group)
    return count(details.get(name)) or 0 if isinstance(details, Mapping) else 0
