"""A chat in a row, in any form that data sets have, with what stands beside it."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from advisor.probe.forms.chat_names import (
    CONTENT_KEYS,
    DOCUMENTS,
    HISTORIES,
    LEARNED,
    ROLE_KEYS,
    ROLES,
    SYSTEMS,
    TOOLS,
    Role,
    are_definitions,
)
from advisor.probe.forms.media import Medium, has_tagged_media, media_of, without_placeholders
from advisor.probe.forms.names import plain
from advisor.probe.forms.records import JsonObject
from advisor.probe.forms.transcripts import form_of, pieces
from advisor.probe.forms.turns import (
    Turn,
    as_json,
    role_of,
    text_of,
    turn_of,
    turns_of,
    unwrapped,
    written_again,
)


class ChatInput(NamedTuple):
    """What a chat template is given."""

    messages: list[JsonObject]
    tools: Any = None
    documents: Any = None


class RowParts(NamedTuple):
    """A row as it was read.

    `prompt` is all that the model is given, `answer` all that it learns to say, `rejected` what it
    learns not to say beside it. `wanted` is False where the answer is marked as a bad one.
    """

    prompt: str
    answer: str
    rejected: str = ""
    wanted: bool = True
    media: tuple[Medium, ...] = ()
    chat: ChatInput | None = None
    messages: int = 1


class Beside(NamedTuple):
    """What stands beside a chat and is given to the model with it."""

    texts: list[str]
    system: str
    tools: Any
    documents: Any
    media: tuple[Medium, ...]
    history: list[Turn]


MEDIA_FIELDS = {
    "image": "picture", "images": "picture", "picture": "picture", "pictures": "picture",
    "img": "picture", "image_path": "picture", "image_url": "picture", "pixel_values": "picture",
    "image_file": "picture", "audio": "sound", "audios": "sound", "speech": "sound",
    "audio_path": "sound", "video": "video", "videos": "video", "video_path": "video",
}  # fmt: skip


_NUMBERED_TURN = re.compile(r"(?:turn|round)_?\d+", re.IGNORECASE)
_CHAT_TEXT = re.compile(r"\s*\[\s*\{")
MAX_LITERAL = 1_000_000  # characters of a list in Python's form


@lru_cache(maxsize=4096)
def kind_beside(name: str) -> str:
    """What a field beside a chat is: system, tools, documents, history, a kind of medium, or
    nothing of these.
    """
    lower = plain(name)
    if lower in SYSTEMS:
        return "system"
    if lower in TOOLS or are_definitions(name):
        return "tools"
    if lower in DOCUMENTS or lower == "context":
        return "documents"
    if lower in HISTORIES:
        return "history"
    return MEDIA_FIELDS.get(lower, "")


def is_medium(name: str) -> bool:
    """Whether a field is called as pictures, sound or video are."""
    return plain(name) in MEDIA_FIELDS


def beside(row: JsonObject, *used: str) -> Beside:
    """What of a row's other fields than `used` is given to the model."""
    system = ""
    tools: Any = None
    documents: Any = None
    media: tuple[Medium, ...] = ()
    history: list[Turn] = []
    given = row.get("chat_template_kwargs")
    if isinstance(given, dict):
        row = {**given, **row}
    for name, value in row.items():
        kind = kind_beside(name)
        if not kind or name in used or value in (None, "", [], {}):
            continue
        if kind == "system":
            system = _system_text(value)
        elif kind == "tools":
            tools = _definitions(value) or tools
        elif kind == "documents":
            documents = value
        elif kind == "history":
            history = list(turn_list(value) or ())
        else:
            media += media_of(value, kind)
    texts = [system] if system else []
    if tools:
        texts.append(written_again(tools) if isinstance(tools, str) else text_of(tools))
    if documents:
        texts.append(_documents_text(documents))
    return Beside(texts, system, tools, documents, media, history)


def beside_within(row: JsonObject, field: str, *used: str) -> Beside:
    """What stands beside a chat, in the row and in the object that holds the chat."""
    outer = beside(row, field, *used)
    inner = row.get(field) if field else None
    if not isinstance(inner, dict):
        return outer
    within = beside(inner, "messages", "conversations", "contents")
    return Beside(
        [*outer.texts, *within.texts],
        outer.system or within.system,
        outer.tools or within.tools,
        outer.documents or within.documents,
        (*outer.media, *within.media),
        [*outer.history, *within.history],
    )


