"""The brief under the user's hands: what is meant, what is only supposed, what is not saved.

No Textual.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

from advisor.core import given_files
from advisor.core.brief import Brief, Origin
from advisor.core.quantity import Basis

Answer: TypeAlias = Any
"""What `advisor.brief.parse_answer` makes of a text: its type depends on the question."""

Answers: TypeAlias = Mapping[str, Answer]
"""Answers by the key of their question; None leaves the question out."""

NONE: Answers = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Draft:
    """`text` is the file as it was read (empty: a new brief); `changed` the keys answered since, in
    order.

    `supposed` holds what-if values by key: they are judged, but never saved.
    """

    brief: Brief = field(default_factory=Brief)
    path: Path | None = None
    text: str = ""
    changed: tuple[str, ...] = ()
    supposed: Answers = field(default_factory=lambda: NONE)

    @classmethod
    def read(cls, path: Path) -> Draft:
        """The brief in a file, with its text. Raises UsageError."""
        from advisor import brief as files

        brief = files.read(path)
        return cls(brief, path, given_files.read_text(path))

    def as_new(self) -> Draft:
        """The same brief without its file: an example to start from."""
        return replace(self, path=None, brief=replace(self.brief, folder="."))

    @property
    def unsaved(self) -> bool:
        return bool(self.changed)

    @property
    def judged(self) -> Brief:
        """The brief to be judged: with the what-ifs in place."""
        brief = self.brief
        for key, value in self.supposed.items():
            brief = brief.answered(key, value, Origin(Basis.ASSUMED, "what-if", ""))
        return brief

    def value(self, key: str) -> Any:
        """The answer that stands at `key`, None where it is left out."""
        return self.brief.get(key) if key in self.brief.origins else None

    def answer(self, key: str, value: Any) -> Draft:
        """This draft with an answer that is meant; None leaves the question out.

        A what-if on it is dropped.

        An optional table goes with its last answer.
        """
        from advisor.brief import with_answer

        if value == self.value(key) and key not in self.supposed:
            return self
        brief = with_answer(self.brief, key, value, self._source(key))
        if value is None and (table := _emptied(brief, key)):
            brief, key = brief.without(table), table
        changed = (*(k for k in self.changed if k != key), key)
        return replace(self, brief=brief, changed=changed).drop(key)

    def suppose(self, key: str, value: Any) -> Draft:
        """This draft with a what-if."""
        return replace(self, supposed=MappingProxyType({**self.supposed, key: value}))

    def drop(self, *keys: str) -> Draft:
        """This draft without these what-ifs."""
        return replace(
            self,
            supposed=MappingProxyType({k: v for k, v in self.supposed.items() if k not in keys}),
        )

    def saved(self, path: Path, text: str) -> Draft:
        """This draft once its text stands in `path`."""
        return replace(
            self,
            path=path,
            text=text,
            changed=(),
            brief=replace(self.brief, folder=str(path.parent)),
        )

    def toml(self) -> str:
        """The file to save: the text that was read with the changed keys in place, so that comments
        stay.
        """
        from advisor import brief as files

        if not self.text:
            return files.write(self.brief)
        text = self.text
        for key in self.changed:
            text = files.update(text, key, self.value(key))
        return text

    def contradiction(self) -> tuple[str, str]:
        """Key and one line about the first two answers that cannot both hold; empty where all
        can.
        """
        from advisor.brief.rules import contradictions

        return next(contradictions(self.judged), ("", ""))

    def _source(self, key: str) -> str:
        return f"brief {self.path.name}: {key}" if self.path else f"brief: {key}"


def _emptied(brief: Brief, key: str) -> str:
    """The optional table of `key` where nothing in it is answered any more; else empty."""
    table = key.partition(".")[0]
    optional = "." in key and getattr(Brief(), table) is None
    return table if optional and not any(k.startswith(f"{table}.") for k in brief.origins) else ""
