"""Rows of one question and its answer in fields of their own, read by the names of these fields."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from advisor.probe.forms.chat_names import Role
from advisor.probe.forms.chats import (
    Beside,
    RowParts,
    beside,
    finished,
    is_chat,
    is_medium,
    kind_beside,
    turn_list,
)
from advisor.probe.forms.columns import MISSING, is_missing, media_in
from advisor.probe.forms.media import LEAST_BASE64, Medium, is_base64, media_of, without_media
from advisor.probe.forms.names import is_label_name, plain
from advisor.probe.forms.records import JsonObject
from advisor.probe.forms.turns import Turn, as_json, text_of, turn_of

ALTERNATIVES = frozenset(
    ("answer", "answers", "reference", "references", "target", "targets", "responses", "outputs")
)
"""Fields in which a list means several right answers: the first is what a model is trained on."""

_GIVEN_DOCUMENTS = frozenset((
    "documents", "retrieved_documents", "passages", "contexts", "docs", "retrieved_docs",
    "retrieved_contexts", "retrieved_passages", "chunks",
))  # fmt: skip
LONGEST_MISSING = 6
INNER_PROMPTS = ("full_text", "text", "problem", "question", "post", "content", "prompt", "body")
"""Names of the text in an object that is a prompt (WebGPT, summaries of posts)."""


class FlatReader:
    """Reads prompt and answer from fields; `a+b` joins fields, `a.b` goes into one.

    `is_plain`: `take` says all that there is to a row. Raises KeyError with a field's name.
    """

    def __init__(self, prompt: str, answer: str) -> None:
        self._prompts = prompt.split("+")
        self._answers = [name for name in answer.split("+") if name]
        self._is_class = bool(self._answers) and is_label_name(self._answers[-1])
        self.is_plain = True

    def learn(self, rows: Sequence[JsonObject]) -> list[str]:
        """See from some first rows whether there is more than texts; gives notes for the report."""
        used = self._used()
        kinds: dict[str, str] = {}
        for row in rows:
            for name, value in row.items():
                if name not in used and self._is_given(name) and not is_missing(value):
                    kinds[name] = kind_beside(name)
        lists = any(
            isinstance(_inside_or_none(row, name), list | dict)
            for row in rows
            for name in (*self._prompts, *self._answers)
        )
        data = any(
            isinstance(row.get(name), str) and ("base64," in row[name] or is_base64(row[name]))
            for row in rows
            for name in used
        )
        media = any(is_medium(name) for name in self._prompts)
        self.is_plain = not kinds and not lists and not data and not media
        texts = [name for name, kind in kinds.items() if kind in ("system", "tools", "history")]
        notes = [f"{', '.join(texts)} before the prompt"] if texts else []
        if any(row.get(k) is True for row in rows for k in ("train_on_input", "train_on_inputs")):
            self.is_plain = False
        return notes

    def take(self, row: JsonObject) -> tuple[str, str]:
        """(prompt, answer)."""
        if not self.is_plain:
            parts = self.read(row, False)
            return parts.prompt, parts.answer
        if len(self._prompts) == 1 and len(self._answers) == 1:
            prompt = row.get(self._prompts[0])
            answer = row.get(self._answers[0])
            if type(prompt) is str and type(answer) is str:
                return _plain(prompt), self._named(_plain(answer))
        return (
            _joined(row, self._prompts),
            self._named(_joined(row, self._answers)),
        )

    def read(self, row: JsonObject, wants_chat: bool) -> RowParts:
        """All parts of a row; a chat in a field is read as one."""
        around = self._beside(row)
        media: list[Medium] = []
        given = [turn for name in self._prompts for turn in _given(row, name, media)]
        given = [*around.history, *_as_one(given)]
        answered = [turn for name in self._answers for turn in self._answered(row, name, media)]
        answered = _as_one(answered)
        given_texts = [*around.texts, *(t for turn in given for t in (*turn.given, *turn.learned))]
        if around.history:  # as LLaMA-Factory learns the answers in a history
            given_texts = [
                *around.texts,
                *(t for turn in given for t in turn.given),
            ]
        learned = [t for turn in (*around.history, *answered) for t in turn.learned]
        given_texts += [t for turn in answered for t in turn.given]
        if row.get("train_on_input") is True or row.get("train_on_inputs") is True:
            learned = [*given_texts, *learned]
            given_texts = []
        around = around._replace(media=(*around.media, *media))
        return finished(around, [*given, *answered], given_texts, learned, wants_chat=wants_chat)

    def _named(self, answer: str) -> str:
        """An answer; nothing where a data frame has written that a class is missing."""
        if self._is_class and len(answer) < LONGEST_MISSING and answer.lower() in MISSING:
            return ""
        return answer

    def _answered(self, row: JsonObject, name: str, media: list[Medium]) -> list[Turn]:
        value = inside(row, name)
        if is_chat(value) or is_chat([value]):
            return turn_list(value if isinstance(value, list) else [value]) or []
        text, in_text = _clean(self._named(answer_text(value, name)))
        media.extend(in_text)
        return [turn_of({"content": text}, Role.ASSISTANT)] if text else []

    def _used(self) -> set[str]:
        names = (*self._prompts, *self._answers)
        return {*names, *(name.split(".")[0] for name in names)}

    def _is_given(self, name: str) -> bool:
        """Whether a field beside is given to the model; a document is only under a plain name."""
        kind = kind_beside(name)
        if kind == "documents":
            return plain(name) in _GIVEN_DOCUMENTS
        return bool(kind)

    def _beside(self, row: JsonObject) -> Beside:
        left = [name for name in row if kind_beside(name) and not self._is_given(name)]
        return beside(row, *self._used(), *left)


def _given(row: JsonObject, name: str, media: list[Medium]) -> list[Turn]:
    value = inside(row, name)
    if is_medium(name):
        media.extend(media_of(value, kind_beside(name)))
        return []
    if is_chat(value):
        return turn_list(value) or []
    text, in_text = _clean(prompt_text(value, name))
    media.extend(in_text)
    return [turn_of({"content": text}, Role.USER)] if text else []


def _as_one(turns: list[Turn]) -> list[Turn]:
    """Plain turns of one role after another as one, as a template shows them."""
    if len(turns) < 2 or len({turn.role for turn in turns}) > 1:
        return turns
    if any(set(turn.message) != {"role", "content"} or turn.media for turn in turns):
        return turns
    texts = [text for turn in turns for text in (*turn.given, *turn.learned)]
    return [turn_of({"content": "\n".join(texts)}, turns[0].role)]


def _clean(text: str) -> tuple[str, tuple[Medium, ...]]:
    text, media = without_media(text)
    text, data = media_in(text)
    return text, (*media, *data)


def _joined(row: JsonObject, names: list[str]) -> str:
    return "\n".join(filter(None, (text_of(inside(row, name)) for name in names)))


def _plain(text: str) -> str:
    """A text without data in it; most texts as they are. Raises ValueError where it is all data."""
    if len(text) < LEAST_BASE64:
        return text
    if is_base64(text):
        raise ValueError("data in base64, not text")
    return without_media(text)[0]


def prompt_text(value: Any, name: str) -> str:
    """A prompt's text; words in a list are joined by blanks (`tokens` of entity sets)."""
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return (" " if plain(name) in ("tokens", "words") else "\n").join(value)
    if isinstance(value, dict) and isinstance(value.get("text"), list):  # choices of ARC
        labels = value.get("label") or [""] * len(value["text"])
        pairs = zip(labels, value["text"], strict=False)
        return "\n".join(f"{label} {text}".strip() for label, text in pairs)
    if isinstance(value, dict):
        for key in INNER_PROMPTS:
            if isinstance(value.get(key), str):
                return str(value[key])
    return text_of(value)


