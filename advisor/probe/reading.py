"""Files into batches of examples: fields recognised, bad rows listed, second annotators
compared.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from advisor.core.errors import UsageError
from advisor.core.events import CancelToken, EventSink, StageEvent
from advisor.core.probes import BadRow
from advisor.probe.files.rows import expand, read
from advisor.probe.forms.chats import ChatInput
from advisor.probe.forms.compare import Compared, what_to_compare
from advisor.probe.forms.fields import recognise
from advisor.probe.forms.media import Medium
from advisor.probe.forms.recognised import Fields
from advisor.probe.forms.records import DataRow, JsonObject

BATCH = 512
BATCH_CHARACTERS = 4_000_000
HEAD_ROWS = 200
BAD_ROWS_LISTED = 50
EVENT_ROWS = 20_000


class TrainingExample(NamedTuple):
    """A usable row: its texts, its line, and how many messages it is; `chat` where a template wants
    it. See `RowParts` for the rest.
    """

    prompt: str
    answer: str
    line: int
    messages: int
    chat: ChatInput | None = None
    rejected: str = ""
    wanted: bool = True
    media: tuple[Medium, ...] = ()
    labels: tuple[str, ...] | None = None  # where a row may have several


@dataclass(slots=True)
class RowReader:
    """Turns files into batches; keeps the first bad rows and counts all.

    `wants_chat`: the messages are wanted too, for a chat template.
    """

    prompt_field: str
    answer_field: str
    second_labels: str
    events: EventSink
    cancel: CancelToken | None
    wants_chat: bool = False
    answer_role: str = ""
    bad: list[BadRow] = field(default_factory=list)
    bad_count: int = 0
    fields: Fields | None = None
    assumed: list[str] = field(default_factory=list)
    by: Compared | None = None
    files: list[str] = field(default_factory=list)  # of the last `batches`
    agreed: int = 0
    labelled_twice: int = 0

    def peek(self, paths: Sequence[Path]) -> None:
        """Learn from the first rows of the first file what is compared; a pipe can be read only
        once and is left.
        """
        file = next(iter(expand(list(paths))))
        if file.is_file():
            self._head(file, read(file))

    def batches(self, paths: Sequence[Path]) -> Iterator[tuple[str, list[TrainingExample]]]:
        """(file, examples) batch by batch.

        Raises UsageError where no file holds a usable row, Cancelled.
        """
        files = expand(list(paths), self._note)
        rows = 0
        self.files = list(map(str, files))
        for file in files:
            self.events(StageEvent("probe", f"reading {file.name}", rows))
            for batch in _batched(self._examples(file)):
                if self.cancel:
                    self.cancel.check()
                yield str(file), batch
                before, rows = rows, rows + len(batch)
                if rows // EVENT_ROWS > before // EVENT_ROWS:
                    self.events(StageEvent("probe", f"reading {file.name}: {rows:,} rows", rows))
        if not rows:
            first = self.bad[0] if self.bad else BadRow("", 0, "")
            detail = f"; line {first.line}: {first.reason}" if self.bad else ""
            mend = (
                "save it as UTF-8"
                if first.reason.startswith("not UTF-8")
                else "give one example a row"
            )
            raise UsageError(f"{files[0]}: no usable row{detail}; {mend}")

    def _note(self, assumed: str) -> None:
        if assumed not in self.assumed:
            self.assumed.append(assumed)

    def agreement(self) -> float | None:
        """Share of doubly labelled rows on which both annotators agree; None where there are
        none.
        """
        return self.agreed / self.labelled_twice if self.labelled_twice else None

    def _examples(self, file: Path) -> Iterator[TrainingExample]:
        rows = read(file, self._note)
        head = self._head(file, rows)
        for row in itertools.chain(head, rows):
            example = self._example(file, row)
            if example:
                yield example

    def _head(self, file: Path, rows: Iterator[DataRow]) -> list[DataRow]:
        """The first rows, from which the fields are recognised."""
        head = list[DataRow]()
        taken = 0
        for row in rows:
            head.append(row)
            taken += row.value is not None
            if taken >= HEAD_ROWS or len(head) >= 50 * HEAD_ROWS:
                break
        usable = [row.value for row in head if row.value is not None]
        if usable:
            self._recognise(file, usable)
        return head

    def _recognise(self, file: Path, usable: Sequence[JsonObject]) -> None:
        fields = recognise(
            usable, self.prompt_field, self.answer_field, str(file), self.answer_role
        )
        self.fields = fields
        self._note(fields.assumed)
        if self.by is None:
            self.by = what_to_compare([pair for row in usable if (pair := _taken(fields, row))])

    def _example(self, file: Path, row: DataRow) -> TrainingExample | None:
        """A usable row, or None and a line among the bad ones."""
        reason = row.reason
        if row.value is not None and self.fields is not None:
            try:
                example = self._read(self.fields, row.value, row.line)
                if self.fields.labels is not None:
                    example = example._replace(labels=self.fields.labels(row.value))
                self._compare_labels(example.answer, row.value)
                if self._is_usable(example):
                    return example
                reason = "the prompt is empty"
            except (LookupError, RecursionError, ValueError, TypeError, AttributeError) as error:
                reason = _reason(error)
        self.bad_count += 1
        if len(self.bad) < BAD_ROWS_LISTED:
            self.bad.append(BadRow(str(file), row.line, reason))
        return None

    def _is_usable(self, example: TrainingExample) -> bool:
        """Whether there is a prompt, or a chat is nothing but an answer, as in xtuner's rows for
        pretraining.
        """
        if example.prompt.strip() or example.media:
            return True
        is_chat = self.fields is not None and self.fields.read is not None
        return is_chat and bool(example.answer.strip()) and example.messages == 1

    def _read(self, fields: Fields, row: JsonObject, line: int) -> TrainingExample:
        if fields.read is not None:
            parts = fields.read(row, self.wants_chat)
            return TrainingExample(
                parts.prompt, parts.answer, line, parts.messages, parts.chat, parts.rejected,
                parts.wanted, parts.media,
            )  # fmt: skip
        prompt, answer = fields.take(row)
        messages = 2 if answer else 1
        if not self.wants_chat or fields.is_written:
            return TrainingExample(prompt, answer, line, messages)
        turns: list[JsonObject] = [{"role": "user", "content": prompt}]
        if answer:
            turns.append({"role": "assistant", "content": answer})
        return TrainingExample(prompt, answer, line, messages, ChatInput(turns))

    def _compare_labels(self, answer: str, row: JsonObject) -> None:
        """Whether the second annotator says the same; rows that only one has labelled say
        nothing.
        """
        if self.second_labels:
            second = str(row.get(self.second_labels) or "").strip()
            if second and answer.strip():
                self.labelled_twice += 1
                self.agreed += second.casefold() == answer.strip().casefold()


def _batched(examples: Iterator[TrainingExample]) -> Iterator[list[TrainingExample]]:
    """Batches of `BATCH` rows, smaller where the rows are long, so that memory stays flat."""
    batch = list[TrainingExample]()
    characters = 0
    for example in examples:
        batch.append(example)
        characters += len(example.prompt) + len(example.answer)
        if len(batch) >= BATCH or characters >= BATCH_CHARACTERS:
            yield batch
            batch = []
            characters = 0
    if batch:
        yield batch


def _taken(fields: Fields, row: JsonObject) -> tuple[str, str] | None:
    try:
        return fields.take(row)
    except (LookupError, RecursionError, ValueError, TypeError, AttributeError):
        return None


def _reason(error: Exception) -> str:
    """Why a row of an unexpected shape cannot be used."""
    if isinstance(error, KeyError):
        return f"no field {error.args[0]!r}"
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if type(error) is ValueError and str(error):
        return str(error).splitlines()[0][:120]
    return "not of the form of the first rows"
