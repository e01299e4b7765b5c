"""A better and a worse answer to one prompt: what both begin with is the prompt's."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from advisor.probe.forms.chat_names import CHATS, LEARNED, Role
from advisor.probe.forms.chats import (
    Beside,
    RowParts,
    beside_within,
    finished,
    is_chat,
    turn_list,
)
from advisor.probe.forms.flat import INNER_PROMPTS, prompt_text
from advisor.probe.forms.names import plain
from advisor.probe.forms.records import JsonObject
from advisor.probe.forms.turns import Turn, texts_of, turn_of

ITEM_TEXT = ("text", "response", "answer", "output", "content", "completion", "summary")

ReadRow = Callable[[JsonObject, bool], RowParts]


class Preference(NamedTuple):
    """A recognised form of preference data; `read` raises KeyError for a field that a row lacks and
    ValueError with the reason where no answer is the better one.
    """

    prompt: str
    answer: str
    assumed: str
    read: ReadRow


class PromptOf(NamedTuple):
    """How the prompt of a preference row is read: a chat, or fields; both may be absent."""

    chat: str
    fields: tuple[str, ...]

    def turns(self, row: JsonObject) -> list[Turn]:
        """The given turns of a row."""
        if self.chat and row.get(self.chat) is not None:
            turns = turn_list(row[self.chat])
            if turns is not None:
                return turns
        texts = [prompt_text(unlisted(row.get(name)), name) for name in self.fields]
        text = "\n".join(filter(None, texts))
        return [turn_of({"content": text}, Role.USER)] if text else []

    def around(self, row: JsonObject, *used: str) -> Beside:
        """What is given beside the prompt; OpenAI has the tools within the prompt's object."""
        return beside_within(row, self.chat, *self.fields, *used)

    def name(self) -> str:
        """For the report."""
        return "+".join(filter(None, [self.chat, *self.fields]))


def values_of(rows: Sequence[JsonObject], name: str) -> list[Any]:
    """What a field holds in the rows that have it."""
    return [row[name] for row in rows if row.get(name) not in (None, "", [])]


def prompt_of(
    rows: Sequence[JsonObject],
    names: dict[str, str],
    used: Sequence[str],
    choose_prompt: Callable[[list[str]], tuple[str, ...]],
) -> PromptOf:
    """How the prompt is read from the fields that are not `used`; `names` are real names by plain
    ones.
    """
    free = [name for name in names.values() if name not in used]
    usual = (*CHATS, "prompt", "input", "context", "question", "history")
    for name in sorted(free, key=lambda name: plain(name) not in usual):
        if any(is_chat(value) for value in values_of(rows, name)[:5]):
            return PromptOf(name, ())
    texts = [n for n in free if any(isinstance(v, str) for v in values_of(rows, n)[:5])]
    chosen = choose_prompt(texts)
    if not chosen:  # an object around the text, as WebGPT's question
        chosen = tuple(n for n in free if any(_is_text(v) for v in values_of(rows, n)[:5]
                                              if isinstance(v, dict)))[:1]  # fmt: skip
    return PromptOf("", chosen)


def _is_text(value: Any) -> bool:
    """Whether a value is a text, or an object around one (WebGPT's question)."""
    if isinstance(value, dict):
        return any(isinstance(value.get(key), str) for key in INNER_PROMPTS)
    return isinstance(value, str)


def named(prompt: PromptOf, good: str, bad: str, read: ReadRow, note: str = "") -> Preference:
    """A form, with what the report says of it."""
    prompt_name = prompt.name() or f"what {good} and {bad} begin with"
    assumed = f"preference data: prompt = {prompt_name}, chosen = {good}, rejected = {bad}{note}"
    return Preference(prompt.name() or "the shared begin", good, assumed, read)


def paired(around: Beside, given: list[Turn], good: Any, bad: Any, *, wants_chat: bool) -> RowParts:
    """A pair of answers; what both begin with belongs to the prompt, as TRL extracts it."""
    better = side_of(good)
    worse = side_of(bad)
    shared = _shared(better, worse)
    shared_text = "\n".join(text for turn in better[:shared] for text in texts_of(turn))
    sides = [turn for side in (better, worse) if len(side) > 1 for turn in side]
    given = [
        turn
        for turn in given
        if not _is_repeated(turn, shared_text)
        and not any(texts_of(turn) == texts_of(other) for other in sides)
    ]
    prompt = [*around.history, *given, *better[:shared]]
    prompt_texts = [*around.texts, *(text for turn in prompt for text in texts_of(turn))]
    prompt_texts += [text for turn in better[shared:] for text in turn.given]
    return finished(
        around,
        [*prompt, *better[shared:]],
        prompt_texts,
        [text for turn in better[shared:] for text in turn.learned],
        [text for turn in worse[shared:] for text in turn.learned],
        wants_chat=wants_chat,
    )


def _is_repeated(turn: Turn, shared_text: str) -> bool:
    """Whether a prompt stands in both answers too, as in UltraFeedback's chats."""
    text = "\n".join(texts_of(turn)).strip()
    return bool(shared_text) and text in shared_text


def begins_alike(rows: Sequence[JsonObject], good: str, bad: str, prompt: PromptOf) -> bool:
    """Whether both answers are chats with the question in them, so that the fields that were taken
    for the prompt are something else, as the name of a source.
    """
    for row in rows[:5]:
        better = side_of(row.get(good))
        given = better[: _shared(better, side_of(row.get(bad)))]
        if not any(turn.role == Role.USER for turn in given):
            return False
        shared = "\n".join(text for turn in given for text in texts_of(turn))
        if any("\n".join(texts_of(turn)).strip() in shared for turn in prompt.turns(row)):
            return False
    return True


def unlisted(value: Any) -> Any:
    """The text of a list with one text, written as JSON, as Chatbot Arena writes each turn."""
    if not isinstance(value, str) or not value.startswith('["') or not value.endswith('"]'):
        return value
    try:
        parts = json.loads(value)
    except (ValueError, RecursionError):
        return value
    return "\n".join(parts) if all(isinstance(part, str) for part in parts) else value


def side_of(value: Any) -> list[Turn]:
    """An answer as turns: a chat, a message, a transcript, or a plain text."""
    if isinstance(value, dict) and not is_chat([value]) and not is_chat(value):
        value = next((value[k] for k in ITEM_TEXT if k in value), value)
    value = unlisted(value)
    if isinstance(value, list) and value and all(isinstance(part, str) for part in value):
        value = "\n".join(value)  # several answers, as of a reranker
    turns = turn_list([value] if isinstance(value, dict) else value)
    if turns is None:
        turns = [turn_of({"content": value}, Role.ASSISTANT)]
    return turns


def _shared(better: list[Turn], worse: list[Turn]) -> int:
    """How many turns both sides begin with; the last assistant's turn of each is its answer."""
    shared = 0
    for first, second in zip(better, worse, strict=False):
        if first.role != second.role or texts_of(first) != texts_of(second):
            break
        shared += 1
    if shared == len(better) == len(worse):  # the same answer twice
        shared -= 1
    return shared


def last_answer(turns: Sequence[Turn]) -> int:
    """Where the last answer begins; the number of turns where there is none."""
    at = len(turns)
    while at and turns[at - 1].role in LEARNED:
        at -= 1
    return at