def _system_text(value: Any) -> str:
    """A system prompt as a text, a message, content blocks (Bedrock) or parts (Gemini)."""
    parts = value if isinstance(value, list) else [value]
    texts = []
    for part in parts:
        if isinstance(part, dict):
            turn = turn_of(part, Role.SYSTEM)
            texts.append("\n".join(turn.given))
        else:
            texts.append(text_of(part))
    return "\n".join(texts)


def _definitions(value: Any) -> Any:
    """Tool definitions: a list or an object, or JSON in a text; nothing for any other text."""
    if isinstance(value, list | dict):
        return value
    stripped = value.strip() if isinstance(value, str) else ""
    return value if stripped.startswith(("[", "{")) and stripped not in ("[]", "{}") else None


def _documents_text(value: Any) -> str:
    if not isinstance(value, list):
        return text_of(value)
    texts = []
    for part in value:
        if isinstance(part, dict):
            texts += [v for v in part.values() if isinstance(v, str)] or [as_json(part)]
        else:
            texts.append(text_of(part))
    return "\n".join(texts)


def turn_list(value: Any) -> list[Turn] | None:
    """The turns of a chat in any form; None where the value is not a chat."""
    if isinstance(value, str):
        return _turns_of_text(value)
    if isinstance(value, dict):
        inner = next((value[k] for k in ("messages", "conversations", "contents") if k in value), 0)
        listed = inner if isinstance(inner, list) else turns_within(value)
        if listed:
            return turn_list(listed)
        return list(turns_of(value)) if _is_turn(value) else None
    if not isinstance(value, list) or not value:
        return None
    if all(isinstance(part, dict) for part in value):
        if not any(_is_turn(part) for part in value):
            return None
        return [turn for part in value for turn in turns_of(part)]
    if all(isinstance(part, list) and len(part) == 2 for part in value):
        texts = [text_of(text) for pair in value for text in pair]
        return [_plain_turn(text, at) for at, text in enumerate(texts) if text]
    if len(value) > 1 and all(isinstance(part, str) for part in value):
        return [_plain_turn(text, at) for at, text in enumerate(value)]
    return None


def turns_within(value: JsonObject) -> list[JsonObject]:
    """The turns of a chat that is an object: a list per key, as Hugging Face's sequences of objects
    are read from Parquet, or a key per turn (MOSS's `turn_1`); none where it is no such chat.
    """
    if all(_NUMBERED_TURN.fullmatch(name) for name in value):
        return [turn for turn in value.values() if isinstance(turn, dict)]
    named = value.keys() & set(ROLE_KEYS) and value.keys() & set(CONTENT_KEYS)
    lists = {k: v for k, v in value.items() if isinstance(v, list)} if named else {}
    if not lists.keys() & set(ROLE_KEYS) or not lists.keys() & set(CONTENT_KEYS):
        return []
    if len({len(part) for part in lists.values()}) > 1:
        return []
    return [dict(zip(lists, turn, strict=True)) for turn in zip(*lists.values(), strict=True)]


def _plain_turn(text: str, place: int) -> Turn:
    """A turn of a list of texts: user and assistant in turn, the user first."""
    return turn_of({"content": text}, Role.ASSISTANT if place % 2 else Role.USER)


def _turns_of_text(text: str) -> list[Turn] | None:
    """A chat as JSON in a text (or as Python writes lists), or as a transcript."""
    if text.lstrip().startswith("["):
        return turn_list(_literal(text))
    form = form_of(text)
    if not form:
        return None
    return [turn_of({"content": p.text}, p.role) for p in pieces(text, form) if p.text]


