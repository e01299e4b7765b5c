"""One turn of a chat in any provider's form: its role, its texts, and what of it is learned."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from advisor.probe.forms.chat_names import (
    CALL_KEYS,
    CONTENT_KEYS,
    LEARNED,
    REASONING_KEYS,
    ROLE_KEYS,
    ROLES,
    TOOLS,
    Role,
)
from advisor.probe.forms.media import Medium, is_base64, media_of, medium_of, without_media
from advisor.probe.forms.records import JsonObject

MESSAGE_MEDIA = {"images": "picture", "audios": "sound", "videos": "video"}
"""Fields of a message beside its text, as Ollama has them."""


class Turn(NamedTuple):
    """A turn of a chat.

    `learned` and `given` are its texts in order: what the model learns to say, and what it is
    given. `message` is the turn as chat templates want it.
    """

    role: str
    learned: tuple[str, ...]
    given: tuple[str, ...]
    media: tuple[Medium, ...]
    message: JsonObject


class _Parts(NamedTuple):
    """Texts of a content by what they are."""

    text: list[str]
    reasoning: list[str]
    calls: list[str]
    results: list[str]
    media: list[Medium]


def text_of(value: Any) -> str:
    """A field's text: as it is, the texts of content parts, or JSON for anything else; nothing for
    null and for a number that is not one.
    """
    if isinstance(value, str):
        return value
    if value is None or value != value:  # NaN, as data frames write what is missing
        return ""
    if isinstance(value, list) and all(
        isinstance(p, str) or (isinstance(p, dict) and isinstance(p.get("text"), str))
        for p in value
    ):
        return "\n".join(p if isinstance(p, str) else str(p["text"]) for p in value)
    if isinstance(value, bool | int | float):
        return str(value)
    return as_json(value)


def as_json(value: Any) -> str:
    """JSON as chat templates write it (`tojson`): blanks after commas and colons, letters as they
    are.
    """
    return json.dumps(value, ensure_ascii=False, default=str)


def role_of(turn: JsonObject) -> str:
    """The role as the data call it; empty where the turn has none."""
    for key in ROLE_KEYS:
        role = turn.get(key)
        if isinstance(role, str):
            return role
        if isinstance(role, dict) and isinstance(role.get("role"), str):  # OpenAI's author
            return str(role["role"])
    return ""


def known_role(name: str) -> str:
    """The role that chat templates know by that name, or the name itself in lower case."""
    lower = name.strip().lower().replace("-", "_").replace(" ", "_")
    return ROLES.get(lower, lower)


def unwrapped(turn: JsonObject) -> JsonObject:
    """LangChain's turns (`{"type": "human", "data": {…}}`, or `kwargs`) as plain ones."""
    inner = turn.get("data", turn.get("kwargs"))
    if isinstance(inner, dict) and "content" in inner:
        name = turn.get("type")
        if "kwargs" in turn and isinstance(turn.get("id"), list):
            name = inner.get("type") or str(turn["id"][-1])
        calls = inner.get("tool_calls") or (inner.get("additional_kwargs") or {}).get("tool_calls")
        plain = {"role": name, "content": inner["content"]}
        return plain | {"tool_calls": calls} if calls else plain
    return turn


def turns_of(turn: JsonObject) -> Iterator[Turn]:
    """A turn read; several where it names its roles by keys (`{"input": …, "output": …}`)."""
    turn = unwrapped(turn)
    role = role_of(turn)
    if role:
        yield turn_of(turn, known_role(role))
        return
    for key, value in turn.items():
        if key.lower() in ROLES and value not in (None, ""):
            extra = {"loss": turn["loss"]} if "loss" in turn else {}
            if key.lower() == "output" and turn.get("output_with_loss") is False:
                extra = {"loss": False}
            yield turn_of({"content": value, **extra}, ROLES[key.lower()])


