"""Messages of another language, from a gettext catalogue (`advisor/report/locale/de.po`).

A message may have places in braces: `It costs {cash} over {horizon}`. What stands there in a text
is itself translated, and put where the translation has the same place. Texts are compared as a
whole, then sentence by sentence; what no message matches stays as it is.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "locale"
NAME = "name"
"""The context of messages that are parts of the names of options."""

_PLACE = re.compile(r"\{(\w+)\}")
_SENTENCES = re.compile(r"(?<=[.!?])(?<!\b[A-Z][a-z]\.) (?=[A-Z0-9])")
_CLAUSES = re.compile(r"(?<=[a-z0-9)%\]][:;]) (?=\S)|(?<=;) ")
_OPTION = re.compile(r"(?:Prompted|Tuned|Today:) [^$:;.!?]*(?:\.\d[^$:;!?]*)?")
LONGEST_NAME = 120
_HEAD = 6
_DEEPEST = 6
_WITHIN = r"(?:(?!(?<!\b[A-Z][a-z])[.!?] [A-Z]).)+?"
"""What a place holds: never the end of one sentence and the beginning of the next."""
_NUMBER = r"[−+<>≥ ]*\$?\d[\d.,]*(?: (?:k|M|bn)\b)?"
_KINDS = {
    "n": _NUMBER,
    "m": _NUMBER,
    "usd": rf"(?:{_NUMBER}|unknown)",
    "share": rf"{_NUMBER} %",
    "key": r"[A-Z]?[\w.-]+(?: [A-Z\d][\w.-]*)*",
}
"""What a place of such a name holds, with or without a digit behind it: `{n}`, `{usd2}`."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A message with places: how a text is recognised, and what it becomes."""

    matches: re.Pattern[str]
    becomes: str
    fixed: int  # letters outside the places: the more, the more specific


@dataclass(frozen=True, slots=True)
class Messages:
    """All messages of a language; patterns by how they begin."""

    whole: dict[str, str]
    patterns: dict[str, list[Pattern]]
    names: list[Pattern]


@dataclass(slots=True)
class Catalogue:
    """Says texts in a language; `names` are the names of options, translated by their parts."""

    messages: Messages
    _spoken: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, language: str, names: Iterable[str]) -> Catalogue:
        """The catalogue of a language; English is what the texts are in."""
        messages = _messages(language)
        catalogue = cls(messages)
        for name in names:
            catalogue._spoken[name] = _named(messages.names, name)
        return catalogue

    def keep(self, texts: Iterable[str]) -> None:
        """Texts that people wrote stay as they are, unless a message is the same word for word."""
        self._spoken |= {text: text for text in texts if text not in self.messages.whole}

    def say(self, text: str, depth: int = 0) -> str:
        """The text in the language of the catalogue, or as it is."""
        if not text or depth > _DEEPEST or not self.messages.whole:
            return text
        if text not in self._spoken:
            self._spoken[text] = self._search(text, depth)
        return self._spoken[text]

    def _search(self, text: str, depth: int) -> str:
        whole = self.messages.whole.get(text)
        if whole is not None:
            return whole
        for pattern in self._candidates(text):
            match = pattern.matches.fullmatch(text)
            if match is not None:
                spoken = {k: self.say(v, depth + 1) for k, v in match.groupdict().items()}
                return pattern.becomes.format_map(spoken)
        for marks in (_SENTENCES, _CLAUSES):
            parts = marks.split(text)
            if len(parts) > 1:
                return " ".join(self.say(part, depth + 1) for part in parts)
        shorter = self._without_its_stop(text, depth)
        if shorter == text and _OPTION.fullmatch(text) and len(text) <= LONGEST_NAME:
            return _named(self.messages.names, text)
        return shorter

    def _candidates(self, text: str) -> list[Pattern]:
        by_head = self.messages.patterns
        own = by_head.get(text[:_HEAD], [])
        return [*own, *by_head.get("", [])]

    def _without_its_stop(self, text: str, depth: int) -> str:
        """A sentence whose message stands in the catalogue without its last mark."""
        if text[-1:] in ".:;" and len(text) > 2:
            spoken = self.say(text[:-1], depth + 1)
            if spoken != text[:-1]:
                return spoken + text[-1]
        if text[:1].isupper():
            lower = text[0].lower() + text[1:]
            small = self.messages.whole.get(lower, "")
            if small:
                return small[:1].upper() + small[1:]
        return text


@cache
def _messages(language: str) -> Messages:
    if language == "en":
        return Messages({}, {}, [])
    from babel.messages.pofile import read_po

    whole: dict[str, str] = {}
    patterns: defaultdict[str, list[Pattern]] = defaultdict(list)
    names: list[Pattern] = []
    with (FOLDER / f"{language}.po").open("rb") as file:
        for message in read_po(file, locale=language):
            source = str(message.id)
            target = str(message.string)
            if not source or not target:
                continue
            if message.context == NAME:
                names.append(_pattern(source, target))
            elif _PLACE.search(source) is None:
                whole[source] = target
            else:
                head = source[: source.index("{")][:_HEAD]
                key = head if len(head) == _HEAD else ""
                patterns[key].append(_pattern(source, target))
    for entries in patterns.values():
        entries.sort(key=lambda pattern: -pattern.fixed)
    return Messages(whole, dict(patterns), names)


def _pattern(source: str, target: str) -> Pattern:
    parts = _PLACE.split(source)
    expression = ""
    for place, part in enumerate(parts):
        expression += (
            re.escape(part)
            if place % 2 == 0
            else f"(?P<{part}>{_KINDS.get(part.rstrip('0123456789'), _WITHIN)})"
        )
    fixed = sum(len(part) for part in parts[::2])
    return Pattern(re.compile(expression, re.DOTALL), target, fixed)


def _named(patterns: list[Pattern], name: str) -> str:
    """The name of an option, its parts translated one after the other."""
    for pattern in patterns:
        match = pattern.matches.fullmatch(name)
        if match is not None:
            spoken = {k: _named(patterns, v) for k, v in match.groupdict().items()}
            return pattern.becomes.format_map(spoken)
    return name
