"""Every row of the guide to data is read as the guide says."""

import json
import re
from pathlib import Path

import pytest

from advisor.probe.files.envelopes import rows_of_value
from advisor.probe.forms.fields import recognise

GUIDE = Path(__file__).parents[2] / "docs/guide/data.md"
CELL = re.compile(r"(?<!\\)\|")


def code_in(cell):
    return [text.replace("\\|", "|") for text in re.findall(r"`([^`]+)`", cell)]


def examples(columns):
    """The rows of the table with so many columns: name, one row, and what its columns say."""
    for line in GUIDE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in CELL.split(line)[1:-1]]
        if len(cells) == columns and cells[1].startswith("`{"):
            (row,) = code_in(cells[1])
            yield pytest.param(json.loads(row), *map(code_in, cells[2:]), id=cells[0][:40])


def parts_of(row):
    rows = [r.value for r in rows_of_value(1, row)]
    fields = recognise(rows, where="guide.jsonl")
    if fields.read is None:
        return (*fields.take(rows[0]), "", True)
    parts = fields.read(rows[0], False)
    return parts.prompt, parts.answer, parts.rejected, parts.wanted


def lines(text):
    return [line for line in text.split("\n") if line]


@pytest.mark.parametrize(("row", "given", "learned"), examples(4))
def test_forms_of_training_data(row, given, learned):
    prompt, answer, rejected, wanted = parts_of(row)
    assert (lines(prompt), lines(answer), rejected, wanted) == (given, learned, "", True)


@pytest.mark.parametrize(("row", "given", "learned", "rejected"), examples(5))
def test_forms_of_preference_data(row, given, learned, rejected):
    prompt, answer, worse, wanted = parts_of(row)
    if not wanted:
        (answer, worse) = ("", answer)
    assert (lines(prompt), lines(answer), lines(worse)) == (given, learned, rejected)


def test_both_tables_are_there():
    assert len(list(examples(4))) > 40
    assert len(list(examples(5))) > 14
