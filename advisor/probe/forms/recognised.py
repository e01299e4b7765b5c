"""What is known of a file's rows once their form is recognised."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from advisor.probe.forms.chats import RowParts
from advisor.probe.forms.label_sets import LabelsOf
from advisor.probe.forms.records import JsonObject
from advisor.probe.forms.row_weights import weight_of

Take = Callable[[JsonObject], tuple[str, str]]
ReadRow = Callable[[JsonObject, bool], RowParts]


@dataclass(frozen=True, slots=True)
class Fields:
    """The recognised form.

    `take` gives (prompt, answer) of a row; `read` all parts of it, with the messages for a chat
    template where asked for (None: `take` says all). Both raise KeyError with the name of a field
    that a row lacks, and ValueError with the reason for a row that cannot be used.
    """

    prompt: str
    answer: str
    assumed: str
    take: Take
    read: ReadRow | None = None
    is_written: bool = False
    """The text holds a template's marks already."""

    labels: LabelsOf | None = None
    """The labels of a row, where a row may have several."""


def reading_all(prompt: str, answer: str, assumed: str, read: ReadRow) -> Fields:
    """A form that `read` gives in full."""

    def take(row: JsonObject) -> tuple[str, str]:
        parts = read(row, False)
        if not parts.wanted:
            raise ValueError("its answer is marked as unwanted")
        return parts.prompt, parts.answer

    return Fields(prompt, answer, assumed, take, read)


def weighted(fields: Fields, weight: str) -> Fields:
    """The form, with rows that weigh nothing left out."""
    if not weight or weight in (fields.prompt, fields.answer):
        return fields

    def check(row: JsonObject) -> None:
        if weight in row and weight_of(row[weight]) == 0:
            raise ValueError(f"its {weight} is 0: nothing of it is learned")

    def take(row: JsonObject) -> tuple[str, str]:
        check(row)
        return fields.take(row)

    def read(row: JsonObject, wants_chat: bool) -> RowParts:
        check(row)
        assert fields.read is not None
        return fields.read(row, wants_chat)

    note = f"{weight} weighs rows: those of 0 are left out, all others count in full"
    assumed = f"{fields.assumed}; {note}"
    return replace(fields, assumed=assumed, take=take, read=fields.read and read)