def turn_of(turn: JsonObject, role: str) -> Turn:
    """A turn of a role that `known_role` gave."""
    if role == Role.CALL and "arguments" in turn:
        return turn_of({"function_call": {k: turn[k] for k in _CALL_FIELDS if k in turn}}, role)
    if role == Role.TOOL and "parameters" in turn and "observation" in turn:
        return _called_tool(turn)
    value = next((turn[key] for key in CONTENT_KEYS if turn.get(key) is not None), None)
    content = _content(
        written_again(value) if role == Role.CALL and isinstance(value, str) else value
    )
    for key, kind in MESSAGE_MEDIA.items():
        content.media.extend(media_of(turn.get(key), kind))
    for key in REASONING_KEYS:
        if turn.get(key):
            content.reasoning.append(text_of(turn[key]))
    for key in CALL_KEYS:
        if turn.get(key):
            content.calls.append(_calls(turn[key]))
    texts = [*content.reasoning, *content.text, *content.calls]  # in the order of chat templates
    given = list(content.results)
    given += [as_json(turn[key]) for key in TOOLS if isinstance(turn.get(key), list) and turn[key]]
    if isinstance(turn.get("refusal"), str):
        texts.append(turn["refusal"])
    learns = role in LEARNED and not is_masked(turn)
    learned = _learned_parts(turn, texts) if learns else [(False, text) for text in texts]
    return Turn(
        role,
        tuple(text for is_learned, text in learned if is_learned and text),
        (*(text for is_learned, text in learned if not is_learned and text), *filter(None, given)),
        tuple(content.media),
        _message(turn, role, value, content),
    )


def texts_of(turn: Turn) -> tuple[str, ...]:
    """All texts of a turn that is given: nothing of a prompt is learned."""
    return (*turn.given, *turn.learned)


def _called_tool(turn: JsonObject) -> Turn:
    """A call and its result in one turn, as ChatGLM3 has them: the call is learned."""
    call = as_json({"name": turn.get("name"), "parameters": turn["parameters"]})
    result = text_of(turn["observation"])
    learned = () if is_masked(turn) else (call,)
    given = (result,) if learned else (call, result)
    return Turn(Role.TOOL, learned, given, (), {"role": Role.TOOL.value, "content": result})


_MASKS = (
    "weight", "train", "training", "loss", "loss_weight", "loss_mask", "learn", "learnable",
    "trainable",
)  # fmt: skip


def is_masked(turn: JsonObject) -> bool:
    """Whether a turn says that it is not learned: `weight` 0 (OpenAI), `train` or `training` false
    (axolotl), `loss` false (ms-swift, xtuner), `mask` true.
    """
    for key in _MASKS:
        value = turn.get(key)
        if value is False or (isinstance(value, int | float) and value == 0):
            return True
        if isinstance(value, str) and value.strip().lower() in ("false", "0", "0.0"):
            return True
    return turn.get("mask") is True or turn.get("masked") is True


def _learned_parts(turn: JsonObject, texts: list[str]) -> list[tuple[bool, str]]:
    """Texts with whether they are learned; axolotl's `train_detail` marks parts of one text, by
    places that include the last character.
    """
    detail = turn.get("train_detail", turn.get("training_detail"))
    if not isinstance(detail, list) or len(texts) != 1:
        return [(True, text) for text in texts]
    text = texts[0]
    parts = []
    for part in detail:
        if isinstance(part, dict):
            begin = int(part.get("begin_offset", 0))
            end = int(part.get("end_offset", len(text) - 1)) + 1
            parts.append((bool(part.get("train", True)), text[begin:end]))
    return parts


def _calls(value: Any) -> str:
    """Tool calls as JSON; the arguments of one old function call as an object, as templates show
    them.
    """
    if isinstance(value, str):
        return value
    return as_json(_with_arguments(value))


@lru_cache(maxsize=64)
def written_again(text: str) -> str:
    """Tool calls or definitions in JSON, spaced as trainers write them again: LLaMA-Factory and
    ms-swift read them, and render names and arguments in the form of the template.
    """
    if not text.lstrip().startswith(("{", "[")):
        return text
    try:
        calls = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if isinstance(calls, list):
        return as_json([_with_arguments(call) for call in calls])
    return as_json(_with_arguments(calls))


def _with_arguments(call: Any) -> Any:
    """A call whose arguments are an object, also where the data have them as JSON in a text."""
    if not isinstance(call, dict) or not isinstance(call.get("arguments"), str):
        return call
    try:
        return call | {"arguments": json.loads(call["arguments"])}
    except (ValueError, RecursionError):
        return call


def _content(value: Any) -> _Parts:
    content = _Parts([], [], [], [], [])
    parts = value if isinstance(value, list) else [value]
    for part in parts:
        _add_part(content, part)
    if len(content.text) > 1:
        joined = "\n".join(content.text)
        content.text[:] = [joined]
    return content


def _add_part(content: _Parts, part: Any) -> None:
    if isinstance(part, str):
        text, media = without_media(part)
        if is_base64(text):
            text = ""
            media = (*media, Medium("file"))
        content.media.extend(media)
        content.text.append(text)
        return
    if not isinstance(part, dict):
        content.text.append(text_of(part))
        return
    medium = medium_of(part)
    if medium is not None:
        content.media.append(medium)
        return
    _add_typed(content, part)


