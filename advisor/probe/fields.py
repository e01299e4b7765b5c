"""Which fields of a row are the prompt and which the answer: recognised by name, said aloud, and
open to override.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from advisor.core.errors import UsageError, did_you_mean
from advisor.probe.rows import JsonObject

CHATS = ("messages", "conversations", "conversation", "chat", "dialog")
CHOSEN = "chosen"
"""The better of two answers; some sets hold the whole chat in it."""

PROMPTS = (
    "prompt",
    "instruction",
    "question",
    "query",
    "input",
    "text",
    "sentence",
    "utterance",
    "document",
    "article",
    "dialogue",
    "ticket",
    "source",
    "content",
    "context",
    "message",
    "body",
    "user",
)
ANSWERS = (
    "completion",
    "response",
    "answer",
    "answers",
    "output",
    "target",
    "label",
    "labels",
    "category",
    "intent",
    "class",
    "sentiment",
    "topic",
    "tag",
    "summary",
    "highlights",
    "chosen",
    "translation",
    "sql",
    "code",
    "reply",
    "assistant",
    "reference",
)
LEARNED_ROLES = ("assistant", "gpt", "model", "bot", "chatgpt")

ROLES = {
    "human": "user",
    "gpt": "assistant",
    "bot": "assistant",
    "model": "assistant",
    "chatgpt": "assistant",
}
"""Names of ShareGPT and others for the roles that chat templates know."""

Take = Callable[[JsonObject], tuple[str, str]]
Turns = Callable[[JsonObject], list[JsonObject]]


@dataclass(frozen=True, slots=True)
class Fields:
    """The recognised form.

    `take` gives (prompt, answer) of a row; KeyError names a field that a row lacks.

    `turns` gives the messages of a chat with role and content; None: a row is one question and its
    answer.
    """

    prompt: str
    answer: str
    assumed: str
    take: Take
    turns: Turns | None = None


def recognise(
    rows: list[JsonObject], prompt_field: str = "", answer_field: str = "", where: str = ""
) -> Fields:
    """The form of some first rows.

    Fields the user names win; `a+b` joins fields, `a.b` goes into one.

    Raises UsageError where nothing can be recognised or a named field does not exist.
    """
    names = list(dict.fromkeys(key for row in rows for key in row))
    for wanted in (prompt_field, answer_field):
        for part in filter(None, wanted.split("+")):
            if part.split(".")[0] not in names:
                raise UsageError(
                    f"{where}: no field {part!r}{did_you_mean(part, names)}; "
                    f"it has {_listed(names)}"
                )
    if not prompt_field:
        chat = next((n for n in names if n.lower() in (*CHATS, CHOSEN) and _is_chat(rows, n)), "")
        if chat and not answer_field:
            assumed = f"{chat}: what the assistant says is the answer, all else the prompt"
            return Fields(
                f"{chat}: others",
                f"{chat}: assistant",
                assumed,
                _chat_taker(chat),
                _chat_turns(chat),
            )
    prompt = prompt_field or _prompt_of(names, answer_field)
    answer = answer_field or _first([n for n in names if n not in prompt.split("+")], ANSWERS)
    if not prompt:
        prompt, answer = _by_position(names, answer, where)
    assumed = f"prompt = {prompt}, answer = {answer or 'none found'}"
    chosen = [f for f, given in (("prompt", prompt_field), ("answer", answer_field)) if given]
    if chosen:
        assumed += f" ({' and '.join(chosen)} as given)"
    return Fields(prompt, answer, assumed, _taker(prompt, answer))


def _prompt_of(names: list[str], answer_field: str) -> str:
    free = [n for n in names if n != answer_field]
    prompt = _first(free, PROMPTS)
    lower = {n.lower(): n for n in free}
    if prompt.lower() in ("instruction", "question", "prompt"):
        for extra in ("input", "context", "passage"):
            if extra in lower and _first([n for n in free if n.lower() != extra], ANSWERS):
                return f"{prompt}+{lower[extra]}"
    return prompt


def _first(names: Iterable[str], wanted: tuple[str, ...]) -> str:
    lower = {n.lower(): n for n in names}
    return next((lower[w] for w in wanted if w in lower), "")


def _by_position(names: list[str], answer: str, where: str) -> tuple[str, str]:
    """Two fields of unknown names: the first is the prompt; one field: the prompt alone."""
    free = [n for n in names if n != answer]
    if len(free) == 1:
        return free[0], answer
    if len(free) == 2 and not answer:
        return free[0], free[1]
    if not names:
        raise UsageError(f"{where}: no field that holds text; give one with a prompt and an answer")
    raise UsageError(
        f"{where}: cannot tell prompt and answer among {_listed(names)}; "
        "name them with --prompt-field, --answer-field"
    )


def _listed(names: list[str]) -> str:
    names_listed = ", ".join(repr(n[:40]) for n in names[:12])
    return names_listed + (f" and {len(names) - 12} more" if len(names) > 12 else "") or "no fields"


def _is_chat(rows: list[JsonObject], name: str) -> bool:
    turns: list[Any] = next(
        (row[name] for row in rows if isinstance(row.get(name), list) and row[name]), []
    )
    return bool(turns) and isinstance(turns[0], dict) and bool({"role", "from"} & turns[0].keys())


def _chat_taker(name: str) -> Take:
    def take(row: JsonObject) -> tuple[str, str]:
        turns = row[name]
        if not isinstance(turns, list):
            raise KeyError(name)
        texts: tuple[list[str], list[str]] = ([], [])
        for turn in turns:
            if not isinstance(turn, dict):
                raise KeyError(name)
            learned = str(turn.get("role", turn.get("from", ""))).lower() in LEARNED_ROLES
            texts[learned].append(_text(turn.get("content", turn.get("value"))))
            if "tool_calls" in turn:
                texts[learned].append(_text(turn["tool_calls"]))
        return "\n".join(filter(None, texts[0])), "\n".join(filter(None, texts[1]))

    return take


def _chat_turns(name: str) -> Turns:
    """The messages as chat templates want them; asked only of rows that `take` has accepted."""

    def turns(row: JsonObject) -> list[JsonObject]:
        messages = list[JsonObject]()
        for turn in row[name]:
            role = str(turn.get("role", turn.get("from", ""))).lower()
            message = {
                "role": ROLES.get(role, role),
                "content": _text(turn.get("content", turn.get("value"))),
            }
            messages.append(
                message
                | {k: turn[k] for k in ("tool_calls", "tool_call_id", "name") if turn.get(k)}
            )
        return messages

    return turns


def _taker(prompt: str, answer: str) -> Take:
    if "+" not in prompt + answer and "." not in prompt + answer:
        if not answer:
            return lambda row: (_text(row[prompt]), "")
        return lambda row: (_text(row[prompt]), _text(row[answer]))
    prompts = prompt.split("+")
    answers = [a for a in answer.split("+") if a]
    return lambda row: (_joined(row, prompts), _joined(row, answers))


def _joined(row: JsonObject, names: list[str]) -> str:
    return "\n".join(filter(None, (_text(_inside(row, name)) for name in names)))


def _inside(row: JsonObject, name: str) -> Any:
    if name in row:
        return row[name]
    value: Any = row
    for part in name.split("."):
        if not isinstance(value, Mapping) or part not in value:
            raise KeyError(name)
        value = value[part]
    return value


def _text(value: Any) -> str:
    """A field's text: as it is, the texts of content parts, or JSON for anything else; nothing for
    null.
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, list) and all(
        isinstance(p, str) or (isinstance(p, dict) and "text" in p) for p in value
    ):
        return "\n".join(p if isinstance(p, str) else str(p["text"]) for p in value)
    if isinstance(value, (bool, int, float)):
        return str(value)
    return json.dumps(value, ensure_ascii=False, default=str)