def answer_text(value: Any, name: str) -> str:
    """An answer's text: of several right answers the first, of several labels all, of an object its
    text.
    """
    last = plain(name.rpartition(".")[2])
    if isinstance(value, dict):
        return _answer_of_object(value, last)
    if not isinstance(value, list) or not value:
        return text_of(value) if value != [] else ""
    if all(isinstance(part, dict) for part in value) and last in ALTERNATIVES:
        return answer_text(value[0], last)
    if all(isinstance(part, str) for part in value):
        if last in ALTERNATIVES:
            return str(value[0])
        return ("\n" if last in ("completions", "highlights") else ", ").join(value)
    if all(isinstance(part, bool | int | float) for part in value):
        return ", ".join(text_of(part) for part in value)
    return as_json(value)


def _answer_of_object(value: JsonObject, name: str) -> str:
    if isinstance(value.get("input_text"), list):  # CoQA: an answer to each question
        return "\n".join(map(text_of, value["input_text"]))
    if isinstance(value.get("texts"), list):  # QuAC, likewise
        return "\n".join(map(text_of, value["texts"]))
    for key in ("text", "value", "answer", "spans", "content", "response"):
        inner = value.get(key)
        if isinstance(inner, str):
            return inner
        if isinstance(inner, list) and (not inner or isinstance(inner[0], str)):
            return str(inner[0]) if inner else ""
    return as_json(value)


def inside(row: JsonObject, name: str) -> Any:
    """The value of a field, or of a field within one. Raises KeyError with the name."""
    if name in row:
        return row[name]
    value: Any = row
    for part in name.split("."):
        if not isinstance(value, dict) or part not in value:
            raise KeyError(name)
        value = value[part]
    return value


def _inside_or_none(row: JsonObject, name: str) -> Any:
    try:
        return inside(row, name)
    except KeyError:
        return None


def is_nested_text(rows: Sequence[JsonObject], name: str) -> bool:
    """Whether a field holds objects whose values are texts."""
    values = [row[name] for row in rows if row.get(name) is not None]
    return bool(values) and all(
        isinstance(value, dict) and value and all(isinstance(v, str) for v in value.values())
        for value in values
    )


def nested_names(rows: Sequence[JsonObject], name: str) -> list[str]:
    """The names inside a field of objects, in the order in which they come."""
    return list(dict.fromkeys(key for row in rows for key in row.get(name) or ()))
