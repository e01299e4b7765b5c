"""What is kept of the rows of one set while they pass: hashes, lengths and sketches of the first
million, no text.
"""

from __future__ import annotations

import re
import sys
from array import array
from bisect import bisect_right
from collections import Counter as Tally
from concurrent.futures import Executor
from functools import lru_cache
from typing import TYPE_CHECKING

from advisor.probe.forms.compare import Compared
from advisor.probe.forms.media import tokens_of
from advisor.probe.reading import TrainingExample
from advisor.probe.statistics.census import Census, Lengths, Mean
from advisor.probe.statistics.noise import LabelledWords
from advisor.probe.statistics.privacy import kinds_by_row
from advisor.probe.statistics.sketch import Sketches, words_of
from advisor.probe.statistics.specificity import RowScores, Vocabulary
from advisor.probe.templates.added import Chat
from advisor.probe.tokens import Counter, started

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ADDED_CHARACTERS = 500
"""So much of an answer tells what it adds to its prompt."""

FEW_WORDS = 3
"""Up to so many are sought in a prompt one by one, which is faster than a set of its words."""

MAX_KEPT = 1_000_000
LEFT_OF_MORE = MAX_KEPT // 2
"""Rows whose sketches stay once there are more than `MAX_KEPT`, so that comparing them fits beside
the counts.
"""

MAX_LABELS = 1000
MAX_LABEL_CHARACTERS = 80
PROMPT, ANSWER, TEXT, CHAT = range(4)
"""Columns of `Kept.tokens`: PROMPT holds pictures and sound where they are counted, TEXT is prompt
and answer, CHAT what a template adds to them (less than nothing where it leaves parts out).
"""

LONG_CHARACTERS = 100_000
_SPACES = re.compile(r"\s+")

_SET_PHRASES = re.compile(
    r"(?:as an ai\b|as a (?:large )?language model"
    r"|i[’']?m (?:really |very )?sorry,? but|i am sorry,? but|sorry, (?:but )?i can"
    r"|i (?:cannot|can[’']?t|am (?:not able|unable) to) (?:assist|help|provide|fulfil|answer)"
    r"|i[’']m (?:not able|unable) to "
    r"|i (?:don[’']t|do not) have (?:access|enough information)|lorem ipsum"
    r"|(?:todo|tbd|n/?a|none|null|-)\W*$)",
    re.IGNORECASE,
)
"""How refusals and fillers begin; an answer that is nothing but a filler counts too."""


