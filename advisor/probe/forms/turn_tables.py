"""Tables with one turn of a chat per row: they are no training rows until the turns are joined."""

from __future__ import annotations

from collections.abc import Sequence

from advisor.core.errors import UsageError
from advisor.probe.forms.chat_names import LEARNED, Role
from advisor.probe.forms.names import plain, words_of_name
from advisor.probe.forms.records import JsonObject
from advisor.probe.forms.turns import known_role, role_of

SPEAKERS = ("role", "speaker", "from", "sender", "author", "author_role", "participant", "agent")
_CHAT_WORDS = frozenset(
    ("conversation", "dialogue", "dialog", "chat", "call", "session", "thread", "parent", "tree")
)
EVENTS = ("message", "payload")
MOST_SPEAKERS = 6


def check_joined(rows: Sequence[JsonObject], where: str) -> None:
    """Raises UsageError where each row is one turn, with its speaker and the chat it belongs to."""
    names = list(dict.fromkeys(key for row in rows for key in row))
    trees = [n for n in names if any(_has_replies(row.get(n)) for row in rows)]
    if trees or any("replies" in row and "text" in row for row in rows):
        raise UsageError(
            f"{where}: each row is a tree of messages ({trees[0] if trees else 'replies'}): write "
            'the branches that you train on as rows, {"messages": [{"role": …, "content": …}, …]}'
        )
    event = next((n for n in names if n in EVENTS and _are_turns(rows, n)), "")
    if event:
        raise UsageError(
            f"{where}: each line is an event of an agent's session ({event} holds its turns): "
            'write a session per row, {"messages": [{"role": …, "content": …}, …]}'
        )
    chat = next((n for n in names if _names_a_chat(n)), "")
    speaker = next((n for n in names if plain(n) in SPEAKERS and _speaks(rows, n)), "")
    if chat and speaker:
        raise UsageError(
            f"{where}: each row is one turn of a chat ({speaker} speaks, {chat} tells the chat): "
            'join the turns of each chat to one row, {"messages": [{"role": …, "content": …}, …]}'
        )


def _are_turns(rows: Sequence[JsonObject], name: str) -> bool:
    """Whether a field holds one message each, of a user in some rows and of a model in others."""
    messages = [value for row in rows if isinstance(value := row.get(name), dict)]
    roles = {known_role(role_of(value)) for value in messages if role_of(value)}
    return Role.USER in roles and bool(roles & LEARNED)


def _has_replies(value: object) -> bool:
    return isinstance(value, dict) and isinstance(value.get("replies"), list) and "text" in value


def _names_a_chat(name: str) -> bool:
    words = words_of_name(name)
    is_id = bool(words) and (words[-1] in ("id", "uuid", "number", "no"))
    return is_id and bool(_CHAT_WORDS & set(words))


def _speaks(rows: Sequence[JsonObject], name: str) -> bool:
    """Whether a column holds few names, of a user and of somebody who answers."""
    values = [row.get(name) for row in rows]
    if not all(isinstance(value, str) for value in values):
        return False
    roles = {known_role(str(value)) for value in values}
    return len(roles) <= MOST_SPEAKERS and bool(roles & {Role.USER, *LEARNED})
