"""Which label of a set a text names; no two labels of the set are ever taken for one."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from advisor.calibrate.metrics.text import normalised

Form = Callable[[str], str]

_OPENING = "\"'`“”‘’([{<*_"
_CLOSING = "\"'`“”‘’)]}>*_.,:;!?"


def _stripped(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace("−", "-")).strip()


def _unquoted(text: str) -> str:
    """Without quotes, brackets and markdown around it, and the stop at the end of a sentence."""
    return _stripped(text).lstrip(_OPENING + " ").rstrip(_CLOSING + " ")


def _without_case(text: str) -> str:
    return _unquoted(text).casefold()


FORMS: tuple[Form, ...] = (_stripped, _unquoted, _without_case, normalised)
"""Spellings that may stand for a label, the strictest first."""


class LabelReader:
    """Reads labels in the loosest spellings that still tell all labels of the set apart.

    `BB+`, `BB` and `BB-`, `C`, `C++` and `C#`, `-5` and `5` stay different labels: a spelling that
    would merge two of them is not used.
    """

    def __init__(self, labels: Sequence[str]) -> None:
        self.labels = tuple(dict.fromkeys(labels))
        self._tables: list[tuple[Form, dict[str, str]]] = []
        for form in FORMS:
            table = {form(label): label for label in self.labels}
            if len(table) == len(self.labels) and "" not in table:
                self._tables.append((form, table))
        folded = {label.casefold() for label in self.labels}
        self._ignores_case = len(folded) == len(self.labels)
        self._pattern = _mentions(self.labels, self._ignores_case)

    def number(self, text: str) -> int:
        """The place of the label that a text is; −1 where it is none."""
        label = self.exactly(text)
        return self.labels.index(label) if label else -1

    def exactly(self, text: str) -> str:
        """The label that the whole text is, in an allowed spelling; empty where it is none."""
        for form, table in self._tables:
            label = table.get(form(text))
            if label is not None:
                return label
        return ""

    def named(self, text: str) -> str:
        """The label that a text is, or the only one that it mentions; else empty."""
        label = self.exactly(text)
        if label:
            return label
        text = text.replace("−", "-")
        mentioned = {self._label_of(match) for match in self._pattern.findall(text)}
        mentioned.discard("")
        return next(iter(mentioned)) if len(mentioned) == 1 else ""

    def leading(self, text: str) -> str:
        """The label that a text begins with, as in `B) because ...`; empty where there is none."""
        text = text.replace("−", "-").lstrip(_OPENING + " ")
        match = self._pattern.match(text)
        return self._label_of(match.group(1)) if match else ""

    def _label_of(self, mention: str) -> str:
        if mention in self.labels:
            return mention
        if not self._ignores_case:
            return ""
        folded = re.sub(r"\s+", " ", mention).casefold()
        return next((label for label in self.labels if _stripped(label).casefold() == folded), "")


def _mentions(labels: Sequence[str], ignores_case: bool) -> re.Pattern[str]:
    """Finds labels as words of their own, the longest first; signs belong to what they stand at.

    Labels of one or two characters count in their own case alone: `a` is an article.
    """
    ordered = sorted(labels, key=len, reverse=True)
    parts = []
    for label in ordered:
        words = r"\s+".join(re.escape(word) for word in label.split())
        loose = ignores_case and len(label) > 2
        parts.append(f"(?i:{words})" if loose else words)
    before = r"(?<![\w+#@])(?<![^\w\s][-−])(?<!^[-−])(?<!\s[-−])"
    after = r"(?![\w+#])(?![-−](?:\s|$|[,.;:!?)\]\"'*`]))(?!\.\w)"
    return re.compile(f"{before}({'|'.join(parts) or '(?!)'}){after}", re.MULTILINE)


@lru_cache(maxsize=64)
def reader_for(labels: tuple[str, ...]) -> LabelReader:
    """The reader of a set of labels."""
    return LabelReader(labels)
