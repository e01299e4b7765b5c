"""Rows that are chats: which field holds the turns, and what of them is learned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from advisor.core.errors import UsageError
from advisor.probe.forms.chat_names import CHATS, HISTORIES, LEARNED, Role
from advisor.probe.forms.chats import (
    Beside,
    RowParts,
    assembled,
    beside_within,
    finished,
    is_chat,
    kind_beside,
    simple_turns,
    turn_list,
)
from advisor.probe.forms.columns import is_missing
from advisor.probe.forms.flat import answer_text
from advisor.probe.forms.names import ANSWERS, plain, telling_word
from advisor.probe.forms.records import JsonObject
from advisor.probe.forms.transcripts import form_of
from advisor.probe.forms.turns import (
    Turn,
    is_masked,
    known_role,
    role_of,
    texts_of,
    turn_of,
    unwrapped,
)

PEEKED = 20  # rows looked at for a chat

INSTRUCTIONS = ("instructions", "instruction")
"""Beside a chat they are its system prompt, as in OpenAI's Responses."""

_LISTS_OF_TEXTS = frozenset(
    ("data", "dialog", "dialogue", "conversation", "conversations", "chat", "messages")
)
"""Fields in which a list of texts is a chat in turn; MT-Bench's `turns` are all the user's."""


class Conversation(NamedTuple):
    """A recognised form of chat; see `Fields`."""

    prompt: str
    answer: str
    assumed: str
    read: Callable[[JsonObject, bool], RowParts]


def conversation(
    rows: Sequence[JsonObject], where: str = "", answer_role: str = ""
) -> Conversation | None:
    """The chat form of some first rows; None: they are no chats.

    Raises UsageError where no role is known as the one that learns.
    """
    first = rows[:PEEKED]
    if any(isinstance(row.get("segments"), list) for row in first):
        return _segments()
    field = _chat_field(first)
    if not field:
        return None
    reader = _ChatReader(field, answer_role)
    assumed = f"{field}: what the assistant says is the answer, all else the prompt"
    learns = any(reader.learns(row) for row in rows)
    if not learns or not any(reader.is_answered(row) for row in rows):
        reader.answer = _answer_beside(rows, field)
    if not learns or reader.answer:
        roles = _roles(rows, field)
        unknown = [r for r in roles if known_role(r) not in set(Role)]
        is_unclear = bool(unknown) or any(_system_answers(row.get(field)) for row in rows)
        if is_unclear and not reader.answer and not answer_role:
            listed = ", ".join(map(repr, roles[:6]))
            raise UsageError(
                f"{where}: {field} has the roles {listed}: cannot tell whose turns are learned; "
                "name the role with --answer-role"
            )
        assumed = f"prompt = {field}, answer = {reader.answer or 'none found'}"
        named_answer = reader.answer
    else:
        named_answer = f"{field}: {answer_role or 'assistant'}"
    notes = _notes(rows, field)
    return Conversation(f"{field}: others", named_answer, "; ".join([assumed, *notes]), reader.read)


class _ChatReader:
    """Reads the chat in a field, with what stands beside it."""

    def __init__(self, field: str, answer_role: str) -> None:
        self._field = field
        self._role = answer_role.lower()
        self.answer = ""  # a field beside the chat

    def learns(self, row: JsonObject) -> bool:
        """Whether anything of a row is learned."""
        return any(turn.learned for turn in self._turns(row) or ())

    def is_answered(self, row: JsonObject) -> bool:
        """Whether the last turn of a row, if it has any, is the one that learns."""
        turns = self._turns(row)
        return not turns or turns[-1].role in LEARNED

    def read(self, row: JsonObject, wants_chat: bool) -> RowParts:
        """The parts of a row."""
        value = row[self._field]
        if not wants_chat and type(value) is list and not self.answer and not self._role:
            fast = self._read_simple(row, value)
            if fast is not None:
                return fast
        turns = self._turns(row)
        if turns is None:
            raise KeyError(self._field)
        around = _with_instructions(row, beside_within(row, self._field, self.answer))
        if self.answer:
            return self._completed(row, around, turns, wants_chat)
        if row.get("train_on_input") is True or row.get("train_on_inputs") is True:
            learned = [text for turn in turns for text in (*turn.given, *turn.learned)]
            return finished(around, turns, around.texts, learned, wants_chat=wants_chat)
        return assembled(around, turns, wants_chat=wants_chat)

    def _completed(
        self, row: JsonObject, around: Beside, turns: list[Turn], wants_chat: bool
    ) -> RowParts:
        """A chat that is all given, with the answer that stands beside it."""
        answered = _answering(row[self.answer], self.answer)
        texts = [text for turn in (*around.history, *turns) for text in texts_of(turn)]
        learned = [text for turn in answered for text in turn.learned]
        return finished(
            around,
            [*around.history, *turns, *answered],
            [*around.texts, *texts, *(text for turn in answered for text in turn.given)],
            learned,
            wants_chat=wants_chat,
        )

    def _read_simple(self, row: JsonObject, value: list[Any]) -> RowParts | None:
        for name in row:
            if name != self._field and row[name] and (kind_beside(name) or name in INSTRUCTIONS):
                return None
        if any(row.get(k) for k in ("train_on_input", "train_on_inputs", "chat_template_kwargs")):
            return None
        pairs = simple_turns(value)
        if pairs is None:
            return None
        given = list[str]()
        learned = list[str]()
        for is_learned, text in pairs:
            if text:
                (learned if is_learned else given).append(text)
        prompt = "\n".join(given)
        return RowParts(prompt, "\n".join(learned), messages=len(value))

    def _turns(self, row: JsonObject) -> list[Turn] | None:
        value = row.get(self._field)
        if self._role and isinstance(value, list):
            value = [self._renamed(turn) for turn in value]
        return turn_list(value)

    def _renamed(self, turn: Any) -> Any:
        """A turn whose role is the one that the user names as learned, or one that is given."""
        if not isinstance(turn, dict):
            return turn
        turn = unwrapped(turn)
        name = role_of(turn).lower()
        role = "assistant" if name == self._role else known_role(name)
        if role == "assistant" and name != self._role:
            role = "user"
        return {k: v for k, v in turn.items() if k not in ("from", "author")} | {"role": role}


