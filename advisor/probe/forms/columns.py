"""What the fields of some first rows hold, told by their content."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from advisor.probe.forms.media import Medium, is_base64
from advisor.probe.forms.names import is_label_name, is_never_prompt
from advisor.probe.forms.records import JsonObject
from advisor.probe.forms.turns import text_of

_IDENTIFIERS = re.compile(
    r"(?:[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}"  # UUID
    r"|[0-9a-f]{16,128}"  # hash
    r"|[A-Za-z]{0,12}[-_#:/.]?\d[\d\-_.:/]*"  # number, date, time, ticket number
    r"|\d{4}-\d\d?-\d\d?(?:[T ].*)?"
    r"|(?:https?|ftp|s3|gs|file)://\S+|www\.\S+"
    r"|[\w.+-]+@[\w-]+\.[\w.]+"
    r"|[\w.+-]+(?:[-_/\\][\w.+-]+)*\.(?:jpe?g|png|gif|webp|wav|mp3|mp4|pdf|txt|json|html?|csv)"
    r"|(?=[\w-]*\d)[A-Za-z0-9_-]{8,64}"  # a key of letters and digits
    r"|[+-]?\d*[.,]?\d+(?:[eE][+-]?\d+)?)",
    re.IGNORECASE,
)
FEW_WORDS = 2.5
MOST_LABEL_CHARACTERS = 60


class Content(StrEnum):
    """What a field holds."""

    TEXT = "text"
    LABEL = "label"
    IDENTIFIER = "identifier"
    NUMBER = "number"
    STRUCTURE = "structure"
    MEDIA = "media"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Column:
    """A field of some first rows: its kind, words per value, and its share of different values."""

    name: str
    kind: Content
    words: float
    distinct: float

    @property
    def may_be_prompt(self) -> bool:
        """Whether it holds language and its name does not speak against it."""
        return self.kind is Content.TEXT and self.words >= 1.5 and not is_never_prompt(self.name)


def column(rows: Sequence[JsonObject], name: str) -> Column:
    """The field called `name`."""
    values = [row[name] for row in rows if not is_missing(row.get(name))]
    if not values:
        return Column(name, Content.EMPTY, 0.0, 0.0)
    if all(isinstance(v, bool | int | float) for v in values):
        return Column(name, Content.NUMBER, 1.0, len(set(map(str, values))) / len(values))
    if not all(isinstance(v, str) for v in values):
        return Column(name, Content.STRUCTURE, 0.0, 1.0)
    return _of_texts(name, values)


def _of_texts(name: str, values: list[str]) -> Column:
    words = sum(len(value.split()) for value in values) / len(values)
    distinct = len(set(values)) / len(values)
    if _share_of(values[:20], _is_data) > 0.8:
        return Column(name, Content.MEDIA, words, distinct)
    if _share_of(values, is_identifier) > 0.8:
        few = distinct <= 0.5 and len(values) >= 4
        kind = Content.LABEL if is_label_name(name) or few else Content.IDENTIFIER
        return Column(name, kind, words, distinct)
    short = max(len(value) for value in values) <= MOST_LABEL_CHARACTERS and words < FEW_WORDS
    if short and (is_label_name(name) or (distinct <= 0.7 and len(values) >= 3)):
        return Column(name, Content.LABEL, words, distinct)
    return Column(name, Content.TEXT, words, distinct)


def _is_data(text: str) -> bool:
    return is_base64(text) or (text.startswith("data:") and "base64," in text[:100])


def is_identifier(text: str) -> bool:
    """Whether a text names, places or dates something, and is not language."""
    stripped = text.strip()
    return bool(stripped) and len(stripped) < 300 and bool(_IDENTIFIERS.fullmatch(stripped))


def is_missing(value: Any) -> bool:
    """Null, nothing, or what data frames write for it."""
    if value is None or value == "" or value != value:
        return True
    return isinstance(value, str) and value.strip().lower() in MISSING


MISSING = frozenset(("", "nan", "<na>", "null", "#n/a", "n/a"))


def _share_of(values: Sequence[str], test: Any) -> float:
    return sum(1 for value in values if test(value)) / len(values)


def media_in(value: str) -> tuple[str, tuple[Medium, ...]]:
    """A text, or nothing and a medium where it is data in base64."""
    return ("", (Medium("file"),)) if is_base64(value) else (value, ())


def texts_of(rows: Sequence[JsonObject], name: str) -> list[str]:
    """The values of a field as texts."""
    return [text_of(row.get(name)) for row in rows]