def _literal(text: str) -> Any:
    """The value of a text in JSON, or in Python's form, as data frames write lists into CSV."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    if len(text) > MAX_LITERAL:
        return None
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
        return None


def _is_turn(part: JsonObject) -> bool:
    """Whether an object is a turn: it names a role, or its keys are roles."""
    part = unwrapped(part)
    if any(key in part for key in ("role", "from", "author", "speaker", "sender", "agent")):
        return bool(role_of(part))
    if "type" in part and part["type"] in ("human", "ai", "system", "tool", "function"):
        return True
    if part.get("type") in ("function_call", "function_call_output", "reasoning"):
        return bool({"arguments", "output", "summary"} & part.keys())  # OpenAI's Responses
    roles = {ROLES[key.lower()] for key in part if key.lower() in ROLES}
    return Role.USER in roles and bool(roles & LEARNED)


def is_chat(value: Any) -> bool:
    """Whether a value is a chat whose turns name their roles."""
    if isinstance(value, str):
        return bool(_CHAT_TEXT.match(value)) and bool(turn_list(value))
    if isinstance(value, dict):
        return any(is_chat(value.get(k)) for k in ("messages", "conversations")) or is_chat(
            turns_within(value)
        )
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(part, dict) for part in value)
        and any(_is_turn(part) for part in value)
    )


def assembled(around: Beside, turns: Sequence[Turn], *, wants_chat: bool) -> RowParts:
    """A supervised row: what the assistant says is learned unless it is masked."""
    turns = [*around.history, *turns]
    given = [*around.texts, *(text for turn in turns for text in turn.given)]
    learned = [text for turn in turns for text in turn.learned]
    return finished(around, turns, given, learned, wants_chat=wants_chat)


def finished(
    around: Beside,
    turns: Sequence[Turn],
    given: Sequence[str],
    learned: Sequence[str],
    rejected: Sequence[str] = (),
    *,
    wanted: bool = True,
    wants_chat: bool = False,
) -> RowParts:
    """The parts of a row from its texts, without placeholders for the media beside it."""
    media = (*around.media, *(medium for turn in turns for medium in turn.media))
    if around.media:
        given = [without_placeholders(text) for text in given]
        learned = [without_placeholders(text) for text in learned]
    return RowParts(
        "\n".join(filter(None, given)),
        "\n".join(filter(None, learned)),
        "\n".join(filter(None, rejected)),
        wanted,
        media,
        chat_input(around, turns) if wants_chat else None,
        len(turns) + bool(around.system and not any(t.role == Role.SYSTEM for t in turns)),
    )


def chat_input(around: Beside, turns: Sequence[Turn]) -> ChatInput:
    """Messages, tools and documents as chat templates want them."""
    messages = [turn.message for turn in turns]
    if around.system and not any(turn.role == Role.SYSTEM for turn in turns):
        messages.insert(0, {"role": Role.SYSTEM.value, "content": around.system})
    return ChatInput(messages, _as_tools(around.tools), around.documents)


def _as_tools(tools: Any) -> Any:
    """Definitions as a list of `{"type": "function", "function": …}`, as templates want them."""
    if isinstance(tools, str):
        try:
            tools = json.loads(tools)
        except (ValueError, RecursionError):
            return None
    if isinstance(tools, dict):
        tools = tools.get("tools", [tools])
    if not isinstance(tools, list):
        return None
    return [
        tool if not isinstance(tool, dict) or "function" in tool or "type" in tool
        else {"type": "function", "function": tool}
        for tool in tools
    ]  # fmt: skip


def simple_turns(turns: Sequence[Any]) -> Iterator[tuple[bool, str]] | None:
    """(learned, text) of turns that are nothing but a role and a text: most chats, read fast."""
    pairs = []
    for turn in turns:
        if type(turn) is not dict or len(turn) != 2:
            return None
        role = turn.get("role") or turn.get("from")
        text = turn.get("content")
        if text is None:
            text = turn.get("value")
        if type(role) is not str or type(text) is not str or len(text) > 100_000:
            return None
        learned = _SIMPLE_ROLES.get(role)
        if learned is None or "base64," in text or has_tagged_media(text):
            return None
        pairs.append((learned, text))
    return iter(pairs)


_SIMPLE_ROLES = {
    name: ROLES[name] in LEARNED
    for name in ("user", "human", "system", "assistant", "gpt", "tool", "function", "observation",
                 "model", "bot")
}  # fmt: skip