def _add_typed(content: _Parts, part: JsonObject) -> None:
    """A part of OpenAI, Anthropic, Bedrock, Gemini or Mistral that is not a picture or sound."""
    kind = str(part.get("type", "")).lower()
    if kind in ("thinking", "reasoning", "redacted_thinking", "think") or part.get("thought"):
        content.reasoning.append(_reasoning(part))
    elif "reasoningContent" in part:
        inner = part["reasoningContent"]
        inner = inner.get("reasoningText", inner) if isinstance(inner, dict) else inner
        content.reasoning.append(_reasoning(inner) if isinstance(inner, dict) else text_of(inner))
    elif kind == "tool_result" or {"toolResult", "functionResponse", "function_response"} & set(
        part
    ):
        content.results.append(_result(part))
    elif kind in ("tool_use", "server_tool_use", "tool_call", "function_call"):
        content.calls.append(as_json({k: part[k] for k in _CALL_FIELDS if k in part}))
    elif {"toolUse", "functionCall", "function_call"} & set(part):
        inner = next(part[k] for k in ("toolUse", "functionCall", "function_call") if k in part)
        content.calls.append(
            as_json({k: v for k, v in inner.items() if k != "toolUseId"})
            if isinstance(inner, dict)
            else text_of(inner)
        )
    else:
        text, media = without_media(_part_text(part))
        content.text.append(text)
        content.media.extend(media)


_CALL_FIELDS = ("name", "input", "arguments", "function")


def _part_text(part: JsonObject) -> str:
    for key in ("text", "refusal", "content", "code", "output", "input_text", "output_text"):
        if isinstance(part.get(key), str):
            return str(part[key])
    if isinstance(part.get("document"), dict):  # Cohere's
        return "\n".join(text_of(value) for key, value in part["document"].items() if key != "id")
    if isinstance(part.get("source"), dict):  # a document of plain text
        title = [str(part["title"])] if part.get("title") else []
        source = part["source"]
        return "\n".join([*title, text_of(source.get("data", source.get("content")))])
    for key in ("executableCode", "codeExecutionResult", "json", "content"):
        if key in part:
            inner = part[key]
            return _part_text(inner) if isinstance(inner, dict) else text_of(inner)
    return as_json(part)


def _reasoning(part: JsonObject) -> str:
    """The text of a reasoning part; the encrypted data of a redacted one are not text."""
    for key in ("thinking", "reasoning", "text", "summary", "content"):
        if part.get(key):
            return text_of(part[key])
    return ""


def _result(part: JsonObject) -> str:
    for key in ("toolResult", "functionResponse", "function_response"):
        if isinstance(part.get(key), dict):
            part = part[key]
    value = part.get("content", part.get("response", part.get("output")))
    if isinstance(value, list):
        return "\n".join(
            as_json(p["json"]) if isinstance(p, dict) and "json" in p else text_of([p])
            for p in value
        )
    return text_of(value)


def _message(turn: JsonObject, role: str, value: Any, content: _Parts) -> JsonObject:
    """The turn in the form of Hugging Face's chat templates."""
    if role == Role.CALL:
        return _call_message(text_of(value))
    message: dict[str, Any] = {"role": role, "content": "\n".join(content.text)}
    if isinstance(value, list) and content.media:
        message["content"] = value
    if isinstance(turn.get("tool_calls"), list) and turn["tool_calls"]:
        message["tool_calls"] = turn["tool_calls"]
    elif isinstance(turn.get("function_call"), dict):
        message["tool_calls"] = [{"type": "function", "function": turn["function_call"]}]
    elif content.calls:
        message["content"] = "\n".join(filter(None, [message["content"], *content.calls]))
    if content.results and not content.text:
        message |= {"role": Role.TOOL.value, "content": "\n".join(content.results)}
    given = {k: turn[k] for k in ("tool_call_id", "name", *REASONING_KEYS) if turn.get(k)}
    if content.reasoning and not given.keys() & set(REASONING_KEYS):
        given["reasoning_content"] = "\n".join(content.reasoning)
    return message | given


def _call_message(text: str) -> JsonObject:
    """A turn that is a tool call, written as JSON, as an assistant's message."""
    try:
        call = json.loads(text)
    except (ValueError, RecursionError):
        return {"role": Role.ASSISTANT.value, "content": text}
    calls = call if isinstance(call, list) else [call]
    if not all(isinstance(c, dict) and "name" in c for c in calls):
        return {"role": Role.ASSISTANT.value, "content": text}
    functions = [{"type": "function", "function": call} for call in calls]
    return {"role": Role.ASSISTANT.value, "content": "", "tool_calls": functions}