class Kept:
    """Grows by batches of examples.

    About 190 bytes a row up to `MAX_KEPT`, then nothing more a row.
    """

    def __init__(
        self,
        counter: Counter,
        chat: Chat,
        counting: Executor,
        *,
        noise: bool,
        workers: int = 1,
        model: str = "",
    ) -> None:
        self.counter = counter
        self.chat = chat
        self._model = model
        self._counting = counting
        self._workers = workers
        self.pairs = array("q")  # hash of prompt and answer as they stand
        self.answers = array("I")  # the last 32 bits of their hashes
        self.added = array("I")  # likewise, of the words that they add to those of the prompt
        self._lines = array("I")
        self._files: list[tuple[int, str]] = []  # first row, file
        self.rows = Census()
        self.inputs = Census()
        self.tokens = Lengths(4)
        self.wanted = Mean()  # answers that are not marked as bad ones
        self.unwanted = Mean()  # those that are
        self.rejected = Mean()  # the worse answers of pairs
        self.media = Mean()  # pictures and sound, of rows in which all could be counted
        self.media_rows: Tally[str] = Tally()  # rows by kind of medium
        self.media_uncounted = 0  # rows with a medium without a published rule or a known size
        self.sketches = Sketches()
        self.thinned = False
        self.labels: Tally[str] | None = Tally()
        self.first_labels: list[str] | None = [] if noise else None
        self.words = LabelledWords()
        self.personal: Tally[str] = Tally()
        self.vocabulary = Vocabulary()
        self.scores = RowScores()
        self.messages = self.refused = self.empty_answers = self.set_phrases = 0
        self.refusal = ""

    def __len__(self) -> int:
        return self.rows.rows

    def add(self, file: str, batch: list[TrainingExample], by: Compared) -> list[int]:
        """Take a batch; `by` says what of a row is compared.

        Gives the hashes of the compared texts.
        """
        prompts = [e.prompt for e in batch]
        answers = [e.answer for e in batch]
        around = self._rendered(batch)
        others = [e.rejected for e in batch] if any(e.rejected for e in batch) else []
        counting = started(
            self.counter,
            prompts + answers + others + list(around.values()),
            self._counting,
            self._workers,
        )
        compared = [by.text(p, a) for p, a in zip(prompts, answers, strict=True)]
        inputs = [hash(_evenly_spaced(text.casefold())) for text in compared]
        pairs = list(map(hash, zip(prompts, answers, strict=True)))
        answer_hashes = [hash(a.strip()) for a in answers]
        self.rows.add(pairs, [0] * len(pairs))
        self.inputs.add(inputs, answer_hashes)
        self._locate(file, [e.line for e in batch])
        words = self._keep(compared, answers, pairs, answer_hashes)
        self._label(words, batch)
        self.empty_answers += sum(not a.strip() for a in answers)
        self.set_phrases += sum(_SET_PHRASES.match(a.lstrip()) is not None for a in answers)
        kinds = kinds_by_row(prompts + answers + others)
        self.personal.update(kind for _, kind in {(at % len(batch), k) for at, k in kinds})
        self.scores.add(prompts)
        self._count(batch, prompts, around, counting(), len(others))
        return inputs

    def place(self, row: int) -> tuple[str, int]:
        """(file, line) of one of the first rows."""
        at = bisect_right(self._files, row, key=lambda f: f[0]) - 1
        return self._files[at][1], self._lines[row]

    def groups_of(self, wanted: list[str]) -> NDArray[np.int64]:
        """Number in `wanted` of the label of each of the first rows; −1 where it is none of
        them.
        """
        import numpy as np

        number = {label: at for at, label in enumerate(wanted)}
        return np.array(
            [number.get(label, -1) for label in self.first_labels or ()], dtype=np.int64
        )

    def _locate(self, file: str, lines: list[int]) -> None:
        room = MAX_KEPT - len(self._lines)
        if room > 0:
            if not self._files or self._files[-1][1] != file:
                self._files.append((len(self._lines), file))
            self._lines.extend(min(line, 0xFFFFFFFF) for line in lines[:room])

    def _keep(
        self, compared: list[str], answers: list[str], pairs: list[int], answer_hashes: list[int]
    ) -> list[list[str]]:
        """Take sketches while there is room. Gives the words of the compared texts, none without
        room.
        """
        if self.thinned:
            return []
        if len(self.sketches) + len(pairs) > MAX_KEPT:
            import numpy as np

            self.sketches.keep(np.arange(LEFT_OF_MORE))
            self.pairs, self.answers, self.added, self.thinned = (
                self.pairs[:LEFT_OF_MORE],
                self.answers[:LEFT_OF_MORE],
                self.added[:LEFT_OF_MORE],
                True,
            )
            return []
        words = self.sketches.add(compared)
        self.added.extend(map(added_words, words, answers))
        self.pairs.extend(pairs)
        self.answers.extend(answer & 0xFFFFFFFF for answer in answer_hashes)
        return words

    def _label(self, words: list[list[str]], batch: list[TrainingExample]) -> None:
        if self.labels is None:
            return
        named = [e.answer.strip() for e in batch]
        if any(e.labels is not None for e in batch):  # no row's label contradicts another's
            self.labels.update(label for e in batch for label in e.labels or ())
            self.first_labels = None
            return
        self.labels.update(named)
        if len(self.labels) > MAX_LABELS or any(
            len(a) > MAX_LABEL_CHARACTERS or "\n" in a for a in named
        ):
            self.labels = self.first_labels = None
            self.words = LabelledWords()
        elif self.first_labels is not None:
            before = len(self.words)
            self.words.add(words)
            self.first_labels += [sys.intern(a) for a in named[: len(self.words) - before]]

    def _rendered(self, batch: list[TrainingExample]) -> dict[int, str]:
        """Row in the batch -> its messages in the template; rows that it refuses are counted."""
        chats = [(at, e.chat) for at, e in enumerate(batch) if e.chat is not None]
        if self.chat.renderer is None or not chats:
            return {}
        rendered: dict[int, str] = {}
        replies = self.chat.renderer.render([chat for _, chat in chats])
        for (at, _), (text, reason) in zip(chats, replies, strict=True):
            if reason:
                self.refused += 1
                self.refusal = self.refusal or reason
            else:
                rendered[at] = text
        return rendered

    def _count(
        self,
        batch: list[TrainingExample],
        prompts: list[str],
        around: dict[int, str],
        tokens: list[int],
        others: int,
    ) -> None:
        """`tokens` are of prompts, answers, `others` worse answers and rendered rows, in order."""
        rows = len(batch)
        prompt = tokens[:rows]
        answer = tokens[rows : 2 * rows]
        if others:
            self.rejected.add(
                [n for n, e in zip(tokens[2 * rows : 3 * rows], batch, strict=True) if e.rejected]
            )
        whole = dict(zip(around, tokens[2 * rows + others :], strict=True))
        added = self._added(batch, [p + a for p, a in zip(prompt, answer, strict=True)], whole)
        self.messages += sum(e.messages for e in batch)
        if any(e.media for e in batch):
            prompt = [n + self._media_tokens(e) for n, e in zip(prompt, batch, strict=True)]
        self.unwanted.add([n for n, e in zip(answer, batch, strict=True) if not e.wanted])
        self.wanted.add([n for n, e in zip(answer, batch, strict=True) if e.wanted])
        text = [p + a for p, a in zip(prompt, answer, strict=True)]
        self.tokens.add(prompt, answer, text, added)
        self.vocabulary.add(prompts, tokens)

    def _added(
        self, batch: list[TrainingExample], text: list[int], whole: dict[int, int]
    ) -> list[int]:
        """What the template adds to each row's texts."""
        each = round(self.chat.each.likely)
        once = self.chat.once
        if self.chat.renderer is None:
            return [each * e.messages + once for e in batch]
        return [whole.get(at, own) - own for at, own in enumerate(text)]

    def _media_tokens(self, example: TrainingExample) -> int:
        """Tokens of a row's pictures and sound; none where one of them cannot be counted."""
        if not example.media:
            return 0
        self.media_rows.update({medium.kind for medium in example.media})
        counts = [tokens_of(medium, self._model) for medium in example.media]
        if any(count is None for count in counts):
            self.media_uncounted += 1
            return 0
        total = sum(filter(None, counts))
        self.media.add([total])
        return total


def added_words(prompt: list[str], answer: str) -> int:
    """32 bits of a hash of the words of an answer that its prompt does not hold: rows of one
    template add the same words, and what was worked out from their numbers is added.
    """
    is_label = len(answer) <= MAX_LABEL_CHARACTERS
    words = _words_of_label(answer) if is_label else frozenset(words_of(answer[:ADDED_CHARACTERS]))
    if len(words) > FEW_WORDS:
        return hash(words.difference(prompt)) & 0xFFFFFFFF
    return hash(words.difference([w for w in words if w in prompt])) & 0xFFFFFFFF


@lru_cache(MAX_LABELS)
def _words_of_label(answer: str) -> frozenset[str]:
    """Labels come again and again."""
    return frozenset(words_of(answer))


def _evenly_spaced(text: str) -> str:
    """White space as single blanks; a long text without a list of its words, which would be many
    times its size.
    """
    return " ".join(text.split()) if len(text) < LONG_CHARACTERS else _SPACES.sub(" ", text).strip()
