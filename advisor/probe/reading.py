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
from advisor.probe.compare import Compared, what_to_compare
from advisor.probe.fields import Fields, recognise
from advisor.probe.rows import DataRow, JsonObject, expand, kind_of, read

BATCH = 512
BATCH_CHARACTERS = 4_000_000
HEAD_ROWS = 200
BAD_ROWS_LISTED = 50
EVENT_ROWS = 20_000


class TrainingExample(NamedTuple):
    """A usable row: its texts, its line, and how many messages it is (`turns` themselves where they
    are wanted).
    """

    prompt: str
    answer: str
    line: int
    messages: int
    turns: list[JsonObject]


@dataclass(slots=True)
class Reader:
    """Turns files into batches; keeps the first bad rows and counts all.

    `turns`: the messages are wanted too.
    """

    prompt_field: str
    answer_field: str
    second_labels: str
    events: EventSink
    cancel: CancelToken | None
    turns: bool = False
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
        rows = read(file)
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
        fields = recognise(list(usable), self.prompt_field, self.answer_field, str(file))
        self.fields = fields
        assumed = fields.assumed
        self._note(assumed)
        if kind_of(file) == "csv" and any(
            row.get(fields.answer) == fields.answer for row in usable
        ):
            self._note(
                f"line 1 is taken as the header, though {fields.answer!r} is a value too: "
                f"give {file.name} a header"
            )
        if self.by is None:
            self.by = what_to_compare([pair for row in usable if (pair := _taken(fields, row))])

    def _example(self, file: Path, row: DataRow) -> TrainingExample | None:
        """A usable row, or None and a line among the bad ones."""
        reason = row.reason
        pair = ("", "")
        if row.value is not None and self.fields is not None:
            try:
                pair = self.fields.take(row.value)
                self._compare_labels(pair[1], row.value)
                reason = "" if pair[0].strip() else "the prompt is empty"
            except KeyError as error:
                reason = f"no field {error.args[0]!r}"
            except RecursionError:
                reason = "nested too deeply"
        if not reason and row.value is not None and self.fields is not None:
            return self._with_turns(self.fields, row.value, pair, row.line)
        self.bad_count += 1
        if len(self.bad) < BAD_ROWS_LISTED:
            self.bad.append(BadRow(str(file), row.line, reason))
        return None

    def _with_turns(
        self, fields: Fields, row: JsonObject, pair: tuple[str, str], line: int
    ) -> TrainingExample:
        prompt, answer = pair
        if fields.turns is not None:
            turns = fields.turns(row)
        elif self.turns:
            turns = [{"role": "user", "content": prompt}]
            if answer:
                turns.append({"role": "assistant", "content": answer})
        else:
            return TrainingExample(prompt, answer, line, 2 if answer else 1, [])
        return TrainingExample(prompt, answer, line, len(turns), turns if self.turns else [])

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
    except (KeyError, RecursionError):
        return None