def _with_instructions(row: JsonObject, around: Beside) -> Beside:
    """What stands beside a chat, with instructions as its system prompt where it has no other."""
    name = next((name for name in INSTRUCTIONS if isinstance(row.get(name), str)), "")
    if not name or around.system or not row[name]:
        return around
    return around._replace(system=row[name], texts=[row[name], *around.texts])


def _answering(value: Any, name: str) -> list[Turn]:
    """The turns of an answer beside a chat: a chat itself, as OpenAI's `output`, or a text."""
    if is_chat(value):
        return turn_list(value) or []
    return [turn_of({"content": answer_text(value, name)}, Role.ASSISTANT)]


def _chat_field(rows: Sequence[JsonObject]) -> str:
    names = list(dict.fromkeys(key for row in rows for key in row))
    ordered = sorted(names, key=lambda n: CHATS.index(plain(n)) if plain(n) in CHATS else 99)
    for name in ordered:
        lower = plain(name)
        values = [row[name] for row in rows if row.get(name)]
        if lower not in CHATS and (lower in ANSWERS or lower in ("prompt", "history")):
            continue
        if kind_beside(name) in ("system", "tools", "documents"):
            continue
        if lower in HISTORIES and _asks_beside(rows, name):
            continue
        if any(is_chat(value) for value in values):
            return name
        if lower in _LISTS_OF_TEXTS and values and all(_is_in_turn(value) for value in values):
            return name
        is_written = values and all(isinstance(value, str) and form_of(value) for value in values)
        if lower in _LISTS_OF_TEXTS and is_written and not _answer_beside(rows, name):
            return name
    return ""


def _asks_beside(rows: Sequence[JsonObject], history: str) -> bool:
    """Whether the last message and its answer stand beside a history, as in Cohere's requests."""
    names = {plain(key) for row in rows for key in row if key != history}
    return bool(names & {"message", "query", "question", "prompt"}) and bool(names & set(ANSWERS))


def _is_in_turn(value: Any) -> bool:
    """Whether a value is a list of texts, or of pairs of texts, in turn."""
    if not isinstance(value, list) or not value:
        return False
    if all(isinstance(part, str) for part in value):
        return len(value) > 1
    return all(
        isinstance(part, list) and len(part) == 2 and all(isinstance(t, str) for t in part)
        for part in value
    )


def _answer_beside(rows: Sequence[JsonObject], field: str) -> str:
    """A field beside a chat that ends with the user's turn."""
    free = dict.fromkeys(key for row in rows for key in row if key != field)
    names = {telling_word(key): key for key in free} | {plain(key): key for key in reversed(free)}
    for wanted in ANSWERS:
        if wanted in names and any(not is_missing(row.get(names[wanted])) for row in rows):
            return names[wanted]
    return ""


def _system_answers(value: Any) -> bool:
    """Whether a system speaks after a user, as in MultiWOZ: then it is one of the two speakers."""
    roles = [turn.role for turn in turn_list(value) or ()]
    return Role.USER in roles and Role.SYSTEM in roles[roles.index(Role.USER) :]


def _roles(rows: Sequence[JsonObject], field: str) -> list[str]:
    """The names of the roles in the chats, as they are written."""
    turns = (t for row in rows if isinstance(row.get(field), list) for t in row[field])
    named = (role_of(unwrapped(turn)) for turn in turns if isinstance(turn, dict))
    return list(dict.fromkeys(filter(None, named)))


def _notes(rows: Sequence[JsonObject], field: str) -> list[str]:
    """What else of the rows was read, for the report."""
    names = dict.fromkeys(
        name
        for row in rows
        for name, value in row.items()
        if name != field
        and value
        and (name in INSTRUCTIONS or kind_beside(name) in ("system", "tools", "documents"))
    )
    notes = [f"{', '.join(names)} beside it in the prompt"] if names else []
    turns = [
        turn
        for row in rows
        if isinstance(row.get(field), list)
        for turn in row[field]
        if isinstance(turn, dict)
    ]
    masked = [t for t in turns if is_masked(t) and known_role(role_of(t)) == Role.ASSISTANT]
    if masked:
        notes.append("the assistant's turns marked as not learned belong to the prompt")
    unknown = dict.fromkeys(r for r in _roles(rows, field) if known_role(r) not in set(Role))
    if unknown:
        notes.append(f"the role {', '.join(map(repr, list(unknown)[:4]))} belongs to the prompt")
    return notes


def _segments() -> Conversation:
    """axolotl's `input_output`: parts of a text, each marked as learned or not."""

    def read(row: JsonObject, wants_chat: bool) -> RowParts:
        parts = row["segments"]
        if not isinstance(parts, list) or not all(isinstance(p, dict) for p in parts):
            raise KeyError("segments")
        given = "".join(str(p.get("text", "")) for p in parts if not p.get("label"))
        learned = "".join(str(p.get("text", "")) for p in parts if p.get("label"))
        return RowParts(given, learned)

    assumed = "segments: those with a true label are the answer, the others the prompt"
    return Conversation("segments: others", "segments: labelled", assumed, read)
