"""Files into batches of examples: fields recognised, bad rows listed, second annotators
compared.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from advisor.core.errors import UsageError
from advisor.core.events import CancelToken, EventSink, StageEvent
from advisor.core.probes import BadRow
from advisor.probe.compare import Compared, what_to_compare
from advisor.probe.fields import Fields, recognise
from advisor.probe.rows import Row, expand, kind_of, read

BATCH = 512
BATCH_CHARACTERS = 4_000_000
HEAD_ROWS = 200
BAD_ROWS_LISTED = 50
EVENT_ROWS = 20_000


class Example(NamedTuple):
    """A usable row: its texts, its line, and how many messages it is (`turns` themselves where they
    are wanted).
    """

    prompt: str
    answer: str
    line: int
    messages: int
    turns: list[dict[str, Any]]


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

    def batches(self, paths: Sequence[Path]) -> Iterator[tuple[str, list[Example]]]:
        """(file, examples) batch by batch.

        Raises UsageError where no file holds a usable row, Cancelled.
        """
        files, rows = expand(list(paths), self._note), 0
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
            told = f"; line {first.line}: {first.reason}" if self.bad else ""
            mend = (
                "save it as UTF-8"
                if first.reason.startswith("not UTF-8")
                else "give one example a row"
            )
            raise UsageError(f"{files[0]}: no usable row{told}; {mend}")

    def _note(self, said: str) -> None:
        if said not in self.assumed:
            self.assumed.append(said)

    def agreement(self) -> float | None:
        """Share of doubly labelled rows on which both annotators agree; None where there are
        none.
        """
        return self.agreed / self.labelled_twice if self.labelled_twice else None

    def _examples(self, file: Path) -> Iterator[Example]:
        rows = read(file)
        head = self._head(file, rows)
        for row in itertools.chain(head, rows):
            example = self._example(file, row)
            if example:
                yield example

    def _head(self, file: Path, rows: Iterator[Row]) -> list[Row]:
        """The first rows, from which the fields are recognised."""
        head, taken = list[Row](), 0
        for row in rows:
            head.append(row)
            taken += row.value is not None
            if taken >= HEAD_ROWS or len(head) >= 50 * HEAD_ROWS:
                break
        known = [row.value for row in head if row.value is not None]
        if known:
            self._recognise(file, known)
        return head

    def _recognise(self, file: Path, known: Sequence[Mapping[str, Any]]) -> None:
        found = recognise(list(known), self.prompt_field, self.answer_field, str(file))
        self.fields, said = found, found.assumed
        self._note(said)
        if kind_of(file) == "csv" and any(row.get(found.answer) == found.answer for row in known):
            self._note(
                f"line 1 is taken as the header, though {found.answer!r} is a value too: give {file.name} a header"
            )
        if self.by is None:
            self.by = what_to_compare([pair for row in known if (pair := _taken(found, row))])

    def _example(self, file: Path, row: Row) -> Example | None:
        """A usable row, or None and a line among the bad ones."""
        reason, pair = row.reason, ("", "")
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
        self, fields: Fields, row: Mapping[str, Any], pair: tuple[str, str], line: int
    ) -> Example:
        prompt, answer = pair
        if fields.turns is not None:
            turns = fields.turns(row)
        elif self.turns:
            turns = [{"role": "user", "content": prompt}, {"role": "assistant", "content": answer}][
                : 2 if answer else 1
            ]
        else:
            return Example(prompt, answer, line, 2 if answer else 1, [])
        return Example(prompt, answer, line, len(turns), turns if self.turns else [])

    def _compare_labels(self, answer: str, row: Mapping[str, Any]) -> None:
        """Whether the second annotator says the same; rows that only one has labelled say
        nothing.
        """
        if self.second_labels:
            second = str(row.get(self.second_labels) or "").strip()
            if second and answer.strip():
                self.labelled_twice += 1
                self.agreed += second.casefold() == answer.strip().casefold()


def _batched(examples: Iterator[Example]) -> Iterator[list[Example]]:
    """Batches of `BATCH` rows, smaller where the rows are long, so that memory stays flat."""
    batch, held = list[Example](), 0
    for example in examples:
        batch.append(example)
        held += len(example.prompt) + len(example.answer)
        if len(batch) >= BATCH or held >= BATCH_CHARACTERS:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch


def _taken(fields: Fields, row: Mapping[str, Any]) -> tuple[str, str] | None:
    try:
        return fields.take(row)
    except (KeyError, RecursionError):
        return None
